"""Brings the ingress to every host: kicks, and a guarded restart of the Engine for a host that no kick helps.

A kick is an update of a node's labels, after which its Engine takes up the new ingress. Each function returns the next
decision, or None if its part is done. No ports and no settings here.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from providers.rules.live import maintenance
from providers.rules.vocabulary.facts import HostIngress, IngressFacts, Network, Node, Task, UnreachableHost
from providers.rules.vocabulary.labels import KICK, count
from providers.rules.vocabulary.service_spec import read_spec
from providers.rules.vocabulary.steps import FOREVER, MANAGER, Blocked, Decision, Steps, UpdateNode, Wait
from providers.rules.vocabulary.words import some

# A kick (a fresh label on a node, after which the swarm attaches it again) that worked is seen within 0.2 to 1.7 s; the
# next one is worth sending after 1.5 s on every Engine (measurements.md#kicks).
KICK_AGAIN = 1.5
# 4 rounds of 8 s were needed on a slow machine with a full kernel (measurements.md#kicks); what twenty kicks in a
# hundred seconds do not bring never comes.
KICKS = 20
SPREAD = 120.0
# A host drops a removed ingress within 0.5 to 4 s; one that still has it after 10 s keeps it until a restart
# (measurements.md#removal, #old-ingress-stays).
STALE = 10.0
LACKS_IT = "is not attached to the ingress: its sandbox or gateway endpoint is missing"


def sandbox(network: Network) -> str:
    """Return the key of the ingress's own endpoint in `Containers`, on each host that has it."""
    return f"{network.name}-sbox"


def gateway_endpoint(network: Network) -> str:
    """Return the name of the ingress's endpoint on docker_gwbridge. Names of more than 12 characters give way to the
    sandbox's id (https://github.com/moby/moby/blob/master/daemon/libnetwork/default_gateway.go)."""
    name = sandbox(network)
    return f"gateway_{name}" if len(name) <= 12 else "gateway_ingress_sbox"


def is_attached(network: Network, host: HostIngress) -> bool:
    """Tell whether the host is attached: it has this ingress with its sandbox, and the sandbox its gateway on the
    bridge.

    The sandbox proves it: a manager answers even for networks that it does not have itself.
    """
    here = any(
        copy.id == network.id and any(endpoint.key == sandbox(network) for endpoint in copy.endpoints)
        for copy in host.copies
    )
    return here and gateway_endpoint(network) in host.bridge_endpoints


def has_it(network: Network, host: HostIngress | UnreachableHost) -> bool:
    """Tell whether the host was asked and is attached."""
    return isinstance(host, HostIngress) and is_attached(network, host)


def is_expected(host: HostIngress | UnreachableHost, nodes: tuple[Node, ...]) -> bool:
    """Tell whether the host has to be attached now. One that is down can't be, and what it has once it is back is for
    the next run (measurements.md#host-that-is-down); one that is no member is not."""
    return any(node.counted_on for node in nodes if node.id == host.node_id)


def lacking(facts: IngressFacts, network: Network) -> list[HostIngress | UnreachableHost]:
    """Return the hosts that should be attached and are not."""
    return [host for host in facts.hosts if is_expected(host, facts.nodes) and not has_it(network, host)]


def members(facts: IngressFacts) -> list[HostIngress]:
    """Return the hosts that were asked and should be attached."""
    return [host for host in facts.hosts if isinstance(host, HostIngress) and is_expected(host, facts.nodes)]


def node_of(host: HostIngress, facts: IngressFacts) -> Node:
    """Return the member that a host is."""
    return next(node for node in facts.nodes if node.id == host.node_id)


def kick_hosts(facts: IngressFacts, network: Network) -> Decision | None:
    """Kick the hosts that are not attached, with node updates that really change something. None once the only ones
    left are in repair, do not answer, or are not helped by kicks: they do not keep all other hosts' ports away."""
    bad = lacking(facts, network)
    asked = [host for host in bad if isinstance(host, HostIngress) and not is_given_up(host, facts, network)]
    unreachable = [host for host in bad if isinstance(host, UnreachableHost)]
    due = [
        host
        for host in asked
        if kicks(network, node_of(host, facts)) == 0 or facts.unchanged_for >= pause(host, facts, network)
    ]
    if due:
        nodes = [*(node_of(host, facts) for host in due), *unwatched(facts)]
        doing = f"bring the ingress to {host_names(due)}{describe_unwatched(facts)}"
        return Steps(tuple(kick(network, node) for node in nodes), doing)
    if unreachable and facts.unchanged_for < STALE:
        return wait_for_answer(unreachable[0])
    return Wait(f"{host_names(asked)} to attach to the ingress", SPREAD) if asked else None


def mark_unwatched(facts: IngressFacts, names: Collection[str]) -> IngressFacts:
    """Return the facts with the members that nobody asks: by hostname or address, as the managers have them."""
    asked = {host.node_id for host in facts.hosts}
    found = (node.id for node in facts.nodes if {node.hostname, node.address} & {*names} and node.id not in asked)
    return replace(facts, unwatched=frozenset(found))


def unwatched(facts: IngressFacts) -> list[Node]:
    """Return the members that the swarm counts on and nobody asks. They are kicked with the others, and not waited
    for."""
    return [node for node in facts.nodes if node.id in facts.unwatched and node.counted_on]


def describe_unwatched(facts: IngressFacts) -> str:
    """Say which members are unwatched, beside what is done; empty if there are none."""
    hosts = some(sorted(node.hostname for node in unwatched(facts)))
    return f"; not verified (unwatched): {hosts}" if hosts else ""


def pause(host: HostIngress, facts: IngressFacts, network: Network) -> float:
    """Return the seconds until the next kick is worth sending: each a little longer, for slow machines."""
    return KICK_AGAIN * (1 + (kicks(network, node_of(host, facts)) - 1) / 4)


def is_given_up(host: HostIngress, facts: IngressFacts, network: Network) -> bool:
    """Tell whether the host is out of service for a repair, or was kicked in vain."""
    node = node_of(host, facts)
    return maintenance.is_drained(node) or kicks(network, node) >= KICKS or facts.left_on(host)


def kicks(network: Network, node: Node) -> int:
    """Return how often the node was kicked for this ingress."""
    of_network, _, kicked = (node.label(KICK) or "").partition(".")
    return count(kicked) if of_network == network.id[:12] else 0


def kick(network: Network, node: Node) -> UpdateNode:
    """Return the kick: a label with a fresh value. The agent ignores an update that changes nothing
    (measurements.md#kicks)."""
    value = f"{network.id[:12]}.{kicks(network, node) + 1}"
    return UpdateNode(node_id=node.id, version=node.version, set_labels=((KICK, value),))


def drain_for_restart(host: HostIngress, facts: IngressFacts, why: str) -> Decision:
    """Drain a host for a restart, if the swarm can do without it for a moment."""
    node = node_of(host, facts)
    refused = maintenance.restart_refusal(node, facts.nodes, facts.swarm)
    if refused:
        return Blocked(f"{host.host}: {why}, and its docker can't be restarted for it: {refused}")
    return Steps((maintenance.drain(node),), f"drain {host.host}: {why}")


def repair_hosts(facts: IngressFacts, network: Network) -> Decision | None:
    """Restart the Engines of hosts that no kick helps, one after the other, and return repaired hosts to service."""
    nodes = {node.id: node for node in facts.nodes}
    out = [
        (host, nodes[host.node_id])
        for host in facts.hosts
        if isinstance(host, HostIngress)
        and host.node_id in nodes
        and maintenance.is_out_of_service(nodes[host.node_id])
    ]
    well = [node for host, node in out if has_it(network, host) and may_be_put_back(node)]
    if well:
        return Steps(tuple(map(maintenance.put_back, well)), "return repaired hosts to service")
    drained = [(host, node) for host, node in out if maintenance.is_drained(node) and not has_it(network, host)]
    if drained:
        return restart_drained(*drained[0], facts)
    bad = [host for host in lacking(facts, network) if isinstance(host, HostIngress)]
    hopeless = [host for host in bad if is_given_up(host, facts, network)]
    dropping = [host for host in hopeless if facts.left_on(host)]
    if dropping and facts.unchanged_for < STALE:
        return Wait(f"{host_names(dropping)} to remove the old ingress", SPREAD)
    return (
        drain_for_restart(hopeless[0], facts, "it is not attached to the ingress")
        if hopeless
        else refuse_abandoned(facts)
    )


def may_be_put_back(node: Node) -> bool:
    """Tell whether nothing else waits for the host: containers stopped for a change of its bridge start with that."""
    return not maintenance.stopped_on(node)


def refuse_abandoned(facts: IngressFacts) -> Blocked | None:
    """Refuse while a host that was taken out of service can't be looked at."""
    asked = {host.node_id for host in facts.hosts if isinstance(host, HostIngress)}
    left = [node for node in facts.nodes if maintenance.is_out_of_service(node) and node.id not in asked]
    if not left:
        return None
    return Blocked(
        f"{left[0].hostname} was drained by Swarmnet and is {left[0].state} now: bring it back (where its docker is "
        "locked, with `docker swarm unlock`), then run again, and it gets its availability back"
    )


def restart_drained(host: HostIngress, node: Node, facts: IngressFacts) -> Decision:
    """Restart a drained host's Engine, and again if that did not help. An ingress that was removed too early stays
    otherwise (measurements.md#old-ingress-stays)."""
    busy = maintenance.running_on(node, facts.tasks)
    if busy and not has_endless_tasks(busy, host, facts):
        return Wait(f"{len(busy)} tasks to leave {host.host}", FOREVER)
    stale = not maintenance.restarts(node) and facts.left_on(host)
    if not stale and facts.unchanged_for < maintenance.patience(node, host.restart_took):
        return Wait(f"{host.host} to recover by itself", FOREVER)
    return maintenance.restart(node, host.host, facts.nodes, facts.swarm)


def has_endless_tasks(busy: Collection[Task], host: HostIngress, facts: IngressFacts) -> bool:
    """Tell whether tasks have outlived their stop grace on a host that keeps a removed ingress: an Engine that tries to
    start them there, again and again, never ends them (measurements.md#old-ingress-stays)."""
    services = {task.service_id for task in busy}
    graces = [read_spec(service.spec).stop_grace for service in facts.services if service.id in services]
    return facts.left_on(host) and facts.unchanged_for >= STALE + max(graces, default=0)


def wait_for_removed_ingress(facts: IngressFacts) -> Decision | None:
    """Wait until the hosts have dropped a removed ingress. None once another can be made.

    A host that keeps it is taken out of service, and repaired when all others have their ports again: nothing of theirs
    waits for it. A manager that keeps it would refuse another of its name; if no other manager can be asked, it is
    repaired first.
    """
    here = members(facts)
    drained = [host for host in here if maintenance.is_drained(node_of(host, facts))]
    keeping = [host for host in here if host.copies and host not in drained]
    unreachable = unreachable_member(facts)
    if facts.unchanged_for < STALE and not any(is_in_repair(host, facts) for host in drained):
        if keeping:
            return Wait(f"{host_names(keeping)} to remove the old ingress", SPREAD)
        if unreachable:
            return wait_for_answer(unreachable)
    if keeping or drained:
        return take_out_keeper(facts, keeping, drained)
    return None


def is_in_repair(host: HostIngress, facts: IngressFacts) -> bool:
    """Tell whether the host was drained because it keeps a removed ingress: whoever drained it has waited for that."""
    return bool(host.copies or maintenance.restarts(node_of(host, facts)))


def take_out_keeper(facts: IngressFacts, keeping: list[HostIngress], drained: list[HostIngress]) -> Decision | None:
    """Take one host that keeps the old ingress out of service. None if a manager can be asked for another."""
    if any(not host.copies for host in managers(facts)):
        decision = (
            drain_for_restart(keeping[0], facts, "the old ingress network is still present")
            if keeping and not drained
            else None
        )
        return decision if isinstance(decision, Steps) else None
    for host in managers(facts):
        if host in drained:
            return restart_drained(host, node_of(host, facts), facts)
        if host in keeping:
            return drain_for_restart(host, facts, "the old ingress network is still present")
    return None


def put_back_repaired(facts: IngressFacts) -> tuple[UpdateNode, ...]:
    """Put back the hosts that a restart has rid of the old ingress."""
    nodes = [node_of(host, facts) for host in members(facts) if not host.copies]
    return tuple(maintenance.put_back(node) for node in nodes if maintenance.is_drained(node) and may_be_put_back(node))


def managers(facts: IngressFacts) -> list[HostIngress]:
    """Return the hosts that were asked and can answer for the swarm."""
    ids = {node.id for node in facts.nodes if node.role == "manager"}
    return [host for host in facts.hosts if isinstance(host, HostIngress) and host.node_id in ids]


def manager_to_ask(facts: IngressFacts) -> str:
    """Return the manager to ask for another ingress: any, or, if one keeps the old ingress and would refuse, another
    one."""
    if not any(host.copies for host in managers(facts)):
        return MANAGER
    return next((host.host for host in managers(facts) if not host.copies), MANAGER)


def wait_for_answers(facts: IngressFacts, network: Network) -> Decision | None:
    """Wait at last for hosts that do not answer. None once none is left."""
    unreachable = [host for host in lacking(facts, network) if isinstance(host, UnreachableHost)]
    return wait_for_answer(unreachable[0]) if unreachable else None


def wait_for_answer(host: UnreachableHost) -> Wait:
    """Give the host time to answer."""
    return Wait(f"{host.host} to answer ({host.why})", SPREAD)


def remove_kick_labels(facts: IngressFacts, network: Network) -> Steps | None:
    """Remove the kicks' labels once every host is attached to the ingress."""
    labelled = [node for node in facts.nodes if node.label(KICK) is not None]
    steps = tuple(UpdateNode(node_id=n.id, version=n.version, drop_labels=(KICK,)) for n in labelled)
    return Steps(steps, result_message(facts, network)) if steps else None


def result_message(facts: IngressFacts, network: Network) -> str:
    """Say on how many hosts the ingress is: `ingress on 3 of 3 hosts`."""
    desired = [host for host in facts.hosts if is_expected(host, facts.nodes)]
    return f"ingress on {sum(has_it(network, host) for host in desired)} of {len(desired)} hosts"


def left_undone_message(facts: IngressFacts) -> str | None:
    """Say which declared hosts are down, so that nobody could bring the ingress there, and what to type once they are
    back. None if none is."""
    declared = {host.node_id for host in facts.hosts}
    down = sorted(node.hostname for node in facts.nodes if node.id in facts.down & declared)
    if not down:
        return None
    return (
        f"left undone on {', '.join(down)}: down, according to the managers, so whether the ingress is attached there "
        "can't be seen; once it is back run `pulumi up --refresh`, which attaches it"
    )


def unfinished_work(facts: IngressFacts, network: Network) -> list[str]:
    """Return what is left to do on hosts, in words."""
    bad = lacking(facts, network)
    words = [not_attached_message(sorted(host.host for host in bad))] if bad else []
    words += [f"{node.hostname} was drained by Swarmnet" for node in facts.nodes if maintenance.is_out_of_service(node)]
    words += [f"{node.hostname} still has the label {KICK}" for node in facts.nodes if node.label(KICK) is not None]
    return words


def not_attached_message(hosts: Sequence[str]) -> str:
    """Say that hosts are not attached to the ingress."""
    words = LACKS_IT if len(hosts) == 1 else LACKS_IT.replace("is not", "are not", 1).replace(" its ", " their ")
    return f"{', '.join(hosts)} {words}"


def unreachable_member(facts: IngressFacts) -> UnreachableHost | None:
    """Return a host that does not answer though the swarm counts on it, or None."""
    unreachable = (host for host in facts.hosts if isinstance(host, UnreachableHost))
    return next((host for host in unreachable if is_expected(host, facts.nodes)), None)


def verification_refusal(facts: IngressFacts) -> str | None:
    """Say why it can't be seen whether every host gets the new ingress, or None if it can."""
    declared = {host.node_id for host in facts.hosts}
    unreachable = unreachable_member(facts)
    if unreachable:
        return f"{unreachable.host} can't be asked whether it has the new ingress ({unreachable.why})"
    for node in facts.nodes:
        if node.id not in declared | facts.unwatched and node.counted_on:
            return (
                f"member {node.hostname} ({node.address or node.id}) is not in the stack file, so its ingress "
                "can't be watched: add it to hosts (with unwatched: true if it can't be reached), or take it out of "
                "the swarm"
            )
    return None


def host_names(hosts: "list[HostIngress | UnreachableHost] | list[HostIngress]") -> str:
    """Return the hosts' names in words."""
    return some(sorted(host.host for host in hosts))
