"""The swarm's ingress: what differs, whether each host has it, and the next step. Calls and waiting must not enter.

Three manners of the Engine shape this page (measured on 20.10, 26, 28 and 29):
- a removal is accepted while tasks still hang on the old ingress, and hosts then keep the old one for good;
- a removed ingress lives on in each host for up to seconds, and a new one must not be made before all dropped it;
- a new one does not reach hosts by itself: each node needs an update that really changes it, sometimes twice.
"""

from providers.rules import ownership
from providers.rules.facts import HostIngress, IngressFacts, Network, Node, Silent, SwarmService
from providers.rules.specs import IngressSpec
from providers.rules.steps import (
    Blocked,
    CreateNetwork,
    Decision,
    Done,
    RemoveNetwork,
    Step,
    Steps,
    UpdateNode,
    Wait,
)

MTU = "com.docker.network.driver.mtu"
VNI = "com.docker.network.driver.overlay.vxlanid_list"
KICK = "swarmnet.kick"

ALLOCATION = 2.0
# A kick that took is seen within 0.2 to 1.7 s; 1.5 s is when the next one was worth sending on every Engine.
KICK_AGAIN = 1.5
# Time and no count: 4 rounds of 8 s were needed on a slow machine with a full kernel.
SPREAD = 120.0
DROP = 60.0
TASKS_GONE = 240.0


def live_spec(spec: IngressSpec, network: Network) -> IngressSpec:
    """The spec with the values that the swarm has in place of the wanted ones."""
    mtu = network.option(MTU)
    return spec.model_copy(
        update={
            "name": network.name,
            "subnet": network.subnet,
            "gateway": network.gateway,
            "mtu": int(mtu) if mtu and mtu.isdecimal() else None,
            "labels": ownership.declared(spec.labels, network.labels),
            "settled": True if network.allocated else "the swarm gave it no addresses: the mesh is dead",
        }
    )


def creation(spec: IngressSpec) -> CreateNetwork:
    """The step that makes the ingress. The driver must be said; an ingress can't be attachable."""
    return CreateNetwork(
        name=spec.name,
        driver="overlay",
        subnet=spec.subnet,
        gateway=spec.gateway,
        options=() if spec.mtu is None else ((MTU, str(spec.mtu)),),
        labels=ownership.with_owner(spec.labels, spec.owner),
        ingress=True,
    )


def engine_default(network: Network) -> bool:
    """Whether it is just as the Engine makes it at init: its name, no label, no option but the VNI."""
    return network.name == "ingress" and not network.labels and not set(dict(network.options)) - {VNI}


def sandbox(network: Network) -> str:
    """The key of the ingress's own endpoint in `Containers`, on each host that has it."""
    return f"{network.name}-sbox"


def gateway_endpoint(network: Network) -> str:
    """The name of the ingress's endpoint on docker_gwbridge: names of more than 12 characters give way to the
    sandbox's id (https://github.com/moby/moby/blob/master/daemon/libnetwork/default_gateway.go)."""
    name = sandbox(network)
    return f"gateway_{name}" if len(name) <= 12 else "gateway_ingress_sbox"


def reached(network: Network, host: HostIngress) -> bool:
    """Whether the host has this ingress with its sandbox, and the sandbox its way out through the bridge.

    The sandbox proves it: a manager answers for networks that it has not got itself.
    """
    here = any(
        copy.id == network.id and any(endpoint.key == sandbox(network) for endpoint in copy.endpoints)
        for copy in host.copies
    )
    return here and gateway_endpoint(network) in host.bridge_endpoints


def next_step(spec: IngressSpec, facts: IngressFacts, *, known: bool) -> Decision:
    """What to do next. `known`: the state has this resource, so that what is found is ours to change."""
    network = facts.network
    if network is None:
        return missing(spec, facts)
    if not network.allocated:
        return unallocated(spec, facts, network)
    live = live_spec(spec, network)
    difference = ownership.in_words(spec.model_dump(), live.model_dump(), spec.changed(live))
    thing = f"the swarm's ingress {network.name} ({network.subnet})"
    refusal = (
        ownership.foreign(thing, network.labels, spec.owner)
        if known
        else ownership.refusal(
            thing, network.labels, spec.owner, spec.adopt, difference, engine_default=engine_default(network)
        )
    )
    if refusal:
        return Blocked(refusal)
    if not difference:
        return spread(facts, network)
    return overlap(spec, facts) or departure(facts, network, f"change it ({difference})")


def spread(facts: IngressFacts, network: Network) -> Decision:
    """Bring it to each host that lacks it, with updates of the node that really change it; then clean up."""
    nodes = {node.id: node for node in facts.nodes}
    lacking = [host for host in facts.hosts if not has_it(network, host) and counts(host, facts.nodes)]
    unasked = [host for host in lacking if isinstance(host, Silent)]
    asked = [host for host in lacking if isinstance(host, HostIngress)]
    if not lacking:
        return cleaned(facts)
    kicks = tuple(kick(network, nodes[host.node_id]) for host in asked if due(network, nodes[host.node_id], facts))
    names = ", ".join(host.host for host in lacking)
    if kicks:
        return Steps(kicks, f"bring the ingress to {names}")
    if unasked:
        return Wait(f"{unasked[0].host} to answer ({unasked[0].why})", SPREAD)
    return Wait(f"{names} to show the ingress with its sandbox and gateway", SPREAD)


def unfinished(facts: IngressFacts, network: Network) -> str | None:
    """What is left to do though the swarm has it, in words; None where nothing is."""
    lacking = [host.host for host in facts.hosts if not has_it(network, host) and counts(host, facts.nodes)]
    if lacking:
        return f"{', '.join(lacking)} has not got it with its sandbox and gateway"
    kicked = [node.hostname for node in facts.nodes if node.label(KICK) is not None]
    return f"{', '.join(kicked)} still carries the label {KICK}" if kicked else None


def has_it(network: Network, host: HostIngress | Silent) -> bool:
    """Whether the host was asked and has it."""
    return isinstance(host, HostIngress) and reached(network, host)


def counts(host: HostIngress | Silent, nodes: tuple[Node, ...]) -> bool:
    """Whether the host has to have it now. One that is down gets it by itself when it is back (23 of 25 seen);
    one that is no member has none."""
    return any(node.state == "ready" and node.id == host.node_id for node in nodes)


def due(network: Network, node: Node, facts: IngressFacts) -> bool:
    """Whether to kick the node now: it has had no kick for this ingress, or the last one did nothing."""
    kicked = (node.label(KICK) or "").startswith(network.id[:12])
    return not kicked or facts.unchanged_for >= KICK_AGAIN


def kick(network: Network, node: Node) -> UpdateNode:
    """A label with a fresh value: the agent ignores an update that changes nothing (0 of 8 repaired by one)."""
    _, _, count = (node.label(KICK) or "").rpartition(".")
    fresh = int(count) + 1 if count.isdecimal() else 1
    return UpdateNode(node_id=node.id, version=node.version, set_labels=((KICK, f"{network.id[:12]}.{fresh}"),))


def cleaned(facts: IngressFacts) -> Decision:
    """The kicks' labels go again once every host has the ingress."""
    kicked = tuple(
        UpdateNode(node_id=node.id, version=node.version, drop_labels=(KICK,))
        for node in facts.nodes
        if node.label(KICK) is not None
    )
    return Steps(kicked, "take the labels of the kicks off the nodes") if kicked else Done()


def departure(facts: IngressFacts, network: Network, why: str) -> Decision:
    """Remove the old one, once nothing hangs on it and every host can be asked."""
    publishing = [service for service in facts.services if service.publishes_ingress]
    if publishing:
        return Blocked(
            f"the swarm's ingress {network.name}: can't {why} while services publish ports through it: "
            f"{'; '.join(map(published, publishing))}: take the ports off, then run again"
        )
    blind = unverifiable(facts)
    if blind:
        return Blocked(f"the swarm's ingress {network.name}: can't {why}: {blind}")
    down = {node.id for node in facts.nodes if node.state == "down"}
    hanging = [task for task in facts.tasks if network.id in task.networks and task.alive and task.node_id not in down]
    if hanging:
        return Wait(f"{len(hanging)} stopping tasks to leave the old ingress", TASKS_GONE)
    return Steps((RemoveNetwork(id=network.id),), f"remove the old ingress ({network.subnet})")


def published(service: SwarmService) -> str:
    """A service and the ports that it publishes through the ingress, in words."""
    ports = (
        f"{port.published or 'dynamic'}->{port.target}/{port.protocol}"
        for port in service.ports
        if port.mode == "ingress"
    )
    return f"{service.name} ({', '.join(ports)})"


def unverifiable(facts: IngressFacts) -> str | None:
    """Why it could not be seen whether every host follows, None where it can."""
    declared = {host.node_id for host in facts.hosts}
    for host in facts.hosts:
        if isinstance(host, Silent) and counts(host, facts.nodes):
            return f"{host.host} can't be asked whether it follows ({host.why})"
    for node in facts.nodes:
        if node.id not in declared and node.state == "ready":
            return (
                f"member {node.hostname} ({node.address or node.id}) is not in the stack file, so that nobody sees "
                "whether it follows: add it to hosts, or take it out of the swarm"
            )
    return None


def overlap(spec: IngressSpec, facts: IngressFacts) -> Blocked | None:
    """Another swarm network on the wanted range: the Engine would answer 201 and never allocate ours."""
    for other in facts.listed:
        if other.scope == "swarm" and other.meets(spec.subnet):
            return Blocked(
                f"ingress: its subnet {spec.subnet} overlaps {other.subnet} of the swarm's network {other.name}: "
                "choose another range, or free that one first"
            )
    return None


def missing(spec: IngressSpec, facts: IngressFacts) -> Decision:
    """Make it, once every host has dropped the old one."""
    return dropping(facts) or overlap(spec, facts) or Steps((creation(spec),), f"create ingress {spec.name}")


def dropping(facts: IngressFacts) -> Wait | None:
    """What still has to go from the hosts before a new ingress is made, None where nothing has."""
    for host in facts.hosts:
        if isinstance(host, Silent):
            if counts(host, facts.nodes):
                return Wait(f"{host.host} to answer ({host.why})", DROP)
    keeping = [host.host for host in facts.hosts if isinstance(host, HostIngress) and host.copies]
    return Wait(f"{', '.join(keeping)} to drop the old ingress", DROP) if keeping else None


def unallocated(spec: IngressSpec, facts: IngressFacts, network: Network) -> Decision:
    """Give the swarm a moment; a dead ingress of ours is taken away again, a dead default makes room."""
    if facts.unchanged_for < ALLOCATION:
        return Wait("the ingress to get its addresses", ALLOCATION + 1)
    if engine_default(network):
        return overlap(spec, facts) or departure(facts, network, "put another in place of the dead one")
    ours = ownership.owner_of(network.labels) == spec.owner
    return Blocked(
        f"ingress: the swarm made {network.name} but gave it no addresses from {spec.subnet} within {ALLOCATION:g} s: "
        "the range overlaps another network, or can't be used; the leader's log (docker) names the reason",
        undo=(RemoveNetwork(id=network.id),) if ours else (),
    )


def next_step_of_removal(spec: IngressSpec, facts: IngressFacts, network_id: str) -> Decision:
    """What to do next when its section went away: nothing, or (`restore_default`) the Engine's own in its place."""
    network = facts.network
    if spec.on_remove == "keep":
        return Done()
    if network is None:
        default = CreateNetwork(name="ingress", driver="overlay", subnet=None, gateway=None, ingress=True)
        step: tuple[Step, ...] = (default,)
        return dropping(facts) or Steps(step, "create a default ingress")
    if network.id == network_id:
        return departure(facts, network, "give the default back")
    return spread(facts, network)
