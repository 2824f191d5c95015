"""Tasks that wait for a place while the ingress changes: the swarm still looks at them when there is one."""

from collections.abc import Callable
from itertools import product

import pytest

from providers.rules.live import journal, published_ports
from providers.rules.vocabulary.steps import Step, UpdateService
from providers.simulate import SimulatorState, elapse, members
from providers.simulate.workloads import Placed, read
from tests.support.lifecycle import id_of, ingress_spec, make, running
from tests.support.others import create_service, named, service_spec, set_node
from tests.support.quick import some
from tests.support.simulated import SimulatedHosts

NEW_INGRESS = ingress_spec(subnet="10.111.0.0/16", gateway="10.111.0.1")
ONE_EACH = {"MaxReplicas": 1}
LABELLED = {"Constraints": ["node.labels.x == 1"]}
Act = Callable[[SimulatorState], SimulatorState]


def drain(sim: SimulatorState) -> SimulatorState:
    """Somebody drains w1."""
    return set_node(sim, "w1", availability="drain")


def activate(sim: SimulatorState) -> SimulatorState:
    """Somebody puts w1 back in service."""
    return set_node(sim, "w1", availability="active")


def label(sim: SimulatorState) -> SimulatorState:
    """Somebody gives w1 the label that the service asks for."""
    return set_node(sim, "w1", labels=(("x", "1"),))


def stop(sim: SimulatorState) -> SimulatorState:
    """w1 goes down."""
    return members.stop_docker(sim, "w1")


def start(sim: SimulatorState) -> SimulatorState:
    """w1 is back."""
    return members.start_docker(sim, "w1")


def spread(at_once: int = 0, order: str = "stop-first", **placement: object) -> str:
    """A service with three tasks."""
    return service_spec(
        "web",
        ports=((8080, 80),),
        replicas=3,
        TaskTemplate={"Placement": placement, "ForceUpdate": 0},
        UpdateConfig={"Parallelism": at_once, "Order": order},
    )


def waiting(spec: str, gone: Act) -> SimulatorState:
    """The whole stack with this service, of which tasks wait after that."""
    return elapse(gone(elapse(create_service(running(), spec), 20)), 40)


def on_ingress(hosts: SimulatedHosts) -> list[Placed]:
    """The tasks that run with an address on the new ingress."""
    ingress = id_of(hosts.sim, NEW_INGRESS)
    return [
        task for task in hosts.sim.swarm.tasks if task.state == task.desired == "running" and ingress in task.networks
    ]


@pytest.mark.parametrize(("at_once", "order"), some([*product([0, 1], ["stop-first", "start-first"])]))
@pytest.mark.parametrize(
    ("placement", "gone", "back"),
    [(ONE_EACH, drain, activate), (ONE_EACH, stop, start), (LABELLED, lambda sim: sim, label)],
    ids=["drained", "down", "no host at all"],
)
def test_a_place_after_the_change_is_taken(
    placement: dict[str, object], gone: Act, back: Act, at_once: int, order: str
):
    """All its tasks run on the new ingress once their host is back; the spec is as before, and no task was forced."""
    begun = waiting(spread(at_once, order, **placement), gone)
    hosts = SimulatedHosts(begun)
    make(hosts, NEW_INGRESS, id_of(hosts.sim, NEW_INGRESS))
    hosts.sim = elapse(set_node(hosts.sim, "w2", labels=(("other", "1"),)), 10)
    hosts.sim = elapse(back(hosts.sim), 60)

    assert 3 == len(on_ingress(hosts))
    assert read(named(begun, "web").spec) == read(named(hosts.sim, "web").spec)


class BackInTheMiddle(SimulatedHosts):
    """Hosts of which w1 is active again right after tasks were made anew that wait."""

    def perform(self, step: Step) -> None:
        super().perform(step)
        if isinstance(step, UpdateService) and journal.AGAIN in step.spec:
            self.sim = activate(self.sim)


def test_a_place_that_comes_meanwhile_leaves_no_mark():
    """A task that was made in between is made anew with the others, so that later updates of others move it."""
    hosts = BackInTheMiddle(waiting(spread(**ONE_EACH), drain))
    make(hosts, NEW_INGRESS, id_of(hosts.sim, NEW_INGRESS))
    hosts.elapse(60)

    assert [False] * 3 == [journal.AGAIN in task.template for task in on_ingress(hosts)]


@pytest.mark.parametrize("template", [{}, {"Placement": {}}, {"Placement": ONE_EACH}, {"Placement": LABELLED}])
def test_a_placement_is_as_before_without_the_mark(template: dict[str, object]):
    """To the letter, also if there was none."""
    spec = service_spec("web", TaskTemplate=template)
    assert (False, read(spec)) == (
        journal.marked_spec(spec) == spec,
        read(journal.unmarked_spec(journal.marked_spec(spec))),
    )


def test_a_rollback_to_the_mark_is_seen_and_mended():
    """What a later rollback goes to works the same; it shows as unfinished, and the next run takes the mark off."""
    begun = waiting(spread(**ONE_EACH), drain)
    hosts = SimulatedHosts(begun)
    make(hosts, NEW_INGRESS, id_of(hosts.sim, NEW_INGRESS))
    found = named(hosts.sim, "web")
    hosts.perform(UpdateService(service_id=found.id, version=found.version, spec=found.previous))
    left = published_ports.unfinished_work(hosts.ingress())
    make(hosts, NEW_INGRESS, id_of(hosts.sim, NEW_INGRESS))

    assert ["web has a constraint of ours, so that waiting tasks are recreated"] == left
    assert read(named(begun, "web").spec) == read(named(hosts.sim, "web").spec)
