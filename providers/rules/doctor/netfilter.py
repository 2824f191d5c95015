"""Checks a host's firewall as docker needs it, and tells what a rule of iptables does to a packet.

Which ports are open to other hosts is tried, not read: reached.py.
"""

import re
from collections.abc import Iterator

from providers.rules.doctor.case import Case, Fault
from providers.rules.doctor.nftables import Packet, drop_reason
from providers.rules.vocabulary.diagnosis import ObservedHost
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.words import some

_OPTION = re.compile(r'(! )?(--?[a-z][\w-]*)((?: (?!-|! )(?:"[^"]*"|\S+))*)')
# Conditions of a rule that are understood; one with any other condition may not apply to our packets.
_KNOWN = frozenset({"-s", "-d", "-p", "-m", "--dport", "--dports", "--comment", "-j", "--reject-with"})
_DROPS = ("DROP", "REJECT")
_ENDS = re.compile(r"-j (DROP|REJECT)\b.*")  # a rule without a condition, behind which nothing passes
_INGRESS = "DOCKER-INGRESS"
AGAIN = "restart docker there, and let what reloads the firewall do so before docker starts"


def two(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield hosts with rules of both kinds: a packet has to pass both, and a reader sees only one."""
    if host.legacy:
        fact = f"{host.legacy} rules of the older iptables count beside those that docker writes"
        remedy = "look with `iptables-legacy-save`, move them, and remove them with `iptables-legacy -F`"
        yield Fault("warning", fact, remedy)


def zone(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield bridges outside firewalld's docker zone: it lets docker's bridges alone only there."""
    if host.zone not in ("", "docker") and host.bridge is not None:
        where = "in no zone" if host.zone == "no zone" else f"in the zone {host.zone}"
        # For now and for later: a docker that restarts finds the bridge in another zone, and makes no rule for it.
        move = f"firewall-cmd --zone=docker --change-interface={GATEWAY_BRIDGE}"
        remedy = f"run `{move}`, the same with --permanent, and restart docker"
        yield Fault("failed", f"firewalld has {GATEWAY_BRIDGE} {where}, not in docker's", remedy)


def chains(host: ObservedHost, case: Case) -> Iterator[Fault]:
    """Yield docker's rules for docker_gwbridge and published ports that somebody has flushed."""
    if not host.rules or host.bridge is None or not host.active:
        return
    lacking = [*_of_bridge(host), *_of_ports(host, case)]
    if lacking:
        yield Fault("failed", f"docker's firewall rules lack: {'; '.join(lacking)}", AGAIN)


def _of_bridge(host: ObservedHost) -> Iterator[str]:
    forward, link = list(host.of_chain("filter", "FORWARD")), host.bridge_link
    jumps = [at for at, rule in enumerate(forward) if re.search(rf"-j DOCKER|{re.escape(link)}", rule)]
    if not any("-j DOCKER-USER" in rule for rule in forward):
        yield "the way from FORWARD to DOCKER-USER"
    out = f"-i {link} ! -o {link} -j ACCEPT"
    reached = "-j DOCKER-FORWARD" in forward
    if out not in forward and not (reached and out in host.of_chain("filter", "DOCKER-FORWARD")):
        yield f"containers' way outside, FORWARD {out}"
    ends = next((at for at, rule in enumerate(forward) if _ENDS.fullmatch(rule)), None)
    if ends is not None and jumps and ends < jumps[0]:
        yield f"their place in FORWARD: before them stands {forward[ends]}"
    outside = f"! -o {link} -j MASQUERADE"
    if host.masquerades and not any(outside in rule for rule in host.of_chain("nat", "POSTROUTING")):
        yield f"nat POSTROUTING {outside}"


def _of_ports(host: ObservedHost, case: Case) -> Iterator[str]:
    """Yield the missing rules of published ports: each host has those of all services that run somewhere.

    Its docker writes them after it has told ip_vs of them. The newest Engines write them as those of any container:
    https://github.com/moby/moby/blob/v2.0.0-beta.24/daemon/libnetwork/service_linux.go
    """
    ports = sorted(_published(case))
    if not ports or not (host.modules.get("ip_vs") or any(_INGRESS in rule for rule in host.rules)):
        return
    for table, verb, before in (("nat", "DNAT", ["PREROUTING"]), ("filter", "ACCEPT", ["FORWARD", "DOCKER-FORWARD"])):
        written = {chain: _opened(host, table, chain, verb) for chain in (_INGRESS, "DOCKER")}
        for port in ports:
            if not any(port in opened for opened in written.values()):
                yield f"{table} {_INGRESS} for {' '.join(port)}"
        jumps = any(f"-j {_INGRESS}" in rule for chain in before for rule in host.of_chain(table, chain))
        if not jumps and written["DOCKER"].isdisjoint(ports):
            yield f"the way from {'nat PREROUTING' if table == 'nat' else 'FORWARD'} to {_INGRESS}"


def _opened(host: ObservedHost, table: str, chain: str, verb: str) -> set[tuple[str, str]]:
    """Return what a chain accepts: protocols and ports."""
    rules = map(options, host.of_chain(table, chain))
    return {(rule.get("-p", ""), rule.get("--dport", "")) for rule in rules if rule.get("-j") == verb}


def _published(case: Case) -> set[tuple[str, str]]:
    """Return protocols and ports of the mesh of services that have a task running."""
    if case.swarm is None:
        return set()
    snapshot = case.swarm.snapshot
    run = {task.service_id for task in snapshot.tasks if task.state == "running"}
    ports = (port for service in snapshot.services if service.id in run for port in service.ports)
    return {(port.protocol, str(port.published)) for port in ports if port.mode == "ingress" and port.published}


def forward(host: ObservedHost, case: Case) -> Iterator[Fault]:
    """Yield native rules of nftables that drop what docker's own rules let through: a packet has to pass both.

    `failed` if containers' way outside or every published port is closed; some ports may be closed by intent.
    """
    if host.bridge is None or not host.active:
        return
    outer, inner = host.own_link.name if host.own_link else "", host.bridge_link
    ports = {
        f"published port {port}/{protocol}": Packet(protocol=protocol, port=int(port), into=outer, out=inner)
        for protocol, port in sorted(_published(case))
    } or {"published ports": Packet(into=outer, out=inner)}
    ways = {"containers' way outside": Packet(into=inner, out=outer, source=host.bridge.gateway), **ports}
    closed = {what: rule for what, packet in ways.items() if (rule := drop_reason(host.nft, "forward", packet))}
    whole = next(iter(ways)) in closed or ports.keys() <= closed.keys()
    for rule in dict.fromkeys(closed.values()):
        what = some([each for each, by in closed.items() if by == rule])
        remedy = f"let {inner} in and out before it, there and in the file that it comes from"
        yield Fault("failed" if whole else "warning", f"a rule of nftables closes {what}: {rule}", remedy)


def options(rule: str) -> dict[str, str]:
    """Return a rule's conditions and its target, such as `{"! -o": "docker_gwbridge", "-j": "MASQUERADE"}`."""
    return {no + name: value.strip() for no, name, value in _OPTION.findall(rule)}


def _ports(rule: dict[str, str]) -> list[str]:
    return rule.get("--dports", rule.get("--dport", "")).split(",")


def dropped_by(host: ObservedHost, chain: str, protocol: str, port: int, flag: str, address: str) -> str:
    """Return the first rule of a chain of `filter` that drops such packets, empty if none is seen to; what an earlier
    rule accepts is accepted. flag: `-s` or `-d`, as the address is the sender's or the receiver's."""
    for text in host.of_chain("filter", chain):
        rule = options(text)
        fits = (
            rule.get("-p", protocol) == protocol
            and rule.get(flag, address).removesuffix("/32") == address
            and (_ports(rule) == [""] or str(port) in _ports(rule))
            and rule.keys() <= _KNOWN
        )
        if fits and rule.get("-j") in _DROPS:
            return text
        if fits and rule.get("-j") == "ACCEPT":
            return ""
    return ""


def drops_by_default(host: ObservedHost, chain: str, protocol: str, port: int) -> bool:
    """Tell whether a chain of `filter` drops what no rule accepts, and none accepts, or hands on, what may be such
    packets."""
    if f"filter :{chain} DROP" not in host.rules:
        return False
    return not any(
        (rule.get("-p") == protocol and str(port) in _ports(rule))
        or {name.removeprefix("! ") for name in rule}.isdisjoint({"-p", "-i", "--ctstate"})
        for rule in map(options, host.of_chain("filter", chain))
    )
