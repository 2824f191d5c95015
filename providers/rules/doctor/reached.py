"""Checks what passes between hosts, as it was tried: what is closed, in which direction, and why as far as hosts show
it.

Whether a datagram of gossip reached a member its Engine says, in its log. Where that can't be read, rules of firewalls
say that it does not pass, and nothing says that it does. What Engines complain of has no direction and may be past: a
warning.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from providers.rules.doctor.case import GOSSIP, Case, Fault
from providers.rules.doctor.netfilter import AGAIN, dropped_by, drops_by_default
from providers.rules.doctor.nftables import POLICY, Packet, drop_reason
from providers.rules.doctor.probes import SAYS_NOTHING, is_ipv4
from providers.rules.vocabulary.diagnosis import Channel, EngineLog, ObservedHost, Result
from providers.rules.vocabulary.words import some

_PROTOCOLS: dict[Channel, str] = {"managers": "tcp", "gossip-tcp": "tcp", "esp": "esp"}  # the others are UDP
RULES = "`swarmnet doctor STACK --rules"
# The xfrm policies take packets with it: https://github.com/moby/moby/blob/v28.5.2/libnetwork/drivers/overlay/encryption.go
_MARK = "--set-xmark 0xd0c4e3/"


def probes(case: Case) -> Iterator[Fault]:
    """Yield hosts between which nothing was tried."""
    untried = "packets to and from it were not tested"
    for host, why in case.reach.unprobed.items():
        lacks = "python3" in why and ("not found" in why or "127" in why)
        remedy = "install the package python3" if lacks else "see what docs/doctor.md says of what is run"
        yield Fault("unknown", f"{untried}: {why.removeprefix(f'{host}: ')}", remedy, host)
    for each in case.seen.hosts if case.seen.reach and len(case.seen.hosts) > 1 else ():
        if not each.unfit and not is_ipv4(each.known_by):
            fact = f"{untried}: no IPv4 address is known by which the others reach it"
            yield Fault("unknown", fact, f"write hosts.{each.host}.advertise_address", each.host)


def taken(case: Case) -> Iterator[Fault]:
    """Yield ports that a swarm needs and another program has, on hosts that are in no swarm."""
    for host, ports in case.reach.taken.items():
        for port in dict.fromkeys(ports):
            fact = f"port {port}, which a swarm needs, is used by another program"
            yield Fault("failed", fact, f"see which by `ss -lnptu sport = {port}`, and stop it", host)


def results(case: Case) -> Iterator[Result]:
    """Yield what became of all that was sent; of what no log tells, what rules of firewalls do."""
    hosts = {each.host: each for each in case.seen.hosts}
    for result in case.reach.results:
        if result.why == SAYS_NOTHING and any(_dropping(hosts[result.sender], hosts[result.receiver], "udp", GOSSIP)):
            result = replace(result, outcome="closed", why="a rule of a firewall drops it")
        yield result


def find_closed(*channels: Channel) -> Callable[[Case], Iterator[Fault]]:
    """Return the check of some channels. What no log tells is told once for each log."""

    def check(case: Case) -> Iterator[Fault]:
        for result in results(case):
            if result.channel in channels and result.outcome != "open" and result.why != SAYS_NOTHING:
                yield _fault(case, result, result.port or case.data_path_port)

    return check


def gossip(case: Case) -> Iterator[Fault]:
    """Yield closed gossip, logs that do not tell of it, and what they complain of."""
    yield from find_closed("gossip-tcp", "gossip-udp")(case)
    of_udp = [each for each in results(case) if each.channel == "gossip-udp"]
    yield from _logs_without_warnings(case, of_udp)
    yield from _complaints(case, of_udp)


def egress(case: Case) -> Iterator[Fault]:
    """Yield hosts whose containers do not reach the others, once each: the host itself does."""
    for host in case.seen.hosts:
        shut = [each for each in case.reach.results if (each.sender, each.channel) == (host.host, "egress")]
        if shut := [each for each in shut if each.outcome == "closed"]:
            actual = f"{some([each.receiver for each in shut])} at TCP {GOSSIP}, which the host itself does"
            fact = f"containers do not reach {actual}, through {host.bridge_link}: {shut[0].why}"
            look = "look there for what drops between them: `iptables-save`, `nft list ruleset`, `ip rule`"
            yield Fault("failed", fact, look, host.host)


def _logs_without_warnings(case: Case, of_udp: list[Result]) -> Iterator[Fault]:
    """Yield the hosts whose log does not tell what arrives there, once each."""
    for host in dict.fromkeys(each.receiver for each in of_udp if each.why == SAYS_NOTHING):
        log = case.reach.logs.get(host)
        why = log if isinstance(log, str) else f"{SAYS_NOTHING}: let it log warnings (log-level)"
        fact, _, remedy = why.rpartition(": ")
        yield Fault("unknown", f"can't tell whether UDP {GOSSIP} is open there: {fact}", remedy, host)


def _complaints(case: Case, of_udp: list[Result]) -> Iterator[Fault]:
    """Yield what Engines say of the last minute, but for what is told already, and what is past.

    A warning: a restart of docker, or a host that was away, leaves the same lines. No change is refused for it.
    """
    by_address = {each.known_by: each.host for each in case.seen.hosts}
    for host, log in case.reach.logs.items():
        for address in sorted(log.unanswered) if isinstance(log, EngineLog) else ():
            peer = by_address.get(address, "")
            between = [each.outcome for each in of_udp if {each.sender, each.receiver} == {host, peer}]
            if "closed" in between or (between and set(between) == {"open"}):
                continue
            fact = f"by its Engine's log, UDP {GOSSIP} does not pass to {peer or address} and back, TCP does"
            yield Fault("warning", fact, f"open UDP {GOSSIP} between them, both ways", host, peer)


def _fault(case: Case, result: Result, port: int) -> Fault:
    """Return what is told of a result that is not open."""
    hosts = {each.host: each for each in case.seen.hosts}
    protocol = _PROTOCOLS.get(result.channel, "udp")
    name = "IP protocol 50 (ESP)" if protocol == "esp" else f"{protocol.upper()} {port}"
    if result.outcome == "unknown":
        fact = f"can't tell whether {name} of {result.receiver} is open: {result.why}"
        return Fault("unknown", fact, "try again", result.sender, result.receiver)
    cause = _cause(result, protocol, port, hosts[result.sender], hosts[result.receiver])
    return Fault("failed", f"{_what(result, name)}: {result.why}", cause, result.sender, result.receiver)


def _what(result: Result, name: str) -> str:
    if result.channel == "full-size":
        return f"packets of full size do not reach {result.receiver}, small ones do ({name})"
    if result.channel == "data":
        return f"data over TCP does not reach {result.receiver} on overlays, datagrams do ({name})"
    inside = " from ingress to ingress" if result.channel == "data-path" and result.port is None else ""
    return f"{result.receiver} is not reached at {name}{inside}"


def _cause(result: Result, protocol: str, port: int, sender: ObservedHost, receiver: ObservedHost) -> str:
    """Say the likeliest cause, by the findings on both hosts, and what to do about it."""
    if protocol == "esp" and sender.rules and not _marks(sender) and _marks(receiver):
        return f"docker's marks for it were flushed from mangle OUTPUT on {sender.host}: {AGAIN}"
    for place, dropping in _dropping(sender, receiver, protocol, port):
        if dropping.endswith(POLICY):
            return f"open it on {place}, whose firewall drops by default: {RULES} nftables` ({dropping})"
        return f"remove this rule on {place}, or open the port before it: {dropping}"
    for host, chain in ((receiver, "INPUT"), (sender, "OUTPUT")):
        if drops_by_default(host, chain, protocol, port):
            return f"open it on {host.host}, whose firewall drops by default: {RULES} iptables`"
    if result.channel == "data-path" and result.port is None:
        for host, other in ((receiver, sender), (sender, receiver)):
            if rule := dropped_by(host, "INPUT", "udp", GOSSIP, "-s", other.known_by):
                return f"members do not tell each other where it goes: remove this rule on {host.host}: INPUT {rule}"
    if result.channel == "full-size":
        return "find the lowest MTU between them, and write it as hosts.NAME.mtu; networks get theirs from it"
    if result.channel == "data" or result.why.startswith("ping passes"):
        return f"on {result.sender}: `ethtool -K LINK tx-checksum-ip-generic off` for the link with its address"
    if result.why == "Connection refused":
        return f"nothing listens there, or its firewall rejects: see that docker runs on {receiver.host}"
    if (way := sender.way_to(receiver)) and (own := sender.own_link) and own.name != way.device:
        return f"packets leave by {way.device}, not by {own.name}: correct the route on {sender.host}"
    own_firewall = f"firewalld on {receiver.host} ({RULES} firewalld`), "
    return (
        f"open it from {sender.known_by} to {receiver.known_by}: {own_firewall * bool(receiver.zone)}"
        "a firewall between them, a cloud's security group"
    )


def _marks(host: ObservedHost) -> bool:
    """Tell whether docker's rules are there by which packets of encrypted overlays are encrypted."""
    return any(_MARK in rule for rule in host.of_chain("mangle", "OUTPUT"))


def _dropping(sender: ObservedHost, receiver: ObservedHost, protocol: str, port: int) -> Iterator[tuple[str, str]]:
    """Yield the rules of the two hosts that drop such packets: the host, then the rule behind its chain."""
    source, to = sender.known_by, receiver.known_by
    for host, chain, other, flag in ((receiver, "INPUT", source, "-s"), (sender, "OUTPUT", to, "-d")):
        if rule := dropped_by(host, chain, protocol, port, flag, other):
            yield host.host, f"{chain} {rule}"
        link = host.own_link.name if host.own_link else ""
        packet = Packet(protocol=protocol, port=port, source=source, to=to)
        packet = replace(packet, into=link) if host is receiver else replace(packet, out=link)
        if rule := drop_reason(host.nft, chain.lower(), packet):
            yield host.host, rule
