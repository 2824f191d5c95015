"""Checks a host's firewall as docker needs it: its chains there and in order, rules of one kind, firewalld's zone.

Which ports are open to other hosts is tried, not read: reached.py.
"""

import re
from collections.abc import Iterable, Iterator

from providers.rules.doctor.unread import looks, unread
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, Finding, HostExamination
from providers.rules.vocabulary.look import Look
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE

_ENDS = re.compile(r"-j (DROP|REJECT)\b.*")  # a rule without a condition, behind which nothing passes
_INGRESS = "DOCKER-INGRESS"
# The newest Engines write them as those of any container:
# https://github.com/moby/moby/blob/v2.0.0-beta.24/daemon/libnetwork/service_linux.go
_OF_PORTS = (_INGRESS, "DOCKER")
AGAIN = "restart docker there, and let what reloads the firewall do so before docker starts"


def two(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield hosts with rules of both kinds: a packet has to pass both, and a reader sees only one."""
    for host, look in looks(seen):
        yield from unread("two-firewalls", host, "legacy")
        if look.legacy:
            fact = f"{look.legacy} rules of the older iptables count beside those that docker writes"
            remedy = "look with `iptables-legacy-save`, move them, and take them away with `iptables-legacy -F`"
            yield Finding(id="two-firewalls", status="warning", host=host.host, fact=fact, remedy=remedy)


def zones(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield bridges outside firewalld's docker zone: it lets docker's bridges alone only there."""
    for host, look in looks(seen):
        yield from unread("firewalld-zone", host, "zone")
        if look.zone and host.bridge is not None and look.zone != "docker":
            where = "in no zone" if look.zone == "no zone" else f"in the zone {look.zone}"
            fact = f"firewalld has {GATEWAY_BRIDGE} {where}, not in docker's"
            # For now and for later: a docker that restarts finds the bridge in another zone, and makes no rule for it.
            move = f"firewall-cmd --zone=docker --change-interface={GATEWAY_BRIDGE}"
            remedy = f"run `{move}`, the same with --permanent, and restart docker"
            yield Finding(id="firewalld-zone", status="failed", host=host.host, fact=fact, remedy=remedy)


def chains(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield docker's rules for docker_gwbridge and published ports that somebody has flushed."""
    for host, look in looks(seen):
        yield from unread("docker-chains", host, "rules")
        if not look.rules or host.bridge is None or host.member.state != "active":
            continue
        lacking = [*_of_bridge(host, look), *(_of_ports(seen, look) if _mesh(look) else ())]
        if lacking:
            fact = f"docker's firewall rules lack: {'; '.join(lacking)}"
            yield Finding(id="docker-chains", status="failed", host=host.host, fact=fact, remedy=AGAIN)


def _mesh(look: Look) -> bool:
    """Tell whether its docker writes rules of published ports: it does after it has told ip_vs of them."""
    return bool(look.modules.get("ip_vs")) or any(_INGRESS in rule for rule in look.rules)


def _of_bridge(host: HostExamination, look: Look) -> Iterator[str]:
    forward = list(look.of_chain("filter", "FORWARD"))
    jumps = [at for at, rule in enumerate(forward) if re.search(r"-j DOCKER|docker_gwbridge", rule)]
    if not any("-j DOCKER-USER" in rule for rule in forward):
        yield "the way from FORWARD to DOCKER-USER"
    out = f"-i {GATEWAY_BRIDGE} ! -o {GATEWAY_BRIDGE} -j ACCEPT"
    reached = "-j DOCKER-FORWARD" in forward
    if out not in forward and not (reached and out in look.of_chain("filter", "DOCKER-FORWARD")):
        yield f"containers' way outside, FORWARD {out}"
    ends = next((at for at, rule in enumerate(forward) if _ENDS.fullmatch(rule)), None)
    if ends is not None and jumps and ends < jumps[0]:
        yield f"their place in FORWARD: before them stands {forward[ends]}"
    masquerade = host.bridge.option("com.docker.network.bridge.enable_ip_masquerade") if host.bridge else None
    if masquerade != "false" and not any(f"! -o {GATEWAY_BRIDGE} -j MASQUERADE" in rule for rule in _outside(look)):
        yield f"nat POSTROUTING ! -o {GATEWAY_BRIDGE} -j MASQUERADE"


def _outside(look: Look) -> Iterator[str]:
    yield from look.of_chain("nat", "POSTROUTING")


def _of_ports(seen: Examination, look: Look) -> Iterator[str]:
    """Yield the missing rules of published ports: each host has those of all services that run somewhere."""
    if not (ports := sorted(_published(seen))):
        return
    to_ingress = [*look.of_chain("filter", "FORWARD"), *look.of_chain("filter", "DOCKER-FORWARD")]
    for table, before, verb in (
        ("nat", [*look.of_chain("nat", "PREROUTING")], "DNAT"),
        ("filter", to_ingress, "ACCEPT"),
    ):
        written = {chain: list(_written(look, table, chain, verb, ports)) for chain in _OF_PORTS}
        for port in ports:
            if not any(port in of_chain for of_chain in written.values()):
                yield f"{table} {_INGRESS} for {port[0]} {port[1]}"
        if not (written["DOCKER"] or any(f"-j {_INGRESS}" in rule for rule in before)):
            yield f"the way from {'nat PREROUTING' if table == 'nat' else 'FORWARD'} to {_INGRESS}"


def _written(
    look: Look, table: str, chain: str, verb: str, ports: Iterable[tuple[str, int]]
) -> Iterator[tuple[str, int]]:
    """Yield the ports that a chain accepts."""
    rules = list(look.of_chain(table, chain))
    for protocol, port in ports:
        if any(f"-p {protocol} " in rule and f"--dport {port} " in rule and f"-j {verb}" in rule for rule in rules):
            yield protocol, port


def _published(seen: Examination) -> set[tuple[str, int]]:
    """Ports of the mesh of services that have a task running."""
    swarm = seen.read_swarm
    if swarm is None:
        return set()
    run = {task.service_id for task in swarm.survey.tasks if task.state == "running"}
    return {
        (port.protocol, port.published)
        for service in swarm.survey.services
        if service.id in run
        for port in service.ports
        if port.mode == "ingress" and port.published
    }
