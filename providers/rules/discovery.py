"""From a swarm that was found to the sections of a stack file that takes it over, and remarks for its reviewer.

Only what can be taken over just as it is goes into the sections; the rest is a remark. How a file is written is in
discovery_text.py. Intent of our own must not enter: nothing is declared that the hosts do not show.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from providers.rules import gwbridge, ingress, overlay, ownership
from providers.rules.access import HostAccess
from providers.rules.addresses import canonical_subnet, first_address
from providers.rules.facts import Network, Node, Pairs
from providers.rules.found import Found, FoundMember
from providers.rules.problems import Raw
from providers.rules.specs import GwbridgeSpec, IngressSpec, OverlaySpec, Spec
from providers.rules.stackfile import Host, Ingress, Overlay, PartialGwbridge, Reach, Section

Kind = Literal["not seen", "unusual", "clash", "not managed"]

# What the Engine settles at init where nothing is said: https://docs.docker.com/reference/cli/docker/swarm/init/
DEFAULT_POOL = ("10.0.0.0/8",)  # as some Engines show it; others show none
ENGINES_OWN: Mapping[str, object] = {
    "data_path_port": 4789,
    "default_addr_pool": (),
    "default_addr_pool_prefix": 24,
    "autolock": False,
    "task_history_limit": 5,
}
STACK, PROJECT = "com.docker.stack.namespace", "com.docker.compose.project"
NOT_DECLARABLE = ("swarmnet.", "com.docker.", "io.docker.", "org.dockerproject.")
KNOWN_OPTIONS = {
    "overlay": frozenset({overlay.MTU, overlay.ENCRYPTED, ingress.VNI}),
    "bridge": frozenset({gwbridge.BRIDGE_NAME, gwbridge.ICC, gwbridge.MASQUERADE, gwbridge.MTU}),
}
_NO_ADDRESS = "0.0.0.0"


@dataclass(frozen=True)
class Remark:
    """One line for the reviewer, beside the top-level key `where` of the stack file."""

    kind: Kind
    where: str
    line: str


def sections(found: Found, owner: str) -> tuple[Raw, list[Remark]]:
    """What can be declared, and what is to be said of the rest. `owner`: `<project>/<stack>` of the file to be."""
    raw: Raw = {"hosts": {member.name: _host(member, found) for member in found.reached}, **_ssh(found)}
    remarks = [*_members(found)]
    for part in (_swarm, _gwbridges, _ingress, _overlays):
        more, said = part(found, owner)
        raw |= {key: value for key, value in more.items() if key != "hosts"}
        for name, own in more.get("hosts", {}).items():
            raw["hosts"][name] |= own  # type: ignore[index]
        remarks += said
    return raw, [*remarks, *_local(found)]


Part = tuple[dict[str, Any], list[Remark]]


def _ssh(found: Found) -> Raw:
    """How hosts are reached: what is not the default."""
    given = found.entry.model_dump(include=set(Reach.model_fields))
    told = {key: value for key, value in given.items() if value != HostAccess.model_fields[key].default}
    return {"ssh": told} if told else {}


def _host(member: FoundMember, found: Found) -> Raw:
    """One host's keys."""
    assert member.host
    own, access, node = member.host.member, member.access, member.node
    host: Raw = {"local": True} if access.local else {"address": access.address}
    if own.node_address and own.node_address != access.address:
        host["advertise_address"] = own.node_address
    host |= {key: getattr(node, key) for key in ("role", "availability")}
    host["labels"] = declarable(node.labels)
    host["mtu"] = member.report.surroundings.mtu_at(own.node_address) if member.report else None
    return _less_defaults(host, Host)


def _less_defaults(values: Raw, model: type[Section]) -> Raw:
    """The values that are there and not the model's own."""
    fields = model.model_fields
    return {key: value for key, value in values.items() if value is not None and value != fields[key].default}


def declarable(labels: Pairs) -> dict[str, str]:
    """The labels that a stack file may declare; the others are Docker's or Swarmnet's."""
    return {key: value for key, value in labels if not key.startswith(NOT_DECLARABLE)}


def _members(found: Found) -> Iterator[Remark]:
    """Who was not reached, and members in an unusual state."""
    nodes = [member.node for member in found.members]
    for member in found.members:
        kind, line = _of_member(member, nodes)
        if line:
            yield Remark(kind, "hosts", line)
        if member.node.availability != "active":
            line = f"{member.name}: its availability is {member.node.availability}: is that meant to stay?"
            yield Remark("unusual", "hosts", line)
    managers = sum(node.role == "manager" for node in nodes)
    if managers % 2 == 0:
        yield Remark("unusual", "hosts", f"{managers} managers bear the loss of no more than {managers - 1} would")


def _of_member(member: FoundMember, nodes: list[Node]) -> tuple[Kind, str]:
    """What is to be said of a member's own state, empty where nothing is."""
    node, name = member.node, member.name
    if member.host:
        return "unusual", "" if node.state == "ready" else f"{name}: the managers say {node.state}"
    again = next((other for other in nodes if other.hostname == node.hostname and other.state == "ready"), node)
    if node.state == "down" and again is not node:
        left = f"it joined again as {again.id}; `docker node rm {node.id}` takes the old entry away"
        return "unusual", f"{node.hostname}: its entry {node.id} is down, since {left}"
    section = f"{name}: {{address: {member.access.address}, role: {node.role}}}"
    return "not seen", f"{section} ({node.state}) was not reached: {member.why}"


def _swarm(found: Found, owner: str) -> Part:
    """The swarm's settings where they are not the Engine's; without the section where another stack has it."""
    live = found.swarm.settings
    theirs = ownership.foreign(f"the swarm {live.id}", live.labels, owner)
    if theirs:
        return {}, [Remark("not managed", "swarm", f"{theirs}; its members are left alone too")]
    values = {key: getattr(live, key) for key in ENGINES_OWN if getattr(live, key) != ENGINES_OWN[key]}
    pool = values.pop("default_addr_pool", ())
    if pool and pool != DEFAULT_POOL:
        values["default_addr_pool"] = list(pool)
    labels = declarable(live.labels)
    return {"swarm": values | ({"labels": labels} if labels else {})}, []


def _gwbridges(found: Found, owner: str) -> Part:
    """docker_gwbridge: one section where all that were reached are alike, else one for each host."""
    own: dict[str, Raw] = {}
    remarks = []
    for member in found.reached:
        bridge = member.bridge
        if bridge is None:
            line = f"{member.name}: it has no docker_gwbridge, so that its containers have no way outside"
            remarks.append(Remark("unusual", "gwbridge", line))
            continue
        thing = f"docker_gwbridge of {member.name} ({bridge.subnet})"
        base = GwbridgeSpec(**_base(bridge, owner), host=member.name)
        keys, said = _section(thing, "gwbridge", bridge, gwbridge.live_spec(base, bridge), PartialGwbridge)
        remarks += said
        if keys:
            own[member.name] = keys
    if own and len(own) == len(found.reached) and all(keys == next(iter(own.values())) for keys in own.values()):
        return {"gwbridge": next(iter(own.values()))}, remarks
    return {"hosts": {name: {"gwbridge": keys} for name, keys in own.items()}}, remarks


def _ingress(found: Found, owner: str) -> Part:
    """The ingress, the Engine's own as well: what is declared is what clashes are looked for with."""
    network = next((each for each in found.swarm.networks if each.ingress), None)
    if network is None:
        return {}, [Remark("unusual", "ingress", "the swarm has no ingress: no service can publish a port by the mesh")]
    live = ingress.live_spec(IngressSpec(**_base(network, owner)), network)
    keys, remarks = _section(f"the ingress {network.name} ({network.subnet})", "ingress", network, live, Ingress)
    return ({"ingress": keys} if keys else {}), remarks


def _overlays(found: Found, owner: str) -> Part:
    """Every overlay that nobody else looks after."""
    declared: dict[str, Raw] = {}
    remarks = []
    used = {key for service in found.swarm.services for key in service.networks}
    used |= {key for task in found.swarm.tasks for key in task.networks}
    for network in sorted(found.swarm.networks, key=lambda each: each.name):
        if network.ingress:
            continue
        thing = f"overlay {network.name} ({network.subnet or 'no subnet'})"
        live = overlay.live_spec(OverlaySpec(**_base(network, owner), name=network.name), network)
        keys, said = _section(thing, "overlays", network, live, Overlay)
        remarks += said
        if keys:
            declared[network.name] = keys
            if network.id not in used:
                remarks.append(Remark("unusual", "overlays", f"{thing}: no service and no container uses it"))
    return ({"overlays": declared} if declared else {}), remarks


def _base(network: Network, owner: str) -> dict[str, Any]:
    """A spec to be filled with what is live; its labels are the keys that are looked at."""
    return {"owner": owner, "subnet": "0.0.0.0/0", "gateway": _NO_ADDRESS, "labels": declarable(network.labels)}


def _section(
    thing: str, where: str, network: Network, live: Spec, model: type[Section]
) -> tuple[Raw | None, list[Remark]]:
    """The keys of a network's section, None where it can't be taken over, and what is to be said of it."""
    reason = _elsewhere(network) or ownership.foreign(thing, network.labels, live.owner) or _unfit(network, live)
    if reason:
        said = reason if reason.startswith(thing) else f"{thing}: {reason}"
        return None, [Remark("not managed", where, said)]
    values = live.model_dump(include=set(model.model_fields))
    if values["gateway"] in (_NO_ADDRESS, first_address(values["subnet"], values.get("ip_range"))):
        values["gateway"] = None
    unknown = sorted({key for key, _ in network.options} - KNOWN_OPTIONS[network.driver])
    line = f"{thing}: its option {', '.join(unknown)} has no key here, and would be lost where the network is made anew"
    return _less_defaults(values, model), [Remark("unusual", where, line)] if unknown else []


def _elsewhere(network: Network) -> str | None:
    """Whose deployment looks after a network, None where nobody's does."""
    stack, project = network.label(STACK), network.label(PROJECT)
    if stack is not None:
        return f"made by the Docker stack {stack}, which looks after it"
    return f"made by the Compose project {project}, which looks after it" if project is not None else None


def _unfit(network: Network, live: Spec) -> str | None:
    """Why a stack file can't say what a network is, None where it can."""
    if network.driver and network.driver not in KNOWN_OPTIONS:
        return f"its driver is {network.driver}"
    if live.settled is not True:
        return str(live.settled)
    if len(network.subnets) > 1:
        return f"it has {len(network.subnets)} subnets ({', '.join(network.subnets)}), and a stack file names one"
    try:
        canonical_subnet(network.subnet)
    except ValueError as problem:
        return str(problem)
    return None


def _local(found: Found) -> Iterator[Remark]:
    """The hosts' own networks that Compose made, alike ones in one line."""
    where: dict[str, list[str]] = {}
    for member in found.reached:
        assert member.host
        for network in member.host.networks:
            reason = _elsewhere(network) if network.scope == "local" else None
            if reason:
                where.setdefault(f"network {network.name} ({network.subnet}), {reason}", []).append(member.name)
    for line, hosts in where.items():
        yield Remark("not managed", "overlays", f"{line}; on {', '.join(hosts)}")
