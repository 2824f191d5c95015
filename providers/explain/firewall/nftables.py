"""Rules for nftables, in the table that Debian's /etc/nftables.conf has.

A chain of a table of its own could close ports, and open none: what one chain accepts, the next one at the same hook
still drops (https://wiki.nftables.org/wiki-nftables/index.php/Configuring_chains).
"""

from collections.abc import Iterator

from providers.rules.doctor.ports import HostRules, Opening

_CHAIN = "inet filter swarmnet"
_INPUT = "inet filter input"


def nftables(rules: HostRules) -> str:
    """Return one host's rules, as a shell script."""
    return "\n".join(
        [
            "nft -f - <<'END'",
            "add table inet filter",
            f"add chain {_INPUT} {{ type filter hook input priority filter; }}",
            f"add chain {_CHAIN}",
            f"flush chain {_CHAIN}",
            *(f"add rule {_CHAIN} {rule}" for rule in _rules(rules)),
            "END",
            f"nft list chain {_INPUT} | grep -q 'jump swarmnet' || nft insert rule {_INPUT} jump swarmnet",
            "",
        ]
    )


def _rules(rules: HostRules) -> Iterator[str]:
    yield "iif lo return"
    for opening in rules.openings:
        for family, sources in _by_family(opening):
            yield f"{family} saddr {{ {', '.join(sources)} }} {_what(opening)} accept"
    for protocol, ports in rules.closed.items():
        yield f"{protocol} dport {{ {', '.join(map(str, ports))} }} drop"


def _by_family(opening: Opening) -> Iterator[tuple[str, list[str]]]:
    for family, is_six in (("ip", False), ("ip6", True)):
        sources = [each for each in opening.sources if (":" in each) == is_six]
        if sources:
            yield family, sources


def _what(opening: Opening) -> str:
    return "meta l4proto esp" if opening.port is None else f"{opening.protocol} dport {opening.port}"
