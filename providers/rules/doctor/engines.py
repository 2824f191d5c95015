"""Checks an Engine by itself: its kind, its release, its settings. members.py checks it as a member of a swarm."""

from collections.abc import Iterator

from providers.rules.doctor.releases import BAD, Bad, Release, release, written
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, Finding, HostExamination, Status
from providers.rules.vocabulary.network_options import ENCRYPTED


def kinds(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield Engines on which swarm networks do not work, and those that others may not reach: a warning."""
    for host in seen.hosts:
        if why := host.unfit or host.doubtful:
            told = why.partition(": ")
            status: Status = "failed" if host.unfit else "warning"
            yield Finding(id="engine-kind", status=status, host=host.host, fact=told[0], remedy=told[2])


def live_restore(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield Engines with live-restore. https://docs.docker.com/engine/daemon/live-restore/"""
    for host in seen.hosts:
        if host.live_restore:
            yield Finding(
                id="live-restore",
                status="failed",
                host=host.host,
                fact="live-restore is on, with which no Engine can be in a swarm",
                remedy='take "live-restore" out of /etc/docker/daemon.json there, and reload docker',
            )


def bad_releases(seen: Examination, wanted: Wanted) -> Iterator[Finding]:
    """Yield releases that are known to be bad, and those that can't be told."""
    numbers = {host.host: release(host.release) for host in seen.hosts}
    encrypted = wanted.encrypted or is_encrypted(seen)
    for host in seen.hosts:
        number = numbers[host.host]
        if number is None:
            yield _untold(host)
            continue
        for bad in BAD:
            if bad.first <= number < bad.fixed and (encrypted or not bad.encrypted):
                for peer in _beside(bad, numbers):
                    yield _known(host, bad, peer)


def mixed_releases(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield hosts of one swarm with several releases; patches are no difference."""
    found: dict[str, list[str]] = {}
    for host in seen.hosts:
        number = release(host.release)
        found.setdefault(written(number).rpartition(".")[0] if number else host.release, []).append(host.host)
    if len(found) > 1:
        told = ", ".join(f"{name} ({', '.join(hosts)})" for name, hosts in sorted(found.items()))
        yield Finding(
            id="mixed-releases",
            status="warning",
            fact=f"hosts have several releases of the Engine: {told}",
            remedy="bring them to one: several are meant for the time of an upgrade",
        )


def is_encrypted(seen: Examination) -> bool:
    """Tell whether the swarm has an encrypted network."""
    swarm = seen.read_swarm
    return swarm is not None and any(each.option(ENCRYPTED) is not None for each in swarm.survey.networks)


def _beside(bad: Bad, numbers: dict[str, Release | None]) -> list[str]:
    """Return the hosts beside which a release is bad; one empty name if it is bad by itself."""
    if not bad.beside_older:
        return [""]
    return [name for name, number in numbers.items() if number and number < bad.first]


def _known(host: HostExamination, bad: Bad, peer: str) -> Finding:
    return Finding(
        id="engine-release",
        status="failed" if bad.sure else "warning",
        host=host.host,
        peer=peer,
        fact=f"Engine {host.release} {bad.what} ({bad.thread})",
        remedy=f"install {written(bad.fixed)} or a later one",
    )


def _untold(host: HostExamination) -> Finding:
    return Finding(
        id="engine-release",
        status="unknown",
        host=host.host,
        fact=f"Engine {host.release or 'without a number'} has no number of Docker's, so that nothing is known of it",
        remedy="compare what it is made of with docs/doctor.md, and ignore this if all is well",
    )
