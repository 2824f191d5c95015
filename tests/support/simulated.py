"""The simulated swarm in place of real hosts, watched: the steps taken on it, and the points at which a run is cut."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers import simulate
from providers.loop.reconcile import work
from providers.rules.vocabulary.steps import Decision, Step
from providers.simulate import SimulatorState
from providers.simulate import hosts as simulated

# No flow of these tests takes more; a loop that gets nowhere ends here.
MANY_STEPS = 200


class Killed(BaseException):
    """The process was killed; nothing may catch it."""


@dataclass
class SimulatedHosts(simulated.SimulatedHosts):
    """Simulated hosts, and what was done to them.

    before: the simulation before each of those steps. killed_after: the process dies instead of performing the step
    after so many.
    """

    steps: list[Step] = field(default_factory=list)
    before: list[SimulatorState] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)
    killed_after: int | None = None
    also: dict[str, str] = field(default_factory=dict)  # further names of hosts

    def bridge_ids(self, names: Iterable[str]) -> frozenset[str]:
        return super().bridge_ids(self.also.get(name, name) for name in names)

    def work(
        self,
        name: str,
        seconds: float,
        progress: Callable[[str], None],
        observe: Callable[[], Any],
        decide: Callable[[Any], Decision],
        rollbacks: Sequence[Callable[[Any], Decision]] = (),
    ) -> Any:
        """Work until `decide` says Done, through the real loop."""
        return work(self, name, seconds, progress, observe, decide, rollbacks)

    def perform(self, step: Step) -> None:
        if len(self.steps) == self.killed_after:
            raise Killed
        assert len(self.steps) < MANY_STEPS, "the loop gets nowhere"
        self.steps.append(step)
        self.before.append(self.sim)
        super().perform(step)


def cuts(sim: SimulatorState, run: Callable[[SimulatedHosts], object]) -> list[SimulatorState]:
    """Return the simulations left by a run killed before its first step, its second, and so on to its last.

    It is gone through once: up to where it is killed, it is the same run.
    """
    hosts = SimulatedHosts(sim)
    run(hosts)
    return hosts.before


def after(sim: SimulatorState, *acts: Callable[[SimulatorState], SimulatorState]) -> SimulatorState:
    """The simulation after some acts, one after the other."""
    for act in acts:
        sim = act(sim)
    return sim


def elapsed(seconds: float) -> Callable[[SimulatorState], SimulatorState]:
    """Time passing, as an act."""
    return lambda sim: simulate.elapse(sim, seconds)


def on_host(sim: SimulatorState, name: str, **changes: Any) -> SimulatorState:
    """The simulation with a host's fields changed."""
    return sim.with_host(replace(sim.host(name), **changes))
