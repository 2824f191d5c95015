"""`swarmnet plan`, on the simulated swarm: what it says is what bringing the stack about does there."""

from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import pytest

from cli.plan import report_of
from providers.explain.forecast import NOT_REACHED, Forecast
from providers.loop.forecasts import forecasts, tried
from providers.rules.plan import Plan
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.facts import UnreachableHost
from providers.rules.vocabulary.snapshot import Snapshot
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec
from providers.simulate import SimulatorState
from providers.simulate.from_snapshot import copied
from providers.simulate.hosts import SimulatedHosts as Simulated
from providers.simulate.workloads import Container
from tests.support import lifecycle
from tests.support.others import bare, create_service, cut, run_container, service_spec
from tests.support.simulated import SimulatedHosts, after, elapsed

SWARM = lifecycle.swarm_spec()
NEW_INGRESS = lifecycle.ingress_spec(subnet="10.55.0.0/16", gateway="10.55.0.1")
HASTY = NEW_INGRESS.model_copy(update={"timeout": 1.0})
NEW_BRIDGE = {"subnet": "10.66.0.0/16", "gateway": "10.66.0.1"}
NEW_OVERLAY = lifecycle.overlay_spec(subnet="10.77.0.0/24", gateway="10.77.0.1")
MIGRATED = NEW_OVERLAY.model_copy(update={"on_in_use": "migrate"})
MORE = lifecycle.overlay_spec("more", subnet="10.88.0.0/24", gateway="10.88.0.1")


@cache
def at_work() -> SimulatorState:
    """The whole stack with two services that publish, one of them on the overlay."""
    attachable = lifecycle.overlay_spec(attachable=True)
    sim = lifecycle.made(bare(*lifecycle.HOSTS), *lifecycle.whole_stack()[:-1], attachable)
    web = service_spec("web", ports=((8080, 80),), replicas=2)
    on_app = (lifecycle.id_of(sim, attachable),)
    api = service_spec("api", ports=((8081, 81),), replicas=None, networks=on_app)
    return after(sim, partial(create_service, spec=web), partial(create_service, spec=api), elapsed(20))


def plan_of(*specs: Spec) -> Plan:
    """A plan of these resources, one batch of bridges for each host."""
    return Plan(
        access={},
        gwbridges=tuple((spec,) for spec in specs if isinstance(spec, GwbridgeSpec)),
        swarm=next((spec for spec in specs if isinstance(spec, SwarmSpec)), None),
        nodes=tuple(spec for spec in specs if isinstance(spec, NodeSpec)),
        ingress=next((spec for spec in specs if isinstance(spec, IngressSpec)), None),
        overlays=tuple(spec for spec in specs if isinstance(spec, OverlaySpec)),
    )


def state(sim: SimulatorState, *specs: Spec) -> dict[str, tuple[Spec, dict[str, Any]]]:
    """Return Pulumi's state of resources that are up on this simulation."""
    return {spec.resource_name: (spec, lifecycle.recorded(sim, spec)) for spec in specs}


def foretold(sim: SimulatorState, *specs: Spec, known: bool = True) -> list[Forecast]:
    """The forecasts for resources, on a copy of the simulation, with a state that has them (or none)."""
    return told(sim, plan_of(*specs), *(specs if known else ()))


def told(sim: SimulatorState, plan: Plan, *recorded: Spec, clashes: str = "") -> list[Forecast]:
    """The forecasts of a plan on a copy of the simulation, with a state that has these resources."""
    return forecasts(plan, state(sim, *recorded), copied(Simulated(sim).snapshot()), clashes=clashes)


def done(sim: SimulatorState, *specs: Spec, known: bool = True) -> tuple[SimulatedHosts, str]:
    """The hosts of the simulation after resources were brought about there, and what went wrong."""
    hosts = SimulatedHosts(sim)
    try:
        for spec in specs:
            lifecycle.make(hosts, spec, lifecycle.id_of(sim, spec) if known else "")
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
    "overlay in use, migrated": (at_work(), (MIGRATED,), True),
    "label of a node": (at_work(), (lifecycle.node_spec("w1", labels={"rack": "a"}),), True),
    "adopted as new": (at_work(), (lifecycle.overlay_spec(owner="infra/other", attachable=True),), False),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_forecast_is_what_is_done(name):
    """Every line of the plan is a line of the run, in its order, without the waiting in between; so is the problem."""
    sim, specs, known = SITUATIONS[name]
    hosts, problem = done(sim, *specs, known=known)
    begun = [line for line in hosts.progress if not line.startswith("waiting for")]
    found = foretold(sim, *specs, known=known)

    assert begun == [stage.doing for forecast in found for stage in forecast.stages]
    assert [problem] * bool(problem) == [forecast.problem for forecast in found if forecast.problem]


def test_what_services_may_lose_is_a_warning():
    """Services whose tasks restart may lose a volume of their one host, and the network by which a proxy finds them."""
    mounted = {"Image": "db", "Mounts": [{"Type": "volume", "Source": "data", "Target": "/data"}]}
    template = {"ContainerSpec": mounted, "Networks": [], "Placement": {}, "ForceUpdate": 0}
    database = service_spec("db", ports=((5432, 5432),), replicas=1, TaskTemplate=template)
    app_id = lifecycle.id_of(at_work(), lifecycle.overlay_spec())
    proxied = service_spec("front", networks=(app_id,), Labels={"traefik.swarm.network": "app"})
    sim = after(at_work(), partial(create_service, spec=database), partial(create_service, spec=proxied), elapsed(20))

    (swap,) = foretold(sim, NEW_INGRESS)
    (migration,) = foretold(sim, MIGRATED)

    assert ["service db: its one task may start on another host"] == [line[:50] for line in swap.warnings]
    assert ["service front: Traefik reaches it by overlay app"] == [line[:48] for line in migration.warnings]
    assert f"  warning: {swap.warnings[0]}" in [line for line, _ in report_of([swap], [], "")]


def test_migration_in_a_swarm_that_shows_no_address_pool():
    """Engine 28 shows none if init named none: it uses its own, and the twin gets a range of it."""
    sim = at_work()
    settings = replace(sim.swarm.settings, default_addr_pool=())
    (migration,) = foretold(sim.agreed(settings=settings), MIGRATED)

    assert ("", True) == (migration.problem, "remove overlay app" in [stage.doing for stage in migration.stages])


def test_containers_that_are_stopped_are_named():
    """They come back with `disturb: true`, all but those that were started with `--rm`."""
    sim = run_container(at_work(), "w1", lifecycle.id_of(at_work(), lifecycle.overlay_spec()))
    host = sim.host("w1")
    shell = replace(host.containers[0], name="shell")
    others = (Container(id="c", name="db", networks=(), paused=True), Container(id="d", networks=(), auto_remove=True))
    sim = sim.with_host(replace(host, containers=(shell, *others)))
    spec = lifecycle.gwbridge_spec("w1", disturb=True, lose_auto_removed=True, **NEW_BRIDGE)
    (forecast,) = foretold(sim, spec)

    assert (("db on w1 (paused)", "shell on w1"), ("d on w1",)) == (forecast.stopped, forecast.lost)
    assert "stop db on w1 (paused), shell on w1 and start them again" in forecast.disturbs
    assert "lose d on w1 (started with --rm)" in forecast.disturbs


def test_nothing_is_begun_where_a_host_of_a_swarm_to_be_is_unreachable():
    """One host of three does not answer: none gets a bridge."""
    sim = cut(bare(*lifecycle.HOSTS), "w2")
    found = foretold(sim, *lifecycle.whole_stack(), known=False)

    assert found[0].problem.startswith("no changes would be made: w2: nothing answers")


CLASH = "ingress.subnet: 10.55.0.0/16 is the same as 10.55.0.0/16, the route by tun0 of w1"


def test_clash_with_what_hosts_have_stops_the_first_that_would_write():
    """Resources that are right stay so, the first that would write is blocked, and the rest is not reached."""
    desired = (lifecycle.gwbridge_spec("w1"), NEW_INGRESS, lifecycle.overlay_spec())
    found = told(at_work(), plan_of(*desired), *desired, clashes=CLASH)

    assert ["", f"no changes would be made: {CLASH}", NOT_REACHED] == [each.problem for each in found]
    assert not any(each.stages for each in found)


@pytest.mark.parametrize("clashes", ["", CLASH], ids=["", "clash"])
def test_what_the_stack_file_has_no_more_goes(clashes):
    """An overlay that only the state knows; a removal writes nothing that could meet a route."""
    found = told(lifecycle.made(at_work(), MORE), plan_of(), MORE, clashes=clashes)

    assert ["remove overlay more"] == [stage.doing for stage in found[0].stages]


def test_what_is_only_removed_from_the_state_has_nothing_done_to_it():
    """A bridge with `on_remove: keep`."""
    assert [Forecast(resource="docker_gwbridge@w1")] == told(at_work(), plan_of(), lifecycle.gwbridge_spec("w1"))


def test_swarm_that_the_stack_file_has_no_more_is_left():
    """Its hosts stay members without the section `swarm`; one that is taken out leaves."""
    stays = {"m1": HostAccess(name="m1"), "w1": HostAccess(name="w1")}
    nodes = (lifecycle.node_spec("m1", role="manager"), lifecycle.node_spec("w1"), lifecycle.node_spec("w2"))
    found = told(lifecycle.running(), replace(plan_of(), access=stays), SWARM, *nodes)

    assert ["node/w2"] == [each.resource for each in found if each.stages]


def test_report_says_what_is_felt():
    """Each service with all its ports, away until its first task is back, not until the new tasks were watched; tasks
    restart once as the ports go, and once as they come back."""
    lines = [line for line, _ in report_of(foretold(at_work(), NEW_INGRESS), [], "")]

    assert (
        "  will: unpublish ports: api (8081/tcp) for 4 to 35 s; web (8080/tcp) for 4 to 35 s; "
        "restart tasks: 6 of api (it has 3), 4 of web (it has 2)"
    ) in lines


def test_report_of_a_settled_stack_is_one_line():
    """Nothing to do, by name."""
    found = foretold(at_work(), lifecycle.swarm_spec(), lifecycle.ingress_spec())

    assert ["nothing to do: swarm, ingress"] == [line for line, _ in report_of(found, [], "")]


def test_report_names_unreachable_hosts_and_an_unknown_state():
    """They are named before all else."""
    unreachable = UnreachableHost(host="w1", why="w1: no answer at 10.9.0.2")

    assert [
        "no answer: w1: no answer at 10.9.0.2",
        "the state is unavailable (no `pulumi`): every resource is treated as new, so `adopt` decides about what "
        "exists",
    ] == [line for line, _ in report_of([], [unreachable], "no `pulumi`")]


@dataclass
class Asked(Simulated):
    """Simulated hosts that note which snapshots they were asked for."""

    snapshots: list[bool] = field(default_factory=list)

    def snapshot(self, *, stopped: bool = True) -> Snapshot:
        self.snapshots.append(stopped)
        return super().snapshot(stopped=stopped)


@pytest.mark.parametrize(("expected", "situation"), [([False], "nothing to do"), ([False, True], "bridges")])
def test_tasks_that_stop_or_ended_are_read_where_something_would_happen(expected: list[bool], situation: str):
    """They are most of all tasks that a swarm remembers, and nobody waits for one where nothing is changed."""
    sim, specs, _ = SITUATIONS[situation]
    hosts = Asked(sim)
    seen, found = tried(hosts, plan_of(*specs), state(sim, *specs))

    assert expected == hosts.snapshots
    assert (hosts.snapshot(stopped=expected[-1]), foretold(sim, *specs)) == (seen, found)
