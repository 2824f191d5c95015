"""Rules for ufw. Of its rules the first that fits counts, so that each is put before those that are there."""

from collections.abc import Iterator

from providers.rules.doctor.ports import HostRules


def ufw(rules: HostRules) -> str:
    """Return one host's rules, as a shell script: what is closed comes first, and so ends up last."""
    return "".join(f"ufw prepend {rule}\n" for rule in _rules(rules))


def _rules(rules: HostRules) -> Iterator[str]:
    for protocol, ports in rules.closed.items():
        for port in ports:
            yield f"deny proto {protocol} to any port {port}"
    for opening in rules.openings:
        for source in opening.sources:
            where = f" port {opening.port}" if opening.port else ""
            yield f"allow proto {opening.protocol} from {source} to any{where}"
