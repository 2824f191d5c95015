"""Rules for iptables, in a chain of their own before all others of INPUT, for IPv4 and for IPv6.

Also if all members have IPv4 addresses: the Engine listens on 2377 and 7946 of both.
"""

from collections.abc import Iterator

from providers.rules.doctor.ports import HostRules, Opening

_CHAIN = "SWARMNET"


def iptables(rules: HostRules) -> str:
    """Return one host's rules, as a shell script."""
    return "\n".join(
        [
            *_family("iptables", rules, six=False),
            "if [ -e /proc/net/if_inet6 ]; then",
            *_family("ip6tables", rules, six=True),
            "fi",
            "",
        ]
    )


def _family(program: str, rules: HostRules, *, six: bool) -> Iterator[str]:
    """With `--noflush` a chain that is declared is emptied, and the others are left alone."""
    yield f"{program}-restore --wait --noflush <<'END'"
    yield from ("*filter", f":{_CHAIN} - [0:0]", f"-A {_CHAIN} -i lo -j RETURN")
    for opening in rules.openings:
        for source in opening.sources:
            if (":" in source) == six:
                yield f"-A {_CHAIN} -s {source} {_what(opening)} -j ACCEPT"
    for protocol, ports in rules.closed.items():
        for port in ports:
            yield f"-A {_CHAIN} -p {protocol} --dport {port} -j DROP"
    yield from ("COMMIT", "END")
    yield f"{program} --wait -C INPUT -j {_CHAIN} 2>/dev/null || {program} --wait -I INPUT -j {_CHAIN}"


def _what(opening: Opening) -> str:
    return f"-p {opening.protocol}" + (f" --dport {opening.port}" if opening.port else "")
