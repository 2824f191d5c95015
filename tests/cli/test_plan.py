"""`swarmnet plan`, on the simulated swarm: what it says is what bringing the stack about does there."""

import json
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import pytest

from cli.forecasts import forecasts, tried
from cli.plan_report import report_of
from cli.state import resources
from providers.explain.forecast import NOT_REACHED, Forecast
from providers.rules.plan import Plan
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.facts import Silent
from providers.rules.vocabulary.snapshot import Survey
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec
from providers.rules.vocabulary.steps import RestartEngine, UpdateNode
from providers.simulate import World, bare
from providers.simulate.from_snapshot import copied
from providers.simulate.hosts import SimulatedHosts as Simulated
from providers.simulate.members import cut
from providers.simulate.others import create_service, run_container, service_spec
from tests.support import lifecycle
from tests.support.command_line import swarmnet
from tests.support.simulated import SimulatedHosts, after, elapsed

SWARM = lifecycle.swarm_spec()
NEW_INGRESS = lifecycle.ingress_spec(subnet="10.55.0.0/16", gateway="10.55.0.1")
HASTY = NEW_INGRESS.model_copy(update={"timeout": 1.0})
NEW_BRIDGE = {"subnet": "10.66.0.0/16", "gateway": "10.66.0.1"}
NEW_OVERLAY = lifecycle.overlay_spec(subnet="10.77.0.0/24", gateway="10.77.0.1")


@cache
def at_work() -> World:
    """The whole stack with two services that publish, one of them on the overlay."""
    world = lifecycle.made(
        bare(*lifecycle.HOSTS), *lifecycle.whole_stack()[:-1], lifecycle.overlay_spec(attachable=True)
    )
    app_id = lifecycle.id_of(world, lifecycle.overlay_spec())
    return after(
        world,
        lambda world: create_service(world, service_spec("web", ports=((8080, 80),), replicas=2)),
        lambda world: create_service(
            world, service_spec("api", ports=((8081, 81),), replicas=None, networks=(app_id,))
        ),
        elapsed(20),
    )


def plan_of(*specs: Spec) -> Plan:
    """A plan of these resources, one wave of bridges for each host."""
    return Plan(
        access={},
        gwbridges=tuple((spec,) for spec in specs if isinstance(spec, GwbridgeSpec)),
        swarm=next((spec for spec in specs if isinstance(spec, SwarmSpec)), None),
        nodes=tuple(spec for spec in specs if isinstance(spec, NodeSpec)),
        ingress=next((spec for spec in specs if isinstance(spec, IngressSpec)), None),
        overlays=tuple(spec for spec in specs if isinstance(spec, OverlaySpec)),
    )


def state(world: World, *specs: Spec) -> dict[str, tuple[Spec, dict[str, Any]]]:
    """Return Pulumi's state of resources that are up on this world."""
    ids = {NodeSpec: "node_id", SwarmSpec: "swarm_id"}
    return {
        spec.resource_name: (
            spec,
            {**spec.model_dump(), ids.get(type(spec), "network_id"): lifecycle.id_of(world, spec)},
        )
        for spec in specs
    }


def foretold(world: World, *specs: Spec, known: bool = True) -> list[Forecast]:
    """The forecasts for resources, on a copy of the world, with a state that has them (or none)."""
    return forecasts(plan_of(*specs), state(world, *specs) if known else {}, copied(Simulated(world).survey()))


def done(world: World, *specs: Spec, known: bool = True) -> tuple[SimulatedHosts, str]:
    """The hosts of the world after resources were brought about there, and what went wrong."""
    hosts = SimulatedHosts(world)
    try:
        for spec in specs:
            lifecycle.make(hosts, spec, lifecycle.id_of(world, spec) if known else "")
    except SwarmnetError as problem:
        return hosts, str(problem)
    return hosts, ""


SITUATIONS = {
    "bare hosts": (bare(*lifecycle.HOSTS), lifecycle.whole_stack(), False),
    "nothing to do": (at_work(), lifecycle.whole_stack()[:-1], True),
    "ingress": (at_work(), (NEW_INGRESS,), True),
    "ingress, out of time": (lifecycle.made(bare(*lifecycle.HOSTS), *lifecycle.whole_stack()), (HASTY,), True),
    "bridges": (at_work(), [lifecycle.gwbridge_spec(host, **NEW_BRIDGE) for host in ("w1", "w2", "m1")], True),
    "overlay in use, refused": (at_work(), (NEW_OVERLAY,), True),
    "overlay in use, migrated": (at_work(), (NEW_OVERLAY.model_copy(update={"on_in_use": "migrate"}),), True),
    "label of a node": (at_work(), (lifecycle.node_spec("w1", labels={"rack": "a"}),), True),
    "adopted as new": (at_work(), (lifecycle.overlay_spec(owner="infra/other", attachable=True),), False),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_stages_are_what_is_done(name):
    """Every line of the plan is a line of the run, in its order."""
    world, specs, known = SITUATIONS[name]
    hosts, _ = done(world, *specs, known=known)

    said = [stage.doing for forecast in foretold(world, *specs, known=known) for stage in forecast.stages]
    assert begun(hosts.progress) == said


def begun(progress: list[str]) -> list[str]:
    """The lines of what was done, without the waiting in between."""
    return [line for line in progress if not line.startswith("waiting for")]


@pytest.mark.parametrize("name", SITUATIONS)
def test_problem_is_the_runs(name):
    """A forecast has the same problem as the run."""
    world, specs, known = SITUATIONS[name]

    said = [forecast.problem for forecast in foretold(world, *specs, known=known) if forecast.problem]
    assert [problem for problem in [done(world, *specs, known=known)[1]] if problem] == said


def test_hosts_are_drained_in_the_order_of_the_run():
    """The order of the plan's waves."""
    world, specs, _ = SITUATIONS["bridges"]
    hosts, _ = done(world, *specs)
    names = {host.node_id: host.name for host in world.hosts}
    drained = [
        names[step.node_id] for step in hosts.steps if isinstance(step, UpdateNode) and step.availability == "drain"
    ]

    assert drained == [host for forecast in foretold(world, *specs) for host in forecast.drained]


def test_restarted_engines_are_those_of_the_run():
    """Each of the bridges takes one."""
    world, specs, _ = SITUATIONS["bridges"]
    hosts, _ = done(world, *specs)

    restarted = [step.host for step in hosts.steps if isinstance(step, RestartEngine)]
    assert restarted == [host for forecast in foretold(world, *specs) for host in forecast.restarted]


def test_ports_that_go_away_are_named():
    """Each service with all its ports."""
    (forecast,) = foretold(at_work(), NEW_INGRESS)

    assert [("api", ("8081/tcp",)), ("web", ("8080/tcp",))] == [
        (absence.service, absence.ports) for absence in forecast.absences
    ]


def test_ports_are_away_from_strip_to_first_task():
    """Stopping a task, the ingress and starting another are in it; watching the new tasks is not."""
    (forecast,) = foretold(at_work(), NEW_INGRESS)
    manners = at_work().manners

    assert all(manners.task_stop + manners.task_start < each.seconds <= forecast.seconds for each in forecast.absences)


def test_tasks_restart_twice_for_an_ingress():
    """They restart once as the ports go, and once as they come back."""
    (forecast,) = foretold(at_work(), NEW_INGRESS)

    assert [("api", 3, 6), ("web", 2, 4)] == [(each.service, each.tasks, each.times) for each in forecast.restarts]


def test_what_services_may_lose_is_a_warning():
    """Services whose tasks restart may lose a volume of their one host, and the network by which a proxy finds them."""
    mounted = {"Image": "db", "Mounts": [{"Type": "volume", "Source": "data", "Target": "/data"}]}
    template = {"ContainerSpec": mounted, "Networks": [], "Placement": {}, "ForceUpdate": 0}
    database = service_spec("db", ports=((5432, 5432),), replicas=1, TaskTemplate=template)
    app_id = lifecycle.id_of(at_work(), lifecycle.overlay_spec())
    proxied = service_spec("front", networks=(app_id,), Labels={"traefik.swarm.network": "app"})
    world = after(at_work(), partial(create_service, spec=database), partial(create_service, spec=proxied), elapsed(20))

    (swap,) = foretold(world, NEW_INGRESS)
    (migration,) = foretold(world, NEW_OVERLAY.model_copy(update={"on_in_use": "migrate"}))

    assert ["service db: its one task may start on another host"] == [line[:50] for line in swap.warnings]
    assert ["service front: Traefik reaches it by overlay app"] == [line[:48] for line in migration.warnings]
    assert f"  warning: {swap.warnings[0]}" in [line.plain for line in report_of([swap], [], "")]


def test_migration_in_a_swarm_that_shows_no_address_pool():
    """Engine 28 shows none if init named none: it uses its own, and the twin gets a range of it."""
    world = at_work()
    settings = replace(world.swarm.settings, default_addr_pool=())
    (migration,) = foretold(world.agreed(settings=settings), NEW_OVERLAY.model_copy(update={"on_in_use": "migrate"}))

    assert ("", True) == (migration.problem, "remove overlay app" in [stage.doing for stage in migration.stages])


def test_containers_that_are_stopped_are_named():
    """They come back with `disturb: true`."""
    world = at_work()
    world = run_container(world, "w1", lifecycle.id_of(world, lifecycle.overlay_spec()))
    container = world.host("w1").containers[0]
    named = replace(container, name="shell")
    world = world.with_host(replace(world.host("w1"), containers=(named,)))
    (forecast,) = foretold(world, lifecycle.gwbridge_spec("w1", disturb=True, **NEW_BRIDGE))

    assert ("shell on w1",) == forecast.stopped


def test_what_comes_after_a_problem_is_not_reached():
    """`up` begins nothing after a problem either."""
    found = foretold(at_work(), NEW_OVERLAY, lifecycle.overlay_spec("more", subnet="10.88.0.0/24", gateway="10.88.0.1"))

    assert "not reached, since something before it fails" == found[1].problem


def test_nothing_is_begun_where_a_host_of_a_swarm_to_be_is_silent():
    """One host of three does not answer: none gets a bridge."""
    world = cut(bare(*lifecycle.HOSTS), "w2")
    found = foretold(world, *lifecycle.whole_stack(), known=False)

    assert found[0].problem.startswith("nothing is begun: w2: nothing answers")


CLASH = "ingress.subnet: 10.55.0.0/16 is the same as 10.55.0.0/16, the route by tun0 of w1"


def test_clash_with_what_hosts_have_stops_the_first_that_would_write():
    """Resources that are right stay so, the first that would write is blocked, and the rest is not reached."""
    wanted = (lifecycle.gwbridge_spec("w1"), NEW_INGRESS, lifecycle.overlay_spec())
    world = at_work()
    found = forecasts(plan_of(*wanted), state(world, *wanted), copied(Simulated(world).survey()), clashes=CLASH)

    assert ["", f"nothing is begun: {CLASH}", NOT_REACHED] == [each.problem for each in found]
    assert not any(each.stages for each in found)


def test_clash_does_not_keep_anything_from_going():
    """A removal goes on despite a clash, since it writes nothing that could meet a route."""
    world = at_work()
    more = lifecycle.overlay_spec("more", subnet="10.88.0.0/24", gateway="10.88.0.1")
    world = lifecycle.made(world, more)
    found = forecasts(plan_of(), state(world, more), copied(Simulated(world).survey()), clashes=CLASH)

    assert ["remove overlay more"] == [stage.doing for stage in found[0].stages]


def test_what_the_stack_file_has_no_more_goes():
    """An overlay that only the state knows."""
    world = at_work()
    more = lifecycle.overlay_spec("more", subnet="10.88.0.0/24", gateway="10.88.0.1")
    world = lifecycle.made(world, more)
    found = forecasts(
        plan_of(lifecycle.ingress_spec()),
        state(world, lifecycle.ingress_spec(), more),
        copied(Simulated(world).survey()),
    )

    assert ["remove overlay more"] == [stage.doing for stage in found[1].stages]


def test_what_is_only_forgotten_has_nothing_done_to_it():
    """A bridge with `on_remove: keep`."""
    world = at_work()
    found = forecasts(plan_of(), state(world, lifecycle.gwbridge_spec("w1")), copied(Simulated(world).survey()))

    assert [Forecast(resource="docker_gwbridge@w1")] == found


def test_swarm_that_the_stack_file_has_no_more_is_left():
    """Its hosts stay members without the section `swarm`; one that is taken out leaves."""
    world = lifecycle.running()
    stays = {"m1": HostAccess(name="m1"), "w1": HostAccess(name="w1")}
    members = state(
        world, SWARM, lifecycle.node_spec("m1", role="manager"), lifecycle.node_spec("w1"), lifecycle.node_spec("w2")
    )
    found = forecasts(replace(plan_of(), access=stays), members, copied(Simulated(world).survey()))

    assert ["node/w2"] == [each.resource for each in found if each.stages]


def test_report_says_what_is_felt():
    """One line for each resource, after its stages."""
    lines = [line.plain for line in report_of(foretold(at_work(), NEW_INGRESS), [], "")]

    assert (
        "  will: take ports away: api (8081/tcp) for about 11 s; web (8080/tcp) for about 11 s; "
        "restart tasks: 6 of api (it has 3), 4 of web (it has 2)"
    ) in lines


def test_report_of_a_settled_stack_is_one_line():
    """Nothing to do, by name."""
    found = foretold(at_work(), lifecycle.swarm_spec(), lifecycle.ingress_spec())

    assert ["nothing to do: swarm, ingress"] == [line.plain for line in report_of(found, [], "")]


def test_report_names_silent_hosts_and_an_unknown_state():
    """They are named before all else."""
    silent = Silent(host="w1", why="w1: no answer at 10.9.0.2")

    assert [
        "no answer: w1: no answer at 10.9.0.2",
        "the state is not known (no `pulumi`): all is taken as new, so that `adopt` decides about what is there",
    ] == [line.plain for line in report_of([], [silent], "no `pulumi`")]


def test_state_is_what_pulumi_exports():
    """Ours alone, by name, with the ids that the Engine gave."""
    outputs = {
        **lifecycle.ingress_spec().model_dump(mode="json"),
        "network_id": "n1",
        "adopted": False,
        "__provider": "x",
    }
    kind = "pulumi-python:dynamic/swarmnet:Ingress"
    exported = {
        "deployment": {
            "resources": [
                {"urn": "urn:pulumi:t::swarmnet::pulumi:pulumi:Stack::swarmnet-t", "type": "pulumi:pulumi:Stack"},
                {"urn": f"urn:pulumi:t::swarmnet::{kind}::ingress", "type": kind, "outputs": outputs},
            ]
        }
    }
    found = resources(json.loads(json.dumps(exported)))

    assert {"ingress": (lifecycle.ingress_spec(), outputs)} == found


@pytest.mark.parametrize("retained", [True, False])
def test_whether_an_overlay_is_retained_is_pulumis_to_say(retained):
    """Its outputs are those of the last change, which may have said otherwise."""
    outputs = {**lifecycle.overlay_spec(retain=not retained).model_dump(mode="json"), "network_id": "n1"}
    kind = "pulumi-python:dynamic/swarmnet:Overlay"
    overlay = {"urn": f"urn:pulumi:t::swarmnet::{kind}::overlay/app", "type": kind, "outputs": outputs}
    found = resources({"deployment": {"resources": [{**overlay, "retainOnDelete": retained}]}})

    assert lifecycle.overlay_spec(retain=retained) == found["overlay/app"][0]


def test_wrong_stack_file_is_told_before_any_host_is_asked(tmp_path):
    """It is told as by `swarmnet check`."""
    (tmp_path / "Pulumi.bad.yaml").write_text("config:\n  swarmnet:hosts: {}\n")
    ended = swarmnet("plan", "--dir", str(tmp_path), "bad")

    assert (1, f"bad: {tmp_path}/Pulumi.bad.yaml:2:3: hosts: is empty; a stack needs at least one\n") == (
        ended.exit_code,
        ended.stderr,
    )


@dataclass
class Asked(Simulated):
    """Simulated hosts that note which surveys they were asked for."""

    surveys: list[bool] = field(default_factory=list)

    def survey(self, *, stopped: bool = True) -> Survey:
        self.surveys.append(stopped)
        return super().survey(stopped=stopped)


@pytest.mark.parametrize(
    ("expected", "situation"), [([False], "nothing to do"), ([False, True], "ingress"), ([False, True], "bridges")]
)
def test_tasks_that_stop_or_ended_are_read_where_something_would_happen(expected: list[bool], situation: str):
    """They are most of all tasks that a swarm remembers, and nobody waits for one where nothing is changed."""
    world, specs, _ = SITUATIONS[situation]
    hosts = Asked(world)
    seen, found = tried(hosts, plan_of(*specs), state(world, *specs))

    assert expected == hosts.surveys
    assert (hosts.survey(stopped=expected[-1]), foretold(world, *specs)) == (seen, found)
