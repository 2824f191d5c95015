"""The stack file resolved, once: each host's own and shared sections, the first manager, the order of hosts.

Checks, the plan and the plugin take this one value. How hosts are reached is in access.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from providers.rules.stack_file.access import HostAccess, Roles, access
from providers.rules.stack_file.model import PartialGwbridge, StackFile
from providers.rules.stack_file.problems import readable
from providers.rules.stack_file.reading import NAMESPACE, from_flat
from providers.rules.vocabulary.errors import StackFileError


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A stack file and what follows from it, whether or not it can be a plan.

    file: the sections as they are written, each with its own defaults, less the hosts that are unwatched. unwatched:
    the addresses of hosts that are members and are not reached.
    """

    file: StackFile
    unwatched: Mapping[str, str]

    @cached_property
    def access(self) -> dict[str, HostAccess]:
        """Return how each host is reached, by its name."""
        return access(self.file)

    @cached_property
    def bridges(self) -> dict[str, PartialGwbridge]:
        """Return the section `gwbridge` of each host that has one, by its name: the shared one with the host's own keys
        in its place.

        A host that has a subnet of its own takes neither the gateway nor the ip_range from the shared section.
        """
        shared = self.file.gwbridge
        found: dict[str, PartialGwbridge] = dict.fromkeys(self.file.hosts, shared) if shared else {}
        for name, own in ((name, host.gwbridge) for name, host in self.file.hosts.items() if host.gwbridge):
            left_out = {"gateway", "ip_range"} if own.subnet else None
            values = shared.model_dump(exclude_unset=True, exclude=left_out) if shared else {}
            found[name] = PartialGwbridge.model_validate(values | own.model_dump(exclude_unset=True))
        return found

    @property
    def managers(self) -> list[str]:
        """Return the hosts that are managers, in the file's order."""
        return [name for name, host in self.file.hosts.items() if host.role == "manager"]

    @cached_property
    def first_manager(self) -> str | None:
        """Return the host where the swarm begins: the one named, whether it is there or not, else the first manager of
        the file."""
        named = self.file.swarm.first_manager if self.file.swarm else None
        return named or next(iter(self.managers), None)

    @cached_property
    def batches(self) -> tuple[tuple[str, ...], ...]:
        """Return host names in batches of docker_gwbridge: `order`, which may name hosts that are not there, else all
        workers, each further manager alone, the first manager last."""
        if self.file.order is not None:
            return tuple(tuple(batch) for batch in self.file.order if batch)
        first = self.first_manager
        workers = tuple(name for name, host in self.file.hosts.items() if host.role == "worker")
        further = [(name,) for name in self.managers if name != first]
        return tuple(batch for batch in (workers, *further, (first,) if first else ()) if batch)

    @property
    def roles(self) -> Roles:
        """Return who is trusted to be a manager: without the section `swarm` this file does not say."""
        return Roles(managers=None if self.file.swarm is None else frozenset(self.managers) - self.lost)

    @property
    def lost(self) -> frozenset[str]:
        """Return the hosts that are dead for good."""
        return frozenset(name for name, host in self.file.hosts.items() if host.lost)


def resolve(stackfile: StackFile) -> Resolved:
    """Return what follows from a stack file."""
    unwatched = {name: host.address or "" for name, host in stackfile.hosts.items() if host.unwatched}
    watched = {name: host for name, host in stackfile.hosts.items() if name not in unwatched}
    file = stackfile.model_copy(update={"hosts": watched}) if unwatched else stackfile
    return Resolved(file=file, unwatched=unwatched)


def without_lost(resolved: Resolved) -> Resolved:
    """Return the same without the hosts that are dead for good: their resources are to go."""
    file, lost = resolved.file, resolved.lost
    if not lost:
        return resolved
    changed: dict[str, object] = {"hosts": {name: host for name, host in file.hosts.items() if name not in lost}}
    if file.order is not None:
        changed["order"] = [[name for name in batch if name not in lost] for batch in file.order]
    if file.swarm and file.swarm.first_manager in lost:
        changed["swarm"] = file.swarm.model_copy(update={"first_manager": None})
    return replace(resolved, file=file.model_copy(update=changed))


def configured(settings: Mapping[str, str]) -> Resolved:
    """Return the stack file of a configuration as Pulumi hands it to the plugin.

    Raises StackFileError with every problem that one key has by itself.
    """
    resolved, problems = _read(tuple(settings.items()))
    if problems:
        raise StackFileError(list(problems))
    return resolved


def configured_hosts(settings: Mapping[str, str]) -> Resolved:
    """Return the same, of which only the hosts and how they are reached need to make sense: what they have can be
    removed whatever the other sections say.

    Raises StackFileError with every problem of those two.
    """
    reach = tuple((key, settings[key]) for key in _REACH if key in settings)
    try:
        resolved, problems = _read(tuple(settings.items()))
    except StackFileError:  # another section is no data
        resolved, problems = _read(reach)
    if wrong := [line for line in problems if line.startswith(("hosts", "ssh"))]:
        raise StackFileError(wrong)
    return resolved


_REACH = (f"{NAMESPACE}:hosts", f"{NAMESPACE}:ssh")


@lru_cache(maxsize=2)  # Pulumi configures each of the five providers, with one configuration in a run
def _read(settings: tuple[tuple[str, str], ...]) -> tuple[Resolved, tuple[str, ...]]:
    """Return what of a configuration makes sense, and a line for each thing that does not."""
    read = readable(StackFile, from_flat(dict(settings)))
    return resolve(read.model), read.problems
