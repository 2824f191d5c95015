"""Checks what passes between hosts, as it was tried: what is closed, in which direction, and why as far as hosts show
it."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from providers.rules.doctor.attempts import is_ipv4
from providers.rules.doctor.netfilter import AGAIN
from providers.rules.doctor.ports import GOSSIP
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, Finding, FindingId, HostExamination, Status
from providers.rules.vocabulary.reach import Channel, Trial

_NAMES: dict[Channel, str] = {
    "managers": "TCP {port}",
    "gossip-tcp": "TCP {port}",
    "gossip-udp": "UDP {port}",
    "data-path": "UDP {port}",
    "full-size": "UDP {port}",
    "data": "UDP {port}",
    "esp": "IP protocol 50 (ESP)",
}
TRIED: tuple[FindingId, ...] = (
    "probes",
    "port-taken",
    "reach-managers",
    "reach-gossip",
    "reach-data-path",
    "reach-full-size",
    "reach-data",
    "reach-esp",
)
_DROPS = re.compile(r"-j (DROP|REJECT)\b")
# The xfrm policies take packets with it: https://github.com/moby/moby/blob/v28.5.2/libnetwork/drivers/overlay/encryption.go
_MARK = "--set-xmark 0xd0c4e3/"
# Conditions of a rule; one with any other condition may not apply to our packets.
_KNOWN = re.compile(r"(?:-s|-d|-p|-m|--dport|--dports|--comment|-j|--reject-with) \S+|\"[^\"]*\"")


def tries(only: Iterable[str], skip: Iterable[str]) -> bool:
    """Tell whether packets are to be sent for a choice of checks."""
    chosen: set[str] = set(only)
    return bool(({*TRIED} & chosen if chosen else {*TRIED}) - set(skip))


def probes(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield hosts between which nothing was tried."""
    for host, why in (seen.reach.silent if seen.reach else {}).items():
        lacks = "python3" in why and ("not found" in why or "127" in why)
        yield Finding(
            id="probes",
            status="unknown",
            host=host,
            fact=f"packets to and from it were not tried: {why.removeprefix(f'{host}: ')}",
            remedy="install the package python3" if lacks else "see what docs/doctor.md says of what is run",
        )
    for each in seen.hosts if seen.reach and len(seen.hosts) > 1 else ():
        if not each.unfit and not is_ipv4(each.known_by):
            yield Finding(
                id="probes",
                status="unknown",
                host=each.host,
                fact="packets to and from it were not tried: no IPv4 address is known by which the others reach it",
                remedy=f"write hosts.{each.host}.advertise_address",
            )


def taken(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield ports that a swarm needs and another program has, on hosts that are in no swarm."""
    for host, ports in (seen.reach.taken if seen.reach else {}).items():
        for port in dict.fromkeys(ports):
            yield Finding(
                id="port-taken",
                status="failed",
                host=host,
                fact=f"port {port}, which a swarm needs, is used by another program",
                remedy=f"see which by `ss -lnptu sport = {port}`, and stop it",
            )


def on(told: FindingId, *channels: Channel) -> Callable[[Examination, Wanted], Iterator[Finding]]:
    """Return the check of some channels."""

    def check(seen: Examination, wanted: Wanted) -> Iterator[Finding]:
        swarm = seen.read_swarm
        data_path = swarm.survey.settings.data_path_port if swarm else wanted.data_path_port
        for trial in seen.reach.trials if seen.reach else ():
            if trial.channel in channels and trial.outcome != "open":
                yield finding(told, seen, trial, trial.port or data_path)

    return check


def finding(told: FindingId, seen: Examination, trial: Trial, port: int) -> Finding:
    """Return what is told of a trial that is not open."""
    hosts = {each.host: each for each in seen.hosts}
    name = _NAMES[trial.channel].format(port=port)
    if trial.outcome == "unknown":
        fact, remedy = f"can't tell whether {name} of {trial.receiver} is open: {trial.why}", "try again"
    else:
        fact = f"{_what(trial, name)}: {trial.why}"
        remedy = _cause(trial, port, hosts[trial.sender], hosts[trial.receiver])
    status: Status = "failed" if trial.outcome == "closed" else "unknown"
    return Finding(id=told, status=status, host=trial.sender, peer=trial.receiver, fact=fact, remedy=remedy)


def _what(trial: Trial, name: str) -> str:
    if trial.channel == "full-size":
        return f"packets of full size do not reach {trial.receiver}, small ones do ({name})"
    if trial.channel == "data":
        return f"data over TCP does not reach {trial.receiver} on overlays, datagrams do ({name})"
    inside = " from ingress to ingress" if trial.channel == "data-path" and trial.port is None else ""
    return f"{trial.receiver} is not reached at {name}{inside}"


def _cause(trial: Trial, port: int, sender: HostExamination, receiver: HostExamination) -> str:
    """Say the likeliest cause, by the findings on both hosts, and what to do about it."""
    if trial.channel == "esp" and sender.looked.rules and not _marks(sender) and _marks(receiver):
        return f"docker's marks for it were flushed from mangle OUTPUT on {sender.host}: {AGAIN}"
    protocol = "tcp" if trial.channel in ("managers", "gossip-tcp") else "esp" if trial.channel == "esp" else "udp"
    for place, dropping in ruled_out(sender, receiver, protocol, port):
        return f"take this rule away on {place}, or open the port before it: {dropping}"
    for host, chain in ((receiver, "INPUT"), (sender, "OUTPUT")):
        if f"filter :{chain} DROP" in host.looked.rules and not _accepted(host, chain, protocol, port):
            return f"open it on {host.host}, whose firewall drops by default: `swarmnet doctor STACK --rules iptables`"
    if trial.channel == "data-path" and trial.port is None:
        for host, other in ((receiver, sender), (sender, receiver)):
            if rule := _dropped_by(host.looked.of_chain("filter", "INPUT"), "udp", GOSSIP, "-s", other.known_by):
                return f"members do not tell each other where it goes: take this rule away on {host.host}: INPUT {rule}"
    if trial.channel == "full-size":
        return "find the lowest MTU between them, and write it as hosts.NAME.mtu; networks get theirs from it"
    if trial.channel == "data" or trial.why.startswith("ping passes"):
        return f"on {trial.sender}: `ethtool -K LINK tx-checksum-ip-generic off` for the link with its address"
    if trial.why == "Connection refused":
        return f"nothing listens there, or its firewall rejects: see that docker runs on {receiver.host}"
    if way := sender.looked.way_to(receiver.known_by):
        own = sender.looked.link_of(sender.known_by)
        if own and own.name != way.device:
            return f"packets leave by {way.device}, not by {own.name}: correct the route on {sender.host}"
    own_firewall = f"firewalld on {receiver.host} (`swarmnet doctor STACK --rules firewalld`), "
    return (
        f"open it from {sender.known_by} to {receiver.known_by}: {own_firewall * bool(receiver.looked.zone)}"
        "a firewall between them, a cloud's security group"
    )


def _marks(host: HostExamination) -> bool:
    """Tell whether docker's rules are there by which packets of encrypted overlays are encrypted."""
    return any(_MARK in rule for rule in host.looked.of_chain("mangle", "OUTPUT"))


def ruled_out(
    sender: HostExamination, receiver: HostExamination, protocol: str, port: int
) -> Iterator[tuple[str, str]]:
    """Yield the rules of the two hosts that drop such packets: the host, then the rule behind its chain."""
    for host, chain, other, flag in ((receiver, "INPUT", sender, "-s"), (sender, "OUTPUT", receiver, "-d")):
        if rule := _dropped_by(host.looked.of_chain("filter", chain), protocol, port, flag, other.known_by):
            yield host.host, f"{chain} {rule}"


def _dropped_by(rules: Iterator[str], protocol: str, port: int, flag: str, address: str) -> str:
    """Return the first rule that drops such packets, empty if none is seen to; what an earlier rule accepts is
    accepted."""
    for rule in rules:
        words: dict[str, str] = dict(re.findall(r"(-s|-d|-p|--dport|--dports) (\S+)", rule))
        fits = (
            words.get("-p", protocol) == protocol
            and words.get(flag, address).removesuffix("/32") == address
            and str(port) in words.get("--dports", words.get("--dport", str(port))).split(",")
            and not _KNOWN.sub("", rule).strip()
        )
        if fits and _DROPS.search(rule):
            return rule
        if fits and rule.endswith("-j ACCEPT"):
            return ""
    return ""


def _accepted(host: HostExamination, chain: str, protocol: str, port: int) -> bool:
    """Tell whether a rule accepts, or hands on, what may be such packets."""
    ports: Collection[str] = (f"--dport {port} ", f"--dports {port}", f",{port}")
    return any(
        (f"-p {protocol} " in rule and any(each in rule for each in ports)) or not re.search(r"-p |-i |ctstate", rule)
        for rule in host.looked.of_chain("filter", chain)
    )
