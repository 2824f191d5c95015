"""Changes docker_gwbridge on a member of a swarm, without leaving it.

Drained, whatever else hangs on overlays stopped, every endpoint cut, the bridge recreated, the Engine restarted
(without that the ingress and what was cut never come back), checked, and everything given back: 73 of 73 cycles
(measurements.md#bridge-of-a-member). Whose bridge it is and whether it differs are decided in gwbridge.py.
"""

from collections.abc import Collection

from providers.rules.live import former, ingress_rollout, maintenance, running_change, safety
from providers.rules.vocabulary.addresses import is_subnet, mask_for, room
from providers.rules.vocabulary.facts import Container, GwbridgeFacts, Network, Node, Swarm
from providers.rules.vocabulary.labels import CHANGE
from providers.rules.vocabulary.specs import GwbridgeSpec
from providers.rules.vocabulary.steps import (
    FOREVER,
    Blocked,
    CreateNetwork,
    Decision,
    DisconnectEndpoint,
    PauseContainer,
    RemoveNetwork,
    StartContainer,
    StartEngine,
    Step,
    Steps,
    StopContainer,
    UpdateSwarm,
    Wait,
)
from providers.rules.vocabulary.words import some

# The ingress finds the new bridge only through a restart; right after one, its endpoint follows within moments
# (measurements.md#gateway-lost).
DETACHED = 1.0
# Seconds without any change after which the containers of a removed service no longer end by themselves: by default
# they are killed after 10 s.
ENDING = 15.0
NEVER_AGAIN = "-"  # in the place of when a container was started, which it never is at that time


def is_in_progress(facts: GwbridgeFacts) -> bool:
    """Tell whether the host was drained by us and is not back in service yet."""
    return facts.node is not None and maintenance.is_out_of_service(facts.node)


def is_attached(facts: GwbridgeFacts) -> bool:
    """Tell whether the swarm's ingress, if it has one, is attached on this host: its sandbox, and its gateway on the
    bridge."""
    if facts.ingress is None or facts.local is None:
        return True
    return ingress_rollout.is_attached(facts.ingress, facts.local)


def is_detached(facts: GwbridgeFacts) -> bool:
    """Tell whether the sandbox has lost its gateway endpoint: the bridge was recreated under it."""
    return not is_attached(facts) and facts.local is not None and any(copy.endpoints for copy in facts.local.copies)


def change_bridge(spec: GwbridgeSpec, facts: GwbridgeFacts, creation: CreateNetwork, right: bool) -> Decision:
    """Return the next step of the change. `right`: the bridge is as it should be; only the host has to come back."""
    node, swarm = facts.node, facts.swarm
    if node is None or swarm is None:
        return Blocked(
            f"{spec.host}: docker_gwbridge can't change while no manager among the hosts answers for its swarm: "
            "bring a majority of the managers back, then run again"
        )
    ending = wait_for_left_behind(facts)
    if ending:
        return ending
    # A drained host with the right bridge only has to return to service, by itself if it can.
    due = not (right and maintenance.is_out_of_service(node))
    refusal = running_change.other_stack_refusal(spec, swarm) or (
        swap_refusal(spec, facts, node, swarm) if due else None
    )
    if refusal:
        return Blocked(f"{spec.host}: docker_gwbridge can't change: {refusal}")
    return (
        take_out_of_service(spec, facts, node, swarm, right=right)
        or empty_host(spec, facts, right=right)
        or (None if right else recreate_bridge(spec, facts, creation))
        or restart_engine(spec, facts, node, swarm)
        or return_to_service(spec, facts, node)
    )


def swap_refusal(spec: GwbridgeSpec, facts: GwbridgeFacts, node: Node, swarm: Swarm) -> str | None:
    """Say why it can't be carried out now, or None if it can. Nothing has been written to this host yet, or it goes
    on."""
    guard = maintenance.restart_refusal(node, facts.nodes, swarm)
    if guard:
        return f"its docker has to be restarted for it, and {guard}"
    need = 1 + sum(each.running and each.on_overlay for each in facts.containers)  # the ingress's way out is one more
    found = room(spec.subnet, spec.ip_range) if is_subnet(spec.subnet) else need  # that of a state may be none
    if need > found:
        return (
            f"{spec.ip_range or spec.subnet} has {found} addresses to give, and the ingress and {need - 1} containers "
            f"on overlays need {need}: use {mask_for(need)}"
        )
    direct = [each for each in facts.containers if each.on_bridge and not each.task]
    if direct:
        return (
            f"{_names(direct)} is attached to docker_gwbridge directly and could not start again on a new one:  "
            "disconnect it (`docker network disconnect`), then run again"
        )
    return emptying_refusal(spec, facts, node)


def emptying_refusal(spec: GwbridgeSpec, facts: GwbridgeFacts, node: Node) -> str | None:
    """Say why the host can't be drained and its containers stopped, or None if they can and would come back."""
    bystanders = [container for container in bystanders_on(facts) if container.id not in maintenance.stopped_on(node)]
    if refusal := disturbance_refusal(spec, bystanders, containers_left_behind(facts)):
        return refusal
    on_overlay, back = [each for each in bystanders if each.on_overlay], maintenance.availability(node)
    if on_overlay and back != "active":
        state = {"drain": "drained", "pause": "paused"}.get(back, back)
        return (
            f"{_names(on_overlay)} could not start again on a host that is {state}: "
            "disconnect it from the overlay first"
        )
    return safety.drain_refusal(node, facts.services, facts.tasks, facts.nodes)


def disturbance_refusal(
    spec: GwbridgeSpec, bystanders: Collection[Container], left: Collection[Container]
) -> str | None:
    """Name the running containers that the stack file does not allow to be stopped or lost; None if there are none."""
    refusals, lost = [], [each for each in bystanders if each.auto_remove]
    if left and not spec.disturb:
        refusals.append(
            f"{_names(left)} runs for a service that was removed, and would stop with its docker: remove it there with "
            "`docker rm --force`, or set gwbridge.disturb: true to let it end"
        )
    if bystanders and not spec.disturb:
        refusals.append(
            f"{_names(bystanders)} would stop with its docker: stop them, or set gwbridge.disturb: true to have them "
            "stopped and started again"
        )
    if lost and not spec.lose_auto_removed:
        refusals.append(
            f"{_names(lost)} was started with --rm and would be removed for good: stop it yourself, or set "
            "gwbridge.lose_auto_removed: true to let it go"
        )
    return "; ".join(refusals) or None


def _names(containers: Collection[Container]) -> str:
    """Return their names in order: an Engine lists two of one second in any."""
    return ", ".join(sorted(each.name for each in containers))


def wait_for_left_behind(facts: GwbridgeFacts) -> Wait | None:
    """Wait for containers of a removed service to end before the host is drained; None if there is none to wait for."""
    left = containers_left_behind(facts)
    if not left or is_in_progress(facts) or facts.unchanged_for >= ENDING:
        return None
    return Wait(f"{some(each.name for each in left)} to end, of a service that was removed", FOREVER)


def wait_for_engine(spec: GwbridgeSpec, facts: GwbridgeFacts) -> Decision | None:
    """Wait for an Engine that does not answer in the middle of our change, and start it if it stays down. None if it
    answers."""
    if facts.member.state != "silent" or facts.node is None:
        return None
    if facts.unchanged_for < maintenance.patience(facts.node, 0):
        return Wait(f"docker on {spec.host} to answer again ({facts.member.error})", FOREVER)
    return Steps((StartEngine(host=spec.host),), f"start docker on {spec.host}")


def bystanders_on(facts: GwbridgeFacts) -> list[Container]:
    """Return the running containers that are no tasks: draining does not move them, and the Engine's restart stops
    them. Only those with a restart policy would come back by themselves."""
    return [each for each in facts.containers if each.running and not each.task]


def containers_left_behind(facts: GwbridgeFacts) -> list[Container]:
    """Return the running containers of tasks whose service was removed: nobody will end those of a job (Engine 20.10),
    or of a host that was cut off (measurements.md#tasks-left-behind). Right after the removal they are ending."""
    return [each for each in facts.containers if each.running and each.left_behind]


def take_out_of_service(
    spec: GwbridgeSpec, facts: GwbridgeFacts, node: Node, swarm: Swarm, *, right: bool
) -> Steps | None:
    """Note on the swarm that a change goes on and drain the host; both are journaled."""
    if not running_change.is_noted(spec, swarm):
        step = UpdateSwarm(version=swarm.version, set_labels=(running_change.label(spec),))
        return Steps((step,), "label the swarm: change in progress")
    known = maintenance.stopped_on(node)
    to_stop = {container.id: container.started for container in bystanders_on(facts)} | known
    to_stop |= {container.id: NEVER_AGAIN for container in containers_left_behind(facts)}
    if right and is_attached(facts):
        return None
    nothing_more = to_stop == known or (right and not is_detached(facts))
    if maintenance.is_drained(node) and nothing_more:
        return None
    before = former.text(facts.bridge) if facts.bridge and not right else ""
    paused = (each.id for each in bystanders_on(facts) if each.paused)
    return Steps((maintenance.drain(node, to_stop, before, paused),), f"drain {spec.host}")


def empty_host(spec: GwbridgeSpec, facts: GwbridgeFacts, *, right: bool) -> Decision | None:
    """Wait until no task is left, and stop the journaled containers, until only a restart is missing."""
    if right and is_attached(facts):
        return None
    noted = maintenance.stopped_on(facts.node) if facts.node else {}
    tasks = [each for each in facts.containers if each.running and each.task and each.id not in noted]
    if tasks:
        return Wait(f"{len(tasks)} tasks to leave {spec.host}", FOREVER)
    if right and not is_detached(facts):
        return None
    running: tuple[Step, ...] = tuple(
        StopContainer(host=spec.host, id=each.id) for each in facts.containers if each.running
    )
    return Steps(running, f"stop containers that are not tasks on {spec.host}") if running else None


def recreate_bridge(spec: GwbridgeSpec, facts: GwbridgeFacts, creation: CreateNetwork) -> Steps:
    """Disconnect every endpoint by its inspected name, remove the old bridge, create the new one."""
    bridge = facts.bridge
    if bridge is None:
        return Steps((creation,), "create docker_gwbridge")
    if bridge.endpoints:
        return Steps(
            disconnect_endpoints(spec.host, bridge),
            f"disconnect {len(bridge.endpoints)} endpoints from docker_gwbridge",
        )
    return Steps((RemoveNetwork(host=spec.host, id=bridge.id),), f"remove the old docker_gwbridge ({bridge.subnet})")


def disconnect_endpoints(host: str, bridge: Network) -> tuple[Step, ...]:
    """Return the steps that disconnect all endpoints of a bridge, each by its inspected name."""
    return tuple(DisconnectEndpoint(host=host, network=bridge.id, endpoint=end.name) for end in bridge.endpoints)


def restart_engine(spec: GwbridgeSpec, facts: GwbridgeFacts, node: Node, swarm: Swarm) -> Decision | None:
    """Restart the Engine until the ingress is attached, the host ready and, as a manager, reachable."""
    took = facts.local.restart_took if facts.local else 0
    # Before the first restart nothing brings the gateway endpoint back; after it the Engine does, at its own pace.
    stuck = is_detached(facts) and not maintenance.restarts(node) and facts.unchanged_for >= DETACHED
    if stuck or (not is_attached(facts) and facts.unchanged_for >= maintenance.patience(node, took)):
        return maintenance.restart(node, spec.host, facts.nodes, swarm)
    if not is_attached(facts):
        return Wait(f"the ingress of {spec.host} to come back to docker_gwbridge", FOREVER)
    if node.state != "ready":
        return Wait(f"{spec.host} to be ready (the managers say {node.state})", FOREVER)
    if node.role == "manager" and (node.reachability != "reachable" or not facts.member.control):
        return Wait(f"{spec.host} to be reachable as a manager", FOREVER)
    # Right after its restart a lone manager knows nothing of the others for up to 5 s
    # (measurements.md#bridge-of-a-member). What was down before stays down.
    unready = [other.hostname for other in facts.nodes if other.state == "unknown"]
    if unready and facts.unchanged_for < maintenance.PATIENCE:
        return Wait(f"{some(unready)} to be ready", FOREVER)
    return None


def return_to_service(spec: GwbridgeSpec, facts: GwbridgeFacts, node: Node) -> Decision:
    """Start the stopped containers again, pause those that were paused, and restore the host's availability.

    That comes first where containers wait for it: a drained host lets none onto an overlay (the start ends after 20 s
    with "attaching to network failed": measurements.md#bridge-of-a-member).
    """
    actual = {container.id: container for container in facts.containers}
    # A container that we started, and that has stopped since, has run to its end.
    stopped = [
        each
        for each, started in maintenance.stopped_on(node).items()
        if each in actual and not actual[each].running and (not started or actual[each].started == started)
    ]
    if stopped and maintenance.is_drained(node):
        return Steps((maintenance.restore_availability(node),), f"return {spec.host} to service")
    if stopped:
        return Steps(tuple(StartContainer(host=spec.host, id=each) for each in stopped), "start the stopped containers")
    paused = maintenance.paused_on(node)
    awake = [each.id for each in facts.containers if each.id in paused and each.running and not each.paused]
    if awake:
        return Steps(tuple(PauseContainer(host=spec.host, id=each) for each in awake), "pause what was paused")
    return Steps((maintenance.put_back(node),), f"return {spec.host} to service")


def remove_change_label(spec: GwbridgeSpec, facts: GwbridgeFacts) -> Steps | None:
    """Remove the swarm's label of our change once the host is as it was and no other resource type's change needs
    it."""
    swarm = facts.swarm
    if (
        swarm is None
        or not running_change.is_ours(spec.owner, swarm)
        or maintenance.has_something_due(swarm, facts.nodes)
    ):
        return None
    return Steps(
        (UpdateSwarm(version=swarm.version, drop_labels=(CHANGE,)),),
        f"{spec.host} is in service again",
    )
