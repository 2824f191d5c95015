"""Rules for firewalld's default zone, now and after a restart.

All are given twice, since a reload would take Docker's own chains away from Engines before 29:
https://github.com/moby/moby/pull/50443. Priorities below 0 come before all else of a zone, and without them what is
denied comes before what is allowed: https://firewalld.org/2018/12/rich-rule-priorities
"""

from collections.abc import Iterator

from providers.rules.doctor.ports import HostRules

_OPEN, _CLOSED = -200, -100


def firewalld(rules: HostRules) -> str:
    """Return one host's rules, as a shell script: two commands, as each takes its time to start."""
    added = "".join(f" \\\n  --add-rich-rule='rule {rule}'" for rule in _rules(rules))
    return "".join(f"firewall-cmd{when}{added}\n" for when in ("", " --permanent") if added)


def _rules(rules: HostRules) -> Iterator[str]:
    for opening in rules.openings:
        what = f'port port="{opening.port}" protocol="{opening.protocol}"' if opening.port else 'protocol value="esp"'
        for source in opening.sources:
            family = "ipv6" if ":" in source else "ipv4"
            yield f'priority="{_OPEN}" family="{family}" source address="{source}" {what} accept'
    for protocol, ports in rules.closed.items():
        for port in ports:
            yield f'priority="{_CLOSED}" port port="{port}" protocol="{protocol}" drop'
