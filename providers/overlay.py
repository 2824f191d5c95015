"""An overlay network as a Pulumi resource. Decisions are in rules/nouns/overlay.py."""

from contextlib import nullcontext, suppress
from functools import partial

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from providers.loop.reconcile import work
from providers.resource import (
    Progress,
    Props,
    Provider,
    SwarmnetResource,
    announcing,
    begun,
    hosts,
    is_to_be_replaced,
    one_line,
    proofs_of_absence,
    refuse_two_swarms,
    removal_time,
    to_props,
    turn,
)
from providers.rules.nouns import overlay as rules
from providers.rules.vocabulary.facts import OverlayFacts
from providers.rules.vocabulary.labels import owner_of
from providers.rules.vocabulary.specs import OverlaySpec

# What says how it is treated, not what it is: a change of these alone writes nothing.
TREATMENT = frozenset({"on_in_use", "protect"})


class OverlayProvider(Provider[OverlaySpec]):
    """One overlay. Nothing about it can change in place: a difference replaces it, the old one first."""

    spec_type = OverlaySpec

    def replaced_by(self, spec: OverlaySpec, changed: frozenset[str]) -> frozenset[str]:
        """All that the network is; with `on_in_use: migrate` an update carries the change out."""
        return frozenset() if spec.on_in_use == "migrate" else changed - TREATMENT

    def create(self, props: Props) -> CreateResult:
        """Make it, or take over what is there as `adopt` allows; the id is logical and never changes."""
        spec = self.spec(props)
        return CreateResult(spec.resource_name, self.brought_about(spec, "", thorough=spec.adopt == "converge"))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Take on a changed treatment, or make a new one in place of the old (on_in_use: migrate)."""
        return UpdateResult(self.brought_about(self.spec(news), olds["network_id"], thorough=True))

    def read(self, id_: str, props: Props) -> ReadResult:
        """What the swarm has. Absent is what a manager does not know between two answered `GET /nodes`, and what was
        in a swarm of which no declared host is a member."""
        spec, network_id = self.spec(props), props["network_id"]
        with one_line():
            try:
                facts = hosts().overlay(spec.name, network_id, thorough=True)
            except proofs_of_absence():
                return ReadResult("", {})
            if facts.network is None or not rules.is_ours(spec, facts.network, network_id):
                refuse_two_swarms()
                return ReadResult("", {})
        live = rules.live_spec(spec, facts.network)
        if facts.twin is not None:
            live = live.model_copy(update={"settled": f"its twin {facts.twin.name} still stands in for it"})
        live = spec.read_as(live)
        return ReadResult(id_, outputs(live, facts), inputs=to_props(live))

    def delete(self, _id: str, props: Props) -> None:
        """Take away what the state names, unless somebody uses it. What was adopted is forgotten.

        What is retained never comes here: that is Pulumi's own affair, which alone knows what was said last.
        """
        spec = self.spec(props)
        if props.get("adopted"):
            return
        with one_line(), suppress(*proofs_of_absence()):
            reach = begun(spec)[0] if is_to_be_replaced(_id) else hosts()
            name = f"overlay {spec.name}"

            def look() -> OverlayFacts:
                return rules.by_id_alone(
                    reach.overlay(spec.name, props["network_id"], thorough=True), props["network_id"]
                )

            if look().network is None:
                refuse_two_swarms()
            decide = partial(rules.next_step_of_removal, spec)
            work(reach, name, removal_time(spec), Progress(spec.row), look, decide)

    def brought_about(self, spec: OverlaySpec, network_id: str, *, thorough: bool) -> Props:
        """Work until it is right; returns the outputs."""
        with one_line():
            reach, show = begun(spec)
            look = partial(reach.overlay, spec.name, network_id, thorough=thorough)
            migrating = thorough and spec.on_in_use == "migrate"
            name, known = f"overlay {spec.name}", {"network_id": network_id} if network_id else {}
            decide = partial(rules.next_step, spec, network_id=network_id)
            # Who looks thoroughly takes away labels of a change that is over: no other may be in the middle of one.
            with turn(show, disruptive=migrating) if thorough else nullcontext():
                facts = work(
                    reach,
                    name,
                    spec.timeout,
                    show,
                    look,
                    announcing(decide, reach, show, name, spec, known),
                )
        return outputs(spec, facts)


def outputs(spec: OverlaySpec, facts: OverlayFacts) -> Props:
    """The inputs as they are now, Docker's id, and whether somebody else made it."""
    assert facts.network is not None
    adopted = owner_of(facts.network.labels) != spec.owner
    return {**to_props(spec), "network_id": facts.network.id, "adopted": adopted}


class Overlay(SwarmnetResource, module="swarmnet", name="Overlay"):
    """One overlay network of the swarm."""

    network_id: pulumi.Output[str]
    adopted: pulumi.Output[bool]
    outputs = ("network_id", "adopted")

    def __init__(self, name: str, spec: OverlaySpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(OverlayProvider(), name, spec, opts)
