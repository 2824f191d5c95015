"""Pulumi's state of a stack."""

import json

import pytest

from cli.project import NoState
from cli.state import resources
from providers.rules.vocabulary.specs import Spec
from tests.support import lifecycle

OVERLAY = "pulumi-python:dynamic/swarmnet:Overlay"
STACK = {"urn": "urn:pulumi:t::swarmnet::pulumi:pulumi:Stack::swarmnet-t", "type": "pulumi:pulumi:Stack"}


def outputs(spec: Spec, **more: object) -> dict[str, object]:
    """The outputs of a network as Pulumi has them."""
    return {**spec.model_dump(mode="json"), "network_id": "n1", "adopted": False, **more}


def exported(name: str, kind: str, **parts: object) -> object:
    """What Pulumi prints of a stack with one resource of Swarmnet's."""
    resource = {"urn": f"urn:pulumi:t::swarmnet::{kind}::{name}", "type": kind, **parts}
    return json.loads(json.dumps({"deployment": {"resources": [STACK, resource]}}))


def test_state_is_what_pulumi_exports():
    """Ours alone, by name, with the ids that the Engine gave."""
    told = outputs(lifecycle.ingress_spec(), __provider="x")
    found = resources(exported("ingress", "pulumi-python:dynamic/swarmnet:Ingress", outputs=told))

    assert {"ingress": (lifecycle.ingress_spec(), told)} == found


@pytest.mark.parametrize("retained", [True, False])
def test_whether_an_overlay_is_retained_is_pulumis_to_say(retained):
    """Its outputs are those of the last change, which may have said otherwise."""
    told = outputs(lifecycle.overlay_spec(retain=not retained))
    found = resources(exported("overlay/app", OVERLAY, outputs=told, retainOnDelete=retained))

    assert lifecycle.overlay_spec(retain=retained) == found["overlay/app"][0]


def test_value_that_makes_no_sense_is_kept():
    """A value left by a refresh of a network without addresses differs from whatever is wanted."""
    told = outputs(lifecycle.overlay_spec(), subnet="")
    spec, known = resources(exported("overlay/app", OVERLAY, outputs=told))["overlay/app"]

    assert ({"subnet"}, "n1") == (lifecycle.overlay_spec().changed(spec), known["network_id"])


NO_RESOURCES = [1, {}, {"type": OVERLAY}, {"type": OVERLAY, "urn": 1}, {"type": OVERLAY, "urn": "a", "outputs": []}]


@pytest.mark.parametrize(
    "exported",
    [
        [],
        1,
        {"deployment": []},
        *({"deployment": {"resources": each}} for each in ({}, *([it] for it in NO_RESOURCES))),
    ],
)
def test_what_is_no_state(exported):
    """One line says where it is wrong."""
    with pytest.raises(NoState, match=r"^`pulumi stack export` does not print a state: "):
        resources(exported)


@pytest.mark.parametrize("exported", [{}, {"deployment": None}, {"deployment": {"resources": None}}])
def test_a_state_without_resources(exported):
    """It is read as Pulumi writes that of a new stack."""
    assert {} == resources(exported)
