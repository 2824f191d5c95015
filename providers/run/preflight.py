"""What a run asks of its hosts before it changes anything, each question once.

What is only looked at or tried before a write is imported where that is done: a preview, or an `up` with nothing to do,
begins without it.
"""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING

from providers.rules.live import running_change
from providers.rules.live.quorum import describe_unanswering
from providers.rules.resource_types.resource_type import Decide, Known
from providers.rules.resource_types.swarm import before_removals, divided_message, end_refusal, init_refusal
from providers.rules.resource_types.table import type_of
from providers.rules.stack_file.resolved import configured, without_lost
from providers.rules.vocabulary import steps
from providers.rules.vocabulary.diagnosis import FindingId
from providers.rules.vocabulary.errors import Blocked, NoSwarm, StackFileError, SwarmnetError
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.labels import owner_of
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import Decision
from providers.rules.vocabulary.words import line
from providers.run.progress import Progress
from providers.run.settings import Settings, command_line, is_whole_destroy

if TYPE_CHECKING:
    from providers.loop.preflight import Fitness


class Preflight:
    """The questions, and which of them were answered. words: returns the words of the `pulumi` that runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.words: Callable[[], Sequence[str]] = lambda: command_line(os.getppid())[1]
        self._observing = threading.Lock()
        self._joining = threading.Lock()
        self._answered = False  # whether all hosts answered the look before the first write
        self._may_join = False  # whether hosts that are no members yet were looked at
        # By owner, once ranges were compared: the resource that tells the clashes.
        self._refused: dict[str, str | None] = {}
        self._managers_reported = False
        self._why_no_end: str | None = None  # empty: the swarm can end

    def refuse_half_a_swarm(self) -> None:
        """Raise Blocked if the hosts are in no swarm yet and one of them can't be used.

        Looks once in a run, at all hosts, before the first bridge is made.
        """
        if not self._answered:
            refusal = init_refusal(self.settings.hosts().swarm())
            if refusal:
                raise Blocked(f"no changes were made: {refusal}")
            self._answered = True

    def refuse_two_swarms(self, api: HostsApi) -> None:
        """Raise Blocked if declared hosts are in more than one swarm: what the one that answers lacks, the other
        may have. Asked only before something is called absent."""
        facts = api.swarm()
        refusal = divided_message(facts.swarm, facts.nodes, facts.members)
        if refusal:
            raise Blocked(refusal)

    def refuse_half_a_destroy(self, owner: str) -> None:
        """Raise Blocked if `pulumi destroy` would remove networks and members, and then could not end the swarm.

        Looks once in a run, before the first removal.
        """
        with self._observing:
            if self._why_no_end is None:
                whole = self.settings.declares_swarm and is_whole_destroy(self.words())
                self._why_no_end = self._end_refusal(owner) if whole else ""
        if self._why_no_end:
            raise Blocked(f"nothing was removed: {self._why_no_end}")

    def _end_refusal(self, owner: str) -> str:
        with suppress(NoSwarm):
            facts = self.settings.hosts().swarm(ending=True)
            if facts.swarm and owner_of(facts.swarm.labels) == owner:
                left = before_removals(facts, owner, self.settings.retained, self.settings.lost)
                return end_refusal(left, owner) or ""
        return ""

    def refuse_clashes(self, api: HostsApi, show: Progress, spec: Spec) -> None:
        """Raise Blocked if a range of the stack file meets one that hosts have. Looks once in a run."""
        from providers.loop.preflight import preflight

        with self._observing:
            if spec.owner not in self._refused:
                found = preflight(api, without_lost(configured(self.settings.flat)), spec.owner)
                for line in found.warnings:
                    show(line, stays=True)
                self._refused[spec.owner] = spec.row.rpartition("::")[2] if found.refused else None
                if found.refused:
                    first, *others = found.refused
                    raise Blocked(f"no changes were made: {first}", *others)
            elif self._refused[spec.owner] is not None:
                raise Blocked(f"no changes were made: see the error of {self._refused[spec.owner]}")

    def why_unfit(self, api: HostsApi, ids: tuple[FindingId, ...]) -> str:
        """Say why a change would fail halfway, as far as `doctor` finds out; empty if it would not. Looks once a run.

        An invalid stack file, as a state's copy may be, is not checked.
        """
        with self._observing, suppress(StackFileError):
            return "; ".join(self._fitness.problems(api, configured(self.settings.flat), ids))
        return ""

    @cached_property
    def _fitness(self) -> "Fitness":
        from providers.loop.preflight import Fitness

        return Fitness()

    def refuse_unfit_members(self, api: HostsApi) -> None:
        """Raise Blocked if a declared host is no member yet, and could not become one, or be reached as one. Looks
        once in a run."""
        with self._joining:
            if self._may_join or not self.settings.declares_swarm:
                return
            if any(each.state == "inactive" for each in api.swarm().members):
                from providers.rules.doctor.diagnosis import JOINING

                problems = self.why_unfit(api, JOINING)
                if problems:
                    raise Blocked(f"no changes were made: {problems}")
            self._may_join = True

    def warn_of_managers(self, show: Progress, api: HostsApi) -> None:
        """Say which managers do not answer, and what the quorum bears. Looks once in a run, whether or not anything
        changes: a swarm that has lost one looks well until the next."""
        with self._observing:
            if self._managers_reported or not self.settings.accesses:
                return
            self._managers_reported = True
        try:
            found = describe_unanswering(api.nodes(), {})
        except SwarmnetError as problem:
            found = f"whether all managers answer is not known: {problem}"
        if found:
            show(f"warning: {found}", stays=True)


def announcing(preflight: Preflight, api: HostsApi, show: Progress, spec: Spec, known: Known) -> Decide:
    """Return what to do next; before the first write of what disturbs services or hosts, log a line that says how.

    The line is what `swarmnet plan` says of this resource. `known`: its outputs in the state, empty in `create`.
    """
    resource_type = type_of(spec)
    decide = resource_type.decide(spec, known)

    def decided(facts: object) -> Decision:
        decision = decide(facts)
        if running_change.is_first_write(decision):
            from providers.explain.forecast import lasting
            from providers.loop.dry_run import foreseen, rehearsed
            from providers.rules.doctor.diagnosis import CHANGING
            from providers.simulate.from_snapshot import copied

            if problems := preflight.why_unfit(api, CHANGING):
                return steps.Blocked(f"no changes were made: {problems}")
            observe, back = (
                partial(resource_type.observe, spec=spec, known=known),
                resource_type.decide_rollbacks(spec, known=bool(known)),
            )
            name, decide_there = spec.resource_name, resource_type.decide(spec, known)
            forecast = foreseen(
                name, lambda: rehearsed(copied(api.snapshot()), name, spec.timeout, observe, decide_there, back)[1]
            )
            if forecast.disturbs:
                show(f"will {forecast.disturbs}; {lasting(forecast.seconds)} in all", stays=True)
            for warning in forecast.warnings:
                show(f"warning: {warning}", stays=True)
            if forecast.problem:
                why = line(forecast.problem)
                show(f"warning: {name}: effect not predicted completely, and started all the same: {why}", stays=True)
        return decision

    return decided
