"""A rehearsal of a change of the ingress under many services: what it costs grows as they do."""

from functools import partial

from providers.explain.forecast import Forecast
from providers.loop.dry_run import rehearsed
from providers.rules.resource_types.table import INGRESS
from providers.simulate import SimulatorState, elapse
from providers.simulate.from_snapshot import copied
from tests.support.calls import calls
from tests.support.lifecycle import id_of, ingress_spec, running
from tests.support.others import create_service, service_spec
from tests.support.simulated import SimulatedHosts


def with_services(count: int) -> SimulatorState:
    """Three hosts, and services of four tasks each that publish a port."""
    sim = running()
    for number in range(count):
        sim = create_service(sim, service_spec(f"web{number}", ports=((8000 + number, 80),), replicas=4))
    return copied(SimulatedHosts(elapse(sim, 20)).snapshot())


def cost(count: int) -> int:
    """Count the function calls of a rehearsal under so many services that ends well."""
    sim, spec = with_services(count), ingress_spec(subnet="10.99.0.0/16", gateway="10.99.0.1")
    known = {"network_id": id_of(sim, spec)}
    observe, decide = partial(INGRESS.observe, spec=spec, known=known), INGRESS.decide(spec, known)
    ended: list[Forecast] = []
    called = calls(lambda: ended.append(rehearsed(sim, "ingress", 300, observe, decide)[1]))
    (forecast,) = ended
    assert not forecast.problem
    assert count == len(forecast.absences)
    return called


def test_twice_the_services_cost_twice_as_much():
    """They do not cost four times as much, as if each task's end were held against all tasks of all services."""
    assert cost(8) < 2 * cost(4)
