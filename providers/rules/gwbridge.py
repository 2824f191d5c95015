"""docker_gwbridge of one host: what differs, and the next step towards what is wanted.

Only this host's own Engine counts. Calls and waiting must not enter.
"""

from ipaddress import IPv4Network, ip_network

from providers.rules import ownership
from providers.rules.facts import Endpoint, GwbridgeFacts, Member, Network
from providers.rules.specs import GwbridgeSpec
from providers.rules.steps import Blocked, CreateNetwork, Decision, DisconnectEndpoint, Done, RemoveNetwork, Step, Steps

NAME = "docker_gwbridge"

BRIDGE_NAME = "com.docker.network.bridge.name"
ICC = "com.docker.network.bridge.enable_icc"
MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
MTU = "com.docker.network.driver.mtu"

# What the Engine gives the bridge that it makes by itself at the first init or join:
# https://github.com/moby/moby/blob/master/daemon/libnetwork/default_gateway_linux.go
ENGINE_DEFAULT = {BRIDGE_NAME: NAME, ICC: "false", MASQUERADE: "true"}

# Where the Engine takes its range from, as long as nobody told it otherwise: networks of these sizes in these pools.
# https://github.com/moby/moby/blob/master/daemon/libnetwork/ipamutils/utils.go
ENGINE_POOLS = ((IPv4Network("172.16.0.0/12"), 16), (IPv4Network("192.168.0.0/16"), 20))

# What Go's strconv.ParseBool takes for false; anything else that the Engine let in is true.
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def live_spec(spec: GwbridgeSpec, bridge: Network) -> GwbridgeSpec:
    """The spec with the values that the host has in place of the wanted ones.

    A gateway that the Engine does not show counts as the wanted one: Engines up to 28 show a gateway they chose
    only after a restart.
    """
    mtu = bridge.option(MTU)
    return spec.model_copy(
        update={
            "subnet": bridge.subnet,
            "gateway": bridge.gateway or spec.gateway,
            "mtu": int(mtu) if mtu and mtu.isdecimal() and int(mtu) else None,
            "icc": bridge.option(ICC) not in FALSE,
            "masquerade": bridge.option(MASQUERADE) not in FALSE,
            "bridge_name": bridge.option(BRIDGE_NAME) or f"br-{bridge.id[:12]}",
            "labels": ownership.declared(spec.labels, bridge.labels),
            "settled": "it is internal: containers have no way out" if bridge.internal else True,
        }
    )


def creation(spec: GwbridgeSpec) -> CreateNetwork:
    """The step that makes the bridge. ICC is always said: left out, bridges have it on."""
    options = {
        BRIDGE_NAME: spec.bridge_name,
        ICC: str(spec.icc).lower(),
        MASQUERADE: str(spec.masquerade).lower(),
    }
    if spec.mtu is not None:
        options[MTU] = str(spec.mtu)
    return CreateNetwork(
        host=spec.host,
        name=NAME,
        driver="bridge",
        subnet=spec.subnet,
        gateway=spec.gateway,
        options=tuple(sorted(options.items())),
        labels=ownership.with_owner(spec.labels, spec.owner),
    )


def engine_default(bridge: Network) -> bool:
    """Whether it is just as the Engine makes it by itself, with nothing but the ingress attached."""
    unused = all(container_id(endpoint) is None for endpoint in bridge.endpoints)
    plain = dict(bridge.options) == ENGINE_DEFAULT and not bridge.labels
    return plain and unused and from_engine_pool(bridge.subnet)


def from_engine_pool(subnet: str) -> bool:
    """Whether the Engine itself would choose such a range."""
    chosen = ip_network(subnet or "::", strict=False)
    return isinstance(chosen, IPv4Network) and any(
        chosen.prefixlen == length and chosen.subnet_of(pool) for pool, length in ENGINE_POOLS
    )


def container_id(endpoint: Endpoint) -> str | None:
    """The container behind an endpoint; None for the ingress sandbox and for what a sandbox left behind."""
    return None if endpoint.key.endswith("-sbox") or endpoint.key.startswith("ep-") else endpoint.key


def next_step(spec: GwbridgeSpec, facts: GwbridgeFacts, *, known: bool) -> Decision:
    """What to do next. `known`: the state has this resource, so that what is found is ours to change."""
    member, bridge = facts.member, facts.bridge
    doubt = unfit(member)
    if doubt:
        return Blocked(doubt)
    if bridge is None:
        return missing(spec, facts)
    live = live_spec(spec, bridge)
    difference = ownership.in_words(spec.model_dump(), live.model_dump(), spec.changed(live))
    refusal = take_over(spec, bridge, difference, known)
    if refusal:
        return Blocked(refusal)
    if not difference:
        return Done()
    if member.state == "active":
        return Blocked(
            f"{spec.host}: {NAME} differs ({difference}) and the host is a member of a swarm: changing it takes "
            "the host's containers off the network, so let the host leave the swarm first, then run again"
        )
    return replacement(spec, bridge)


def unfit(member: Member) -> str | None:
    """Why a host's networks can't be trusted: a locked or half-joined one does not show all of them."""
    if member.state in ("active", "inactive"):
        return None
    return (
        f"{member.host}: its membership of a swarm is {member.state} ({member.error or 'no reason given'}), "
        "so that its networks can't be trusted: unlock it, or let it leave or finish joining, then run again"
    )


def take_over(spec: GwbridgeSpec, bridge: Network, difference: str, known: bool) -> str | None:
    """Why the bridge found may not be taken or changed, None where it may."""
    thing = f"{spec.host}: {NAME} ({bridge.subnet})"
    if known:
        return ownership.foreign(thing, bridge.labels, spec.owner)
    return ownership.refusal(
        thing, bridge.labels, spec.owner, spec.adopt, difference, engine_default=engine_default(bridge)
    )


def missing(spec: GwbridgeSpec, facts: GwbridgeFacts) -> Decision:
    """Make it; on a member that has the ingress, that alone would leave the mesh dead on this host."""
    if facts.member.state == "active":
        return Blocked(
            f"{spec.host}: {NAME} is missing though the host is a member of a swarm: its ingress finds a new one "
            "only after a restart of docker; let the host leave the swarm first, then run again"
        )
    return Steps((creation(spec),), f"create {NAME}")


def replacement(spec: GwbridgeSpec, bridge: Network) -> Decision:
    """Take the old one away on a host outside any swarm: leftovers off first, never a running container."""
    held = sorted(endpoint.name for endpoint in bridge.endpoints if container_id(endpoint))
    if held:
        return Blocked(
            f"{spec.host}: {NAME} is to change from {bridge.subnet} to {spec.subnet} but {', '.join(held)} "
            "is attached to it: stop or disconnect the container, then run again"
        )
    if bridge.endpoints:
        leftovers: tuple[Step, ...] = tuple(
            DisconnectEndpoint(host=spec.host, network=bridge.id, endpoint=endpoint.name)
            for endpoint in bridge.endpoints
        )
        return Steps(leftovers, f"take leftovers off {NAME}")
    return Steps((RemoveNetwork(host=spec.host, id=bridge.id),), f"remove the old {NAME} ({bridge.subnet})")


def next_step_of_removal(spec: GwbridgeSpec, facts: GwbridgeFacts, network_id: str) -> Decision:
    """What to do next towards its removal, which `on_remove: restore_default` asks for.

    Gone is as good as default: the Engine makes its own at the next join. Only what the state names is removed.
    """
    bridge = facts.bridge
    if spec.on_remove == "keep" or bridge is None or bridge.id != network_id:
        return Done()
    if facts.member.state != "inactive":
        return Blocked(
            f"{spec.host}: {NAME} ({bridge.subnet}) can't be given back while the host is a member of a swarm "
            f"({facts.member.state}): let the host leave first, or set gwbridge.on_remove to keep"
        )
    return replacement(spec, bridge)
