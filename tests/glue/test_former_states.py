"""States written by releases, worked on by today's providers, on simulated hosts that match them."""

from functools import partial

import pytest

from providers.resource import Props
from providers.rules.nouns.table import KINDS, noun_of
from providers.rules.vocabulary.specs import Spec
from providers.simulate import World, bare
from tests.glue.stack import Known
from tests.states import FormerState, former_states
from tests.support import lifecycle
from tests.support.simulated import SimulatedHosts

each = pytest.mark.parametrize("state", former_states(), ids=lambda state: state.version)


def specs(state: FormerState) -> list[Spec]:
    """Return the spec of each resource in the state, in the order in which they were created."""
    found = state.of_providers.values()
    return [KINDS[one["type"].rpartition(":")[2]].recorded(one["outputs"], one["id"]) for one in found]


def world_of(state: FormerState) -> World:
    """The hosts after that."""
    return lifecycle.made(bare(*state.sections["hosts"]), *specs(state))


def known(hosts: SimulatedHosts, state: FormerState) -> list[Known]:
    """The resources as the state has them, with the ids of these hosts."""
    ids = partial(lifecycle.id_of, hosts.world)
    outputs: list[Props] = [one["outputs"] for one in state.of_providers.values()]
    return [
        Known(spec, {**had, noun_of(spec).output: ids(spec)}) for spec, had in zip(specs(state), outputs, strict=True)
    ]


@each
def test_former_state_is_read(on, state):
    """All is there, and as the state says."""
    hosts = on(world_of(state))
    for resource in known(hosts, state):
        id_, outputs, inputs = resource.read()

        assert (resource.spec.resource_name, True) == (id_, inputs.get("settled", True))
        assert {key: outputs[key] for key in resource.outputs if key != "__provider"} == {
            key: value for key, value in resource.outputs.items() if key != "__provider"
        }


@each
def test_former_state_is_taken_away(on, state):
    """Resources are removed in reverse order, and the hosts are bare again."""
    hosts = on(world_of(state))
    for resource in reversed(known(hosts, state)):
        resource.delete()

    assert [host.networks for host in bare(*state.sections["hosts"]).hosts] == [h.networks for h in hosts.world.hosts]
    assert None is hosts.world.cluster
