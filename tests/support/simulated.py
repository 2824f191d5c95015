"""The simulated swarm in place of real hosts, watched: the steps taken on it, and the points at which a run is cut."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers import simulate
from providers.loop.reconcile import work
from providers.rules.vocabulary.steps import Decision, Step
from providers.simulate import World
from providers.simulate import hosts as simulated

# No flow of these tests takes more; a loop that gets nowhere ends here.
MANY_STEPS = 200


class Killed(BaseException):
    """The process was killed; nothing may catch it."""


@dataclass
class SimulatedHosts(simulated.SimulatedHosts):
    """Simulated hosts, and what was done to them.

    before: the world before each of those steps. killed_after: the process dies instead of performing the step after so
    many.
    """

    steps: list[Step] = field(default_factory=list)
    before: list[World] = field(default_factory=list)
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
        look: Callable[[], Any],
        decide: Callable[[Any], Decision],
        ways_back: Sequence[Callable[[Any], Decision]] = (),
    ) -> Any:
        """Work until `decide` says Done, through the real loop."""
        return work(self, name, seconds, progress, look, decide, ways_back)

    def perform(self, step: Step) -> None:
        if len(self.steps) == self.killed_after:
            raise Killed
        assert len(self.steps) < MANY_STEPS, "the loop gets nowhere"
        self.steps.append(step)
        self.before.append(self.world)
        super().perform(step)


def cuts(world: World, run: Callable[[SimulatedHosts], object]) -> list[World]:
    """Return the worlds left by a run killed before its first step, its second, and so on to its last.

    It is gone through once: up to where it is killed, it is the same run.
    """
    hosts = SimulatedHosts(world)
    run(hosts)
    return hosts.before


def after(world: World, *acts: Callable[[World], World]) -> World:
    """The world after some acts, one after the other."""
    for act in acts:
        world = act(world)
    return world


def elapsed(seconds: float) -> Callable[[World], World]:
    """Time passing, as an act."""
    return lambda world: simulate.elapse(world, seconds)


def on_host(world: World, name: str, **changes: Any) -> World:
    """The world with a host's fields changed."""
    return world.with_host(replace(world.host(name), **changes))
