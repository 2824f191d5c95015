"""States written by releases, read by today's providers, and worked on by them on simulated hosts that match."""

import base64
import pickle
from functools import partial
from typing import Any

import pytest

from providers.rules.resource_types.table import KINDS, type_of
from providers.rules.vocabulary.specs import Spec, plain
from providers.run.resource import Props, Provider
from providers.simulate import SimulatorState
from tests.glue.stack import Known
from tests.states import FormerState, former_states
from tests.support import lifecycle
from tests.support.others import bare
from tests.support.simulated import SimulatedHosts

STATES = [*former_states(), *(state.by_other_sdks() for state in former_states() if state.version == "0.1.0")]
OWN = {"owner": "swarmnet/t", "row": "urn:of the resource"}
each = pytest.mark.parametrize("state", STATES, ids=lambda state: state.version)
each_resource = pytest.mark.parametrize(
    "resource",
    [
        pytest.param(resource, id=f"{state.version}-{name}")
        for state in STATES
        for name, resource in state.of_providers.items()
    ],
)


def provider(props: Props) -> Provider[Any, Any]:
    """The provider that a state names."""
    found: Provider[Any, Any] = pickle.loads(base64.b64decode(props["__provider"]))
    return found


def own(props: Props) -> Props:
    """Return the values beside the provider."""
    return {key: value for key, value in props.items() if key != "__provider"}


@each_resource
def test_state_names_the_provider_of_its_noun(resource):
    """Inputs and outputs find the class that works on this type of resource today."""
    expected = f"{resource['type'].rpartition(':')[2]}Provider"

    assert [expected] * 2 == [type(provider(resource[known])).__name__ for known in ("inputs", "outputs")]


@each_resource
def test_former_state_is_no_change(resource):
    """A check of what the program says today refuses nothing, and neither drops, rewrites nor adds a property under a
    name that the state has; what it returns differs neither from the former inputs nor from their outcome."""
    inputs, of_today = own(resource["inputs"]), provider(resource["inputs"])
    checked = of_today.check(resource["outputs"], {**plain(inputs), **OWN})

    assert ([], {**plain(inputs), **OWN}) == (checked.failures, plain(checked.inputs))
    assert inputs.keys() <= checked.inputs.keys()
    assert [False, False] == [
        of_today.diff(resource["id"], resource[known], checked.inputs).changes for known in ("inputs", "outputs")
    ]


def specs(state: FormerState) -> list[Spec]:
    """Return the spec of each resource in the state, in the order in which they were created."""
    found = state.of_providers.values()
    return [KINDS[one["type"].rpartition(":")[2]].recorded(one["outputs"], one["id"]) for one in found]


def sim_of(state: FormerState) -> SimulatorState:
    """The hosts after that, with the labels of who created it all."""
    whole = next(each for each in former_states() if state.version.startswith(each.version))
    return lifecycle.made(bare(*whole.sections["hosts"]), *specs(whole))


def known(hosts: SimulatedHosts, state: FormerState) -> list[Known]:
    """The resources as the state has them, with the ids of these hosts."""
    ids = partial(lifecycle.id_of, hosts.sim)
    outputs: list[Props] = [one["outputs"] for one in state.of_providers.values()]
    return [
        Known(spec, {**had, type_of(spec).output: ids(spec)}) for spec, had in zip(specs(state), outputs, strict=True)
    ]


@each
def test_former_state_is_read(on, state):
    """All is there, and as the state says."""
    hosts = on(sim_of(state))
    for resource in known(hosts, state):
        id_, outputs, inputs = resource.read()

        assert (resource.spec.resource_name, True) == (id_, inputs.get("settled", True))
        assert own(resource.outputs) == {key: outputs[key] for key in own(resource.outputs)}


@each
def test_former_state_is_taken_away(on, state):
    """Resources are removed in reverse order, and the hosts are bare again."""
    hosts = on(sim_of(state))
    for resource in reversed(known(hosts, state)):
        resource.delete()

    assert [host.networks for host in bare(*state.sections["hosts"]).hosts] == [h.networks for h in hosts.sim.hosts]
    assert None is hosts.sim.cluster
