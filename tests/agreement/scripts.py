"""The scripts: for each measured fact what is done to a swarm of one manager (s1) and two workers (s2, s3).

Scripts of one group run on the same swarm, one after the other; each leaves what the next one needs.
"""

from collections.abc import Callable
from functools import partial
from json import loads
from typing import Any

from providers.rules.vocabulary.errors import Conflict, EngineError, InUse
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import (
    CreateNetwork,
    DisconnectEndpoint,
    InitSwarm,
    JoinSwarm,
    LeaveSwarm,
    RemoveNetwork,
    RemoveNode,
    RestartEngine,
    StartContainer,
)
from tests.agreement.transcript import Story
from tests.agreement.two_swarms import HOSTS
from tests.support.networks import create_network

Json = dict[str, Any]
Script = Callable[[Story], None]

APP = create_network(name="app", driver="overlay", subnet="10.20.0.0/24", gateway="10.20.0.1", attachable=True)
BRIDGE = create_network(host="s2", name=GATEWAY_BRIDGE, driver="bridge", subnet="10.12.0.0/16", gateway="10.12.0.1")
IN_THE_WAY = create_network(host="s2", name="in-the-way", driver="bridge", subnet="10.11.0.0/24", gateway="10.11.0.1")
SECOND = 1_000_000_000  # nanoseconds


def ingress(name: str = "ingress") -> CreateNetwork:
    """An ingress on another range than the Engine's own."""
    return create_network(name=name, driver="overlay", subnet="10.11.0.0/16", gateway="10.11.0.1", ingress=True)


def ports(*published: int, mode: str = "ingress") -> Json:
    """A service's ports: the first leads to 80, the next to 81; 0 for a number that the swarm chooses."""
    listed = [
        {"Protocol": "tcp", "TargetPort": target, "PublishedPort": number, "PublishMode": mode}
        for target, number in enumerate(published, 80)
    ]
    return {"Mode": "vip", "Ports": listed}


def spec(name: str, endpoint: Json, mode: Json | None = None, **template: object) -> Json:
    """A service on every node, unless `mode` says otherwise, whose updates move all tasks at once."""
    update = {"Parallelism": 0, "Monitor": 3 * SECOND, "FailureAction": "pause"}
    return {
        "Name": name,
        "Labels": {},
        "Mode": mode or {"Global": {}},
        "TaskTemplate": {
            "ContainerSpec": {"Image": "busybox:lab"},
            "Networks": [],
            "Placement": {},
            "ForceUpdate": 0,
            **template,
        },
        "EndpointSpec": endpoint,
        "UpdateConfig": update,
        "RollbackConfig": update,
    }


def allocated(story: Story, name: str) -> bool:
    """Tell whether a network has its addresses."""
    found = story.side.overlay(name).network
    return found is not None and found.allocated


def running(story: Story, service: str, count: int = 3) -> bool:
    """Tell whether a service has this many running tasks that are meant to run, and no update under way."""
    found = story.service(service)
    tasks = [task for task in story.side.tasks() if task.service_id == found.id and task.alive]
    return count == len(tasks) == sum((task.state, task.desired) == ("running", "running") for task in tasks)


def on_network(story: Story, network: str) -> int:
    """Count the live tasks on the network with this id."""
    return sum(task.alive and network in task.networks for task in story.side.tasks())


def gone_everywhere(story: Story, name: str) -> bool:
    """Tell whether no host has an ingress of this name any more."""
    shown = (story.side.gwbridge(host).local for host in HOSTS)
    return not any(copy.name == name for local in shown if local for copy in local.copies)


def leads(story: Story, host: str) -> bool:
    """Tell whether a host calls itself a manager."""
    return story.side.gwbridge(host).member.control


def kick(story: Story, value: str, *hosts: str) -> None:
    """Label members with a fresh value, again until each has the ingress: a kick fails at random."""
    # measurements.md#kicks
    for attempt in range(8):
        for host in sorted(set(hosts) - set(story.having("ingress"))):
            story.update_node(host, set_labels=(("kick", f"{value}.{attempt}"),))
        if story.comes(lambda: set(hosts) <= set(story.having("ingress")), 2):
            break
    story.fact("they have it", True, set(hosts) <= set(story.having("ingress")))


def swarm_of_three(story: Story, heartbeat: float | None = None) -> None:
    """s1 begins a swarm, s2 and s3 join as workers, and the ingress comes to each. heartbeat: seconds; an Engine's own
    are five."""
    story.take("init", InitSwarm(host="s1", dispatcher_heartbeat=heartbeat))
    for host in ("s2", "s3"):
        story.take(f"{host} joins", JoinSwarm(host=host, role="worker"))
    story.rest("three members with the ingress")


def three_managers(story: Story) -> None:
    """The workers become managers too."""
    for host in ("s2", "s3"):
        story.answer(f"promote {host}", partial(story.update_node, host, role="manager"))
        story.until(f"{host} is one", partial(leads, story, host))
    story.rest("three managers")


def on_every_host(story: Story, endpoint: Json, *, ends: str = "", stubborn: bool = False, **template: object) -> None:
    """A service comes to run on every host. ends, stubborn: what its tasks do, as for `create_service`."""
    service = spec("web", endpoint, **template)
    create = partial(story.side.create_service, service, ends=ends, stubborn=stubborn)
    story.answer("a service on every host", create)
    story.until("its tasks run", lambda: running(story, "web"))


def with_overlay(story: Story) -> None:
    """An overlay is made, and gets its addresses."""
    story.take("an overlay", APP)
    story.until("it has addresses", lambda: allocated(story, "app"))


# docker_gwbridge


def endpoints_hold_the_bridge(story: Story) -> None:
    """A member's docker_gwbridge can't be removed, drained or not: the ingress and containers hang on it."""
    # measurements.md#cutting-endpoints
    with_overlay(story)
    story.answer("a container on it", lambda: story.side.run_container("s2", story.network("app")))
    on_every_host(story, ports(8080))
    story.take("remove the bridge", RemoveNetwork(host="s2", id=story.bridge("s2").id), refused=InUse)
    story.answer("drain", lambda: story.update_node("s2", availability="drain"))
    story.rest("drained")
    story.take("remove the bridge", RemoveNetwork(host="s2", id=story.bridge("s2").id), refused=InUse)


def endpoints_go_by_their_name(story: Story) -> None:
    """An endpoint is taken off by its inspected name only; then the bridge can be changed, and a restart fills it."""
    # measurements.md#cutting-endpoints
    (container,) = (each.id for each in story.side.gwbridge("s2").containers if each.running)
    for word, refused in (("ingress-sbox", None), (container, EngineError), ("gateway_nobody", None)):
        wrong = DisconnectEndpoint(host="s2", network=GATEWAY_BRIDGE, endpoint=word)
        story.take("disconnect by another word", wrong, refused)
    story.rest("nothing has changed")
    for end in story.bridge("s2").endpoints:
        for _ in range(2):
            right = DisconnectEndpoint(host="s2", network=GATEWAY_BRIDGE, endpoint=end.name)
            story.take("disconnect by the name", right)
    story.take("remove the bridge", RemoveNetwork(host="s2", id=story.bridge("s2").id))
    story.take("another in its place", BRIDGE)
    story.later("nothing comes to it", 2)
    story.answer("let tasks come back", lambda: story.update_node("s2", availability="active"))
    story.until("they are back", lambda: running(story, "web"))
    story.take("restart", RestartEngine(host="s2"))
    story.rest("all is back")


# Overlays


def dead_networks(story: Story) -> None:
    """A range that overlaps, or a gateway that is none, is accepted and dead; it lives when the way is free."""
    # measurements.md#dead-networks
    digests = {
        "free": ("10.20.0.0/24", "10.20.0.1"),
        "inside another": ("10.20.0.0/25", "10.20.0.1"),
        "around another": ("10.20.0.0/16", "10.20.0.1"),
        "on the ingress": ("10.0.0.0/24", "10.0.0.1"),
        "no gateway": ("10.30.0.0/24", "10.30.0.0"),
    }
    for why, (subnet, gateway) in digests.items():
        name = why.replace(" ", "-")
        story.take(why, create_network(name=name, driver="overlay", subnet=subnet, gateway=gateway))
    story.rest("one lives")
    dead = [{"Target": story.network("inside-another")}]
    service = spec("web", ports(), {"Replicated": {"Replicas": 1}}, Networks=dead)
    story.answer("a service on a dead one", lambda: story.side.create_service(service))
    story.rest("its task stays new")
    story.answer("without it", lambda: story.side.remove_service("web"))
    story.take("remove a dead one", RemoveNetwork(id=story.network("around-another")))
    story.take("remove what was in the way", RemoveNetwork(id=story.network("free")))
    story.rest("another lives")
    for name in ("inside-another", "on-the-ingress", "no-gateway"):
        story.take(f"remove {name}", RemoveNetwork(id=story.network(name)))


def names_stay_taken(story: Story) -> None:
    """A manager with a task keeps a removed overlay's name for seconds: taken, and held by nobody in the swarm."""
    # measurements.md#names-stay-taken
    with_overlay(story)
    old = story.network("app")
    on_every_host(story, ports(), Networks=[{"Target": old}])
    story.take("remove it in use", RemoveNetwork(id=old), refused=InUse)
    story.answer("without the service", lambda: story.side.remove_service("web"))
    story.take("remove it", RemoveNetwork(id=old))
    story.fact("the swarm has it", False, story.side.overlay("app").network is not None)
    story.fact("who holds the name", "s1", story.side.overlay("app").name_held_by)
    story.take("again", APP, refused=Conflict)
    story.take("remove it once more", RemoveNetwork(id=old))
    story.until("nobody holds the name", lambda: not story.side.overlay("app").name_held_by)
    story.take("again", APP)
    story.rest("another of its name")


# Members


def managers_and_entries_stay(story: Story) -> None:
    """The last manager, one that a majority needs, and entries of who is there can't be taken away."""
    # measurements.md#quorum
    story.answer("demote the last manager", lambda: story.update_node("s1", role="worker"), EngineError)
    story.take("remove a worker", RemoveNode(node_id=story.node("s2").id), refused=EngineError)
    three_managers(story)
    manager = story.node("s2").id
    story.take("remove a manager", RemoveNode(node_id=manager), refused=EngineError)
    story.take("remove it by force", RemoveNode(node_id=manager, force=True), refused=EngineError)


def managers_leave_by_force_only(story: Story) -> None:
    """A manager does not leave without force; demoted, it is a worker a moment later and leaves."""
    # measurements.md#leaving
    story.take("leave", LeaveSwarm(host="s2"), refused=EngineError)
    story.answer("demote", lambda: story.update_node("s2", role="worker"))
    story.until("it is a worker", lambda: not leads(story, "s2"))
    story.take("leave", LeaveSwarm(host="s2"))
    story.rest("its entry is down")


def quorum_is_kept(story: Story) -> None:
    """A demotion that would leave no majority is refused (measurements.md#quorum)."""
    story.take("s2 joins again", JoinSwarm(host="s2", role="manager"))
    story.until("it is a manager", partial(leads, story, "s2"))
    story.side.stop_docker("s3")
    story.rest("one of three is down")
    story.answer("demote another", lambda: story.update_node("s2", role="worker"), refused=EngineError)


# The ingress


def ports_hold_the_ingress(story: Story) -> None:
    """Each published port holds the ingress, also of no task at all and of a job that is over."""
    # measurements.md#removal
    replicas = {"Replicated": {"Replicas": 0}}
    job = {"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 1}}
    over = {"Image": "busybox:lab", "Command": ["true"]}
    services = {
        "running": spec("web", ports(8080)),
        "without tasks": spec("web", ports(8080), replicas),
        "a job": spec("web", ports(8080), job, ContainerSpec=over, RestartPolicy={"Condition": "none"}),
    }
    services["a job"].pop("UpdateConfig")
    services["a job"].pop("RollbackConfig")
    for kind, service in services.items():
        story.answer(kind, partial(story.side.create_service, service))
        if kind == "a job":
            story.until("it is over", story.side.job_is_over)
        story.rest(f"{kind}: at rest")
        story.take("remove the ingress", RemoveNetwork(id=story.network("ingress")), refused=InUse)
        story.answer("without the service", lambda: story.side.remove_service("web"))
        story.until("no task on it", lambda: not on_network(story, story.network("ingress")))
    story.rest("as it was")


def no_port_without_an_ingress(story: Story) -> None:
    """No service gets a port through the mesh without an ingress; with other ports, or none, it runs all the same."""
    # measurements.md#no-ingress
    story.take("remove the ingress", RemoveNetwork(id=story.network("ingress")))
    story.until("every host dropped it", lambda: gone_everywhere(story, "ingress"))
    story.answer("a fixed port", lambda: story.side.create_service(spec("fixed", ports(8080))), refused=EngineError)
    story.answer("a dynamic port", lambda: story.side.create_service(spec("dynamic", ports(0))), refused=EngineError)
    story.answer("a host's port", lambda: story.side.create_service(spec("host", ports(9000, mode="host"))))
    story.answer("no port", lambda: story.side.create_service(spec("none", ports())))
    story.answer("add one", lambda: story.update_service("none", EndpointSpec=ports(8080)), refused=EngineError)
    story.rest("two services run")
    for name in ("host", "none"):
        story.answer(f"without {name}", partial(story.side.remove_service, name))
    story.until("none of their tasks is left", lambda: not story.side.tasks())  # one that goes is a kick
    story.rest("an idle swarm")


def a_new_ingress_reaches_nobody(story: Story) -> None:
    """An idle swarm's hosts never get a new ingress by themselves (measurements.md#kicks)."""
    story.take("another ingress", ingress())
    story.rest("no host has it")
    story.later("nor later", 4)


def a_kick_must_change_something(story: Story) -> None:
    """A failed attachment is repaired by a fresh label, and not by an update that changes nothing."""
    # measurements.md#kicks
    story.take("a bridge in its way on s2", IN_THE_WAY)
    kick(story, "first", "s1", "s3")
    story.answer("kick s2", lambda: story.update_node("s2", set_labels=(("kick", "first"),)))
    story.later("s2 is not attached", 2)
    story.take("nothing in its way any more", RemoveNetwork(host="s2", id="in-the-way"))
    story.answer("an update of s2 that changes nothing", lambda: story.update_node("s2"))
    story.later("s2 has still not got it", 3)
    kick(story, "second", "s2")
    story.rest("every host has it")


def tasks_do_not_hold_the_ingress(story: Story) -> None:
    """The ingress can be removed once the last port is off, though every task still runs on it."""
    # measurements.md#removal
    on_every_host(story, ports(8080))
    old = story.network("ingress")
    story.answer("strip", lambda: story.update_service("web", EndpointSpec=ports()))
    story.take("remove the ingress", RemoveNetwork(id=old))
    story.fact("tasks on it", 3, on_network(story, old))


def removed_is_removed(story: Story) -> None:
    """Removing it again finds nothing, though the manager still has a copy (measurements.md#removal)."""
    stale = next(net.id for net in story.side.swarm().networks if net.ingress)
    story.take("remove it again", RemoveNetwork(id=stale))
    story.rest("every host keeps it")


def a_stale_ingress_keeps_its_name(story: Story) -> None:
    """Every host keeps the old one for good, and its name is taken (measurements.md#old-ingress-stays)."""
    story.take("another of its name", ingress(), refused=Conflict)
    story.later("every host has the old one", 3)


def another_name_reaches_nobody(story: Story) -> None:
    """One of another name is accepted, and no host gets it, kick or no kick, until it is restarted."""
    # measurements.md#old-ingress-stays
    story.take("one of another name", ingress("ing2"))
    for host in HOSTS:
        story.answer(f"kick {host}", partial(story.update_node, host, set_labels=(("kick", "1"),)))
    story.later("every host has the old one", 4)
    story.take("restart s2", RestartEngine(host="s2"))
    story.rest("s2 has the new one")


# Services


def placement_hides_the_strip(story: Story) -> None:
    """After a placement-only update neither a strip nor a restore moves a task; a raised ForceUpdate does."""
    # measurements.md#placement-alone
    on_every_host(story, ports(8080))
    placement = {"Constraints": ["node.role != nothing"]}
    story.answer("place it where it is", lambda: story.update_template("web", Placement=placement))
    story.rest("no task has moved")
    story.answer("strip", lambda: story.update_service("web", EndpointSpec=ports()))
    story.later("all tasks are on the ingress", 7)
    story.answer("force", lambda: story.update_template("web", ForceUpdate=1))
    story.rest("no task is on it")
    story.answer("place it again", lambda: story.update_template("web", Placement={}))
    story.answer("restore", lambda: story.update_service("web", EndpointSpec=ports(8080)))
    story.later("no task is on it still", 5)
    story.answer("force", lambda: story.update_template("web", ForceUpdate=2))
    story.rest("all tasks are on it")


def strip_and_fail(story: Story, action: str) -> None:
    """Take the ports off in an update whose new tasks die at once."""
    story.side.break_service("web")
    now = loads(story.service("web").spec)
    update = {**now["UpdateConfig"], "FailureAction": action}
    dying = {**now["TaskTemplate"], "ContainerSpec": {"Image": "busybox:lab", "Command": ["false"]}}
    story.answer(
        f"strip, on failure {action}",
        lambda: story.update_service("web", EndpointSpec=ports(), UpdateConfig=update, TaskTemplate=dying),
    )


def a_rollback_brings_ports_back(story: Story) -> None:
    """The swarm brings the whole former spec back by itself if the new tasks of a strip die."""
    # measurements.md#rollback
    strip_and_fail(story, "rollback")
    story.rest("rolled back")


def paused_ports_stay_off(story: Story) -> None:
    """They stay off with FailureAction pause, until somebody puts them back (measurements.md#rollback)."""
    strip_and_fail(story, "pause")
    story.until("paused", lambda: "paused" == story.service("web").update_state)
    story.fact("its ports", (), story.service("web").ports)


# Tasks that find no place, or end by themselves


def started_first(story: Story, replicas: int, **placed: object) -> None:
    """A service that fills its nodes, and whose updates start the new task before the old one ends."""
    full = spec("web", ports(8080), {"Replicated": {"Replicas": replicas}}, **placed)
    full["UpdateConfig"] = {**full["UpdateConfig"], "Order": "start-first"}
    story.answer("a service that fills its nodes", lambda: story.side.create_service(full))
    story.until("its tasks run", lambda: running(story, "web", replicas))
    story.answer("strip", lambda: story.update_service("web", EndpointSpec=ports()))
    story.rest("the new tasks wait beside the old ones")
    story.later("for as long as one likes", 7)


def start_first_waits_for_room(story: Story) -> None:
    """A start-first rollout never ends on full nodes; one more update, of anything, makes the old tasks go."""
    # measurements.md#start-first
    started_first(story, 3, Placement={"MaxReplicas": 1})
    story.answer("label it", lambda: story.update_service("web", Labels={"a": "b"}))
    story.rest("the old tasks have gone")
    story.answer("without it", lambda: story.side.remove_service("web"))
    over_half = {"Reservations": {"NanoCPUs": story.node("s2").nano_cpus * 3 // 4}}
    started_first(story, 1, Resources=over_half, Placement={"Constraints": ["node.hostname == s2"]})
    story.answer("the other order", lambda: story.update_service("web", UpdateConfig={"Order": "stop-first"}))
    story.rest("the old tasks have gone")
    story.answer("without it", lambda: story.side.remove_service("web"))


def no_place_no_end(story: Story) -> None:
    """An update goes on for ever if no task finds a place; tasks that it told to end on a node stay as they are."""
    # measurements.md#states-of-an-update, #forgotten-tasks
    nowhere = spec("web", ports(8080), {"Replicated": {"Replicas": 2}}, Placement={"Constraints": ["node.labels.x==1"]})
    story.answer("a service that fits nowhere", lambda: story.side.create_service(nowhere))
    large = spec("large", ports(8081), Resources={"Reservations": {"NanoCPUs": 64 * SECOND}})
    story.answer("one that fits on no node", lambda: story.side.create_service(large))
    story.rest("their tasks wait")
    for name in ("web", "large"):
        story.answer(f"strip {name}", partial(story.update_service, name, EndpointSpec=ports()))
    story.rest("others wait in their place")
    story.later("for as long as one likes", 7)
    for name in ("web", "large"):
        story.answer(f"without {name}", partial(story.side.remove_service, name))


def labels_make_it_forgotten(story: Story) -> None:
    """A task that waits for a place never gets one after an update of nothing that concerns it, until one that does."""
    # measurements.md#forgotten-tasks
    nowhere = spec("web", ports(8080), {"Replicated": {"Replicas": 1}}, Placement={"Constraints": ["node.labels.x==1"]})
    story.answer("a service that fits nowhere", lambda: story.side.create_service(nowhere))
    story.rest("its task waits")
    story.answer("label it", lambda: story.update_service("web", Labels={"a": "b"}))
    story.later("it waits", 1)
    story.answer("something of a node", lambda: story.update_node("s2", set_labels=(("y", "1"),)))
    story.later("it waits", 1)
    story.answer("a place", lambda: story.update_node("s2", set_labels=(("x", "1"),)))
    story.later("it waits all the same", 4)
    story.answer("force", lambda: story.update_template("web", ForceUpdate=1))
    story.rest("another has the place")
    story.answer("no place any more", lambda: story.update_node("s2", drop_labels=("x",)))
    story.rest("it was rejected, and one more waits")
    story.answer("without it", lambda: story.side.remove_service("web"))


def ended_for_good(story: Story) -> None:
    """No task follows one that has ended if the spec says so, but for an update that concerns it."""
    # measurements.md#restart-conditions
    over = {"Image": "busybox:lab", "Command": ["sleep", "2"]}
    for condition in ("none", "on-failure"):
        on_every_host(story, ports(8080), ends="complete", ContainerSpec=over, RestartPolicy={"Condition": condition})
        story.until("they have ended", lambda: running(story, "web", 0))
        story.answer("label it", lambda: story.update_service("web", Labels={"a": "b"}))
        story.later("none runs", 4)
        story.answer("strip", lambda: story.update_service("web", EndpointSpec=ports()))
        story.until("they run again", lambda: any(task.state == "running" for task in story.side.tasks()))
        story.rest("none runs, and the update is paused")
        story.answer("without it", lambda: story.side.remove_service("web"))


def drained_once(story: Story) -> None:
    """None follows a task that runs once and that a drain has stopped, though its service is global."""
    # measurements.md#restart-conditions
    on_every_host(story, ports(), RestartPolicy={"Condition": "none"})
    story.answer("drain s2", lambda: story.update_node("s2", availability="drain"))
    story.until("two are left", lambda: running(story, "web", 2))
    story.answer("activate s2", lambda: story.update_node("s2", availability="active"))
    story.later("two are left", 7)
    story.answer("without it", lambda: story.side.remove_service("web"))
    story.rest("an idle swarm")


def crash_loops(story: Story) -> None:
    """Between two runs the next task has its addresses already; while one runs it hangs on docker_gwbridge."""
    # measurements.md#crash-loops
    dying = {"Image": "busybox:lab", "Command": ["sh", "-c", "sleep 2; exit 1"]}
    service = spec("web", ports(8080), ContainerSpec=dying)
    story.answer("a service whose tasks die", lambda: story.side.create_service(service, ends="failed"))
    for _ in range(2):
        story.until("the next wait", lambda: waiting(story) and not hanging(story))
        story.fact("on the ingress", 3, on_network(story, story.network("ingress")))
        story.until("they hang on the bridges", lambda: hanging(story))
    story.answer("without it", lambda: story.side.remove_service("web"))
    story.rest("nothing is left of it")


def waiting(story: Story) -> bool:
    """Tell whether all live tasks only get ready."""
    alive = [(task.state, task.desired) for task in story.side.tasks() if task.alive]
    return 3 * [("ready", "ready")] == alive


def hanging(story: Story) -> bool:
    """Tell whether a task is attached to the docker_gwbridge of any host."""
    return any("ingress" not in end.name for host in HOSTS for end in story.bridge(host).endpoints)


def slow_to_end(story: Story) -> None:
    """A task that does not listen is to end and runs, with its addresses, for as long as its grace lasts."""
    # measurements.md#strip
    deaf = {"Image": "busybox:lab", "Command": ["sleep", "1000"], "StopGracePeriod": 9 * SECOND}
    on_every_host(story, ports(8080), stubborn=True, ContainerSpec=deaf)
    story.answer("strip", lambda: story.update_service("web", EndpointSpec=ports()))
    story.side.wait(6)
    old = [task for task in story.side.tasks() if story.network("ingress") in task.networks]
    story.fact("the old tasks", 3 * [("running", "shutdown")], [(task.state, task.desired) for task in old])
    story.rest("others run")
    story.answer("without it", lambda: story.side.remove_service("web"))


# Paused nodes


def paused_nodes_keep_global_tasks(story: Story) -> None:
    """A global service's task stays as it is on a paused node, whatever is updated, until the node is active again."""
    # measurements.md#paused-nodes
    on_every_host(story, ports(8080))
    story.answer("pause s2", lambda: story.update_node("s2", availability="pause"))
    story.answer("strip", lambda: story.update_service("web", EndpointSpec=ports()))
    story.rest("one is still on the ingress, and the update is complete")
    story.answer("activate s2", lambda: story.update_node("s2", availability="active"))
    story.rest("none is")
    story.answer("without it", lambda: story.side.remove_service("web"))
    story.rest("an idle swarm")


def paused_nodes_attach_nothing(story: Story) -> None:
    """No container gets onto an overlay on a paused node, and after a restart of its Engine none is back, for good."""
    # measurements.md#attachments-of-paused-nodes
    with_overlay(story)
    app = story.network("app")
    story.answer("a container on it", lambda: story.side.run_container("s2", app))
    story.answer("pause s2", lambda: story.update_node("s2", availability="pause"))
    story.answer("another", lambda: story.side.run_container("s2", app), refused=EngineError)
    story.take("restart", RestartEngine(host="s2"))
    story.until("it does not run", lambda: not runs(story, "s2"))
    story.answer("activate s2", lambda: story.update_node("s2", availability="active"))
    story.later("nor later", 5)


def ended_ends_again(story: Story) -> None:
    """A container that ran to its end does so again each time somebody starts it."""
    story.answer("one that ends", lambda: story.side.run_container("s3", story.network("app"), ends=True))
    (container,) = (each.id for each in story.side.gwbridge("s3").containers)
    for _ in range(2):
        story.until("it ends", lambda: not runs(story, "s3"))
        story.take("start it", StartContainer(host="s3", id=container))
        story.fact("it runs", True, runs(story, "s3"))


def runs(story: Story, host: str) -> bool:
    """Tell whether a container runs on a host."""
    return any(each.running for each in story.side.gwbridge(host).containers)


# Leaders


def unknown_for_a_while(story: Story) -> None:
    """No other member is ready until it registers, after a restart of a lone manager or an election of another."""
    # measurements.md#unknown-nodes
    story.take("restart", RestartEngine(host="s1"))
    story.fact("the workers", ["unknown", "unknown"], [story.node(host).state for host in ("s2", "s3")])
    story.rest("all are ready")
    three_managers(story)
    story.side.stop_docker("s1")
    story.until("the former leader is unknown", lambda: unknown(story, "s1", by="s2"))
    story.rest("one is down")


def unknown(story: Story, host: str, by: str) -> bool:
    """Tell whether a member is in state unknown to a manager. Of others it might pass between two questions: they
    register within a second."""
    try:
        return "unknown" in {node.state for node in story.side.known_by(by) if node.hostname == host}
    except EngineError:  # there is no leader yet
        return False


GROUPS: dict[str, tuple[Script, ...]] = {
    "bridge": (endpoints_hold_the_bridge, endpoints_go_by_their_name),
    "overlays": (dead_networks, names_stay_taken),
    "members": (managers_and_entries_stay, managers_leave_by_force_only, quorum_is_kept),
    "ingress": (
        ports_hold_the_ingress,
        no_port_without_an_ingress,
        a_new_ingress_reaches_nobody,
        a_kick_must_change_something,
    ),
    "stale ingress": (
        tasks_do_not_hold_the_ingress,
        removed_is_removed,
        a_stale_ingress_keeps_its_name,
        another_name_reaches_nobody,
    ),
    "services": (placement_hides_the_strip, a_rollback_brings_ports_back, paused_ports_stay_off),
    "waiting": (start_first_waits_for_room, no_place_no_end, labels_make_it_forgotten),
    "ending": (ended_for_good, drained_once, crash_loops, slow_to_end),
    "paused": (paused_nodes_keep_global_tasks, paused_nodes_attach_nothing, ended_ends_again),
    "leaders": (unknown_for_a_while,),
}
# Two groups wait for members that are down, which takes three heartbeats, by default of five seconds. In the others a
# member of a busy machine that is so late would register anew, and get an ingress that nobody kicked it for.
BEGINNINGS: dict[str, Script] = dict.fromkeys(GROUPS, partial(swarm_of_three, heartbeat=20)) | dict.fromkeys(
    ("members", "leaders"), swarm_of_three
)
