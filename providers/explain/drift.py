"""What differs between what the state recorded and what hosts report, by host and property.

The comparison is that of the providers' `read` and `diff`: each noun's own `live_spec`, and what it calls unfinished.
Two things are more than they tell: ids and `adopted`, which are outputs, so that a network which somebody made anew
is seen; and what stands in the place of something that is gone. Reading and printing must not enter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.rules.live import ingress_rollout
from providers.rules.nouns import gwbridge, ingress, node, overlay, swarm
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.facts import (
    GwbridgeFacts,
    HostIngress,
    IngressFacts,
    Member,
    NodeFacts,
    OverlayFacts,
    Silent,
    SwarmFacts,
)
from providers.rules.vocabulary.labels import owner_of
from providers.rules.vocabulary.shape import Pairs
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec

Facts = GwbridgeFacts | SwarmFacts | NodeFacts | IngressFacts | OverlayFacts

EXISTS = "exists"
SETTLED = "settled"
OUTPUTS = frozenset({"network_id", "node_id", "swarm_id", "adopted"})
UNATTACHED = "has not got it with its sandbox and gateway"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property that is not as recorded. `host` is empty for what is the swarm's.

    property: an input (`labels.team` for one label), an output (`network_id`, `adopted`), or `exists`.
    """

    resource: str
    host: str
    property: str
    recorded: Any
    there: Any


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A resource, or one host's part of it, that could not be compared, and why."""

    resource: str
    host: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is found of one resource. `live`: its inputs as they are, None where it is not there or nobody knows.

    gone: what the state names is proven absent, whatever has its place.
    """

    resource: str
    differences: tuple[Difference, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    live: Spec | None = None
    gone: bool = False


def finding(
    name: str, spec: Spec, outputs: Mapping[str, Any], facts: Facts | SwarmnetError, *, ended: bool = False
) -> Finding:
    """Compare a resource of the state with what was read for it, or with why nothing could be.

    ended: the swarm is proven to be no more; see `ended`.
    """
    spec = spec.model_copy(update={SETTLED: True})  # a refresh may have put a sentence in its place
    compare = _Comparison(name, spec, outputs)
    match spec, facts:
        case NodeSpec() | IngressSpec() | OverlaySpec(), _ if ended:
            return compare.gone()
        case GwbridgeSpec(), GwbridgeFacts():
            return _gwbridge(compare, spec, facts)
        case SwarmSpec(), SwarmFacts():
            return _swarm(compare, spec, facts)
        case NodeSpec(), NodeFacts():
            return _node(compare, spec, facts)
        case IngressSpec(), IngressFacts():
            return _ingress(compare, spec, facts)
        case OverlaySpec(), OverlayFacts():
            return _overlay(compare, spec, facts)
        case _, SwarmnetError():
            return compare.unknown(str(facts))
    raise TypeError(type(facts).__name__)


def doubted(found: Finding, spec: Spec, members: Iterable[Member]) -> Finding:
    """The finding, unknown where something of a swarm is gone and managers are in two: the other may have it."""
    managers = {member.swarm_id: member.host for member in members if member.good_manager}
    if not found.gone or len(managers) < 2 or isinstance(spec, GwbridgeSpec):
        return found
    places = ", ".join(f"{host} in {swarm_id}" for swarm_id, host in sorted(managers.items()))
    why = f"{found.resource}: the hosts are in {len(managers)} swarms ({places}): it can't be told which should have it"
    unknown = Unknown(resource=found.resource, host=str(getattr(spec, "host", "")), why=why)
    return Finding(resource=found.resource, unknown=(unknown,))


@dataclass(frozen=True)
class _Comparison:
    """One resource as the state has it."""

    name: str
    spec: Spec
    outputs: Mapping[str, Any]

    @property
    def host(self) -> str:
        return str(getattr(self.spec, "host", ""))

    def unknown(self, why: str) -> Finding:
        """Nothing is known of it."""
        return Finding(resource=self.name, unknown=(Unknown(resource=self.name, host=self.host, why=why),))

    def gone(self) -> Finding:
        """It is not there, nor anything in its place."""
        return Finding(resource=self.name, differences=(self.differs(EXISTS, True, False),), gone=True)

    def with_live(self, live: Spec, labels: Pairs, *, unfinished: str | None = None, **ids: str) -> Finding:
        """It is there: inputs, then outputs."""
        if unfinished:
            live = live.model_copy(update={SETTLED: unfinished})
        live = self.spec.read_as(live)
        there = {**ids, "adopted": owner_of(labels) != self.spec.owner}
        outputs = ((key, self.outputs.get(key), value) for key, value in there.items())
        differing = [*_inputs(self.spec, live), *(each for each in outputs if each[1] != each[2])]
        return Finding(resource=self.name, differences=tuple(self.differs(*each) for each in differing), live=live)

    def differs(self, key: str, recorded: object, there: object, host: str = "") -> Difference:
        """One difference."""
        return Difference(resource=self.name, host=host or self.host, property=key, recorded=recorded, there=there)


def _inputs(spec: Spec, live: Spec) -> Iterator[tuple[str, object, object]]:
    """The inputs that differ, each label by itself."""
    for key in sorted(spec.changed(live) - {"labels"}):
        yield key, getattr(spec, key), getattr(live, key)
    there = getattr(live, "labels", {})
    for label, recorded in sorted(getattr(spec, "labels", {}).items()):
        if recorded != there.get(label):
            yield f"labels.{label}", recorded, there.get(label)


def _gwbridge(compare: _Comparison, spec: GwbridgeSpec, facts: GwbridgeFacts) -> Finding:
    """By its host's own word; whether the ingress hangs on it takes a manager's."""
    unfit = gwbridge.unfit(facts.member)
    if unfit:
        return compare.unknown(unfit)
    if facts.bridge is None:
        return compare.gone()
    live = gwbridge.live_spec(spec, facts.bridge)
    found = compare.with_live(
        live, facts.bridge.labels, unfinished=gwbridge.unfinished(spec, facts), network_id=facts.bridge.id
    )
    if facts.member.state == "active" and facts.swarm is None:
        why = f"{spec.host}: no manager answers for its swarm: it can't be told whether the ingress hangs on its bridge"
        return replace(found, unknown=compare.unknown(why).unknown)
    return found


def _swarm(compare: _Comparison, spec: SwarmSpec, facts: SwarmFacts) -> Finding:
    """The one that the hosts are in, if it is certain that the recorded one is gone or that one."""
    gone = swarm.gone(facts, compare.outputs["swarm_id"])
    if isinstance(gone, str):
        return compare.unknown(gone)
    if facts.swarm is None:
        return compare.gone()
    live = swarm.live_spec(spec, facts.swarm)
    return replace(compare.with_live(live, facts.swarm.labels, swarm_id=facts.swarm.id), gone=gone)


def _node(compare: _Comparison, spec: NodeSpec, facts: NodeFacts) -> Finding:
    """The member that the host is; where it is none any more, the entry that the state knows."""
    if facts.swarm is None:
        return compare.unknown(f"{spec.host}: no manager among the hosts answers for a swarm")
    recorded = compare.outputs["node_id"]
    entry = next((each for each in facts.nodes if each.id == recorded), None)
    found = node.member_of(facts) or entry
    if found is None:
        return compare.gone()
    return replace(compare.with_live(node.live_spec(spec, found), found.labels, node_id=found.id), gone=entry is None)


def _ingress(compare: _Comparison, spec: IngressSpec, facts: IngressFacts) -> Finding:
    """The swarm's, and each asked host's share of it; of a host that was not, nothing is said."""
    asked = tuple(host for host in facts.hosts if isinstance(host, HostIngress))
    silent = [
        Unknown(resource=compare.name, host=host.host, why=host.why) for host in facts.hosts if isinstance(host, Silent)
    ]
    if facts.network is None:
        return replace(compare.gone(), unknown=tuple(silent))
    lacking = ingress_rollout.lacking(replace(facts, hosts=asked), facts.network)
    found = compare.with_live(
        ingress.live_spec(spec, facts.network),
        facts.network.labels,
        unfinished=ingress.unfinished(replace(facts, hosts=()), facts.network),
        network_id=facts.network.id,
    )
    shares = (compare.differs(SETTLED, True, UNATTACHED, host.host) for host in lacking)
    return replace(found, differences=(*found.differences, *shares), unknown=tuple(silent))


def _overlay(compare: _Comparison, spec: OverlaySpec, facts: OverlayFacts) -> Finding:
    """The one that the state names, else what has its name."""
    network = facts.network
    if network is None:
        return compare.gone()
    found = compare.with_live(
        overlay.live_spec(spec, network),
        network.labels,
        unfinished=f"its twin {facts.twin.name} still stands in for it" if facts.twin else None,
        network_id=network.id,
    )
    ours = overlay.is_ours(spec, network, compare.outputs["network_id"])
    return replace(found, gone=not ours)


def ended(members: Iterable[Member], silent: Iterable[Silent]) -> bool:
    """Whether what was in the swarm is gone with it: every declared host answers, and none is in any swarm.

    That proves it only where the stack declares the swarm, and so all of its members.
    """
    states = {member.state for member in members}
    return states == {"inactive"} and not list(silent)
