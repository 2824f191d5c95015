"""What a component reads of its stack's state in a preview: its own resources, and those of no other."""

from typing import Any

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks, set_mocks

from plugin.schema import token
from plugin.spelling import in_camel, in_snake
from providers.program.own_state import beside_state
from providers.rules.plan import plan_of
from providers.rules.resource_types.resource_type import to_props
from providers.rules.vocabulary.specs import Spec

SECTIONS = {"hosts": {"m1": {"address": "192.0.2.11", "role": "manager"}}, "ssh": {"user": "root"}, "swarm": {}}


class State(Mocks):
    """Pulumi, asked for the state of a stack that has one overlay of each of two components."""

    def __init__(self, overlay: Spec) -> None:
        self.outputs = dict(in_camel(to_props(overlay), type(overlay)))

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """None is declared."""
        raise NotImplementedError

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return what it has, or that there is something."""
        if args.token == "pulumi:pulumi:readStackOutputs":
            return {"outputs": {"any": ""}}, []
        kind = token("Overlay")
        urns = [f"urn:pulumi:prod::shop::{kind}::{component}/overlay/app" for component in ("networks", "others")]
        return {"outputs": {urn: {"type": kind, "outputs": self.outputs} for urn in urns}}, []


def overlays(**subnets: str):
    """A plan with these overlays."""
    return plan_of({**SECTIONS, "overlays": {name: {"subnet": each} for name, each in subnets.items()}}, "shop/prod")


def test_range_that_the_components_own_network_still_has_is_told():
    """As the dynamic program does: the new network would be refused in the middle of the run."""
    (before,) = overlays(app="10.3.0.0/24").overlays
    set_mocks(State(before), project="shop", stack="prod", preview=True, organization="organization")
    (renamed,) = beside_state(overlays(app2="10.3.0.0/24"), "networks", in_snake).overlays
    (same,) = beside_state(overlays(app="10.3.0.0/24"), "networks", in_snake).overlays

    assert ["overlay/app"] == list(renamed.too_early)
    assert {} == same.too_early
