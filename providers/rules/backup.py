"""Takes a backup of a swarm: which manager it is taken of, what is refused, the steps until it is taken, and those by
which the host is given back. No calls, no waiting here.

What a manager keeps of its swarm is copied while its docker is stopped, which ends its tasks: so it is drained, and
given back, as for a change of docker_gwbridge, with the same labels. What a run that was cut leaves is finished by the
next one, and by `pulumi up --refresh`.
https://docs.docker.com/engine/swarm/admin_guide/#back-up-the-swarm
"""

from collections.abc import Iterator
from dataclasses import replace

from providers.rules.live import bridge_swap, maintenance, running_change
from providers.rules.live.quorum import voters
from providers.rules.resource_types import gwbridge
from providers.rules.resource_types.resource_type import Decide
from providers.rules.vocabulary.facts import GwbridgeFacts, SwarmFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import GwbridgeSpec
from providers.rules.vocabulary.steps import Archive, Blocked, Decision, Done, RestartEngine, Steps, Wait

# Of fewer none can be away for a moment.
FEWEST = 3


def is_left_behind(facts: GwbridgeFacts) -> bool:
    """Tell whether a run that was cut has left a manager out of service, perhaps with docker stopped, with the bridge
    that it had. Another change of the bridge is for `pulumi up` to finish."""
    silent = facts.member.state == "silent"
    is_manager = facts.node is not None and facts.node.role == "manager"
    return is_manager and bridge_swap.is_in_progress(facts) and (silent or facts.bridge is not None)


def candidates(spec: GwbridgeSpec, facts: SwarmFacts) -> list[str] | Blocked:
    """Return the hosts of which a backup may be taken, if nothing else on them is against it, or why of none. `spec`:
    of any host of the stack."""
    if facts.swarm is None:
        return Blocked("no majority of the managers answers: bring managers back, then run again")
    managers = voters(facts.nodes)
    if len(managers) < FEWEST:
        return Blocked(
            f"the swarm has {len(managers)} of the {FEWEST} managers that a backup takes: docker is stopped on one of "
            "them, and the others have to go on: declare more (role: manager)"
        )
    other = running_change.other_stack_refusal(spec, facts.swarm)
    other = other or running_change.other_state_refusal(spec, facts.swarm, known=True)
    if other:
        return Blocked(other)
    if maintenance.has_something_due(facts.swarm, facts.nodes):
        return Blocked("the swarm is in the middle of a change: `pulumi up --refresh` finishes it: then run again")
    others = {node.id for node in managers if not node.leader}
    found = [member.host for member in facts.members if member.good_manager and member.node_id in others]
    return found or Blocked("no declared manager answers but the leader: bring another one back, then run again")


def observe(api: HostsApi, host: str) -> GwbridgeFacts:
    """Return the facts of a host: before it is drained also who runs on it."""
    facts = api.gwbridge(host)
    in_service = facts.node is not None and not bridge_swap.is_in_progress(facts)
    return gwbridge.with_workload(api, facts) if in_service else facts


def host_refusal(spec: GwbridgeSpec, facts: GwbridgeFacts) -> str | None:
    """Say why docker may not be stopped on this host, or None if it may."""
    node, swarm = facts.node, facts.swarm
    if node is None or swarm is None or node.role != "manager":
        return f"it is no manager of the swarm now ({facts.member.state}): see `docker info` there"
    if node.leader:
        return "it is the leader of the managers: run again, which takes another one"
    if len(voters(facts.nodes)) < FEWEST:
        return f"the swarm has fewer than {FEWEST} managers"
    guard = maintenance.restart_refusal(node, facts.nodes, swarm)
    return f"its docker has to be stopped, and {guard}" if guard else bridge_swap.emptying_refusal(spec, facts, node)


def take(spec: GwbridgeSpec, archive: Archive) -> Decide:
    """Return the decisions until the archive is written: drained, emptied, docker stopped, packed, docker started."""

    def decided(facts: GwbridgeFacts) -> Decision:
        node, swarm = facts.node, facts.swarm
        if node is not None and maintenance.restarts(node):
            return Done()
        if unanswered := gwbridge.recover_engine(spec, facts):
            return unanswered
        refusal = host_refusal(spec, facts)
        if refusal or node is None or swarm is None:
            return Blocked(f"{spec.host}: no backup is taken of it: {refusal}")
        return (
            bridge_swap.wait_for_left_behind(facts)
            or bridge_swap.take_out_of_service(spec, facts, node, swarm, right=False)
            or bridge_swap.empty_host(spec, facts, right=False)
            or packing(maintenance.restart(node, spec.host, facts.nodes, swarm), archive)
        )

    return decided


def packing(decision: Steps | Blocked, archive: Archive) -> Steps | Blocked:
    """Return the restart with the archive written in its middle."""
    if isinstance(decision, Blocked):
        return decision
    steps = tuple(replace(step, archive=archive) for step in decision.steps if isinstance(step, RestartEngine))
    return Steps(steps, f"stop docker on {steps[0].host}, pack its folder swarm, start docker")


def give_back(spec: GwbridgeSpec) -> Decide:
    """Return the decisions until docker runs, and the host is a manager in service as before."""

    def decided(facts: GwbridgeFacts) -> Decision:
        if unanswered := gwbridge.recover_engine(spec, facts):
            return unanswered
        if facts.member.state == "pending" and facts.unchanged_for < gwbridge.REJOINS:
            return Wait(f"{spec.host} to be a member again", gwbridge.REJOINS + 1)
        if refusal := gwbridge.membership_refusal(facts.member):
            return Blocked(refusal)
        if facts.bridge is None:
            return Blocked(f"{spec.host}: docker_gwbridge is gone in the middle of a change: run `pulumi up --refresh`")
        return gwbridge.finish_cut_change(spec, facts)

    return decided


def meaning(facts: GwbridgeFacts) -> Iterator[str]:
    """Say what is about to happen. The facts are those of a host that nothing is against."""
    host, managers = facts.member.host, voters(facts.nodes)
    answering = sum(node.reachability == "reachable" for node in managers) - 1
    yield (
        f"{host} is a manager and not the leader: it is drained, docker on it is stopped, its folder swarm packed, and "
        "docker started; then it gets its availability back"
    )
    yield (
        f"meanwhile {answering} of {len(managers)} managers answer, and a majority takes {len(managers) // 2 + 1}: "
        "stop no other manager"
    )
    if facts.swarm and facts.swarm.autolock:
        yield (
            "autolock is on: the archive is of use only to who has the unlock key, and an Engine does not go on alone "
            "with locked keys: it brings back one of several managers, not a swarm that is lost"
        )


def describe(facts: GwbridgeFacts, archive: Archive) -> Iterator[str]:
    """Say of what the archive is, and what it takes to use it."""
    autolock = facts.swarm is not None and facts.swarm.autolock
    yield (
        f"{archive.file}: the swarm as manager {facts.member.host} has it: address {facts.member.node_address}, Engine "
        f"{facts.member.release}, autolock {'on: keep the unlock key too' if autolock else 'off'}"
    )
    yield (
        "if all managers are lost: an empty host with that address and Engine, docker stopped there, `age --decrypt "
        "--identity KEY ARCHIVE | tar -xz -C /var/lib/docker`, docker started, `docker swarm init --force-new-cluster`"
    )
