"""docker_gwbridge as a Pulumi resource. Decisions are in rules/nouns/gwbridge.py."""

from contextlib import nullcontext
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
    declared_access,
    declared_hosts,
    hosts,
    hosts_and,
    kept_if_adopted,
    lost_hosts,
    one_line,
    refuse_half_a_swarm,
    removal_time,
    to_props,
    turn,
)
from providers.rules.nouns import gwbridge as rules
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import GwbridgeFacts
from providers.rules.vocabulary.labels import owner_of
from providers.rules.vocabulary.specs import GwbridgeSpec


class GwbridgeProvider(Provider[GwbridgeSpec]):
    """One host's docker_gwbridge. It is never replaced: a change is one guarded update."""

    spec_type = GwbridgeSpec

    def create(self, props: Props) -> CreateResult:
        """Make it right; the id is logical and never changes."""
        spec = self.spec(props)
        with one_line():
            refuse_half_a_swarm()
        return CreateResult(spec.resource_name, self.brought_about(spec, {}))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Make it right again."""
        return UpdateResult(self.brought_about(self.spec(news), olds))

    def read(self, id_: str, props: Props) -> ReadResult:
        """What the host has. Its own 404 means absent, unless it is locked or half-joined."""
        spec = self.spec(props)
        with one_line():
            facts = hosts_and(spec).gwbridge(spec.host)
            unfit = rules.unfit(facts.member)
            if unfit:
                raise Blocked(unfit)
            refuse_another_host(spec.model_copy(update={"access": declared_access(spec.host)}), facts, props)
        if facts.bridge is None:
            return absent(id_, spec, props, rules.left_without(facts))
        live = rules.live_spec(spec, facts.bridge)
        unfinished = rules.unfinished(spec, facts)
        if unfinished:
            live = live.model_copy(update={"settled": unfinished})
        live = spec.read_as(live)
        return ReadResult(id_, outputs(live, facts), inputs=to_props(live))

    def delete(self, _id: str, props: Props) -> None:
        """Forget it, or (on_remove: restore_default) take away what the state names.

        Forgotten is what was adopted, what is on a host that is lost, and the bridge of a host that was only renamed;
        but not in the middle of a change that was cut.
        """
        spec = kept_if_adopted(self.spec(props), props)
        kept = spec.on_remove == "keep"
        if (kept and spec.settled is True) or spec.host in lost_hosts():
            return
        with one_line():
            reach, show = hosts_and(spec), Progress(spec.row)
            others = declared_hosts() - {spec.host}
            gone = not kept and spec.host not in declared_hosts()
            if gone and props["network_id"] in reach.bridge_ids(others):
                return
            with turn(show, disruptive=True) if kept else nullcontext():
                work(
                    reach,
                    spec.resource_name,
                    removal_time(spec),
                    show,
                    partial(reach.gwbridge, spec.host),
                    lambda facts: rules.next_step_of_removal(spec, facts, props["network_id"]),
                )

    def brought_about(self, spec: GwbridgeSpec, olds: Props) -> Props:
        """Work until it is right; returns the outputs. What takes a member out of service waits for its turn."""
        with one_line():
            look, name = partial(hosts().gwbridge, spec.host), spec.resource_name
            found = look()
            refuse_another_host(spec, found, olds)
            reach, show = begun(spec)
            decide = partial(rules.next_step, spec, known=bool(olds))
            with turn(show, disruptive=True) if rules.disruptive(spec, found) else nullcontext():
                facts = work(
                    reach,
                    name,
                    spec.timeout,
                    show,
                    look,
                    announcing(decide, reach, show, name, spec, {"known": True} if olds else {}),
                    ways_back=rules.ways_back(spec),
                )
        return outputs(spec, facts)


def refuse_another_host(spec: GwbridgeSpec, facts: GwbridgeFacts, known: Props) -> None:
    """Raises Blocked where the host's address has changed and another one is there than the state knows."""
    another = rules.elsewhere(spec, facts, known)
    if another:
        raise Blocked(another)


def outputs(spec: GwbridgeSpec, facts: GwbridgeFacts) -> Props:
    """The inputs as they are now, the Engine's id, and whether somebody else made it."""
    assert facts.bridge is not None
    adopted = owner_of(facts.bridge.labels) != spec.owner
    return {**to_props(spec), "network_id": facts.bridge.id, "adopted": adopted}


class Gwbridge(SwarmnetResource, module="swarmnet", name="Gwbridge"):
    """docker_gwbridge of one host."""

    network_id: pulumi.Output[str]
    adopted: pulumi.Output[bool]
    outputs = ("network_id", "adopted")

    def __init__(self, name: str, spec: GwbridgeSpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(GwbridgeProvider(), name, spec, opts)
