"""What the five resources share: canonical inputs, comparison, progress, turns, and the one late import of hosts/.

The program process declares resources and must stay free of docker and paramiko; only the plugin process, in which
Pulumi calls the providers' methods, reaches hosts. What any noun means must not enter.

Pulumi's contract for dynamic providers is odd in places; each oddity is named where it is met. The servicer:
https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/dynamic/__main__.py
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar, cast

import grpc
import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
)
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pydantic import ValidationError

from providers.explain.forecast import begins_change
from providers.loop.dry_run import rehearsed
from providers.loop.preflight import preflight
from providers.rules.nouns.swarm import divided, not_to_be_begun
from providers.rules.nouns.table import noun_of
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import StackFile, Timeouts
from providers.rules.stack_file.reading import from_flat
from providers.rules.stack_file.resolved import configured, configured_hosts, without_lost
from providers.rules.vocabulary.door import Door
from providers.rules.vocabulary.errors import Blocked, NoSwarm, RunCut, SwarmnetError
from providers.rules.vocabulary.specs import HostSpec, Spec
from providers.rules.vocabulary.steps import Decision
from providers.simulate.from_snapshot import copied

Props = dict[str, Any]
S = TypeVar("S", bound=Spec)

MODULE = "swarmnet"
# Seconds for Pulumi's engine to take a progress line; it is on this machine.
LISTENS = 5.0

_turn = threading.Lock()
_failures: list[str] = []  # of disruptive changes in this process, which serves one run
_accesses: dict[str, HostAccess] = {}
_settings: dict[str, str] = {}  # the stack file as Pulumi hands it over
_looking = threading.Lock()
_refused: dict[str, str | None] = {}  # by owner, once all ranges were compared: who says what clashes, else None
_to_be_replaced: set[str] = set()  # ids
_answered: set[str] = set()  # all hosts, once they were looked at before the first write
_lost: set[str] = set()
_proofs: set[type[SwarmnetError]] = set()


class SwarmnetResource(Resource, module=MODULE, name="Resource"):
    """A resource whose inputs are a Spec. Outputs that only a provider knows are listed in `outputs`."""

    outputs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, provider: ResourceProvider, name: str, spec: Spec, opts: pulumi.ResourceOptions | None) -> None:
        kind = f"pulumi-python:{self._resource_type_name}"
        urn = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{kind}::{name}"
        # An output becomes an attribute only where its key is among the inputs.
        unknown_yet: Props = dict.fromkeys(self.outputs)
        super().__init__(provider, name, {**to_props(spec), "row": urn, **unknown_yet}, opts)


class Provider(ResourceProvider, Generic[S]):
    """Check and diff of any noun. It has no state: instances are pickled by reference into the users' state files."""

    serialize_as_secret_always = False
    spec_type: ClassVar[type[Spec]] = Spec

    def configure(self, req: ConfigureRequest) -> None:
        """Keep how hosts are reached: the stack file's word, or (in refresh and destroy) the state's copy of it."""
        if not debugging():
            sys.tracebacklimit = 0
        given = {f"{MODULE}:{key}": req.config.get(f"{MODULE}:{key}") for key in StackFile.model_fields}
        _settings.update({key: value for key, value in given.items() if value is not None})
        with one_line():
            declared = configured_hosts(_settings)
            _accesses.update(without_lost(declared).access)
            _lost.update(declared.lost)
        if req.config.get(f"{MODULE}:swarm") is not None:
            _proofs.add(NoSwarm)

    def check(self, olds: Props, news: Props) -> CheckResult:
        """Canonical inputs, or failures by property. Never a network call."""
        if pulumi.contains_unknowns(news):
            return CheckResult(news, [])
        try:
            spec = self.spec(news)
        except ValidationError as problems:
            failures = [
                CheckFailure(".".join(map(str, problem["loc"])), problem["msg"]) for problem in problems.errors()
            ]
            return CheckResult(news, failures)
        return CheckResult(to_props(spec), self.refused(olds, spec))

    def refused(self, olds: Props, spec: S) -> list[CheckFailure]:
        """Changes of what is protected: an update would bypass Pulumi's own protection, which minds deletions."""
        if not olds or pulumi.contains_unknowns(olds):
            return []
        return [
            CheckFailure(key, "is protected: set protect to false in one `pulumi up` before changing it")
            for key in sorted(self.spec(olds).protected_from(spec))
        ]

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """What differs. `changes=None` makes Pulumi compare inputs itself, which alone shows each property."""
        if pulumi.contains_unknowns(news):
            return DiffResult(changes=None)
        changed = self.spec(olds).changed(self.spec(news))
        if not changed:
            return DiffResult(changes=False)
        replaces = self.replaced_by(self.spec(news), changed)
        if replaces:
            _to_be_replaced.add(_id)
        return DiffResult(changes=None, replaces=sorted(replaces), delete_before_replace=bool(replaces))

    def replaced_by(self, spec: S, changed: frozenset[str]) -> frozenset[str]:
        """The changed properties that take a new object; none, unless a noun says otherwise."""
        return frozenset()

    @classmethod
    def spec(cls, props: Props) -> S:
        """The intent in a resource's inputs or outputs. Numbers arrive as floats, and absent values not at all."""
        known = {key: value for key, value in props.items() if key in cls.spec_type.model_fields}
        return cast(S, cls.spec_type.model_validate(known))


def to_props(spec: Spec) -> Props:
    """The canonical inputs; the wire drops absent values anyway."""
    return spec.model_dump(mode="json", exclude_none=True)


def hosts() -> Door:
    """The declared hosts. This is where docker and paramiko come in."""
    from providers.hosts.door import Hosts

    return Hosts(_accesses)


def hosts_and(spec: HostSpec) -> Door:
    """The declared hosts and that of the spec, which only the state may still know."""
    from providers.hosts.door import Hosts

    known = {spec.host: HostAccess.model_validate(spec.access)} if spec.access else {}
    return Hosts({**known, **_accesses})


def declared_hosts() -> frozenset[str]:
    """Names of the hosts that the configuration declares now."""
    return frozenset(_accesses)


def declares_swarm() -> bool:
    """Whether the configuration has the section `swarm`. Without it what the state has of the swarm is forgotten: it is
    no more this stack's affair. In `destroy` the configuration is the state's copy."""
    return f"{MODULE}:swarm" in _settings


def removal_time(spec: Spec) -> float:
    """Seconds that a removal may take, as the configuration says now: the state has what held at the last change."""
    noun, key = type(spec).__name__.removesuffix("Spec").lower(), f"{MODULE}:timeouts"
    said = from_flat({key: _settings[key]} if key in _settings else {}).get("timeouts", {})
    try:
        seconds: float = getattr(Timeouts.model_validate(said), noun)
    except ValidationError:
        return spec.timeout
    return seconds


def kept_if_adopted(spec: S, props: Props) -> S:
    """The spec of what goes: what others had made stays, whatever was said of its removal."""
    return spec.model_copy(update={"on_remove": "keep"}) if props.get("adopted") else spec


def absent(id_: str, spec: Spec, props: Props, left: str | None) -> ReadResult:
    """Gone, unless (`left`, in words) a change of ours was cut just there: then it is still to come, with or without
    its section."""
    if not left:
        return ReadResult("", {})
    unfinished = spec.model_copy(update={"settled": left})
    return ReadResult(id_, {**props, **to_props(unfinished)}, inputs=to_props(unfinished))


def declared_access(host: str) -> Props:
    """How the configuration says now that a host is reached; empty where it declares none of that name."""
    found = _accesses.get(host)
    return found.model_dump() if found else {}


def lost_hosts() -> frozenset[str]:
    """Names of the hosts that the configuration declares dead for good."""
    return frozenset(_lost)


def refuse_half_a_swarm() -> None:
    """Raises Blocked where the hosts are in no swarm yet and one of them can't be used.

    Looks once in a process, at all hosts, before the first bridge is made.
    """
    if not _answered:
        refusal = not_to_be_begun(hosts().swarm())
        if refusal:
            raise Blocked(f"nothing was begun: {refusal}")
        _answered.update(_accesses)


def refuse_two_swarms() -> None:
    """Raises Blocked where declared hosts are in more than one swarm: what the one that answers lacks, the other may
    have. Asked only before something is called absent."""
    facts = hosts().swarm()
    refusal = divided(facts.swarm, facts.nodes, facts.members)
    if refusal:
        raise Blocked(refusal)


def begun(spec: Spec) -> tuple[Door, "Progress"]:
    """The declared hosts and the row of a resource that is to be written; Blocked where the plan does not fit hosts."""
    reach, show = hosts(), Progress(spec.row)
    refuse_clashes(reach, show, spec)
    return reach, show


def refuse_clashes(reach: Door, show: "Progress", spec: Spec) -> None:
    """Raises Blocked where a range of the stack file meets one that hosts have. Looks once in a process."""
    with _looking:
        if spec.owner not in _refused:
            found = preflight(reach, without_lost(configured(_settings)), spec.owner)
            for line in found.warnings:
                show(line, stays=True)
            _refused[spec.owner] = spec.row.rpartition("::")[2] if found.refused else None
            if found.refused:
                raise Blocked("nothing was begun: " + "\n".join(found.refused))
        elif _refused[spec.owner] is not None:
            raise Blocked(f"not begun: {_refused[spec.owner]} says why")


def is_to_be_replaced(id_: str) -> bool:
    """Whether a new one is to come in its place: then its removal is part of an `up` that goes on."""
    return id_ in _to_be_replaced


def proofs_of_absence() -> tuple[type[SwarmnetError], ...]:
    """Errors that prove that what was in the swarm is gone: all declared hosts in no swarm, where they are the swarm.

    A stack without a section `swarm` declares some hosts of one that others keep: there it proves nothing.
    """
    return tuple(_proofs)


class Progress:
    """Sends lines to the row of one resource; raises RunCut when Pulumi's engine no longer listens.

    A killed `pulumi` leaves its plugin working, and its next command may start a second one: whoever is not listened
    to any more must not start anything.
    """

    def __init__(self, urn: str) -> None:
        self.urn = urn
        # The last argument of the plugin process is the engine's address; flags may stand before it.
        self.engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(sys.argv[-1]))

    def __call__(self, message: str, *, stays: bool = False) -> None:
        """Show one line beside the resource's state, or (`stays`) among the messages that are shown at the end too."""
        line = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.INFO, message=message, urn=self.urn, ephemeral=not stays
        )
        try:
            self.engine.Log(line, timeout=LISTENS)
        except grpc.RpcError as problem:
            raise RunCut(
                f"the run was cut before: {message}; run `pulumi cancel`, then `pulumi up` to finish it "
                "(with a changed stack file: `pulumi up --refresh`)"
            ) from problem


def announcing(
    decide: Callable[[Any], Decision], reach: Door, show: Progress, name: str, spec: Spec, known: Props
) -> Callable[[Any], Decision]:
    """`decide`, and before the first write of what disturbs services or hosts a line that says how.

    The line is what `swarmnet plan` says of this resource. `known`: its outputs in the state, empty in `create`.
    """

    def decided(facts: object) -> Decision:
        decision = decide(facts)
        if begins_change(decision):
            noun = noun_of(spec)
            look = partial(noun.look, spec=spec, known=known)
            forecast = rehearsed(copied(reach.survey()), name, spec.timeout, look, noun.decide(spec, known))[1]
            if forecast.disturbs:
                show(f"will {forecast.disturbs}; about {forecast.seconds:.0f} s in all", stays=True)
        return decision

    return decided


@contextmanager
def turn(show: Progress, *, disruptive: bool = False) -> Iterator[None]:
    """One at a time: changes of a swarm's managers, and (`disruptive`) what takes a host or ports out of service.

    Waiting does not use up the waiting one's own time. After a disruptive change failed nobody else begins one, so
    that of many hosts in one wave exactly one is left for a person to look at.
    """
    while not _turn.acquire(timeout=1):
        show("waiting for its turn")
    try:
        if disruptive and _failures:
            raise Blocked(f"not begun, since another change failed in this run: {_failures[0]}")
        yield
    except SwarmnetError as error:
        if disruptive:
            _failures.append(str(error))
        raise
    finally:
        _turn.release()


@contextmanager
def one_line() -> Iterator[None]:
    """One line for each error of ours: Pulumi shows whole tracebacks, chained causes included."""
    try:
        yield
    except SwarmnetError as error:
        if debugging():
            raise
        # What Pulumi shows ends in `<module>.<class>: <message>`; only built-in classes go without their module.
        type(error).__module__ = "builtins"
        raise error from None


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return bool(os.environ.get("SWARMNET_DEBUG"))
