"""The simulations that are explored: small ones with every check, large ones by `python -m tests.exploration`."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

from providers import simulate
from providers.rules.resource_types import departure, gwbridge, ingress, node, overlay, swarm
from providers.rules.vocabulary.specs import GwbridgeSpec
from providers.rules.vocabulary.steps import LeaveSwarm, PauseContainer, RemoveNetwork
from providers.simulate import SimulatorState, elapse, members
from providers.simulate.hosts import SimulatedHosts
from tests.exploration import checks, deeds
from tests.exploration.explore import TIMINGS, Check, Scene
from tests.simulate.swarms import web
from tests.support import others
from tests.support.lifecycle import HOSTS, gwbridge_spec, id_of, ingress_spec, made, node_spec, overlay_spec, swarm_spec
from tests.support.networks import create_network
from tests.support.others import bare, create_service, service_spec

NEW_INGRESS = ingress_spec(subnet="10.111.0.0/16", gateway="10.111.0.1")
NEW_BRIDGE = gwbridge_spec("w1", subnet="10.112.0.0/16", gateway="10.112.0.1")
DISTURBING = NEW_BRIDGE.model_copy(update={"disturb": True})
NEW_OVERLAY = overlay_spec(subnet="10.113.0.0/24", gateway="10.113.0.1", attachable=True, on_in_use="migrate")

WEB = service_spec("web", ports=((8080, 80),), replicas=2)
SINGLE = service_spec("web", ports=((8080, 80),))
EVERYWHERE = service_spec("everywhere", ports=((9090, 80),), replicas=None)
HOST_MODE = service_spec("direct", ports=((7070, 80),), mode="host")
ROLLS_BACK = service_spec("web", ports=((8080, 80),), UpdateConfig={"Parallelism": 0, "FailureAction": "rollback"})
ONE_BY_ONE = service_spec("web", ports=((8080, 80),), replicas=2, UpdateConfig={"Parallelism": 1})


# Where it starts


@cache
def stack(*services: str, managers: tuple[str, ...] = (), hosts: tuple[str, ...] = HOSTS) -> SimulatorState:
    """The whole stack on three hosts, or on these, with an overlay of others and these services, at rest."""
    sim = made(bare(*hosts), swarm_spec(members=hosts), node_spec("m1", role="manager"))
    nodes = (node_spec(host, role="manager" if host in managers else "worker") for host in hosts[1:])
    sim = made(sim, *nodes, ingress_spec(), overlay_spec(attachable=True))
    theirs = create_network(name="theirs", driver="overlay", subnet="10.88.0.0/24", gateway="10.88.0.1")
    sim = simulate.perform(sim, theirs)
    for spec in services:
        sim = elapse(create_service(elapse(sim, 1), spec), 20)
    return elapse(sim, 20)


def with_users() -> SimulatorState:
    """The stack with a service on its overlay."""
    networks = (id_of(stack(), overlay_spec()),)
    return serving(service_spec("web", ports=((8080, 80),), networks=networks, replicas=2))


def with_container(*, paused: bool = False) -> SimulatorState:
    """The stack with a standalone container on its overlay."""
    sim = stack(WEB)
    sim = elapse(others.run_container(sim, "w1", id_of(sim, overlay_spec())), 5)
    (container,) = sim.host("w1").containers
    return simulate.perform(sim, PauseContainer(host="w1", id=container.id)) if paused else sim


def left_behind() -> SimulatorState:
    """A service without ports has a task on the ingress: its placement was changed before they were taken off."""
    sim = elapse(deeds.another_placement("web")(stack(WEB)), 20)
    return elapse(deeds.unpublished("web")(sim), 20)


def stuck() -> SimulatorState:
    """Somebody removed the ingress too early: hosts keep it for good."""
    sim = stack(WEB)
    sim = others.change_service(sim, "web", EndpointSpec={"Ports": []})
    return elapse(simulate.perform(sim, RemoveNetwork(id=id_of(sim, ingress_spec()))), 60)


# Where it starts in swarms that are not tidy


def serving(spec: str, sim: SimulatorState | None = None, **manner: Any) -> SimulatorState:
    """The stack with one more service, some time later. manner: how its tasks end."""
    return elapse(create_service(sim or stack(), spec, **manner), 20)


def forgotten() -> SimulatorState:
    """A task that found no place, and that the scheduler looks at no more; there is a place by now."""
    sim = elapse(others.change_service(UNTIDY["no place"](), "web", Labels={"a": "b"}), 5)
    for label in ("y", "x"):
        sim = elapse(others.set_node(sim, "w1", labels=((label, "1"),)), 5)
    return sim


def paused_rollout() -> SimulatorState:
    """Somebody's rollout stands at its first bad task."""
    sim = others.break_service(serving(web(3, at_once=1)), "web")
    sim = elapse(deeds.another_image("web")(sim), 60)
    return sim.with_service(replace(others.named(sim, "web"), failing=False))


def with_container_that_ends() -> SimulatorState:
    """A container on our overlay has run to its end."""
    sim = stack(WEB)
    return elapse(others.run_container(sim, "w1", id_of(sim, overlay_spec()), ends=True), 5)


ONE_EACH = {"Placement": {"MaxReplicas": 1}}
NOWHERE = {"Placement": {"Constraints": ["node.labels.x == 1"]}}
TOO_LARGE = {"Resources": {"Reservations": {"MemoryBytes": 1 << 50}}}
OVER_HALF_OF_W1 = {
    "Resources": {"Reservations": {"NanoCPUs": 1_500_000_000}},
    "Placement": {"Constraints": ["node.hostname == w1"]},
}
UNTIDY: dict[str, Callable[[], SimulatorState]] = {
    "global, a node is paused": lambda: elapse(others.set_node(stack(EVERYWHERE), "w1", availability="pause"), 5),
    "start first on full nodes": lambda: stack(web(3, order="start-first", **ONE_EACH)),
    "start first on the one node that will do": lambda: serving(web(1, order="start-first", **OVER_HALF_OF_W1)),
    "a rollout waits for room": lambda: elapse(deeds.another_image("web")(UNTIDY["start first on full nodes"]()), 60),
    "no place": lambda: serving(web(2, **NOWHERE)),
    "forgotten": forgotten,
    "global, no room": lambda: serving(web(None, **TOO_LARGE)),
    "global, no room, updated": lambda: elapse(deeds.another_image("web")(UNTIDY["global, no room"]()), 90),
    "a paused rollout": paused_rollout,
    "ended for good": lambda: serving(web(1, RestartPolicy={"Condition": "none"}), ends="complete"),
    "restarted for the last time": lambda: serving(
        web(1, RestartPolicy={"Condition": "any", "MaxAttempts": 1}), ends="failed"
    ),
    "a crash loop": lambda: serving(web(1), ends="failed"),
    "a crash loop on our overlay": lambda: serving(
        web(1, ports=(), Networks=[{"Target": id_of(stack(), overlay_spec())}]), ends="failed"
    ),
    "another leader": lambda: elapse(
        members.start_docker(members.stop_docker(stack(WEB, managers=HOSTS[1:]), "m1"), "m1"), 1
    ),
    "a container that ends": with_container_that_ends,
}


# What is done there


def ours(sim: SimulatorState) -> str | None:
    """Say if the ingress is not the new one."""
    return None if sim.swarm.ingress and sim.swarm.ingress.subnet == NEW_INGRESS.subnet else "it is the old one"


def swap(start: SimulatorState, *, may_go: tuple[str, ...] = (), right: Check = ours, **given: Any) -> Scene:
    """The ingress changed under services that publish through it."""
    on_ingress = checks.all_of(checks.ingress_everywhere, checks.tasks_on_ingress)
    return Scene(
        **{
            "start": start,
            "observe": simulate.ingress_facts,
            "decide": partial(ingress.next_step, NEW_INGRESS, known=True),
            "always": checks.all_of(checks.nothing_lost(start, may_go=may_go), checks.one_ingress, checks.one_out),
            "when_done": checks.all_of(checks.no_trace, checks.specs_as_before(start), on_ingress, right),
            "when_ended": checks.promised(start),
            "rollbacks": ingress.decide_rollbacks(NEW_INGRESS),
            "harm": checks.restarts,
            "hurried": given.keys().isdisjoint({"others", "losses"}),  # both are for the large ones
            **given,
        }
    )


def swap_with_one_cut_off(start: SimulatorState, name: str) -> Scene:
    """The ingress changed while a host may be away: the one that it has then stays until the next `up --refresh`
    (measurements.md#host-that-is-down), which the row says."""
    untouched = checks.all_of(checks.no_trace, checks.specs_as_before(start), ours)
    whole = swap(start).when_done

    def done(sim: SimulatorState) -> str | None:
        copies = (copy for copy in sim.host(name).networks if copy.ingress)
        return (untouched if any(sim.swarm.network(copy.id) is None for copy in copies) else whole)(sim)

    always = checks.all_of(checks.nothing_lost(start), checks.one_out)
    return swap(start, when_done=done, always=always, harm=checks.breaks_quorum, **deeds.cutting(name))


def roughly(start: SimulatorState) -> dict[str, Any]:
    """What has to hold of a swap where hosts keep an old ingress for good: Engines may be restarted."""
    return {"harm": checks.breaks_quorum, "always": checks.nothing_lost(start)}


def bridge(start: SimulatorState, spec: GwbridgeSpec = NEW_BRIDGE, **given: Any) -> Scene:
    """docker_gwbridge changed on a member."""

    def right(sim: SimulatorState) -> str | None:
        found = sim.host(spec.host).network("docker_gwbridge")
        return None if found and found.subnet == spec.subnet else "it is the old one"

    return Scene(
        start,
        lambda sim: gwbridge.observe(SimulatedHosts(sim), spec, {}),
        partial(gwbridge.next_step, spec, known=True),
        always=checks.nothing_lost(start),
        when_done=checks.all_of(checks.no_trace, checks.specs_as_before(start), right, checks.containers_run(start)),
        when_ended=checks.promised(start),
        rollbacks=gwbridge.decide_rollbacks(spec),
        harm=checks.breaks_quorum,
        **given,
    )


def migration(start: SimulatorState, *, may_go: tuple[str, ...] = (), **given: Any) -> Scene:
    """An overlay changed while services use it."""
    known = id_of(start, NEW_OVERLAY)

    def right(sim: SimulatorState) -> str | None:
        found = [net.subnet for net in sim.swarm.networks if net.name.startswith(NEW_OVERLAY.name)]
        return None if found == [NEW_OVERLAY.subnet] else f"there is {found}"

    return Scene(
        start,
        lambda sim: simulate.overlay_facts(sim, NEW_OVERLAY.name, known, thorough=True),
        partial(overlay.next_step, NEW_OVERLAY, network_id=known),
        always=checks.all_of(checks.nothing_lost(start, may_go=may_go), checks.networks_exist),
        when_done=checks.all_of(checks.no_trace, right),
        harm=checks.restarts,
        **given,
    )


def joining(role: str) -> Scene:
    """A bare host becomes a member."""
    return Scene(
        made(bare(*HOSTS), swarm_spec(), node_spec("m1", role="manager")),
        partial(simulate.node_facts, host="w1"),
        partial(node.next_step, node_spec("w1", role=role), known=False),
        **deeds.losing("w1"),
        when_done=lambda sim: None if sim.swarm.node(sim.host("w1").node_id) else "it is no member",
    )


def restoring(start: SimulatorState, **given: Any) -> Scene:
    """The Engine's own ingress put in the place of ours."""
    spec = ingress_spec(on_remove="restore_default")

    def right(sim: SimulatorState) -> str | None:
        return None if sim.swarm.ingress and not sim.swarm.ingress.labels else "it is ours"

    decide = partial(ingress.next_step_of_removal, spec, network_id=id_of(start, spec))
    return swap(start, decide=decide, right=right, **given)


def removal(start: SimulatorState, **given: Any) -> Scene:
    """An overlay is taken away."""
    known = id_of(start, overlay_spec())

    def right(sim: SimulatorState) -> str | None:
        return "it is there" if sim.swarm.network(known) else None

    return Scene(
        start,
        lambda sim: simulate.overlay_facts(sim, "app", known, thorough=True),
        partial(overlay.next_step_of_removal, overlay_spec()),
        always=checks.networks_exist,
        when_done=right,
        **given,
    )


def leaving(role: str, **given: Any) -> Scene:
    """A member leaves, with a service on it."""
    start = stack(WEB, managers=HOSTS[1:] if role == "manager" else ())
    node_id = start.host("w1").node_id
    return Scene(
        start,
        partial(simulate.node_facts, host="w1", leaving=True),
        partial(departure.next_step_of_removal, node_spec("w1", role=role), node_id=node_id),
        **given,
        always=lambda sim: None if {"web"} == {each.name for each in sim.swarm.services} else "web is gone",
        when_done=lambda sim: "its entry is left" if sim.swarm.node(node_id) else None,
    )


def creation() -> Scene:
    """An overlay is made, while somebody makes one of its name or range."""
    rival = create_network(name="app", driver="overlay", subnet="10.30.0.0/24", gateway="10.30.0.1")
    overlapping = create_network(name="other", driver="overlay", subnet="10.20.0.0/16", gateway="10.20.0.1")
    return Scene(
        made(bare(*HOSTS), swarm_spec(), node_spec("m1", role="manager")),
        partial(simulate.overlay_facts, name="app"),
        partial(overlay.next_step, overlay_spec()),
        others={
            "one of its name": partial(simulate.perform, step=rival),
            "one of its range": partial(simulate.perform, step=overlapping),
        },
    )


def beginning() -> Scene:
    """A swarm begins, while a host is away."""
    return Scene(
        bare(*HOSTS),
        simulate.swarm_facts,
        partial(swarm.next_step, swarm_spec()),
        **deeds.losing("w1"),
    )


def down(sim: SimulatorState, host: str) -> SimulatorState:
    """A simulation in which a host is down for good."""
    return elapse(members.stop_docker(sim, host), 30)


# By name

SMALL: dict[str, Callable[[], Scene]] = {
    "a swarm is created": beginning,
    "a worker joins": lambda: joining("worker"),
    "a manager joins": lambda: joining("manager"),
    "a worker leaves": lambda: leaving(
        "worker",
        others={
            "pause": deeds.paused("w1"),
            "container": deeds.contained("w1"),
            "leave": partial(simulate.perform, step=LeaveSwarm(host="w1", force=True)),
        },
    ),
    "a worker leaves and is lost": lambda: leaving("worker", **deeds.losing("w1")),
    "a manager leaves and is lost": lambda: leaving("manager", **deeds.losing("w1")),
    "an overlay is made": creation,
    "an overlay goes": lambda: removal(stack(), others={"service": deeds.used(), "container": deeds.contained("w1")}),
    "swap": lambda: swap(stack(WEB, HOST_MODE)),
    "swap, a kick fails twice": lambda: swap(others.fail_kicks(stack(WEB), "w1", 2)),
    "swap, a host is slow": lambda: swap(others.slow_down(stack(WEB), "w1")),
    "swap, placement changed before": lambda: swap(elapse(deeds.another_placement("web")(stack(WEB)), 20)),
    "swap, a task stays where nothing is published": lambda: swap(left_behind()),
    "swap, rolls back": lambda: swap(others.break_service(stack(ROLLS_BACK), "web")),
    "swap, its tasks begin to fail": lambda: swap(
        stack(ROLLS_BACK), others={"failure": partial(others.break_service, name="web")}
    ),
    "swap, one by one": lambda: swap(stack(ONE_BY_ONE)),
    "swap, an old ingress is stuck": lambda: swap(stuck(), **roughly(stuck())),
    "swap, a stuck host is paused": lambda: swap(stuck(), **roughly(stuck()), others={"pause": deeds.paused("w1")}),
    "swap, the ingress is removed too early": lambda: swap(
        stack(SINGLE), **roughly(stack(SINGLE)), others={"removal": deeds.removed_too_early()}
    ),
    "swap, removed too early, tasks wait there": lambda: swap(
        stack(EVERYWHERE),
        **roughly(stack(EVERYWHERE)),
        others={"removal": deeds.removed_too_early()},
        timings=replace(TIMINGS, held=True),
    ),
    "swap, removed too early from managers": lambda: swap(
        down(stack(SINGLE, managers=HOSTS[1:]), "w2"),
        **roughly(stack(SINGLE)),
        others={"removal": deeds.removed_too_early()},
    ),
    "swap, no kick helps": lambda: swap(
        others.fail_kicks(stack(SINGLE), "w1", 21), harm=checks.breaks_quorum, others={"pause": deeds.paused("w1")}
    ),
    "swap, no kick helps two": lambda: swap(
        others.fail_kicks(others.fail_kicks(stack(SINGLE), "w1", 21), "w2", 21), harm=checks.breaks_quorum
    ),
    "swap, services come and go": lambda: swap(
        stack(SINGLE), may_go=("web",), others={"alien": deeds.created(7171), "removal": deeds.removed("web")}
    ),
    "swap, a host is cut off": lambda: swap_with_one_cut_off(stack(SINGLE), "w1"),
    "swap, a port is added": lambda: swap(stack(SINGLE), others={"port": deeds.another_port("web", 8443)}),
    "bridge": lambda: bridge(
        stack(WEB), others={"alien": deeds.created(7171), "pause": deeds.paused("w1"), "label": deeds.labelled("w1")}
    ),
    "bridge, no container yet": lambda: bridge(stack(WEB), DISTURBING, others={"container": deeds.contained("w1")}),
    "bridge, a host is lost": lambda: bridge(stack(WEB), **deeds.losing("w1", "w2")),
    "bridge of a manager": lambda: bridge(stack(WEB, managers=HOSTS[1:]), **deeds.losing("m1", "w2")),
    "bridge, a container": lambda: bridge(with_container(), DISTURBING, **deeds.losing("w1")),
    "bridge, a paused container": lambda: bridge(with_container(paused=True), DISTURBING),
    "bridge, another container": lambda: bridge(
        with_container(), DISTURBING, others={"container": deeds.contained("w1")}
    ),
    "migration": lambda: migration(with_users(), others={"image": deeds.another_image("web")}),
    "migration, its user is removed": lambda: migration(
        with_users(), may_go=("web",), others={"removal": deeds.removed("web")}
    ),
    "migration, a container has stopped": lambda: migration(
        with_container_that_ends(), others={"away": deeds.taken_off("w1")}
    ),
    "migration, a host is lost": lambda: migration(with_users(), **deeds.losing("w1")),
}
LARGE: dict[str, Callable[[], Scene]] = {
    "swap, others": lambda: swap(
        stack(WEB, EVERYWHERE),
        may_go=("everywhere",),
        others={
            "alien": deeds.created(7171),
            "rival": deeds.created(8080),
            "image": deeds.another_image("web"),
            "placement": deeds.another_placement("web"),
            "port": deeds.another_port("web", 8443),
            "removal": deeds.removed("everywhere"),
            "label": deeds.labelled("w1"),
        },
    ),
    "swap, a host is lost": lambda: swap(stack(WEB, EVERYWHERE), **deeds.losing("w1")),
    "restoring": lambda: restoring(stack(SINGLE), others={"image": deeds.another_image("web")}),
    "restoring, a host is lost": lambda: restoring(stack(SINGLE), **deeds.losing("w1")),
    "swap, the manager is lost": lambda: swap(stack(SINGLE), **deeds.losing("m1")),
    "swap with three managers": lambda: swap(
        others.fail_kicks(stack(WEB, managers=HOSTS[1:]), "w1", 1), **deeds.losing("m1", "w2")
    ),
    "swap, others and a host is lost": lambda: swap(
        stack(WEB), others={"image": deeds.another_image("web")}, **deeds.losing("w1")
    ),
    "swap, stuck and a host is lost": lambda: swap(stuck(), **roughly(stuck()), **deeds.losing("w2")),
}
