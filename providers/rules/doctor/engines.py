"""Checks an Engine by itself: its kind, its release, its settings, its clock. members.py checks it as a member."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from providers.rules.doctor.case import Case, Fault
from providers.rules.vocabulary.diagnosis import ObservedHost

Release = tuple[int, int, int]

_DAEMON = "/etc/docker/daemon.json"
_NO_DOCKER = 17  # Docker's own numbers began there; smaller ones are those of other builds
# A member's certificate begins an hour before it was made: https://github.com/moby/swarmkit/issues/1175
_BACKDATED = 3600.0
_NOTICED = 60.0  # a swarm minds no smaller difference, and a working time service keeps within it


@dataclass(frozen=True)
class Bad:
    """Releases from `first` on, before `fixed`. encrypted: only where an overlay is. beside_older: only beside hosts
    with a release before `first`. sure: False where nobody found the cause, or distributions fix it under the number.
    """

    first: Release
    fixed: Release
    what: str
    thread: str
    encrypted: bool = False
    beside_older: bool = False
    sure: bool = True


_CLEAR = "may send the traffic of encrypted overlays unencrypted"
_OLDER = "is incompatible with older Engines on encrypted overlays"
_LOSES = "loses services and containers on other hosts from time to time"
_MOBY = "https://github.com/moby/moby"
_ADVISORY = f"{_MOBY}/security/advisories/GHSA-33pg-m6jh-5237"
BAD = (
    Bad((17, 0, 0), (20, 10, 24), _CLEAR, _ADVISORY, encrypted=True, sure=False),
    Bad((23, 0, 0), (23, 0, 3), _CLEAR, _ADVISORY, encrypted=True, sure=False),
    Bad((27, 0, 0), (27, 0, 3), "allocates one range to two networks", f"{_MOBY}/issues/48069"),
    Bad((28, 0, 0), (28, 0, 1), "drops traffic to published ports", f"{_MOBY}/issues/49536"),
    Bad((28, 2, 0), (28, 3, 0), _LOSES, f"{_MOBY}/issues/50129", sure=False),
    Bad((29, 0, 0), (29, 2, 1), _OLDER, f"{_MOBY}/issues/51798", encrypted=True, beside_older=True),
)


def kind(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield Engines on which swarm networks do not work, and those that others may not reach: a warning."""
    if why := host.unfit or host.doubtful:
        fact, remedy = why.partition(": ")[::2]
        yield Fault("failed" if host.unfit else "warning", fact, remedy)


def live_restore(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield Engines with live-restore. https://docs.docker.com/engine/daemon/live-restore/"""
    if host.live_restore:
        fact = "live-restore is enabled, which is incompatible with swarm mode"
        yield Fault("failed", fact, f'remove "live-restore" from {_DAEMON} there, and reload docker')


def daemon_settings(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield settings of dockerd that keep it from writing a swarm's firewall rules, or that differ from host to
    host."""
    if host.daemon.get("iptables", "true").strip('"').lower() in ("false", "0", "f"):
        fact = "its docker writes no firewall rules (iptables: false), so that published ports and containers' way "
        yield Fault("failed", f"{fact}outside do not work", f"remove iptables from {_DAEMON} there, and restart docker")
    if (host.backend or host.daemon.get("firewall-backend", "").strip('"')).startswith("nftables"):
        fact = "its docker uses the nftables firewall backend, which is incompatible with swarm mode"
        yield Fault("failed", fact, f"remove firewall-backend from {_DAEMON} there, and restart docker")
    if "overlay" in (options := host.daemon.get("default-network-opts", "")):
        fact = f"default-network-opts changes overlays on this host alone: {options}"
        remedy = f"take overlay out of it in {_DAEMON} there, and write what is meant into each network: mtu"
        yield Fault("warning", fact, remedy)


def release(host: ObservedHost, case: Case) -> Iterator[Fault]:
    """Yield releases that are known to be bad, by themselves or beside a peer's, and those that can't be told."""
    number = _number(host.release)
    if number is None:
        fact = f"Engine {host.release or 'without a number'} has no number of Docker's, so that nothing is known of it"
        yield Fault("unknown", fact, "compare what it is made of with docs/doctor.md, and ignore this if all is well")
        return
    for bad in BAD:
        if bad.first <= number < bad.fixed and (case.encrypted or not bad.encrypted):
            others = [each.host for each in case.seen.hosts if (_number(each.release) or bad.first) < bad.first]
            fact, remedy = (
                f"Engine {host.release} {bad.what} ({bad.thread})",
                f"install {_written(bad.fixed)} or a later one",
            )
            for peer in others if bad.beside_older else [""]:
                yield Fault("failed" if bad.sure else "warning", fact, remedy, peer=peer)


def mixed_releases(case: Case) -> Iterator[Fault]:
    """Yield hosts of one swarm with several releases; patches are no difference."""
    found: dict[str, list[str]] = {}
    for host in case.seen.hosts:
        number = _number(host.release)
        found.setdefault(_written(number[:2]) if number else host.release, []).append(host.host)
    if len(found) > 1:
        listed = ", ".join(f"{name} ({', '.join(hosts)})" for name, hosts in sorted(found.items()))
        fact = f"hosts have several releases of the Engine: {listed}"
        yield Fault("warning", fact, "bring them to one: several are meant for the time of an upgrade")


def _number(text: str) -> Release | None:
    """Return the number in an Engine's own words such as `28.5.2+dfsg4`, or None if it is none of Docker's."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    number = (int(found[1]), int(found[2]), int(found[3])) if found else None
    return number if number and number[0] >= _NO_DOCKER else None


def _written(number: tuple[int, ...]) -> str:
    """Return `27.0.3`."""
    return ".".join(map(str, number))


def clocks(case: Case) -> Iterator[Fault]:
    """Yield clocks that differ from the middle one (a manager's, if there is one) by more than asking took.

    Certificates of a swarm begin and end by them.
    """
    timed = {host.host: host.clock for host in case.seen.hosts if host.clock}
    for host in case.seen.hosts:
        if not host.clock:
            yield Fault("unknown", "its Engine does not report its time", "look at `date` there", host.host)
    managers = [host.host for host in case.seen.hosts if host.member.control and host.clock]
    ordered = sorted(managers or timed, key=lambda name: timed[name].ahead)
    for name, clock in timed.items():
        right = ordered[len(ordered) // 2]
        apart = clock.apart(timed[right])
        if abs(apart) > _NOTICED:
            fact = f"its clock is {_lasting(abs(apart))} {'ahead of' if apart > 0 else 'behind'} that of {right}"
            remedy = "let a time service set it, such as systemd-timesyncd or chrony"
            yield Fault("failed" if abs(apart) > _BACKDATED else "warning", fact, remedy, name, right)


def _lasting(seconds: float) -> str:
    """Return `75 s`, `12 min`, `3 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
