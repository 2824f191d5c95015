"""The plugin's answers to Pulumi for one of the five, on the simulated swarm."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from pulumi.provider.experimental import provider as pulumis
from pulumi.provider.experimental.property_value import PropertyValue

from plugin.networks import SECRET
from plugin.provider import Swarmnet
from plugin.schema import schema, token
from plugin.sdk import all_marked, plains
from plugin.spelling import camel, in_camel
from providers.rules.resource_types.resource_type import to_props
from providers.rules.resource_types.table import type_of
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.specs import HostSpec, Spec
from providers.run.resource import Props, Provider
from tests.glue.conftest import Declare
from tests.glue.stack import ALL, OVERLAY, id_output, resource_type
from tests.glue.test_former_states import known, sim_of
from tests.states import FormerState, former_states
from tests.support import lifecycle
from tests.support.loops import finished
from tests.support.simulated import SimulatedHosts

T = TypeVar("T")
each = pytest.mark.parametrize("spec", ALL, ids=resource_type)


def urn(spec: Spec) -> str:
    """The URN of a resource of the component `nets`."""
    kind = f"swarmnet:index:Networks${token(type_of(spec).name)}"
    project, stack = spec.owner.split("/")
    return f"urn:pulumi:{stack}::{project}::{kind}::nets/{spec.resource_name}"


def inputs(spec: Spec) -> Props:
    """Return what the component declares."""
    return dict(
        in_camel({key: value for key, value in to_props(spec).items() if key not in ("owner", "row")}, type(spec))
    )


def required(spec: Spec) -> set[str]:
    """What every program has to say of a resource."""
    return {*schema()["resources"][token(type_of(spec).name)]["requiredInputs"]}


def asked(answer: Coroutine[Any, Any, T]) -> T:
    """The plugin's answer."""
    return finished(answer)


def checked(spec: Spec, **more: object) -> pulumis.CheckResponse:
    """The answer about inputs of a resource that is new."""
    return asked(Swarmnet().check(pulumis.CheckRequest(urn(spec), {}, all_marked({**inputs(spec), **more}), b"")))


def created(spec: Spec) -> pulumis.CreateResponse:
    """The resource as an `up` makes it."""
    news = checked(spec).inputs
    assert news is not None
    return asked(Swarmnet().create(pulumis.CreateRequest(urn(spec), news, 60, False)))


def read(spec: Spec, id_: str, outputs: dict[str, PropertyValue]) -> pulumis.ReadResponse:
    """Return what a refresh finds, or an import without outputs."""
    return asked(Swarmnet().read(pulumis.ReadRequest(urn(spec), id_, outputs, {})))


@each
def test_a_life(hosts: SimulatedHosts, spec: Spec):
    """Made (taken up as it is there), it does not differ from its inputs, and a refresh finds the same inputs."""
    made = created(spec)
    diff = asked(
        Swarmnet().diff(pulumis.DiffRequest(urn(spec), spec.resource_name, made.properties, checked(spec).inputs, []))
    )
    found = read(spec, spec.resource_name, made.properties)

    assert (spec.resource_name, False) == (made.resource_id, diff.changes)
    assert checked(spec).inputs == found.inputs
    assert made.properties == found.properties


@each
@pytest.mark.parametrize("by", ["logical id", "id of Docker"])
def test_import_needs_nothing_but_an_id(hosts: SimulatedHosts, spec: Spec, by: str):
    """Under either id it is the same resource, by its logical id, as the program that made it has it."""
    if isinstance(spec, HostSpec):
        spec = spec.model_copy(update={"access": Provider.run.settings.declared_access(spec.host)})
    made, ids = created(spec), {"logical id": spec.resource_name, "id of Docker": lifecycle.id_of(hosts.sim, spec)}
    steps = list(hosts.steps)
    found = read(spec, ids[by], {})
    assert found.inputs is not None
    again = asked(Swarmnet().check(pulumis.CheckRequest(urn(spec), found.inputs, all_marked(inputs(spec)), b"")))
    diff = asked(Swarmnet().diff(pulumis.DiffRequest(urn(spec), found.resource_id, found.properties, again.inputs, [])))

    assert (spec.resource_name, False, []) == (found.resource_id, diff.changes, again.failures)
    assert required(spec) <= found.inputs.keys()
    assert made.properties[camel(id_output(spec))] == found.properties[camel(id_output(spec))]
    assert steps == hosts.steps


@each
def test_import_of_what_nobody_has_finds_nothing(hosts: SimulatedHosts, spec: Spec):
    """The line says which ids there are."""
    with pytest.raises(Blocked, match=r"nobody's: no \w+ of this id is there: give .* or Docker's own id"):
        read(spec, "nobody's", {})


@each
def test_states_spell_as_schemas_do(hosts: SimulatedHosts, spec: Spec):
    """Outputs are under the names that SDKs know; of notes to ourselves only the owner is one of them."""
    made = plains(created(spec).properties)

    assert [] == [key for key in made if "_" in key]
    assert spec.owner == made["owner"]
    assert lifecycle.id_of(hosts.sim, spec) == made[camel(id_output(spec))]


def test_secret_is_refused_and_not_shown(hosts: SimulatedHosts):
    """Pulumi shows the value of a property that is wrong, so that no property is."""
    secret = PropertyValue("10.3.0.0/24", is_secret=True)
    request = pulumis.CheckRequest(urn(OVERLAY), {}, {**all_marked(inputs(OVERLAY)), "subnet": secret}, b"")
    failures = asked(Swarmnet().check(request)).failures or []

    assert [("", f"subnet: {SECRET}")] == [(each.property, each.reason) for each in failures]


def test_wrong_input_is_told_as_it_is_spelled(hosts: SimulatedHosts):
    """Its name is the schema's."""
    failures = checked(OVERLAY, onInUse="perhaps").failures or []

    assert ["onInUse"] == [each.property for each in failures]


@pytest.mark.parametrize("state", former_states(), ids=lambda state: state.version)
def test_state_of_the_dynamic_program_becomes_ours_in_place(on: Declare, state: FormerState):
    """Each resource is updated, none replaced: nothing is written on a host, and the outputs have our spelling."""
    hosts = on(sim_of(state))
    for former in known(hosts, state):
        old = all_marked({**former.outputs, "__provider": "a pickle"})
        news = all_marked(inputs(former.spec))
        diff = asked(Swarmnet().diff(pulumis.DiffRequest(urn(former.spec), former.spec.resource_name, old, news, [])))
        made = asked(
            Swarmnet().update(
                pulumis.UpdateRequest(urn(former.spec), former.spec.resource_name, old, news, 60, [], False)
            )
        )

        assert (True, []) == (diff.changes, diff.replaces)
        assert camel(id_output(former.spec)) in made.properties
        assert "__provider" not in made.properties
    assert [] == hosts.steps
