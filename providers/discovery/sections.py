"""From a swarm that was found to the sections of a stack file that takes it over, and remarks for its reviewer.

Only what can be taken over just as it is goes into the sections; the rest is a remark. How a file is written is in
text.py. Nothing is declared that the hosts do not show.
"""

from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

from providers.discovery.found import Found, FoundMember, Kind, Remark
from providers.discovery.one_network import base, chosen_number, declarable, elsewhere, less_defaults, section
from providers.rules.resource_types import adoption, gwbridge, ingress, overlay
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Host, Ingress, Overlay, PartialGwbridge, Reach
from providers.rules.stack_file.problems import Raw
from providers.rules.vocabulary.facts import Node
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, OverlaySpec
from providers.rules.vocabulary.steps import ENGINES_OWN, SETTINGS

_OF_SWARM = ("data_path_port", "default_addr_pool", "default_addr_pool_prefix", *SETTINGS)


def sections(found: Found, owner: str) -> tuple[Raw, list[Remark]]:
    """Return what can be declared, and remarks on the rest. `owner`: `<project>/<stack>` of the file to be."""
    ssh = _ssh(found)
    raw: Raw = {"hosts": {member.name: _host(member, ssh) for member in found.reached}, **({"ssh": ssh} if ssh else {})}
    remarks = [*_members(found)]
    for part in (_swarm, _gwbridges, _ingress, _overlays):
        more, more_remarks = part(found, owner)
        raw |= {key: value for key, value in more.items() if key != "hosts"}
        for name, own in more.get("hosts", {}).items():
            raw["hosts"][name] |= own  # type: ignore[index]
        remarks += more_remarks
    return raw, [*remarks, *_local(found)]


Part = tuple[dict[str, Any], list[Remark]]


def _ssh(found: Found) -> dict[str, Any]:
    """Return how all hosts are reached, but for defaults: what they have in common."""
    ways = [_way(member.access) for member in found.reached if not member.access.local] or [_way(found.entry)]
    return {key: value for key, value in ways[0].items() if all(way.get(key) == value for way in ways)}


def _way(access: HostAccess) -> Raw:
    """Return how one host is reached, but for defaults."""
    given = access.model_dump(include=set(Reach.model_fields))
    return {key: value for key, value in given.items() if value != HostAccess.model_fields[key].default}


def _host(member: FoundMember, ssh: Raw) -> Raw:
    """Return one host's keys; `ssh` is what it has in common with the others."""
    assert member.host
    own, access, node = member.host.member, member.access, member.node
    host: Raw = {"local": True} if access.local else {"address": access.address}
    if own.node_address and own.node_address != access.address:
        host["advertise_address"] = own.node_address
    host |= {} if access.local else {key: value for key, value in _way(access).items() if key not in ssh}
    host |= {key: getattr(node, key) for key in ("role", "availability")}
    host["labels"] = declarable(node.labels)
    link = member.report.surroundings.link_of(own.node_address) if member.report else None
    host["mtu"] = link.mtu if link else None
    return less_defaults(host, Host)


def _members(found: Found) -> Iterator[Remark]:
    """Remark on members that were not reached or are in an unusual state."""
    nodes = [member.node for member in found.members]
    ready = {node.hostname: node for node in reversed(nodes) if node.state == "ready"}  # the first of each name
    for member in found.members:
        kind, line = _of_member(member, ready)
        if line:
            yield Remark(kind, "hosts", line)
        if member.node.availability != "active":
            line = f"{member.name}: its availability is {member.node.availability}: is that meant to stay?"
            yield Remark("unusual", "hosts", line)
    managers = sum(node.role == "manager" for node in nodes)
    if managers % 2 == 0:
        yield Remark("unusual", "hosts", f"{managers} managers survive the loss of no more than {managers - 1} would")


def _of_member(member: FoundMember, ready: Mapping[str, Node]) -> tuple[Kind, str]:
    """Return the remark on a member's own state, empty if there is none."""
    node, name = member.node, member.name
    if member.host:
        return "unusual", "" if node.state == "ready" else f"{name}: the managers say {node.state}"
    again = ready.get(node.hostname)
    if node.state == "down" and again:
        left = f"it joined again as {again.id}; `docker node rm {quote(node.id)}` removes the old entry"
        return "unusual", f"{node.hostname}: its entry {node.id} is down, since {left}"
    section = f"{name}: {{address: {member.access.address}, role: {node.role}}}"
    never = f"if it can't be reached at all, write {name}: {{address: {member.access.address}, unwatched: true}}"
    return "not seen", f"{section} ({node.state}) was not reached: {member.why}; {never}"


def _swarm(found: Found, owner: str) -> Part:
    """Return the swarm's settings if they are not the Engine's; without the section if another stack has it."""
    live = found.swarm.settings
    theirs = adoption.foreign_refusal(f"the swarm {live.id}", live.labels, owner)
    if theirs:
        return {}, [Remark("not managed", "swarm", f"{theirs}; its members are left alone too")]
    actual: dict[str, Any] = {key: _whole(getattr(live, key)) for key in _OF_SWARM}
    values = {key: value for key, value in actual.items() if value != getattr(ENGINES_OWN, key)}
    if pool := values.pop("default_addr_pool", ()):  # some Engines show none for their own
        values["default_addr_pool"] = list(pool)
    labels = declarable(live.labels)
    return {"swarm": values | ({"labels": labels} if labels else {})}, []


def _whole(value: object) -> object:
    """Whole seconds as the stack file has them; a part of one is refused there, in words."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _gwbridges(found: Found, owner: str) -> Part:
    """docker_gwbridge: one section if all that were reached are alike, else one for each host."""
    own: dict[str, Raw] = {}
    remarks = []
    for member in found.reached:
        bridge = member.bridge
        if bridge is None:
            line = f"{member.name}: it has no docker_gwbridge, so its containers have no external connectivity"
            remarks.append(Remark("unusual", "gwbridge", line))
            continue
        thing = f"docker_gwbridge of {member.name} ({bridge.subnet})"
        live = gwbridge.live_spec(GwbridgeSpec(**base(bridge, owner), host=member.name), bridge)
        keys, more_remarks = section(thing, "gwbridge", bridge, live, PartialGwbridge)
        remarks += more_remarks
        if keys:
            own[member.name] = keys
    if own and len(own) == len(found.reached) and all(keys == next(iter(own.values())) for keys in own.values()):
        return {"gwbridge": next(iter(own.values()))}, remarks
    return {"hosts": {name: {"gwbridge": keys} for name, keys in own.items()}}, remarks


def _ingress(found: Found, owner: str) -> Part:
    """Return the ingress, the Engine's own as well: what is declared is what clashes are looked for with."""
    network = next((each for each in found.swarm.networks if each.ingress), None)
    if network is None:
        return {}, [Remark("unusual", "ingress", "the swarm has no ingress: no service can publish a port by the mesh")]
    live = ingress.live_spec(IngressSpec(**base(network, owner)), network)
    keys, remarks = section(f"the ingress {network.name} ({network.subnet})", "ingress", network, live, Ingress)
    return ({"ingress": keys} if keys else {}), remarks


def _overlays(found: Found, owner: str) -> Part:
    """Return every overlay that nobody else looks after."""
    declared: dict[str, Raw] = {}
    remarks, unused = [], list[str]()
    used = {key for service in found.swarm.services for key in service.networks}
    used |= {key for task in found.swarm.tasks for key in task.networks}
    for network in sorted(found.swarm.networks, key=lambda each: each.name):
        if network.ingress:
            continue
        thing = f"overlay {network.name} ({network.subnet or 'no subnet'})"
        desired = OverlaySpec(**base(network, owner), name=network.name, vxlan_id=chosen_number(network))
        live = overlay.live_spec(desired, network)
        keys, more_remarks = section(thing, "overlays", network, live, Overlay)
        remarks += more_remarks
        if keys:
            declared[network.name] = keys
            unused += [] if network.id in used else [network.name]
    if unused:
        remarks.append(Remark("unusual", "overlays", f"no service and no container uses {', '.join(unused)}"))
    return ({"overlays": declared} if declared else {}), remarks


def _local(found: Found) -> Iterator[Remark]:
    """Yield the hosts' own networks that Compose made, alike ones in one line."""
    where: dict[str, list[str]] = {}
    for member in found.reached:
        assert member.host
        for network in member.host.networks:
            reason = elsewhere(network) if network.scope == "local" else None
            if reason:
                where.setdefault(f"network {network.name} ({network.subnet}), {reason}", []).append(member.name)
    for line, hosts in where.items():
        yield Remark("not managed", "overlays", f"{line}; on {', '.join(hosts)}")
