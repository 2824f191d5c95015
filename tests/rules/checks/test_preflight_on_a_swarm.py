"""A run that was cut goes on with the same file: at no moment of it does a stack clash with what it made itself."""

from dataclasses import dataclass, field

import pytest

from providers.loop.preflight import preflight
from providers.rules.checks.preflight import Findings
from providers.rules.stack_file import model
from providers.rules.stack_file.resolved import Resolved, resolve
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import Step
from tests.support import lifecycle
from tests.support.others import bare, create_service, service_spec
from tests.support.simulated import SimulatedHosts


def declared(**changed: str) -> Resolved:
    """The stack of `whole_stack`, with another subnet for some of its networks."""
    subnets = {"gwbridge": "10.12.0.0/16", "ingress": "10.11.0.0/16", "app": "10.20.0.0/24", **changed}
    sections = {
        "hosts": {name: {"address": f"198.51.100.{number}"} for number, name in enumerate(lifecycle.HOSTS, 1)},
        "swarm": {},
        "gwbridge": {"subnet": subnets["gwbridge"]},
        "ingress": {"subnet": subnets["ingress"]},
        "overlays": {"app": {"subnet": subnets["app"]}},
    }
    return resolve(model.parse(sections))


@dataclass
class Watched(SimulatedHosts):
    """Hosts that are compared with a stack file before and after each step."""

    desired: Resolved = field(default_factory=declared)
    found: list[Findings] = field(default_factory=list)

    def perform(self, step: Step) -> None:
        """Take one step."""
        self.found.append(preflight(self, self.desired, lifecycle.OWNER))
        super().perform(step)
        self.found.append(preflight(self, self.desired, lifecycle.OWNER))


def test_stack_that_comes_about():
    """It goes from bare hosts to the whole."""
    hosts = Watched(bare(*lifecycle.HOSTS))
    for spec in lifecycle.whole_stack():
        lifecycle.make(hosts, spec)

    assert {Findings()} == set(hosts.found)


CHANGES: dict[str, tuple[Spec, Resolved]] = {
    "gwbridge": (
        lifecycle.gwbridge_spec("w1", subnet="10.12.0.0/20", gateway="10.12.0.1"),
        declared(gwbridge="10.12.0.0/20"),
    ),
    "ingress": (lifecycle.ingress_spec(subnet="10.11.0.0/20", gateway="10.11.0.1"), declared(ingress="10.11.0.0/20")),
    "overlay that moves under a service": (
        lifecycle.overlay_spec(subnet="10.21.0.0/24", gateway="10.21.0.1", on_in_use="migrate"),
        declared(app="10.21.0.0/24"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_stack_that_changes(change: str):
    """It may change into a part of its own range."""
    spec, desired = CHANGES[change]
    sim = lifecycle.running()
    networks = (lifecycle.id_of(sim, lifecycle.overlay_spec()),)
    sim = create_service(sim, service_spec("web", ports=((8080, 80),), replicas=2, networks=networks))
    hosts = Watched(sim, desired=desired)
    hosts.elapse(20)
    lifecycle.make(hosts, spec, lifecycle.id_of(hosts.sim, spec))

    assert {Findings()} == set(hosts.found)
