"""The swarm's ingress network as a Pulumi resource. Decisions are in rules/nouns/ingress.py."""

from contextlib import suppress
from functools import partial

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from providers.loop.reconcile import work
from providers.resource import (
    Progress,
    Props,
    Provider,
    SwarmnetResource,
    absent,
    announcing,
    begun,
    hosts,
    kept_if_adopted,
    one_line,
    proofs_of_absence,
    refuse_two_swarms,
    removal_time,
    to_props,
)
from providers.rules.nouns import ingress as rules
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import IngressFacts
from providers.rules.vocabulary.labels import owner_of
from providers.rules.vocabulary.specs import IngressSpec


class IngressProvider(Provider[IngressSpec]):
    """The ingress. It is never replaced: a change is one guarded update."""

    spec_type = IngressSpec

    def create(self, props: Props) -> CreateResult:
        """Make it right on every host; the id is logical and never changes."""
        spec = self.spec(props)
        return CreateResult(spec.resource_name, self.brought_about(spec, known=False))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Make it right again on every host."""
        return UpdateResult(self.brought_about(self.spec(news), known=True))

    def read(self, id_: str, props: Props) -> ReadResult:
        """What the swarm has, and (`settled`) which hosts lack it, if all can be asked. Absent as for an overlay."""
        spec = self.spec(props)
        with one_line():
            try:
                facts = hosts().ingress()
            except proofs_of_absence():
                return ReadResult("", {})
            if facts.network is None or facts.network.id != props["network_id"]:
                refuse_two_swarms()
            if facts.network is None:
                return absent(id_, spec, props, rules.left_without(facts))
            doubt = rules.doubt(facts)
            if doubt:
                raise Blocked(doubt)
        live = rules.live_spec(spec, facts.network)
        unfinished = rules.unfinished(facts, facts.network)
        if unfinished:
            live = live.model_copy(update={"settled": unfinished})
        live = spec.read_as(live)
        return ReadResult(id_, outputs(live, facts), inputs=to_props(live))

    def delete(self, _id: str, props: Props) -> None:
        """Forget it, once nothing of a cut change is left, or (on_remove: restore_default) put the Engine's own in its
        place."""
        spec = kept_if_adopted(self.spec(props), props)
        if spec.on_remove == "keep" and spec.settled is True:
            return
        with one_line(), suppress(*proofs_of_absence()):
            reach = hosts()
            work(
                reach,
                "ingress",
                removal_time(spec),
                Progress(spec.row),
                reach.ingress,
                lambda facts: rules.next_step_of_removal(spec, facts, props["network_id"]),
                ways_back=rules.ways_back(spec),
            )

    def brought_about(self, spec: IngressSpec, *, known: bool) -> Props:
        """Work until it is right; returns the outputs."""
        with one_line():
            reach, show = begun(spec)
            decide = partial(rules.next_step, spec, known=known)
            facts = work(
                reach,
                "ingress",
                spec.timeout,
                show,
                reach.ingress,
                announcing(decide, reach, show, "ingress", spec, {"known": True} if known else {}),
                ways_back=rules.ways_back(spec),
            )
        return outputs(spec, facts)


def outputs(spec: IngressSpec, facts: IngressFacts) -> Props:
    """The inputs as they are now, Docker's id, and whether somebody else made it."""
    assert facts.network is not None
    adopted = owner_of(facts.network.labels) != spec.owner
    return {**to_props(spec), "network_id": facts.network.id, "adopted": adopted}


class Ingress(SwarmnetResource, module="swarmnet", name="Ingress"):
    """The swarm's ingress network."""

    network_id: pulumi.Output[str]
    adopted: pulumi.Output[bool]
    outputs = ("network_id", "adopted")

    def __init__(self, name: str, spec: IngressSpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(IngressProvider(), name, spec, opts)
