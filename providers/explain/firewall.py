"""Rules of a swarm's ports in the words of firewalls: for each host a piece of shell."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from providers.rules.doctor.ports import HostRules, Opening

Firewall = Literal["nftables", "iptables", "ufw", "firewalld", "aws"]
_ESP = "50"  # by its number: https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml


def script(firewall: Firewall, hosts: Iterable[HostRules]) -> str:
    """A shell script with the rules of these hosts, each below its name. It may run again: nothing is doubled."""
    return "\n".join(f"# {rules.host}\n" + "".join(f"{line}\n" for line in _LINES[firewall](rules)) for rules in hosts)


def _nftables(rules: HostRules) -> Iterator[str]:
    """Yield rules in the table that Debian's /etc/nftables.conf has.

    A chain of a table of its own could close ports, and open none: what one chain accepts, the next one at the same
    hook still drops (https://wiki.nftables.org/wiki-nftables/index.php/Configuring_chains).
    """
    chain, before = "inet filter swarmnet", "inet filter input"
    yield from ("nft -f - <<'END'", "add table inet filter")
    yield f"add chain {before} {{ type filter hook input priority filter; }}"
    yield from (f"add chain {chain}", f"flush chain {chain}", f"add rule {chain} iif lo return")
    for opening in rules.openings:
        what = f"{opening.protocol} dport {opening.port}" if opening.port else "meta l4proto esp"
        for family, sources in (("ip", _sources(opening, six=False)), ("ip6", _sources(opening, six=True))):
            if sources:
                yield f"add rule {chain} {family} saddr {{ {', '.join(sources)} }} {what} accept"
    for protocol, ports in rules.closed.items():
        yield f"add rule {chain} {protocol} dport {{ {', '.join(map(str, ports))} }} drop"
    yield "END"
    yield f"nft list chain {before} | grep -q 'jump swarmnet' || nft insert rule {before} jump swarmnet"


def _iptables(rules: HostRules) -> Iterator[str]:
    """Yield rules in a chain of their own before all others of INPUT, for IPv4 and for IPv6.

    Also if all members have IPv4 addresses: the Engine listens on 2377 and 7946 of both.
    """
    yield from _ip_family("iptables", rules, six=False)
    yield "if [ -e /proc/net/if_inet6 ]; then"
    yield from _ip_family("ip6tables", rules, six=True)
    yield "fi"


def _ip_family(program: str, rules: HostRules, *, six: bool) -> Iterator[str]:
    """With `--noflush` a chain that is declared is emptied, and the others are left alone."""
    chain = "SWARMNET"
    yield f"{program}-restore --wait --noflush <<'END'"
    yield from ("*filter", f":{chain} - [0:0]", f"-A {chain} -i lo -j RETURN")
    for opening in rules.openings:
        what = f"-p {opening.protocol}" + (f" --dport {opening.port}" if opening.port else "")
        yield from (f"-A {chain} -s {source} {what} -j ACCEPT" for source in _sources(opening, six=six))
    yield from (f"-A {chain} -p {protocol} --dport {port} -j DROP" for protocol, port in _closed(rules))
    yield from ("COMMIT", "END")
    yield f"{program} --wait -C INPUT -j {chain} 2>/dev/null || {program} --wait -I INPUT -j {chain}"


def _ufw(rules: HostRules) -> Iterator[str]:
    """Yield what is closed first, so that it ends up last: each rule is put before those that are there, and of ufw's
    rules the first that fits counts."""
    yield from (f"ufw prepend deny proto {protocol} to any port {port}" for protocol, port in _closed(rules))
    for opening in rules.openings:
        where = f" port {opening.port}" if opening.port else ""
        for source in opening.sources:
            yield f"ufw prepend allow proto {opening.protocol} from {source} to any{where}"


def _firewalld(rules: HostRules) -> Iterator[str]:
    """Yield rules for the default zone, now and after a restart: two commands, as each takes its time to start.

    All are given twice, since a reload would take Docker's own chains away from Engines before 29:
    https://github.com/moby/moby/pull/50443. Priorities below 0 come before all else of a zone, and without them what is
    denied comes before what is allowed: https://firewalld.org/2018/12/rich-rule-priorities
    """
    added = []
    for opening in rules.openings:
        what = f'port port="{opening.port}" protocol="{opening.protocol}"' if opening.port else 'protocol value="esp"'
        for source in opening.sources:
            family = "ipv6" if ":" in source else "ipv4"
            added.append(f'priority="-200" family="{family}" source address="{source}" {what} accept')
    added += [f'priority="-100" port port="{port}" protocol="{protocol}" drop' for protocol, port in _closed(rules)]
    for when in ("", " --permanent") if added else ():
        yield f"firewall-cmd{when}" + "".join(f" \\\n  --add-rich-rule='rule {each}'" for each in added)


def _aws(rules: HostRules) -> Iterator[str]:
    """Yield rules for a security group, which is closed to whatever it does not name; it is to be in the variable
    GROUP. https://docs.aws.amazon.com/cli/latest/reference/ec2/authorize-security-group-ingress.html
    """
    asked = json.dumps([_permission(each) for each in rules.openings if each.sources])
    group = f'"${{GROUP:?is to be the security group of {rules.host}}}"'
    yield f"aws ec2 authorize-security-group-ingress --group-id {group} \\"
    yield f"  --ip-permissions '{asked}'"


def _permission(opening: Opening) -> dict[str, Any]:
    four = [{"CidrIp": f"{each}/32"} for each in _sources(opening, six=False)]
    six = [{"CidrIpv6": f"{each}/128"} for each in _sources(opening, six=True)]
    return {
        "IpProtocol": _ESP if opening.protocol == "esp" else opening.protocol,
        **({"FromPort": opening.port, "ToPort": opening.port} if opening.port else {}),
        **({"IpRanges": four} if four else {}),
        **({"Ipv6Ranges": six} if six else {}),
    }


def _sources(opening: Opening, *, six: bool) -> list[str]:
    return [each for each in opening.sources if (":" in each) == six]


def _closed(rules: HostRules) -> Iterator[tuple[str, int]]:
    return ((protocol, port) for protocol, ports in rules.closed.items() for port in ports)


_LINES: Mapping[Firewall, Callable[[HostRules], Iterator[str]]] = {
    "nftables": _nftables,
    "iptables": _iptables,
    "ufw": _ufw,
    "firewalld": _firewalld,
    "aws": _aws,
}
