"""The loop, over an observer, a decision, a performer and a clock that are all fakes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from providers.loop.reconcile import Clock, Work, reconcile
from providers.rules.vocabulary import steps
from providers.rules.vocabulary.errors import (
    Blocked,
    CommandFailed,
    Conflict,
    DeadlineExceeded,
    EngineError,
    InUse,
    NoQuorum,
    NotAManager,
    NotFound,
    RunCut,
    SwarmnetError,
    Unproved,
    Unreachable,
)
from providers.rules.vocabulary.steps import Decision, Done, RemoveNetwork, Step, Steps, Wait
from tests.support.tables import cases


@dataclass(frozen=True)
class Facts:
    """A host's report: a number."""

    number: int
    unchanged_for: float = field(default=0, compare=False)


@dataclass
class Scene:
    """A loop's surroundings: facts or errors one look after the other, and what came of it.

    looks: numbers or errors in turn; the last one stays. refusals: what the performer raises, step by step.
    """

    looks: list[int | SwarmnetError] = field(default_factory=lambda: [0])
    refusals: list[SwarmnetError | None] = field(default_factory=list)
    seconds: float = 60
    cut_before: str | None = None
    now: float = 0
    a_look_takes: float = 0
    performed: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    seen: list[Facts] = field(default_factory=list)

    def run(self, decide: Callable[[Facts], Decision], *rollbacks: Callable[[Facts], Decision]) -> Facts:
        """Run the loop."""

        def watched(facts: Facts) -> Decision:
            self.seen.append(facts)
            return decide(facts)

        work = Work("overlay app", self.seconds, self.progress, Clock(lambda: self.now, self.sleep), self.progress)
        return reconcile(work, self.observe, watched, self.perform, rollbacks)

    def sleep(self, seconds: float) -> None:
        """Time passes only here."""
        self.now += seconds

    def observe(self) -> Facts:
        """The next look."""
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        self.now += self.a_look_takes
        if isinstance(look, SwarmnetError):
            raise look
        return Facts(look)

    def perform(self, steps: Sequence[Step]) -> list[SwarmnetError]:
        """Note the steps, and answer as told."""
        return [refusal for step in steps if (refusal := self.answer(step))]

    def answer(self, step: Step) -> SwarmnetError | None:
        """Note one step; returns the next refusal."""
        assert isinstance(step, RemoveNetwork)
        self.performed.append(step.id)
        return self.refusals.pop(0) if self.refusals else None

    def progress(self, line: str) -> None:
        """Note the line; nobody may listen any more."""
        if line == self.cut_before:
            raise RunCut("the run was cut")
        self.lines.append(line)


def remove(*ids: str, doing: str = "remove") -> Steps:
    """Steps that remove networks."""
    return Steps(tuple(RemoveNetwork(id=each) for each in ids), doing)


def script(*decisions: Decision) -> Callable[[Facts], Decision]:
    """Decisions in turn, then Done."""
    left: Iterable[Decision] = iter(decisions)
    return lambda facts: next(iter(left), Done())


def always(decision: Decision) -> Callable[[Facts], Decision]:
    """One decision, whatever it finds."""
    return lambda facts: decision


WAIT = Wait("the name to be free", 5)


# What it does


def test_done_returns_the_facts():
    """The facts that were enough are what it returns, and nothing is written or shown."""
    scene = Scene(looks=[7])
    assert (Facts(7), [], []) == (scene.run(script()), scene.performed, scene.lines)


def test_steps_are_followed_by_a_look():
    """It looks again after each set of steps."""
    scene = Scene(looks=[0, 1, 2])
    scene.run(script(remove("a"), remove("b")))
    assert (["a", "b"], [0, 1, 2]) == (scene.performed, [facts.number for facts in scene.seen])


def test_a_wait_is_told_every_ten_seconds():
    """A wait of 25 s takes three lines: the first after 2 s, as what is over sooner is not worth one."""
    scene = Scene()
    scene.run(lambda facts: Done() if scene.now > 25 else Wait("the name to be free", 60))
    assert ["waiting for the name to be free"] * 3 == scene.lines


def test_what_is_waited_for_is_told_when_it_changes():
    """But not at each look: eight tasks that end within 4 s take two lines."""
    scene = Scene()
    scene.run(lambda facts: Done() if scene.now > 4.5 else Wait(f"{8 - 2 * scene.now:.0f} tasks to end", 60))
    assert 2 == len(set(scene.lines)) == len(scene.lines)


@pytest.mark.parametrize("result", ["app has 10.1.0.0/24", ""])
def test_a_row_ends_with_its_result(result: str):
    """Each set of steps is announced; the result is the last line, and no row ends on an empty one."""
    scene = Scene()
    scene.run(script(remove("a"), WAIT, Done(result)))
    assert ["remove", *filter(None, [result])] == scene.lines


def test_a_result_is_not_said_twice():
    """A last line that has the result stays, with what else it says; without any line there is nothing to end."""
    scene = Scene()
    scene.run(
        script(remove("a", doing="app has 10.1.0.0/24; ports unavailable: web 1.0 s"), Done("app has 10.1.0.0/24"))
    )
    scene.run(script(Done("app has 10.1.0.0/24")))
    assert ["app has 10.1.0.0/24; ports unavailable: web 1.0 s"] == scene.lines


def test_patience_is_a_fact():
    """The facts say for how long they have been the same."""
    scene = Scene()
    scene.run(lambda facts: Done() if facts.unchanged_for >= 2 else WAIT)
    assert 2 <= scene.now <= 3


@pytest.mark.parametrize(
    ("looks", "decisions"),
    [([0, 0, 0, 1], [WAIT, WAIT, WAIT]), ([0], [WAIT, WAIT, remove("a")])],
    ids=["a change", "a step, though they look the same"],
)
def test_patience_ends_with(looks: list[int | SwarmnetError], decisions: list[Decision]):
    """The facts count from then on."""
    scene = Scene(looks=looks)
    scene.run(script(*decisions))
    assert 0 == scene.seen[-1].unchanged_for


# What stops it

ENDS: dict[str, tuple[type[SwarmnetError], str, Callable[[], object]]] = {
    "a decision that it can't be done": (
        *(Blocked, r"^in use by web$"),
        lambda: Scene().run(script(steps.Blocked("in use by web"))),
    ),
    "a wait that takes longer than it may": (
        *(DeadlineExceeded, r"overlay app: still waiting for the name to be free after \d+ s: see what"),
        lambda: Scene().run(always(WAIT)),
    ),
    "a refusal that does not pass": (
        *(CommandFailed, "no such file"),
        lambda: Scene(refusals=[CommandFailed("w1: no such file")]).run(script(remove("a"))),
    ),
    "a second refusal of the same steps": (
        *(InUse, "in use"),
        lambda: Scene(refusals=[InUse("in use"), InUse("in use")]).run(script(remove("a"), remove("a"))),
    ),
    "the gravest of several refusals": (
        *(CommandFailed, "^no$"),
        lambda: Scene(refusals=[Conflict("taken"), CommandFailed("no"), NoQuorum("no leader")]).run(
            script(remove("a", "b", "c"))
        ),
    ),
    "a refusal before anything was begun": (
        *(Blocked, r"^no way$"),
        lambda: Scene().run(always(steps.Blocked("no way")), script()),
    ),
    "a deadline where no way back leads to an end": (
        *(
            DeadlineExceeded,
            r"waiting for the name.*what was started could not be rolled back or finished either.*not this way",
        ),
        lambda: Scene(seconds=10).run(always(WAIT), always(steps.Blocked("not this way"))),
    ),
    "hosts that can't be reached, told once": (
        *(Unreachable, r"^w1: no answer$"),
        lambda: Scene(looks=[Unreachable("w1: no answer")]).run(script(), script(), script()),
    ),
}


@pytest.mark.parametrize(("error", "words", "run"), ENDS.values(), ids=ENDS)
def test_it_ends_with(error: type[SwarmnetError], words: str, run: Callable[[], object]):
    """The error that a person needs, with nothing else called begun or unfinished."""
    with pytest.raises(error, match=words):
        run()


def test_blocked_takes_back_what_it_made():
    """The steps of this run are undone first."""
    scene = Scene()
    with pytest.raises(Blocked):
        scene.run(script(steps.Blocked("dead", undo=(RemoveNetwork(id="a"),))))
    assert ["a"] == scene.performed


def test_another_wait_has_its_own_limit():
    """The limit is of one wait, not of all together."""
    waits = [Wait(f"host {number}", 5) for number in range(4) for _ in range(10)]
    assert Facts(0) == Scene().run(script(*waits))


def test_the_work_has_a_limit():
    """The work ends when its seconds are over, whatever it waits for."""
    scene = Scene(seconds=10)
    with pytest.raises(
        DeadlineExceeded, match=r"out of time after \d+ s \(timeout 10 s\), waiting for host.*`timeouts` in the"
    ):
        scene.run(lambda facts: Wait(f"host {scene.now // 3}", 5))


def test_steps_that_get_nowhere_end():
    """Steps that change nothing are not repeated at full speed, nor for ever."""
    versions = count()
    scene = Scene(seconds=10)
    with pytest.raises(DeadlineExceeded, match="out of time"):
        scene.run(lambda facts: remove(f"version {next(versions)}"))
    assert len(scene.performed) < 50


def test_steps_in_turn_that_get_nowhere_end():
    """Two kinds of steps that undo each other end as well."""
    scene = Scene(seconds=10)

    def slowly(facts: Facts) -> Decision:
        scene.now += 1
        return remove("a", doing=("remove", "create")[len(scene.performed) % 2])

    with pytest.raises(DeadlineExceeded, match="out of time"):
        scene.run(slowly)


@pytest.mark.parametrize(("a_look_takes", "rest"), [(0.01, 0.25), (0.4, 0.4), (20.0, 0.5)])
def test_costly_looks_are_further_apart(a_look_takes: float, rest: float):
    """A look at hundreds of services takes Engines' time, which they need for the work that is waited for."""
    scene = Scene(a_look_takes=a_look_takes)
    times: list[float] = []

    def noted(facts: Facts) -> Decision:
        times.append(scene.now)
        return Wait("the tasks to end", 500) if len(times) < 20 else Done()

    scene.seconds = 1000
    scene.run(noted)

    assert pytest.approx(rest) == times[-1] - times[-2] - a_look_takes


@pytest.mark.parametrize(
    "problem",
    [InUse("in use"), NotFound("no such service"), EngineError("port '8080' is already in use by service 'web'")],
    ids=["in use", "gone", "a port that is taken"],
)
def test_who_was_overtaken_looks_once_more(problem: SwarmnetError):
    """The next look finds who uses it by now, or that it is gone, and decides by that."""
    scene = Scene(refusals=[problem])
    with pytest.raises(Blocked, match="used by web"):
        scene.run(script(remove("a"), steps.Blocked("used by web")))


# What passes by itself


@pytest.mark.parametrize(
    "refusal",
    [Conflict("out of sequence"), NoQuorum("no leader"), NotAManager("a worker"), Unproved("?"), Unreachable("broken")],
    ids=lambda refusal: type(refusal).__name__,
)
def test_it_looks_again_after(refusal: SwarmnetError):
    """A step that came too late, found no leader, or may have been taken by a host that fell silent is decided on
    anew."""
    scene = Scene(refusals=[refusal])
    scene.run(script(remove("a"), remove("b")))
    assert ["a", "b"] == scene.performed


@pytest.mark.parametrize("problem", [NoQuorum("no leader"), NotAManager("a worker"), Conflict("taken"), Unproved("?")])
def test_an_election_is_waited_out(problem: SwarmnetError):
    """A look that finds no leader is repeated."""
    assert Facts(3) == Scene(looks=[problem, problem, 3]).run(script())


def test_an_election_is_not_waited_for_ever():
    """The managers' own words are raised after twenty seconds without a leader."""
    scene = Scene(looks=[NoQuorum("m1: the swarm does not have a leader")])
    with pytest.raises(NoQuorum, match="does not have a leader"):
        scene.run(script())
    assert 20 <= scene.now <= 21


def test_the_cause_of_a_deadline_is_kept():
    """If time runs out over a repeated problem, that problem is the cause."""
    refusal = Conflict("the name is taken")
    scene = Scene(seconds=5, refusals=[refusal] * 1000)
    with pytest.raises(DeadlineExceeded) as raised:
        scene.run(lambda facts: remove("a"))
    assert refusal is raised.value.__cause__


# A run that was cut


@cases(
    "performed, cut_before, decisions",
    {
        "a step": ([], "remove", [remove("a")]),
        "taking back": ([], "roll back what was started", [steps.Blocked("dead", undo=(RemoveNetwork(id="a"),))]),
        "the next step": (["a"], "create", [remove("a"), remove("b", doing="create")]),
        "a wait": ([], "waiting for the name to be free", [WAIT] * 100),
        "a step after a wait": (["a"], "remove again", [remove("a"), WAIT, remove("b", doing="remove again")]),
    },
)
def test_a_cut_run_starts_nothing(performed: list[str], cut_before: str, decisions: list[Decision]):
    """Once Pulumi has gone a run goes no further, nor does it turn round: the next one finds what is there."""
    scene = Scene(cut_before=cut_before)
    with pytest.raises(RunCut):
        scene.run(script(*decisions), always(remove("b")))
    assert performed == scene.performed


# Turning round


def test_what_was_begun_is_brought_to_an_end_before_an_error_is_told():
    """A change that runs out of time leaves nothing half done."""
    scene = Scene(seconds=10)
    rollbacks = script(remove("b"))
    with pytest.raises(DeadlineExceeded, match=r"waiting for the name to be free.*was rolled back or finished"):
        scene.run(lambda facts: WAIT if scene.performed else remove("a"), rollbacks)
    assert ["a", "b"] == scene.performed


def test_the_second_way_back_is_taken_where_the_first_ends_nowhere():
    """If the first way back ends nowhere, the second is taken."""
    scene = Scene(refusals=[None, EngineError("refused"), EngineError("refused")])
    with pytest.raises(EngineError, match="was rolled back or finished"):
        scene.run(
            lambda facts: remove("a"),
            lambda facts: steps.Blocked("not this way"),
            lambda facts: Done() if scene.performed[-1] == "c" else remove("c"),
        )
