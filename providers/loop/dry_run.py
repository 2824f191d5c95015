"""The real loop on simulated hosts, watched: what would be done, without doing it.

No host is reached from here, and no resource type is known.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from providers.explain.forecast import Forecast, Record, Stage
from providers.loop.reconcile import work
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.steps import Decision, Step
from providers.simulate import SimulatorState
from providers.simulate.hosts import SimulatedHosts


def rehearsed(
    sim: SimulatorState,
    name: str,
    seconds: float,
    observe: Callable[[HostsApi], Any],
    decide: Callable[[Any], Decision],
    rollbacks: Sequence[Callable[[Any], Decision]] = (),
) -> tuple[SimulatorState, Forecast]:
    """Work on one resource on a simulation: the simulation after it, and what happened on the way, there and, if it
    can't go on, back."""
    hosts = _Watched(sim)
    problem = ""
    try:
        work(hosts, name, seconds, hosts.note, lambda: observe(hosts), decide, rollbacks)
    except SwarmnetError as error:
        problem = str(error)
    return hosts.sim, hosts.forecast(name, problem)


def foreseen(name: str, forecast: Callable[[], Forecast]) -> Forecast:
    """Return the forecast; if it fails, one of nothing, with the failure's words as its problem.

    A change must not end because its forecast does, and what that raises can't be listed: it works on a model of other
    people's software, with what other people wrote. So it runs apart, where any failure is a value.
    """
    with ThreadPoolExecutor(1) as apart:
        attempt = apart.submit(forecast)
    failure = attempt.exception()
    if failure is None:
        return attempt.result()
    return Forecast(resource=name, problem=f"{type(failure).__name__}: {failure}")


@dataclass
class _Watched(SimulatedHosts):
    """Simulated hosts on which everything that happens is noted down."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    record: Record | None = None  # made when something begins to happen: to most resources of a plan nothing does

    def note(self, line: str) -> None:
        """Keep what is begun; waiting is part of what was begun before."""
        if not line.startswith("waiting for ") and (not self.lines or self.lines[-1][1] != line):
            self.lines.append((self.seconds, line))

    def perform(self, step: Step) -> None:
        self.recorded().step(self.sim, step)
        super().perform(step)

    def became(self, sim: SimulatorState, seconds: float) -> None:
        record = self.recorded()
        super().became(sim, seconds)
        record.passed(sim, seconds)

    def recorded(self) -> Record:
        """Return the record, which begins with the simulation as it is now."""
        self.record = self.record or Record(self.sim)
        return self.record

    def forecast(self, name: str, problem: str) -> Forecast:
        """Return the forecast of what happened, at the end of it."""
        if self.record is None:
            return Forecast(resource=name, problem=problem)
        ends = [*(began for began, _ in self.lines[1:]), self.seconds]
        stages = (
            Stage(doing=line, seconds=end - began)
            for (began, line), end in zip(self.lines, ends, strict=False)  # no line, no end
        )
        return Forecast(
            resource=name,
            stages=tuple(stages),
            absences=self.record.absences(),
            restarts=self.record.restarts(self.sim),
            drained=tuple(self.record.drained),
            restarted=tuple(self.record.restarted),
            stopped=tuple(self.record.stopped),
            lost=tuple(self.record.lost),
            warnings=self.record.warnings(self.sim),
            seconds=self.seconds,
            problem=problem,
        )
