"""The whole stack as Pulumi holds it: each resource's provider, inputs and outputs."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from pulumi.dynamic import Config, ConfigureRequest

from providers.gwbridge import GwbridgeProvider
from providers.ingress import IngressProvider
from providers.node import NodeProvider
from providers.overlay import OverlayProvider
from providers.rules.resource_types.resource_type import to_props
from providers.rules.resource_types.table import type_of
from providers.rules.vocabulary.specs import Spec
from providers.run.resource import Props, Provider
from providers.simulate import SimulatorState, elapse
from providers.swarm import SwarmProvider
from tests.support import lifecycle
from tests.support.others import create_service, service_spec
from tests.support.simulated import SimulatedHosts

GWBRIDGE = lifecycle.gwbridge_spec("w1")
SWARM = lifecycle.swarm_spec()
NODE = lifecycle.node_spec("w1", access={"name": "w1", "address": "10.9.0.2"})
INGRESS = lifecycle.ingress_spec()
OVERLAY = lifecycle.overlay_spec()
ALL = [GWBRIDGE, SWARM, NODE, INGRESS, OVERLAY]
# Each as it is taken away where its resource goes.
INGRESS_GOING = INGRESS.model_copy(update={"on_remove": "restore_default"})
GOING = [GWBRIDGE, SWARM, NODE, INGRESS_GOING, OVERLAY]
# Another range for each.
BRIDGE_RANGE: Props = {"subnet": "10.66.0.0/16", "gateway": "10.66.0.1"}
INGRESS_RANGE: Props = {"subnet": "10.55.0.0/16", "gateway": "10.55.0.1"}
OVERLAY_RANGE: Props = {"subnet": "10.77.0.0/24", "gateway": "10.77.0.1"}
PROVIDERS = (GwbridgeProvider, SwarmProvider, NodeProvider, IngressProvider, OverlayProvider)


@cache
def at_work(sim: SimulatorState) -> SimulatorState:
    """The stack with a service that publishes, on the overlay."""
    networks = (lifecycle.id_of(sim, OVERLAY),)
    return elapse(create_service(sim, service_spec("web", ports=((8080, 80),), replicas=2, networks=networks)), 20)


def provider_of(spec: Spec) -> Provider[Any, Any]:
    """The provider of a resource type."""
    return next(provider() for provider in PROVIDERS if provider.resource_type is type_of(spec))


def id_output(spec: Spec) -> str:
    """The output that holds the Engine's id."""
    return type_of(spec).output


def resource_type(spec: Spec) -> str:
    """Return the resource type that a test is about, for its name."""
    return type_of(spec).name.lower()


def configure(**sections: object) -> None:
    """Hand over the rest of the stack file, as Pulumi does; a word as it is, everything else as JSON."""
    settings = {
        f"swarmnet:{key}": section if isinstance(section, str) else json.dumps(section)
        for key, section in sections.items()
    }
    Provider().configure(ConfigureRequest(Config(settings, "swarmnet")))


@dataclass
class Known:
    """A resource that the state knows, by what its last call returned."""

    spec: Spec
    outputs: Props

    def read(self) -> tuple[str, Props, Props]:
        """Return the id, outputs and inputs that a refresh finds."""
        found = provider_of(self.spec).read(self.spec.resource_name, self.outputs)
        return found.id or "", found.outs or {}, found.inputs or {}

    def settled(self) -> object:
        """True, or what a refresh says is unfinished."""
        return self.read()[2]["settled"]

    def update(self, **changes: object) -> "Known":
        """An `up` with another stack file."""
        spec = self.spec.model_copy(update=changes)
        outs = provider_of(spec).update(spec.resource_name, self.outputs, to_props(spec)).outs
        return Known(spec, outs or {})

    def delete(self) -> None:
        """An `up` without it."""
        provider_of(self.spec).delete(self.spec.resource_name, self.outputs)


def known(hosts: SimulatedHosts, spec: Spec, **changes: object) -> Known:
    """A resource of the stack that runs on these hosts; `changes` to the outputs that the state has."""
    ids = {id_output(spec): lifecycle.id_of(hosts.sim, spec)}
    return Known(spec, {**to_props(spec), **ids, "adopted": False, **changes})


def created(spec: Spec) -> Known:
    """A resource that an `up` just created; whatever comes now is another run."""
    made = Known(spec, provider_of(spec).create(to_props(spec)).outs or {})
    Provider.run.found.clear()
    return made
