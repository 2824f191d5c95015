"""The simulated swarm in the place of real hosts: the real loop runs on it, with a clock that it moves itself.

`SimulatedHosts` has the methods of `providers.hosts.door.Hosts`, so that whatever works on hosts works on it.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers import simulate
from providers.explain.forecast import Forecast
from providers.loop.dry_run import rehearsed
from providers.loop.reconcile import Clock, Work, reconcile
from providers.rules.checks.preflight import Findings, findings
from providers.rules.checks.taken_on_hosts import HostReport
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.facts import GwbridgeFacts, IngressFacts, Node, NodeFacts, OverlayFacts, SwarmFacts
from providers.rules.vocabulary.routes import Surroundings
from providers.rules.vocabulary.steps import CreateNetwork, Decision, RestartEngine, Step
from providers.simulate import World
from providers.simulate.reads import answers, listed

# A request takes a moment, in which other things go on.
REQUEST = 0.01
# No flow of these tests takes more; a loop that gets nowhere ends here.
MANY_STEPS = 200


class Killed(BaseException):
    """The process was killed; nothing may catch it."""


@dataclass
class SimulatedHosts:
    """A world, the seconds since it began, and what was done to it.

    killed_after: the process dies instead of performing the step after so many.
    """

    world: World
    seconds: float = 0
    steps: list[Step] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)
    killed_after: int | None = None
    also: dict[str, str] = field(default_factory=dict)  # further names of hosts
    surroundings: Surroundings = field(default_factory=Surroundings)  # of each host
    lock: threading.Lock = field(default_factory=threading.Lock)

    def gwbridge(self, host: str) -> GwbridgeFacts:
        """One host's docker_gwbridge."""
        return simulate.gwbridge_facts(self.world, host)

    def bridge_ids(self, names: Iterable[str]) -> frozenset[str]:
        """Ids of docker_gwbridge on the named hosts."""
        bridges = (self.gwbridge(self.also.get(name, name)).bridge for name in names)
        return frozenset(bridge.id for bridge in bridges if bridge)

    def swarm(self, *, ending: bool = False) -> SwarmFacts:
        """The swarm and all hosts' membership."""
        return simulate.swarm_facts(self.world, ending=ending)

    def node(self, host: str, *, leaving: bool = False) -> NodeFacts:
        """One host's membership."""
        return simulate.node_facts(self.world, host, leaving=leaving)

    def entry(self, node_id: str) -> Node | None:
        """A member's entry as the managers list it."""
        return simulate.entry(self.world, node_id)

    def ingress(self) -> IngressFacts:
        """The swarm's ingress and what each host has of it."""
        return simulate.ingress_facts(self.world)

    def overlay(self, name: str, network_id: str = "", *, thorough: bool = False) -> "OverlayReader":
        """A reader of one overlay."""
        return OverlayReader(self, name, network_id, thorough)

    def reports(self) -> list[HostReport]:
        """What each host that answers has, copies of networks that the swarm has no more left out."""
        there = {net.id for net in self.world.swarm.networks} if self.world.cluster else set()
        return [
            HostReport(
                host=host.name,
                networks=tuple(net for net in listed(self.world, host) if net.scope != "swarm" or net.id in there),
                surroundings=self.surroundings,
            )
            for host in answers(self.world)[0]
        ]

    def preflight(self, resolved: Resolved, owner: str) -> Findings:
        """What of a stack file clashes with what the hosts have."""
        return findings(resolved, owner, self.reports())

    def rehearsed(
        self, name: str, seconds: float, look: Callable[[World], Any], decide: Callable[[Any], Decision]
    ) -> Forecast:
        """What work on a copy of this world would do."""
        return rehearsed(self.world, name, seconds, look, decide)[1]

    def work(
        self,
        name: str,
        seconds: float,
        progress: Callable[[str], None],
        look: Callable[[], Any],
        decide: Callable[[Any], Decision],
        created: Callable[[str, str], None] = lambda name, network_id: None,
        ways_back: Sequence[Callable[[Any], Decision]] = (),
    ) -> Any:
        """Work until `decide` says Done, through the real loop."""

        def act(step: Step) -> None:
            before = self.network_ids()
            self.perform(step)
            if isinstance(step, CreateNetwork):
                created(step.shape.name, (self.network_ids() - before).pop())

        clock = Clock(lambda: self.seconds, self.elapse)
        return reconcile(Work(name, seconds, progress, clock), look, decide, act, ways_back)

    def perform(self, step: Step) -> None:
        """Take one step, which takes a moment."""
        with self.lock:
            if len(self.steps) == self.killed_after:
                raise Killed
            assert len(self.steps) < MANY_STEPS, "the loop gets nowhere"
            self.steps.append(step)
            self.elapse(REQUEST)
            self.world = simulate.perform(self.world, step)
            if isinstance(step, RestartEngine):
                self.seconds += self.world.manners.restart

    def elapse(self, seconds: float) -> None:
        """Let time pass."""
        self.world = simulate.elapse(self.world, seconds)
        self.seconds += seconds

    def network_ids(self) -> set[str]:
        """Ids of all networks, of the cluster and of every host."""
        cluster = self.world.cluster.networks if self.world.cluster else ()
        return {net.id for net in (*cluster, *(net for host in self.world.hosts for net in host.networks))}


@dataclass
class OverlayReader:
    """Looks at one overlay, as `providers.hosts.observe.OverlayReader` does."""

    hosts: SimulatedHosts
    name: str
    network_id: str
    thorough: bool

    def __call__(self) -> OverlayFacts:
        """The overlay as it is now."""
        return simulate.overlay_facts(self.hosts.world, self.name, self.network_id, thorough=self.thorough)

    def created(self, name: str, network_id: str) -> None:
        """Look for this one from now on, if it is the overlay and not its twin."""
        if name == self.name:
            self.network_id = network_id

    def by_id_alone(self) -> OverlayFacts:
        """The one that the state names, or its absence."""
        facts = self()
        if facts.network is None or facts.network.id == self.network_id:
            return facts
        return OverlayFacts(network=None)


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
