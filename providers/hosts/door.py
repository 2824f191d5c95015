"""The way in for the glue: the hosts of one stack, what they report, and work on them through the loop.

What is decided comes in as a function; no noun's rules and no word of Pulumi may enter.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from providers.explain.forecast import Forecast
from providers.hosts import observe, preflight
from providers.hosts.fleet import fleet_for
from providers.hosts.perform import perform
from providers.hosts.survey import survey
from providers.loop.dry_run import rehearsed
from providers.loop.reconcile import Work, reconcile
from providers.rules.checks.preflight import Findings
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.facts import GwbridgeFacts, IngressFacts, Node, NodeFacts, SwarmFacts
from providers.rules.vocabulary.steps import CreateNetwork, Decision, Step
from providers.simulate import World
from providers.simulate.from_snapshot import copied

F = TypeVar("F", bound=Any)


class Hosts:
    """One stack's hosts, over the process's one connection to each."""

    def __init__(self, accesses: Mapping[str, HostAccess]) -> None:
        self.fleet = fleet_for(accesses)

    def gwbridge(self, host: str) -> GwbridgeFacts:
        """One host's docker_gwbridge."""
        return observe.gwbridge_facts(self.fleet, host)

    def bridge_ids(self, names: Iterable[str]) -> frozenset[str]:
        """Ids of docker_gwbridge on the named hosts that answer."""
        return observe.bridge_ids(self.fleet, names)

    def swarm(self, *, ending: bool = False) -> SwarmFacts:
        """The swarm and all hosts' membership; `ending`: with all that would end with it."""
        return observe.swarm_facts(self.fleet, ending=ending)

    def node(self, host: str, *, leaving: bool = False) -> NodeFacts:
        """One host's membership; `leaving`: with what runs on it."""
        return observe.node_facts(self.fleet, host, leaving=leaving)

    def entry(self, node_id: str) -> Node | None:
        """A member's entry as the managers list it, None where they list none."""
        return observe.entry(self.fleet, node_id)

    def ingress(self) -> IngressFacts:
        """The swarm's ingress and what each host has of it."""
        return observe.ingress_facts(self.fleet)

    def overlay(self, name: str, network_id: str = "", *, thorough: bool = False) -> observe.OverlayReader:
        """A reader of one overlay; see OverlayReader."""
        return observe.OverlayReader(self.fleet, name, network_id, thorough)

    def preflight(self, resolved: Resolved, owner: str) -> Findings:
        """What of a stack file clashes with what the hosts have."""
        return preflight.preflight(self.fleet, resolved, owner)

    def rehearsed(
        self, name: str, seconds: float, look: Callable[[World], Any], decide: Callable[[Any], Decision]
    ) -> Forecast:
        """What working until `decide` says Done would do, as tried on a simulated copy; reads the hosts once more."""
        return rehearsed(copied(survey(self.fleet)), name, seconds, look, decide)[1]

    def work(
        self,
        name: str,
        seconds: float,
        progress: Callable[[str], None],
        look: Callable[[], F],
        decide: Callable[[F], Decision],
        created: Callable[[str, str], None] = lambda name, network_id: None,
        ways_back: Sequence[Callable[[Any], Decision]] = (),
    ) -> F:
        """Work until `decide` says Done; `created` is told the name and id of each network made. See `reconcile`."""

        def act(step: Step) -> None:
            new = perform(self.fleet, step)
            if isinstance(step, CreateNetwork) and new:
                created(step.shape.name, new)

        return reconcile(Work(name, seconds, progress), look, decide, act, ways_back)
