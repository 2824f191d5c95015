"""Checks a host's kernel, its links and routes to the other members, and the room on its disk."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from providers.rules.checks.taken_on_hosts import Occupied, by_routes, subnets
from providers.rules.doctor.case import Case, Fault
from providers.rules.doctor.probes import is_ipv4
from providers.rules.vocabulary.addresses import crossing, relation
from providers.rules.vocabulary.diagnosis import ObservedHost
from providers.rules.vocabulary.facts import Network

_MOVE = "give docker_gwbridge another range (docs/move-off-a-range.md), or remove the route that overlaps it"
_FULL, _SCARCE = 2**18, 2**21  # KiB: 256 MiB for what docker writes of itself, 2 GiB for an image


def module(name: str, what: str) -> Callable[[ObservedHost, Case], Iterator[Fault]]:
    """Return the check of a kernel's module, without which `what` does not work."""

    def check(host: ObservedHost, _: Case) -> Iterator[Fault]:
        has = host.modules.get(name, True)
        if name in host.forbidden:
            fact = f"its kernel is kept from loading {name}: {what} do not work"
            yield Fault("failed", fact, f"take `install {name} …` out of the files in /etc/modprobe.d")
        elif has is False:
            remedy = "install the kernel's extra modules, such as linux-modules-extra-$(uname -r)"
            yield Fault("failed", f"its kernel has no {name}: {what} do not work", remedy)
        elif has is None:
            yield Fault("unknown", f"can't tell whether its kernel has {name}", f"try `modprobe {name}` there")

    return check


def forwarding(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield kernels that do not forward: docker turns it on when it starts; what is loaded after it may turn it off."""
    if host.forwarding is False:
        fact = "its kernel forwards no packets (net.ipv4.ip_forward is 0), so that containers reach nothing"
        yield Fault("failed", fact, "set net.ipv4.ip_forward = 1 in /etc/sysctl.d, and run `sysctl --system`")


def room(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield full disks: they stop tasks, and a manager's log of the swarm."""
    if host.room is not None and host.room < _SCARCE:
        fact = f"{host.room >> 10} MiB are left under {host.root}"
        remedy = "make room: `docker system df` says what takes it"
        yield Fault("failed" if host.room < _FULL else "warning", fact, remedy)


def mtu(host: ObservedHost, case: Case) -> Iterator[Fault]:
    """Yield links that carry less than networks are told."""
    link, declared = host.own_link, case.desired.mtu(host.host)
    if link and link.mtu < declared:
        fact = f"its link {link.name} has an MTU of {link.mtu}, and networks need packets of {declared}"
        remedy = f"write hosts.{host.host}.mtu: {link.mtu} and the mtu of networks after it, or raise the link's"
        yield Fault("failed", fact, remedy)


def sources(host: ObservedHost, case: Case) -> Iterator[Fault]:
    """Yield packets that leave for a member from another address than it expects: its firewall knows that one alone.

    Those that leave by another link are a finding of their own.
    """
    access, own = case.desired.access.get(host.host), host.own_link
    right = {"", host.known_by, (access.data_path_address if access else None) or host.known_by}
    for peer in case.seen.hosts:
        way = host.way_to(peer)
        if way and own and own.name == way.device and way.source not in right:
            fact = f"packets to {peer.host} leave from {way.source}; members know it as {host.known_by}"
            remedy = f"correct the route there: `ip route get {peer.known_by}` has src {way.source}"
            yield Fault("failed", fact, remedy, peer=peer.host)


def asymmetric(host: ObservedHost, case: Case) -> Iterator[Fault]:
    """Yield packets that leave for a member by another link than the one by which its own come in."""
    access, own = case.desired.access.get(host.host), host.own_link
    if own is None or (access and access.data_path_address):
        return
    strict = own.name in host.strict
    for peer in case.seen.hosts:
        way = host.way_to(peer)
        if way and way.device not in (own.name, "lo"):
            drops = f", and drops what comes in by {own.name} (rp_filter is 1)" if strict else ""
            fact = f"it answers {peer.host} by {way.device} and has its own address on {own.name}{drops}"
            remedy = f"correct the route there: `ip route get {peer.known_by}`"
            yield Fault("failed" if strict else "warning", fact, remedy, peer=peer.host)


def overlaps(host: ObservedHost, case: Case) -> Iterator[Fault]:
    """Yield routes to elsewhere that have addresses of docker_gwbridge or of a swarm network, by the rule by which
    `plan` compares what is to be made (checks/taken_on_hosts.py). And what a bridge takes without a route that shows
    it: other members, or else ranges that the stack file reserves."""
    bridge = [host.bridge] if host.bridge else []
    routes = list(by_routes(host.surroundings, [host.bridge_link] if bridge else []))
    found = [
        Fault("failed", f"{fact}: the host does not reach what is there", _MOVE) for fact in _taken(bridge, routes)
    ]
    for peer in case.seen.hosts:
        if peer is not host and is_ipv4(peer.known_by):
            alone = Occupied("address", f"the address of {peer.host}", f"{peer.known_by}/32")
            facts = _taken(bridge, [alone])
            found += (Fault("failed", f"{fact}: the host does not reach it", _MOVE, peer=peer.host) for fact in facts)
    kept = [Occupied("reserved", f"{path} of the stack file", subnet) for path, subnet in case.desired.reserved]
    for fact in () if found else _taken(bridge, kept):
        found.append(Fault("failed", f"{fact}: the host does not reach what is there", _MOVE))
    yield from found
    networks = case.swarm.snapshot.networks if case.swarm and host.active else ()
    for fact in _taken(networks, routes):
        remedy = "give it another range (docs/live-changes.md), or remove the route"
        yield Fault("warning", f"{fact}: containers on it do not reach what is there", remedy)


def _taken(networks: Iterable[Network], others: Sequence[Occupied]) -> Iterator[str]:
    """Say which networks have addresses of what has been there before."""
    taken = [(each, subnet) for each in networks for subnet in subnets(each)]
    for one, other in crossing([subnet for _, subnet in taken], [each.subnet for each in others]):
        (network, subnet), actual = taken[one], others[other]
        if not actual.wide_around(subnet):
            yield f"{network.name}, {subnet}, {relation(subnet, actual.subnet)} {actual.subnet}, {actual.words}"


def offload(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield virtual interfaces that are known to compute wrong checksums within VXLAN."""
    link = host.own_link
    if link and link.driver == "vmxnet3" and link.offloads:
        fact = f"{link.name} ({link.driver}) computes checksums, and on some hypervisors wrong ones within VXLAN"
        yield Fault(
            "warning", fact, f"if TCP fails where ping passes: `ethtool -K {link.name} tx-checksum-ip-generic off`"
        )
