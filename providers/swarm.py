"""The swarm itself as a Pulumi resource. Decisions are in rules/nouns/swarm.py."""

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from providers.loop.reconcile import work
from providers.resource import (
    Progress,
    Props,
    Provider,
    SwarmnetResource,
    begun,
    declares_swarm,
    hosts,
    one_line,
    removal_time,
    to_props,
    turn,
)
from providers.rules.nouns import swarm as rules
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import SwarmFacts
from providers.rules.vocabulary.labels import owner_of
from providers.rules.vocabulary.specs import SwarmSpec


class SwarmProvider(Provider[SwarmSpec]):
    """The swarm. It is never replaced: what only init can set is refused."""

    spec_type = SwarmSpec

    def create(self, props: Props) -> CreateResult:
        """Begin it, or take over the one whose members the hosts are; the id is logical and never changes."""
        spec = self.spec(props)
        return CreateResult(spec.resource_name, self.brought_about(spec, {}))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Change its settings."""
        return UpdateResult(self.brought_about(self.spec(news), olds))

    def read(self, id_: str, props: Props) -> ReadResult:
        """What a manager shows. Absent is a swarm of which every declared host says that it is no member."""
        spec = self.spec(props)
        with one_line():
            facts = hosts().swarm()
            gone = rules.gone(facts, props["swarm_id"])
            if isinstance(gone, str):
                raise Blocked(gone)
        if gone:
            return ReadResult("", {})
        assert facts.swarm is not None
        live = spec.read_as(rules.live_spec(spec, facts.swarm))
        return ReadResult(id_, outputs(live, facts), inputs=to_props(live))

    def delete(self, _id: str, props: Props) -> None:
        """End it, last of all, once nothing of others is left in it.

        Forgotten is what was adopted, and what the stack file leaves out while its hosts stay.
        """
        spec = self.spec(props)
        if not declares_swarm():
            return
        with one_line():
            reach, show = hosts(), Progress(spec.row)
            with turn(show):
                work(
                    reach,
                    "swarm",
                    removal_time(spec),
                    show,
                    lambda: reach.swarm(ending=True),
                    lambda facts: rules.next_step_of_removal(
                        facts, props["swarm_id"], adopted=bool(props.get("adopted"))
                    ),
                )

    def brought_about(self, spec: SwarmSpec, olds: Props) -> Props:
        """Work until it is right; returns the outputs."""
        swarm_id, forgotten = olds.get("swarm_id", ""), tuple(sorted(olds.get("labels", {})))
        with one_line():
            reach, show = begun(spec)
            with turn(show):
                facts = work(
                    reach,
                    "swarm",
                    spec.timeout,
                    show,
                    reach.swarm,
                    lambda facts: rules.next_step(spec, facts, swarm_id=swarm_id, drop_labels=forgotten),
                )
            if spec.autolock and not olds.get("autolock"):
                show(rules.KEEP_THE_KEY, stays=True)
        return outputs(spec, facts)


def outputs(spec: SwarmSpec, facts: SwarmFacts) -> Props:
    """The inputs as they are now, the swarm's id, and whether somebody else began it."""
    assert facts.swarm is not None
    adopted = owner_of(facts.swarm.labels) != spec.owner
    return {**to_props(spec), "swarm_id": facts.swarm.id, "adopted": adopted}


class Swarm(SwarmnetResource, module="swarmnet", name="Swarm"):
    """The swarm that the stack's hosts form."""

    swarm_id: pulumi.Output[str]
    adopted: pulumi.Output[bool]
    outputs = ("swarm_id", "adopted")

    def __init__(self, name: str, spec: SwarmSpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SwarmProvider(), name, spec, opts)
