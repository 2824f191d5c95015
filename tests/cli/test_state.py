"""Pulumi's state of a stack."""

import pytest

from cli.project import NoState
from cli.state import resources

OVERLAY = "pulumi-python:dynamic/swarmnet:Overlay"


@pytest.mark.parametrize(
    "exported",
    [
        [],
        1,
        {"deployment": []},
        {"deployment": {"resources": {}}},
        {"deployment": {"resources": [1]}},
        {"deployment": {"resources": [{}]}},
        {"deployment": {"resources": [{"type": OVERLAY}]}},
        {"deployment": {"resources": [{"type": OVERLAY, "urn": 1}]}},
        {"deployment": {"resources": [{"type": OVERLAY, "urn": "a", "outputs": []}]}},
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
