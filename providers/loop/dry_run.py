"""The real loop on a simulated copy of the hosts, with a clock of its own: what would be done, without doing it.

No host is reached from here, and no noun is known.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from providers import simulate
from providers.explain.forecast import Forecast, Record, Stage
from providers.loop.reconcile import Clock, Work, reconcile
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.steps import Decision, RestartEngine, Step
from providers.simulate import World

# A request takes about so long over a connection that is open (seconds).
REQUEST = 0.02


def rehearsed(
    world: World, name: str, seconds: float, look: Callable[[World], Any], decide: Callable[[Any], Decision]
) -> tuple[World, Forecast]:
    """Bring one resource about on a world: the world after it, and what happened on the way."""
    stand = _Stand(world)
    problem = ""
    work = Work(name, seconds, stand.progress, Clock(lambda: stand.seconds, stand.sleep))
    try:
        reconcile(work, lambda: look(stand.world), decide, stand.perform)
    except SwarmnetError as error:
        problem = str(error)
    return stand.world, stand.forecast(name, problem)


@dataclass
class _Stand:
    """A world in the place of the hosts."""

    world: World
    seconds: float = 0
    lines: list[tuple[float, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)  # the loop performs many steps at once

    def __post_init__(self) -> None:
        self.record = Record(self.world)

    def progress(self, line: str) -> None:
        """Keep what is begun; waiting is part of what was begun before."""
        if not line.startswith("waiting for ") and (not self.lines or self.lines[-1][1] != line):
            self.lines.append((self.seconds, line))

    def perform(self, step: Step) -> None:
        """Take one step, which takes a moment."""
        with self.lock:
            self.record.step(self.world, step)
            self._pass(partial(simulate.perform, step=step), self._lasts(step))

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._pass(partial(simulate.elapse, seconds=seconds), seconds)

    def _lasts(self, step: Step) -> float:
        return self.world.manners.restart if isinstance(step, RestartEngine) else REQUEST

    def _pass(self, become: Callable[[World], World], seconds: float) -> None:
        self.world = become(self.world)
        self.seconds += seconds
        self.record.passed(self.world, seconds)

    def forecast(self, name: str, problem: str) -> Forecast:
        """What happened, at the end of it."""
        ends = [*(began for began, _ in self.lines[1:]), self.seconds]
        stages = (
            Stage(doing=line, seconds=end - began)
            for (began, line), end in zip(self.lines, ends, strict=False)  # no line, no end
            if line.partition(";")[0] != "done"
        )
        return Forecast(
            resource=name,
            stages=tuple(stages),
            absences=self.record.absences(),
            restarts=self.record.restarts(self.world),
            drained=tuple(self.record.drained),
            restarted=tuple(self.record.restarted),
            stopped=tuple(self.record.stopped),
            seconds=self.seconds,
            problem=problem,
        )
