"""The interface of the five resource types, for callers that need not know which one they have: look, decide, say how
it stands.

The five are in table.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from providers.rules.live.ingress_rollout import not_attached_message
from providers.rules.vocabulary import undeclared
from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.facts import Network, UnreachableHost
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.labels import owner_of
from providers.rules.vocabulary.specs import NetworkSpec, Spec
from providers.rules.vocabulary.steps import Decision

Known = Mapping[str, Any]  # a resource's outputs in the state; empty if the state lacks it
Decide = Callable[[Any], Decision]
S = TypeVar("S", bound=Spec)
F = TypeVar("F")
S_contra = TypeVar("S_contra", bound=Spec, contravariant=True)
F_co = TypeVar("F_co", covariant=True)


class Thing(Protocol):
    """A thing of an Engine: a network, a swarm, or a member's entry."""

    @property
    def id(self) -> str:
        """The Engine's id."""

    @property
    def labels(self) -> Pairs:
        """Its labels, which say who owns it."""


@dataclass(frozen=True, kw_only=True)
class Status(Generic[S]):
    """The state of a resource on the hosts.

    live: its inputs as they are, with a sentence in `settled` if work is unfinished; None if it is missing or nobody
        knows. actual: what the Engine has of it, None in the middle of a change that was cut.
    gone: what the state names is proven absent, whatever has its place.
    doubt: why it can't be told, empty if it can; with `live`, of a part of it.
    lacking: hosts without their share of it. unreachable: hosts whose share is not known.
    """

    live: S | None = None
    actual: Thing | None = None
    gone: bool = False
    doubt: str = ""
    lacking: tuple[str, ...] = ()
    unreachable: tuple[UnreachableHost, ...] = ()

    @property
    def whole(self) -> S | None:
        """Return `live`, in which `settled` names the hosts that lack their share too."""
        if self.live is None or not self.lacking:
            return self.live
        sentences = [self.live.settled] if isinstance(self.live.settled, str) else []
        return with_unfinished(self.live, "; ".join([not_attached_message(sorted(self.lacking)), *sentences]))


def with_unfinished(live: S, words: str | None) -> S:
    """Return the spec with the sentence of what is left to do in `settled`, if there is one."""
    return live.model_copy(update={"settled": words}) if words else live


def missing_status(spec: S, left: str | None, unreachable: tuple[UnreachableHost, ...] = ()) -> Status[S]:
    """Return gone, unless (`left`, in words) a change of ours was cut just there: then it is still to come."""
    return (
        Status(live=with_unfinished(spec, left), unreachable=unreachable)
        if left
        else Status(gone=True, unreachable=unreachable)
    )


class Observe(Protocol[S_contra, F_co]):
    """Reads facts. leaving: for a removal."""

    def __call__(self, api: HostsApi, spec: S_contra, known: Known, *, leaving: bool = False) -> F_co:
        """Return the resource type's facts as they are now."""


class DecideRemoval(Protocol[S_contra]):
    """Gives the decisions of one removal. lost: the stack file says that the host is dead for good."""

    def __call__(self, spec: S_contra, known: Known, *, lost: bool) -> Decide | None:
        """Return the decisions, or None if it is only removed from the state, without a look."""


class DecideRollbacks(Protocol[S_contra]):
    """Gives decisions that finish a change that can't go on. known: the state has the resource."""

    def __call__(self, spec: S_contra, *, known: bool) -> Sequence[Decide]:
        """Return the ways, none if the resource type has no such change."""


@dataclass(frozen=True, kw_only=True)
class ResourceType(Generic[S, F]):
    """One of the five.

    name: Pulumi's name for its type. output: where its outputs have the Engine's id. of_swarm: it is gone with its
    swarm, and hosts in two swarms leave it in doubt.
    actual: what the Engine has of it, in its facts. decide: gives the decision function of one operation.
    decide_rollbacks: gives decisions that finish a change that can't go on; see `reconcile`.
    left_undone_message: what an `up` that ended well could not do, with what to type; None if it did everything.
    status: how it stands, by facts; the one way from facts to what a refresh records and `swarmnet drift` tells.
    """

    name: str
    spec: type[S]
    output: str
    of_swarm: bool
    observe: Observe[S, F]
    actual: Callable[[F], Thing | None]
    decide: Callable[[S, Known], Decide]
    decide_removal: DecideRemoval[S]
    status: Callable[[S, Known, F], Status[S]]
    decide_rollbacks: DecideRollbacks[S] = lambda spec, *, known: ()
    left_undone_message: Callable[[F], str | None] = lambda facts: None

    def known(self, spec: Spec, outputs: Known) -> dict[str, Any]:
        """Return what the state has of it: its outputs, with the Engine's id (empty if there is none) and the recorded
        inputs. An id or names of options that make no sense are as none."""
        own = dict(outputs)
        if not isinstance(own.get(self.output), str):
            own[self.output] = ""
        if "kept" in own and not (isinstance(own["kept"], list) and all(isinstance(each, str) for each in own["kept"])):
            del own["kept"]
        return {**own, **to_props(spec)}

    def outputs(self, spec: Spec, actual: Thing) -> dict[str, Any]:
        """Return what only hosts know: the Engine's id, and whether somebody else made it."""
        return {self.output: actual.id, "adopted": owner_of(actual.labels) != spec.owner}

    def kept(self, spec: Spec, known: Known, actual: Thing) -> dict[str, Any]:
        """Return, as the output `kept`, the names of undeclared options of a network that stay: those that this run has
        carried over or taken over, else those in the state. Empty if there are none."""
        if not isinstance(spec, NetworkSpec) or not isinstance(actual, Network):
            return {}
        names = undeclared.options(spec, actual)
        same = known.get(self.output) == actual.id
        found = sorted(key for key in names if not same or key in (known.get("kept") or ()))
        return {"kept": found} if found else {}


def aware(spec: S, known: Known) -> S:
    """Return the spec with what the state says is unfinished: a change that a refresh has found may be gone on with."""
    settled = known.get("settled")
    return spec.model_copy(update={"seen": settled if isinstance(settled, str) else ""})


def to_props(spec: Spec) -> dict[str, Any]:
    """Return the canonical inputs; the wire drops absent values anyway."""
    return spec.model_dump(mode="json", exclude_none=True, warnings=False)
