"""The order of hosts: the first manager, the waves of docker_gwbridge."""

from providers.rules.stack_file.model import StackFile


def first_manager(stackfile: StackFile) -> str | None:
    """Return the host where the swarm begins: the one named, else the first manager of the file."""
    named = stackfile.swarm.first_manager if stackfile.swarm else None
    return named or next(iter(_managers(stackfile)), None)


def waves(stackfile: StackFile) -> tuple[tuple[str, ...], ...]:
    """Return host names in waves: `order`, else all workers, each further manager alone, the first manager last."""
    if stackfile.order is not None:
        return tuple(tuple(wave) for wave in stackfile.order if wave)
    first = first_manager(stackfile)
    workers = tuple(name for name, host in stackfile.hosts.items() if host.role == "worker")
    further = [(name,) for name in _managers(stackfile) if name != first]
    return tuple(wave for wave in (workers, *further, (first,) if first else ()) if wave)


def _managers(stackfile: StackFile) -> list[str]:
    return [name for name, host in stackfile.hosts.items() if host.role == "manager"]
