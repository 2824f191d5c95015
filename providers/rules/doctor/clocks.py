"""Compares the hosts' clocks: certificates of a swarm begin and end by them."""

from collections.abc import Iterator

from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, Finding

# A member's certificate begins an hour before it was made: https://github.com/moby/swarmkit/issues/1175
_BACKDATED = 3600.0
_NOTICED = 60.0  # a swarm minds no smaller difference, and a working time service keeps within it


def clocks(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield clocks that differ from the middle one (a manager's, if there is one) by more than asking took."""
    timed = {host.host: host.clock for host in seen.hosts if host.clock}
    for host in seen.hosts:
        if not host.clock:
            fact, remedy = "its Engine does not say what time it is", "look at `date` there"
            yield Finding(id="clock", status="unknown", host=host.host, fact=fact, remedy=remedy)
    managers = [host.host for host in seen.hosts if host.member.control and host.clock]
    ordered = sorted(managers or timed, key=lambda name: timed[name].ahead)
    for name, clock in timed.items():
        right = ordered[len(ordered) // 2]
        apart = clock.apart(timed[right])
        if abs(apart) > _NOTICED:
            yield Finding(
                id="clock",
                status="failed" if abs(apart) > _BACKDATED else "warning",
                host=name,
                peer=right,
                fact=f"its clock is {_lasting(abs(apart))} {'ahead of' if apart > 0 else 'behind'} that of {right}",
                remedy="let a time service set it, such as systemd-timesyncd or chrony",
            )


def _lasting(seconds: float) -> str:
    """Return `75 s`, `12 min`, `3 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
