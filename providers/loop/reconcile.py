"""The loop: look, decide, act, look again, until done, blocked or out of time.

It knows no resource type, no Engine and no clock of its own: an observer, a decision, a performer, a clock and a place
for progress are handed in, so that tests and the simulated swarm run the same lines. It remembers nothing that matters:
a run that was cut is finished by running again. A run that can't go on turns round before it ends: the same loop, with
a decision that finishes what was started with what is there.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from providers.rules.vocabulary.errors import (
    Blocked,
    Conflict,
    DeadlineExceeded,
    EngineError,
    NoQuorum,
    NotAManager,
    RunCut,
    SwarmnetError,
    Unproved,
    Unreachable,
)
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.steps import Blocked as BlockedDecision
from providers.rules.vocabulary.steps import Decision, Done, Step, Steps, Wait

# The facts have changed, the managers are electing a leader, or hosts do not know each other yet: looking again
# is the answer.
PASSING = (Conflict, NoQuorum, NotAManager, Unproved)
# A step whose host fell silent may have been carried out: the next look tells, or says that nobody answers.
PASSING_STEPS = (*PASSING, Unreachable)
# An election takes a few seconds (up to 19 s if a leader restarts: measurements.md#restart-of-docker).
ELECTION = 20.0
# Seconds between looks: from, to, and to where looks themselves take as long. Ports are away while some waits go on.
SHORTEST_POLL, LONG_POLL, LONGEST_POLL = 0.05, 0.25, 0.5
# Seconds after the last line until the next one about a wait, if something else is waited for, and if not. A wait that
# is over sooner is not told. Pulumi prints each line as a row of its own if no terminal watches, with the seconds that
# the resource has taken so far (measurements.md#lines-of-progress).
CHANGED, SAME = 2.0, 10.0
LATE = (
    ": see what holds it up there, then run `pulumi up` again, which goes on from there; "
    "`timeouts` in the stack file gives it more time"
)


# Any resource type's facts: a frozen dataclass with the field `unchanged_for`, and `calm` if not all of it counts for
# that.
F = TypeVar("F", bound=Any)
T = TypeVar("T")
# Takes all steps, at once if it can, and returns what they raised.
Perform = Callable[[Sequence[Step]], Sequence[SwarmnetError]]


@dataclass(frozen=True)
class Clock:
    """Seconds that only grow, and a way to let some pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Work:
    """One resource's work: its name for errors, seconds it may take, and where lines of progress and the result go.

    `progress` raises RunCut when nobody listens any more: then nothing is started. Turning round has as many seconds
    of its own.
    """

    name: str
    seconds: float
    progress: Callable[[str], None]
    clock: Clock = Clock()
    result: Callable[[str], None] = lambda line: None


@dataclass(frozen=True)
class Moment:
    """The relevant part of the latest facts, and since when (by the clock) it has been the same."""

    calm: object
    since: float


def reconcile(
    work: Work,
    observe: Callable[[], F],
    decide: Callable[[F], Decision],
    perform: Perform,
    rollbacks: Sequence[Callable[[F], Decision]] = (),
) -> F:
    """Run the loop until `decide` says Done; returns the facts that were enough.

    rollbacks: decisions that finish what was started with what is there, of which the first that comes to its end is
    enough; tried when the work ends with an error.

    Raises Blocked with the decision's reason, DeadlineExceeded when the work's seconds or a wait's own are over,
    and whatever a step or a look raises that does not pass by itself. The message says what became of what was started.
    """
    loop = Loop(work, observe, decide, perform)
    try:
        return loop.run()
    except RunCut:
        raise
    except SwarmnetError as error:
        became = roll_back(work, observe, perform, rollbacks, error, loop.acted)
        late = isinstance(error, DeadlineExceeded)
        if not became and not late:
            raise
        raise type(error)(f"{error}{became}{LATE if late else ''}") from (error.__cause__ or error)


def roll_back(
    work: Work,
    observe: Callable[[], F],
    perform: Perform,
    rollbacks: Sequence[Callable[[F], Decision]],
    error: SwarmnetError,
    acted: bool,
) -> str:
    """Finish what was started with what is there; returns what became of it, for the end of the error's message:
    nothing if nothing was started. What the error says already is not said again."""
    problems = []
    for decide in rollbacks:
        loop = Loop(work, observe, decide, perform)
        try:
            loop.run()
        except RunCut:
            raise
        except SwarmnetError as problem:
            problems.append(str(problem))
            continue
        return "; what was started was rolled back or finished" if loop.acted else ""
    others = [problem for problem in dict.fromkeys(problems) if problem != str(error)]
    if others:
        return f"; what was started could not be rolled back or finished either: {'; '.join(others)}"
    return "; what was started could not be rolled back or finished either" if problems and acted else ""


def work(
    api: HostsApi,
    name: str,
    seconds: float,
    progress: Callable[[str], None],
    observe: Callable[[], F],
    decide: Callable[[F], Decision],
    rollbacks: Sequence[Callable[[F], Decision]] = (),
    result: Callable[[str], None] = lambda line: None,
) -> F:
    """`reconcile` on the hosts behind an API to hosts, by their clock."""
    one = Work(name, seconds, progress, Clock(api.now, api.elapse), result)
    return reconcile(one, observe, decide, api.perform_all, rollbacks)


class Loop(Generic[F]):
    """One run of the loop; see `reconcile`."""

    def __init__(self, work: Work, observe: Callable[[], F], decide: Callable[[F], Decision], perform: Perform) -> None:
        self.work, self.observe, self.decide, self.perform = work, observe, decide, perform
        self.began = work.clock.now()
        self.moment: Moment | None = None
        self.refused: Steps | None = None
        self.last: Decision | None = None
        self.waiting_since = self.began
        self.poll, self.reading_took = SHORTEST_POLL, 0.0
        self.shown, self.shown_at = "", self.began
        self.passing: SwarmnetError | None = None
        self.acted = False

    def run(self) -> F:
        """Look, decide, act, until done."""
        while True:
            facts = self.read_facts()
            match decision := self.decide(facts):
                case Done(result):
                    if self.shown and result not in self.shown:  # else the row would end on what was waited for
                        self.work.result(result)
                    return facts
                case BlockedDecision():
                    self.undo(decision)
                case Steps():
                    self.act(decision)
                case Wait():
                    self.wait(decision)
            self.last = decision

    def read_facts(self) -> F:
        """Read the facts and stamp them with the seconds that they have been the same."""
        facts, now = self.patiently(self.observe), self.work.clock.now()
        calm = getattr(facts, "calm", facts)
        if self.moment is None or self.moment.calm != calm:
            self.moment = Moment(calm, now)
        return replace(facts, unchanged_for=now - self.moment.since)

    def patiently(self, read: Callable[[], T]) -> T:
        """Read, and through an election of the managers' leader read again."""
        first = self.work.clock.now()
        while True:
            began = self.work.clock.now()
            try:
                found = read()
                self.reading_took = self.work.clock.now() - began
                return found
            except PASSING as problem:
                if self.work.clock.now() - first > ELECTION:
                    raise
                self.passing = problem
                self.pause(f"the managers to agree ({problem})")

    def act(self, decision: Steps) -> None:
        """Perform the steps at once; one that came too late only leads to another look.

        A refused step is tried once more after a fresh look: something may have come or gone since the last one.
        """
        if isinstance(self.last, Steps) and self.last.doing == decision.doing:
            self.pause(decision.doing)
        else:
            self.show(decision.doing)  # also after a wait that was not told: this is what notices that Pulumi is gone
            self.in_time(decision.doing)
            self.poll = SHORTEST_POLL
        self.acted = True
        problems = sorted(self.perform(decision.steps), key=lambda problem: isinstance(problem, PASSING_STEPS))
        self.moment = None  # patience starts again with each act
        again, self.refused = self.refused == decision, None
        for problem in problems:
            if not isinstance(problem, PASSING_STEPS):
                if again or not isinstance(problem, EngineError):
                    raise problem
                self.refused = decision
            self.passing = problem
            self.pause(decision.doing)

    def undo(self, decision: BlockedDecision) -> None:
        """Take back what only this run made, then say why it is blocked."""
        if decision.undo:
            self.work.progress("roll back what was started")
        for step in decision.undo:
            for problem in self.perform((step,)):
                raise problem
        raise Blocked(decision.reason)

    def wait(self, decision: Wait) -> None:
        """Let a moment pass, unless it has been long enough."""
        now = self.work.clock.now()
        if not (isinstance(self.last, Wait) and self.last.for_what == decision.for_what):
            self.waiting_since = now
        waited = now - self.waiting_since
        if waited > decision.at_most:
            raise DeadlineExceeded(
                f"{self.work.name}: still waiting for {decision.for_what} after {waited:.0f} s"
            ) from self.passing
        line = f"waiting for {decision.for_what}"
        if now - self.shown_at >= (SAME if line == self.shown else CHANGED):
            self.show(line)
        self.pause(decision.for_what)

    def show(self, line: str) -> None:
        """Send a line of progress."""
        self.shown, self.shown_at = line, self.work.clock.now()
        self.work.progress(line)

    def pause(self, for_what: str) -> None:
        """Sleep until the next look, a little longer each time, and as long as a look takes; raises when the work's
        seconds are over."""
        self.in_time(for_what)
        self.work.clock.sleep(max(self.poll, min(self.reading_took, LONGEST_POLL)))
        self.poll = min(self.poll * 1.5, LONG_POLL)

    def in_time(self, for_what: str) -> None:
        """Raise DeadlineExceeded when the work's seconds are over."""
        spent = self.work.clock.now() - self.began
        if spent > self.work.seconds:
            raise DeadlineExceeded(
                f"{self.work.name}: out of time after {spent:.0f} s (timeout {self.work.seconds:.0f} s), "
                f"waiting for {for_what}"
            ) from self.passing
