"""Every state that a run can reach in a small simulation, whatever happens in between.

From each state the run goes on by one decision: all of its steps, or only one of them (it was killed in the middle; a
run remembers nothing, so that a fresh one needs no states of its own but that it has seen nothing yet). Or, once on a
path, its time is over, wherever it stands; or it can't go on: then it turns round, and finishes with what is there,
where it may be killed as well. Or time passes while nobody looks. Or, once on a path, somebody else acts, also between
a look and the steps that it led to. Or, once on a path, a host is lost, and may come back. What differs only in names,
versions and counts is one state.
"""

import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from hashlib import blake2b
from typing import Any

from providers import simulate
from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.errors import Conflict, NoQuorum, NotAManager, SwarmnetError
from providers.rules.vocabulary.steps import Blocked, Decision, Done, Step, Steps, Wait
from providers.simulate import SimulatorState, Timings
from providers.simulate.tasks import Tasks

Act = Callable[[SimulatorState], SimulatorState]
Check = Callable[[SimulatorState], str | None]

# All times are whole ticks, so that states meet again.
TICK = 1.0
TIMINGS = Timings(
    allocation=TICK,
    ingress_arrives=TICK,
    drop=TICK,
    ready=TICK,
    back=TICK,
    down=3 * TICK,
    promotion=TICK,
    promotion_again=4 * TICK,
    demotion=TICK,
    task_start=TICK,
    task_stop=2 * TICK,
    rollback=2 * TICK,
    monitor=2 * TICK,
    restart=TICK,
    ingress_back=TICK,
    unknown=TICK,
    life=TICK,
    bump=TICK,
)
# What has not moved for so long never moves by itself.
PATIENCE = 21.0
REST = 100 * TICK
# What passes by itself, or by looking again.
PASSING = (Conflict, NoQuorum, NotAManager)
IDS = re.compile(r"[a-z]{1,2}0000\d{6,7}")
ATOMS = frozenset({str, int, float, bool, type(None)})
# What moves by itself and decides nothing.
COUNTS = frozenset({"version", "made", "next_port", "timings"})


@dataclass(frozen=True)
class State:
    """A simulation, the seconds for which a run has seen it unchanged, and what may still befall it on this path.

    back: the number of the way back that a run which turned round is on.
    """

    sim: SimulatorState
    patience: float = 0
    others: bool = True
    losses: bool = True
    in_time: bool = True
    back: int = 0

    def key(self) -> bytes:
        """The same for states that differ in names only."""
        names: dict[str, str] = {}
        renamed = IDS.sub(lambda found: names.setdefault(found[0], f"<{len(names)}>"), plain(self))
        return blake2b(renamed.encode(), digest_size=12).digest()


_plain: dict[int, tuple[object, str]] = {}  # by identity: most of a simulation is the same objects as before


def plain(thing: object) -> str:
    """A value in words, without what only counts up."""
    if type(thing) in ATOMS:
        return repr(thing)
    if type(thing) is tuple:
        return f"({','.join([plain(each) for each in thing])})"
    if type(thing) is frozenset:
        return f"{{{','.join(sorted(plain(each) for each in thing))}}}"
    if not is_dataclass(thing) and type(thing) is not Tasks:
        return repr(thing)
    if id(thing) not in _plain:
        if len(_plain) > 100_000:
            _plain.clear()
        if isinstance(thing, Tasks):
            _plain[id(thing)] = (thing, plain(tuple(thing)))
            return _plain[id(thing)][1]
        values = [plain(getattr(thing, each.name)) for each in fields(thing) if each.name not in COUNTS]
        _plain[id(thing)] = (thing, f"{type(thing).__name__}({','.join(values)})")
    return _plain[id(thing)][1]


def written_over(before: SimulatorState, theirs: SimulatorState, sim: SimulatorState) -> str | None:
    """Say which networks, and labels of services and nodes, others added between the first two simulations, if the
    third one is without them; what is gone with its owner was not written over."""
    actual = labels(sim)
    undone = additions(theirs) - additions(before) - additions(sim)
    lost = sorted(label or owner for owner, label in undone if not label or owner in actual)
    return f"what others have added was written over: {', '.join(lost)}" if lost else None


def additions(sim: SimulatorState) -> set[tuple[str, str]]:
    """The networks of a swarm, and the labels of its services and nodes: each by its owner's id and its key."""
    owned = {(owner, key) for owner, pairs in labels(sim).items() for key, _ in pairs}
    return owned | {(net.id, "") for net in sim.swarm.networks}


def labels(sim: SimulatorState) -> dict[str, Pairs]:
    """The labels of all services and nodes, by id."""
    of_services = {each.id: each.labels for each in sim.swarm.services}
    return of_services | {each.id: each.labels for each in sim.swarm.nodes}


@dataclass(frozen=True)
class Scene:
    """A simulation to explore: how a run looks and decides, what others may do, which hosts may be lost, what must
    hold.

    timings: how long things take. hurried: its time may be over anywhere. rollbacks: how a run that can't go on
    finishes what was begun. always, when_done, when_ended: say what is wrong with a simulation, or None if nothing is;
    the last one however a run has ended. harm: says what is wrong with a step.
    """

    start: SimulatorState
    observe: Callable[[SimulatorState], Any]
    decide: Callable[[Any], Decision]
    others: dict[str, Act] = field(default_factory=dict)
    losses: dict[str, Act] = field(default_factory=dict)
    returns: dict[str, Act] = field(default_factory=dict)
    always: Check = lambda sim: None
    when_done: Check = lambda sim: None
    when_ended: Check = lambda sim: None
    rollbacks: tuple[Callable[[Any], Decision], ...] = ()
    hurried: bool = True
    harm: Callable[[SimulatorState, Step], str | None] = lambda sim, step: None
    timings: Timings = TIMINGS


@dataclass
class Exploration:
    """The states that were found.

    came: how each state was reached first. onward: the state after one turn of a run, or how the run ends there.
    """

    scene: Scene
    came: dict[bytes, tuple[bytes | None, str]] = field(default_factory=dict)
    onward: dict[bytes, bytes | str] = field(default_factory=dict)
    problems: dict[bytes, str] = field(default_factory=dict)
    queue: deque[tuple[bytes, State]] = field(default_factory=deque)

    def run(self) -> "Exploration":
        """Visit every state."""
        start = replace(self.scene.start, timings=self.scene.timings)
        others, losses = bool(self.scene.others), bool(self.scene.losses)
        self.reach(State(start, 0, others, losses, in_time=self.scene.hurried), None, "start")
        while self.queue:
            here, state = self.queue.popleft()
            problem = self.scene.always(state.sim)
            if problem:
                self.problems[here] = problem
                self.onward[here] = "wrong"
                continue
            self.onward[here] = self.go_on(here, state)
            for label, following in befalls(self.scene, state):
                self.reach(following, here, label)
        return self

    def reach(self, state: State, parent: bytes | None, label: str) -> bytes:
        """Note a state, and visit it later if it is new."""
        here = state.key()
        if here not in self.came:
            self.came[here] = (parent, label)
            self.queue.append((here, state))
        return here

    def go_on(self, here: bytes, state: State) -> bytes | str:
        """One turn of the loop: the state after it, or how the run ends here."""
        try:
            facts = self.scene.observe(state.sim)
        except PASSING as problem:
            onward = self.rest(here, state, str(problem))
            return f"error: {problem}" if isinstance(onward, str) else onward
        except SwarmnetError as problem:
            return self.turn_round(here, state, f"error: {problem}")
        decide = self.scene.rollbacks[state.back - 1] if state.back else self.scene.decide
        unchanged_for = state.patience if state.patience < PATIENCE else math.inf
        decision = decide(replace(facts, unchanged_for=unchanged_for))
        match decision:
            case Done() if state.back:
                return self.ended(here, state, "back")
            case Done():
                return self.done(here, state)
            case Blocked():
                return self.undone(here, state, decision)
            case Wait():
                return self.rest(here, state, decision.for_what)
            case Steps():
                return self.act(here, state, decision)

    def done(self, here: bytes, state: State) -> str:
        """The run calls it done: then it has to be, and to stay so."""
        at_rest = simulate.elapse(state.sim, REST)
        problem = self.scene.when_done(state.sim) or self.scene.when_done(at_rest) or self.scene.always(at_rest)
        if problem:
            self.problems[here] = f"done, but {problem}"
        return "done"

    def undone(self, here: bytes, state: State, decision: Blocked) -> bytes | str:
        """Blocked, once what only this run made is taken back."""
        after = performed(state.sim, decision.undo)
        if not (decision.undo and isinstance(after, SimulatorState)):
            return self.turn_round(here, state, f"blocked: {decision.reason}")
        undone = replace(state, sim=after, patience=0)
        self.reach(undone, here, "roll back what was started")
        return self.turn_round(here, undone, f"blocked: {decision.reason}")

    def turn_round(self, here: bytes, state: State, end: str) -> bytes | str:
        """Let a run that can't go on take the next way back, or end if there is none."""
        if state.back == len(self.scene.rollbacks):
            return self.ended(here, state, end)
        return self.reach(replace(state, patience=0, back=state.back + 1), here, f"turn round: {end}")

    def ended(self, here: bytes, state: State, end: str) -> str:
        """The run has ended without being done."""
        problem = self.scene.when_ended(state.sim)
        if problem:
            self.problems[here] = f"{end}, but {problem}"
        return end

    def act(self, here: bytes, state: State, decision: Steps) -> bytes | str:
        """All steps at once; and, for who was killed in the middle, each one alone; and with somebody in between."""
        harm = next(filter(None, (self.scene.harm(state.sim, step) for step in decision.steps)), None)
        if harm:
            self.problems[here] = harm
        for step in decision.steps if len(decision.steps) > 1 else ():
            alone = performed(state.sim, (step,))
            if isinstance(alone, SimulatorState):
                self.reach(replace(state, sim=alone, patience=0), here, f"killed after {step}")
        self.act_late(here, state, decision)
        after = performed(state.sim, decision.steps)
        if isinstance(after, SimulatorState):
            return self.reach(replace(state, sim=after, patience=0), here, decision.doing)
        if isinstance(after, PASSING):
            return self.rest(here, state, f"{type(after).__name__}: {after}", acted=True)
        return self.turn_round(here, state, f"error: {after}")

    def act_late(self, here: bytes, state: State, decision: Steps) -> None:
        """Somebody else acts between the look and the steps that it led to."""
        for label, act in self.scene.others.items() if state.others else ():
            changed = attempt(act, state.sim)
            late = performed(changed, decision.steps) if changed else None
            if changed and isinstance(late, SimulatorState):
                late_here = replace(state, sim=late, patience=0, others=False)
                actual = self.reach(late_here, here, f"{label} | {decision.doing}")
                problem = written_over(state.sim, changed, late)
                if problem:
                    self.problems[actual] = problem

    def rest(self, here: bytes, state: State, for_what: str, *, acted: bool = False) -> bytes | str:
        """Let a moment pass in the run; it is stuck if nothing moves any more."""
        following = waited(self.scene, state, acted=acted)
        if following == state:
            return self.turn_round(here, state, f"stuck: {for_what}")
        return self.reach(following, here, f"wait for {for_what}")

    def ends(self) -> dict[bytes, str]:
        """Return for every state how a run ends from there if nothing disturbs it any more."""
        known: dict[bytes, str] = {}
        for start in self.onward:
            path: dict[bytes, None] = {}
            here: bytes | str = start
            while isinstance(here, bytes) and here not in known and here not in path:
                path[here] = None
                here = self.onward[here]
            end = here if isinstance(here, str) else known.get(here, "for ever")
            known.update(dict.fromkeys(path, end))
        return known

    def outcomes(self) -> Counter[str]:
        """Count the states by the first word of their end: done, back, blocked, error, stuck, for ever, wrong."""
        return Counter(end.partition(":")[0] for end in self.ends().values())

    def report(self) -> list[str]:
        """Return what did not hold, each with how it came to that; empty if everything holds.

        A run may end with an error only where a host is away; it never gets stuck, and never goes on for ever.
        """
        if not self.outcomes()["done"]:
            return ["nothing ever gets done, which proves nothing"]
        bad = dict(self.problems)
        for here, end in self.ends().items():
            word = end.partition(":")[0]
            if word in ("stuck", "for ever") or (word == "error" and not self.scene.losses):
                bad.setdefault(here, end)
        first = {problem: here for here, problem in reversed(bad.items())}
        return [f"{problem}: {' | '.join(self.story(here))}" for problem, here in first.items()]

    def story(self, here: bytes) -> list[str]:
        """Tell in words how a state was reached."""
        lines: list[str] = []
        at: bytes | None = here
        while at is not None:
            at, label = self.came[at]
            lines.append(label)
        return lines[::-1]


def performed(sim: SimulatorState, steps: tuple[Step, ...]) -> SimulatorState | SwarmnetError:
    """The simulation after steps at once, or the gravest refusal; one that is refused does not keep the others back."""
    refusals: list[SwarmnetError] = []
    for step in steps:
        try:
            sim = simulate.perform(sim, step)
        except SwarmnetError as problem:
            refusals.append(problem)
    grave = [problem for problem in refusals if not isinstance(problem, PASSING)]
    if grave:
        return grave[0]
    return refusals[0] if refusals and len(refusals) == len(steps) else sim


def attempt(act: Act, sim: SimulatorState) -> SimulatorState | None:
    """Return the simulation after an act of somebody, or None if it was refused."""
    try:
        return act(sim)
    except SwarmnetError:
        return None


def waited(scene: Scene, state: State, *, acted: bool) -> State:
    """The state after a tick in a run: patience grows while the facts stay the same."""
    sim = simulate.elapse(state.sim, TICK)
    if acted or seen(scene, sim) != seen(scene, state.sim):
        return replace(state, sim=sim, patience=0)
    return replace(state, sim=sim, patience=min(PATIENCE, state.patience + TICK))


def seen(scene: Scene, sim: SimulatorState) -> object:
    """Return the part of what a run sees that counts for its patience, or the kind of error if it sees nothing."""
    try:
        facts = scene.observe(sim)
        return getattr(facts, "calm", facts)
    except SwarmnetError as problem:
        return type(problem)


def befalls(scene: Scene, state: State) -> Iterator[tuple[str, State]]:
    """Yield what can happen to a state without this run: another run, time, others, a host lost or back."""
    if state.patience or state.back:  # all else befalls the fresh run, whose simulation is the same
        yield "another run", replace(state, patience=0, back=0)
        return
    if scene.rollbacks and state.in_time:
        yield "its time is over", replace(state, in_time=False, back=1)
    yield "time", replace(state, sim=simulate.elapse(state.sim, TICK))
    for label, act in scene.others.items() if state.others else ():
        changed = attempt(act, state.sim)
        if changed is not None:
            yield label, replace(state, sim=changed, others=False)
    for label, act in (scene.losses if state.losses else scene.returns).items():
        changed = attempt(act, state.sim)
        if changed is not None and changed != state.sim:
            yield label, replace(state, sim=changed, losses=False)
