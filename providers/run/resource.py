"""The one flow of all five resources: check, diff, create, read, update and delete over a resource type.

Two faces of it call the methods, and give and take plain values: the dynamic program (dynamic.py, whose state has the
classes) and the plugin of `pulumi package add` (the package `plugin`). It knows neither. Each oddity of Pulumi's
contract is named where it is met. Who calls in the dynamic program:
https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/dynamic/__main__.py
"""

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pulumi
from pydantic import ValidationError

from providers.loop.reconcile import work
from providers.rules.resource_types.resource_type import ResourceType, Status, aware, to_props
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.labels import OWNER
from providers.rules.vocabulary.specs import Spec, plain
from providers.rules.vocabulary.words import line, reason
from providers.run import PROCESS, Run
from providers.run.preflight import announcing
from providers.run.progress import Progress, debugging, one_line
from providers.run.settings import Settings
from providers.run.turns import Turn

Props = dict[str, Any]
# The program's word that this is a preview, of which the plugin is told nothing: `check` takes it, and keeps it from
# the state.
PREVIEW = "preview"
# What undoes another project's name in front of a resource.
_MOVE_BACK = "`pulumi state move` takes it back if it came by that; else give the project its name again in Pulumi.yaml"
S = TypeVar("S", bound=Spec)
F = TypeVar("F")


class Configuration(Protocol):
    """The stack file's keys as Pulumi hands them over, each with its namespace: structured values as JSON."""

    def get(self, key: str, /) -> Any:  # noqa: ANN401 # text, or None
        """Return a value, None if there is none."""


class Configures(Protocol):
    """Pulumi's request to take a configuration."""

    @property
    def config(self) -> Configuration:
        """All of it, with keys of other namespaces."""


@dataclass(frozen=True)
class CheckFailure:
    """What is wrong with an input. property: its path; empty for the resource."""

    property: str
    reason: str


@dataclass(frozen=True)
class CheckResult:
    """Canonical inputs, or what is wrong with them."""

    inputs: Props
    failures: Sequence[CheckFailure]


@dataclass(frozen=True)
class DiffResult:
    """changes: None lets Pulumi compare the inputs. replaces: properties that take a new object."""

    changes: bool | None
    replaces: Sequence[str] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class CreateResult:
    """What was made, or taken over."""

    id: str
    outs: Props


@dataclass(frozen=True)
class UpdateResult:
    """The outputs after a change."""

    outs: Props


@dataclass(frozen=True)
class ReadResult:
    """What hosts have. id: empty if it is gone."""

    id: str
    outs: Props
    inputs: Props | None = None


class Provider(Generic[S, F]):
    """Pulumi's six provider methods for one resource type; subclasses override what differs.

    It has no state: instances are pickled by reference into the users' state files. What the run knows is `run`'s.
    """

    serialize_as_secret_always = False
    resource_type: ResourceType[S, F]
    run: ClassVar[Run] = PROCESS
    begins_membership: ClassVar[bool] = False  # whether its creation makes hosts ready to be members

    @property
    def settings(self) -> Settings:
        """What the stack file says of this run."""
        return self.run.settings

    def configure(self, req: Configures) -> None:
        """Tell the run what the stack file says."""
        if not debugging():
            sys.tracebacklimit = 0
        given = {f"{NAMESPACE}:{key}": req.config.get(f"{NAMESPACE}:{key}") for key in StackFile.model_fields}
        with one_line():
            self.settings.configure({key: value for key, value in given.items() if value is not None})

    def check(self, olds: Props, news: Props) -> CheckResult:
        """Return canonical inputs, or failures by property. Never a network call."""
        previewed = news.pop(PREVIEW, False)
        self.run.in_earnest = not previewed
        if pulumi.contains_unknowns(news):
            return CheckResult(news, [])
        try:
            spec = self.spec(news)
        except ValidationError as problems:
            failures = [
                CheckFailure(".".join(map(str, problem["loc"])), line(reason(problem["msg"])))
                for problem in problems.errors()
            ]
            return CheckResult(news, failures)
        if olds:
            self.run.declared.add(spec.resource_name)
            if not self.resource_type.spec.recorded(olds).changed(spec):
                self.run.unchanged.add(spec.resource_name)
        held = [why for holder, why in sorted(getattr(spec, "too_early", {}).items()) if holder not in self.run.gone]
        failures = [*self.check_failures(olds, spec), *(CheckFailure("subnet", why) for why in held)]
        if previewed and not failures:
            self.run.consequences.checked(spec, known=bool(olds), begins=self.settings.declares_swarm)
            self.previewed(olds, spec)
        return CheckResult(spec.published(to_props(spec), olds), failures)

    def previewed(self, olds: Props, spec: S) -> None:
        """Tell what a preview shows of other resources than this one."""

    def check_failures(self, olds: Props, spec: S) -> list[CheckFailure]:
        """Refuse changes of what is protected: Pulumi's own protection minds deletions, not updates."""
        if not olds or pulumi.contains_unknowns(olds):
            return []
        return [
            CheckFailure(key, "is protected: set protect to false in one `pulumi up` before changing it")
            for key in sorted(self.resource_type.spec.recorded(olds).protected_from(spec))
        ]

    def diff(self, id_: str, olds: Props, news: Props) -> DiffResult:
        """Tell what differs. `changes=None` makes Pulumi compare inputs itself, which alone shows each property.

        A refresh asks too, of what is declared no more as well: only what was checked before stays. What is to be
        replaced at the user's word (`--replace`, `pulumi state taint`) never comes here.
        https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/step_generator.go
        """
        if pulumi.contains_unknowns(news):
            return DiffResult(changes=None)
        # Both are the state's in a refresh; in an `up` a check has found nothing wrong with the new ones.
        desired = self.resource_type.spec.recorded(news, id_)
        changed = self.resource_type.spec.recorded(olds, id_).changed(desired)
        replaces = self.replaced_by(desired, changed)
        self.refuse_another_name(olds, desired)
        if changed:
            self.run.consequences.differs(self.resource_type.spec.recorded(olds, id_), desired, replaced=bool(replaces))
        if replaces:
            self.run.to_be_replaced.add(id_)
        elif desired.resource_name in self.run.declared:
            self.run.found.add(olds.get(self.resource_type.output, ""))
        if not changed:
            return DiffResult(changes=False)
        return DiffResult(changes=None, replaces=sorted(replaces), delete_before_replace=bool(replaces))

    def refuse_another_name(self, olds: Props, desired: S) -> None:
        """Raise Blocked if the stack or its project was renamed, or if the resource was moved to another stack's state:
        labels on the hosts still have the former name."""
        former = plain(olds).get("owner")
        if former in (None, "", desired.owner) or olds.get("adopted"):
            return
        (project, _, stack), (now, _, _) = former.rpartition("/"), desired.owner.rpartition("/")
        back = f"`pulumi stack rename {stack}` restores the stack's name" if project == now else _MOVE_BACK
        with one_line():
            raise Blocked(
                f"{describe(desired)}: {former} was renamed to {desired.owner}, and Docker can't change the label "
                f"{OWNER} of what exists: {back}; "
                "or `pulumi destroy` removes everything, and `pulumi up` creates it under the new name"
            )

    def create(self, props: Props) -> CreateResult:
        """Make it, or take over what is there as `adopt` allows; the id is logical and never changes."""
        spec = self.spec(props)
        name = spec.resource_name
        replaces = name in self.run.to_be_replaced or name in self.run.removed_from_state
        made = self.brought_about(spec.model_copy(update={"replaces": replaces}), {})
        return CreateResult(name, spec.published(made, props))

    def update(self, id_: str, olds: Props, news: Props) -> UpdateResult:
        """Reconcile the resource with its inputs."""
        spec = self.spec(news)
        return UpdateResult(spec.published(self.brought_about(spec, self.known(id_, olds)), news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """Return what hosts have, and in `settled` what is unfinished.

        What was in the swarm is absent if a manager does not know it between two answered `GET /nodes`, and if all
        declared hosts are in no swarm.
        """
        spec, resource_type, recorded = self.resource_type.spec.recorded(props, id_), self.resource_type, props
        self.settings.follow_the_file(spec.owner)
        if self.settings.keeps_recorded(getattr(spec, "host", "")):  # until the next `up`
            return ReadResult(id_, props, inputs=spec.published(to_props(spec), recorded))
        props = self.known(id_, props)
        with one_line():
            try:
                status = self.found(spec, props)
            except self.proofs_of_absence():
                self.run.gone.add(id_)
                return ReadResult("", {})
            actual = resource_type.outputs(spec, status.actual) if status.actual else {}
            if resource_type.of_swarm and actual.get(resource_type.output) != props.get(resource_type.output):
                self.run.preflight.refuse_two_swarms(self.settings.hosts().at_rest())
            if status.doubt:
                raise Blocked(status.doubt)
        if status.gone or status.whole is None:
            self.run.gone.add(id_)
            return ReadResult("", {})
        live = spec.read_as(status.whole)
        outputs = {key: props[key] for key in (resource_type.output, "adopted", "kept") if key in props} | actual
        if not spec.owner and "adopted" in props:  # an SDK hides it in a state of 0.1.0, so that no label tells
            outputs["adopted"] = props["adopted"]
        inputs = live.published(to_props(live), recorded)
        return ReadResult(id_, {**inputs, **outputs}, inputs=inputs)

    def read_unrecorded(self, id_: str, own: Props) -> ReadResult:
        """Return what hosts have under a logical id, or the Engine's, as `pulumi import` asks: no state has it yet.

        own: its owner and row. Raises Blocked if no declared host that answers has it.
        """
        with one_line():
            if not self.settings.accesses:
                raise Blocked(
                    f"{id_}: no hosts are known to look for it: put swarmnet:hosts into the stack's configuration"
                )
            api = self.settings.hosts().at_rest()
            found = self.identify(api, id_)
            if not found:
                raise Blocked(self.not_found_message(api, id_))
        props = {**own, **found}
        return self.read(self.resource_type.spec.recorded(props).resource_name, props)

    def not_found_message(self, api: HostsApi, id_: str) -> str:
        """Say that there is nothing to import by that id, and which ids there are."""
        logical = re.sub(r"{spec\.(\w+)}", r"<\1>", self.resource_type.spec.RESOURCE_NAME)
        silent = "; ".join(each.why for each in api.swarm().unreachable)
        where = f"on the hosts that answer ({silent})" if silent else "there"
        return f"{id_}: no {self.resource_type.name} of this id is {where}: give {logical} or Docker's own id"

    def identify(self, api: HostsApi, id_: str) -> Props:
        """Return what names the resource of a logical id, or of the Engine's, as a state has it; empty if there is
        none."""
        raise NotImplementedError

    def delete(self, id_: str, props: Props) -> None:
        """Remove what the state names, or bring a change that was cut to its end before it is removed from the
        state.

        Forgotten without a look is what the resource type says, and what the stack file leaves out while its hosts
        stay. What is retained never comes here: that is Pulumi's own affair, which alone knows what was said last.

        Nothing is removed that a declared resource has: one was renamed in the state, or a component was put around
        it, so that it came under another URN before it goes under this one.
        """
        recorded, props = self.resource_type.spec.recorded(props, id_), self.known(id_, props)
        spec = aware(self.settings.in_run(recorded), props)
        spec = spec.model_copy(update={"replaces": id_ in self.run.to_be_replaced})
        if not props[self.resource_type.output]:
            return
        if props[self.resource_type.output] in self.run.found:
            kept(spec, "another declared resource manages it")
            return
        decide = self.resource_type.decide_removal(spec, props, lost=getattr(spec, "host", "") in self.settings.lost)
        if decide is None or self.settings.is_removed_from_state_only(spec, adopted=bool(props.get("adopted"))):
            if spec.resource_name in self.run.unchanged:
                refuse_replacement(spec, self.why_kept(spec, props))
            self.run.removed_from_state.add(id_)
            kept(spec, self.why_kept(spec, props))
            return
        with one_line(), suppress(*self.proofs_of_absence()):
            self.run.preflight.refuse_half_a_destroy(spec.owner)
            show = Progress(spec.row)
            api = self.settings.hosts(spec).audited(self.settings.author(spec), partial(show, stays=True))
            with self.run.turns.take(show, self.turn_of_removal(spec, props)):
                if self.goes(id_, spec, props, api):
                    observe = partial(self.resource_type.observe, api, spec, props, leaving=True)
                    seconds = self.settings.removal_time(spec)
                    rollbacks = self.resource_type.decide_rollbacks(spec, known=True)
                    work(api, describe(spec), seconds, show, observe, decide, rollbacks, show)
            keeps = getattr(spec, "on_remove", None)
            if keeps == "keep" or (keeps and props.get("adopted")):  # after a cut change was finished
                kept(spec, self.why_kept(spec, props))

    def why_kept(self, spec: S, known: Props) -> str:
        """Say why what is only removed from the state stays where it is."""
        if known.get("adopted"):
            return "it was adopted, not created by this stack"
        if getattr(spec, "host", "") in self.settings.unwatched:
            return f"{getattr(spec, 'host', '')} is unwatched"
        if getattr(spec, "host", "") in self.settings.lost:
            return f"{getattr(spec, 'host', '')} is lost"
        return "on_remove is keep" if hasattr(spec, "on_remove") else "the stack file no longer has a section swarm"

    def brought_about(self, spec: S, known: Props) -> Props:
        """Work until it is right; returns the outputs. `known`: those in the state, empty in `create`."""
        with one_line():
            spec, show = aware(self.settings.in_run(spec), known), Progress(spec.row)
            api = self.settings.hosts().audited(self.settings.author(spec), partial(show, stays=True))
            turn = self.turn(spec, known, api)
            spec = self.run.in_place_of(spec)
            self.run.preflight.refuse_clashes(api, show, spec)
            if self.begins_membership and not known:
                self.run.preflight.refuse_unfit_members(api)
            with self.run.turns.take(show, turn):
                observe, decide = (
                    partial(self.observe, api, spec, known),
                    announcing(self.run.preflight, api, show, spec, known),
                )
                rollbacks = self.resource_type.decide_rollbacks(spec, known=bool(known))
                facts = work(api, describe(spec), spec.timeout, show, observe, decide, rollbacks, show)
            if left := self.resource_type.left_undone_message(facts):
                show(f"warning: {left}", stays=True)
        actual = self.resource_type.actual(facts)
        assert actual is not None
        return {
            **to_props(spec),
            **self.resource_type.outputs(spec, actual),
            **self.resource_type.kept(spec, known, actual),
        }

    def observe(self, api: HostsApi, spec: S, known: Props) -> F:
        """Return the resource type's facts; what is there is a declared resource's from now on."""
        facts = self.resource_type.observe(api, spec, known)
        actual = self.resource_type.actual(facts)
        if actual is not None:
            self.run.found.add(actual.id)
        return facts

    def found(self, spec: S, known: Props) -> Status[S]:
        """Return how it stands on the hosts."""
        return self.resource_type.status(
            spec, known, self.resource_type.observe(self.settings.hosts(spec).at_rest(), spec, known)
        )

    def turn(self, spec: S, known: Props, api: HostsApi) -> Turn:
        """Say when it may be brought about. Raises Blocked if it may not."""
        return "beside others"

    def turn_of_removal(self, spec: S, known: Props) -> Turn:
        """Say when it may be removed."""
        return "beside others"

    def goes(self, id_: str, spec: S, known: Props, api: HostsApi) -> bool:
        """Tell whether there is anything to remove, asked in its turn. Raises Blocked if it may not go."""
        return True

    def replaced_by(self, spec: S, changed: frozenset[str]) -> frozenset[str]:
        """Return the changed properties that take a new object; none, unless a resource type says otherwise."""
        return frozenset()

    def proofs_of_absence(self) -> tuple[type[Exception], ...]:
        """Return errors that prove that it is gone."""
        return self.settings.proofs_of_absence() if self.resource_type.of_swarm else ()

    def known(self, id_: str, olds: Props) -> Props:
        """Outputs in the state: the Engine's id, empty if there is none, and inputs that each have a value of their
        kind."""
        return self.resource_type.known(self.resource_type.spec.recorded(olds, id_), olds)

    def spec(self, props: Props) -> S:
        """The intent in a resource's inputs or outputs. Numbers arrive as floats, and absent values not at all."""
        kind = self.resource_type.spec
        return kind.model_validate({key: value for key, value in plain(props).items() if key in kind.model_fields})


def refuse_replacement(spec: Spec, why: str) -> None:
    """Raise Blocked for what is to be replaced at the user's word, though it would stay as it is."""
    with one_line():
        raise Blocked(
            f"{describe(spec)}: `--replace` or `pulumi state taint` would not make it anew, since it is kept ({why}): "
            "give it another subnet, or take the mark away: `pulumi state untaint`"
        )


def kept(spec: Spec, why: str) -> None:
    """Say on the row of what goes from the state that it stays on the hosts."""
    with one_line():
        Progress(spec.row)(f"{describe(spec)} is left in place and removed from the state only: {why}", stays=True)


def describe(spec: Spec) -> str:
    """Return the name that errors use for it."""
    return spec.resource_name.replace("/", " ", 1)
