"""Real hosts behind the hosts API: what they report, and steps to take there. No resource type's rules and no word of
Pulumi here.

Readers that a refresh does without are imported where they are used, since each run would load them.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from providers.hosts import observe, overlays
from providers.hosts.audit import record
from providers.hosts.fleet import fleet_for
from providers.hosts.perform import engine_of, perform
from providers.hosts.shared_answers import WRITES
from providers.rules.stack_file.access import UNSAID, HostAccess, Roles
from providers.rules.vocabulary.diagnosis import Observed
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.facts import (
    GwbridgeFacts,
    IngressFacts,
    ManagerLog,
    Member,
    Node,
    NodeFacts,
    OverlayFacts,
    SwarmFacts,
    SwarmService,
    Task,
    UnreachableHost,
)
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.snapshot import HostReport, Snapshot
from providers.rules.vocabulary.steps import CreateNetwork, RemoveNetwork, Step

STEPS_AT_ONCE = 8


class Hosts(HostsApi):
    """One stack's hosts, over the process's one connection to each.

    made: ids of networks that were made through this hosts API, by name: a look for one of them finds that very one,
    whatever else has its name. seen_free: names that were free when they were looked for here. seen_unused: overlays
    that nobody used when they were looked for here, by id. removed: ids of those that an Engine took away. written:
    whether a step was taken. resting: nothing is written through it. author, warn: see `audited`.
    """

    def __init__(self, accesses: Mapping[str, HostAccess], roles: Roles = UNSAID, *, resting: bool = False) -> None:
        self.accesses, self.roles, self.resting = accesses, roles, resting
        self.fleet = fleet_for(accesses, roles, at_rest=resting)
        self.made: dict[str, str] = {}
        self.seen_free: set[str] = set()
        self.seen_unused: dict[str, OverlayFacts] = {}
        self.removed: set[str] = set()
        self.written = False
        self.author = ""
        self.warn: Callable[[str], None] = lambda line: None

    def audited(self, author: str, warn: Callable[[str], None]) -> "Hosts":
        self.author, self.warn = author, warn
        return self

    def at_rest(self) -> "Hosts":
        return Hosts(self.accesses, self.roles, resting=True)

    def now(self) -> float:
        return time.monotonic()

    def elapse(self, seconds: float) -> None:
        time.sleep(seconds)

    def member(self, host: str) -> Member:
        return observe.member(self.fleet.engine(host))

    def gwbridge(self, host: str) -> GwbridgeFacts:
        self.fleet.ask_ahead(host, observe.first_words)
        return observe.gwbridge_facts(self.fleet, host)

    def own_bridge(self, host: str) -> GwbridgeFacts:
        engine = self.fleet.engine(host)
        return GwbridgeFacts(member=observe.member(engine), bridge=observe.local_network(engine, GATEWAY_BRIDGE))

    def bridge_ids(self, names: Iterable[str]) -> frozenset[str]:
        return observe.bridge_ids(self.fleet, names)

    def swarm(self, *, ending: bool = False) -> SwarmFacts:
        return observe.swarm_facts(self.fleet, ending=ending)

    def manager_logs(self, names: Iterable[str]) -> tuple[ManagerLog, ...]:
        from providers.hosts.manager_log import manager_log

        return tuple(
            word if isinstance(word, ManagerLog) else ManagerLog(host=name, why=str(word))
            for name, word in self.fleet.each(manager_log, names).items()
        )

    def node(self, host: str, *, leaving: bool = False) -> NodeFacts:
        self.fleet.ask_ahead(host, observe.first_words)
        return observe.node_facts(self.fleet, host, leaving=leaving)

    def nodes(self) -> tuple[Node, ...]:
        return observe.from_manager(self.fleet, observe.nodes)

    def workload(self) -> tuple[tuple[SwarmService, ...], tuple[Task, ...]]:
        return observe.from_manager(
            self.fleet, lambda manager: (observe.services(manager), observe.tasks(manager)), newest=True
        )

    def ingress(self) -> IngressFacts:
        return observe.ingress_facts(self.fleet)

    def overlay(self, name: str, network_id: str = "", *, thorough: bool = False) -> OverlayFacts:
        if self.resting:
            return overlays.overlay_at_rest(self.fleet, name, network_id)
        known = self.made.get(name, network_id)
        short = None if thorough else self.in_short(name, known)
        return short or overlays.OverlayReader(self.fleet, name, known, thorough)()

    def in_short(self, name: str, network_id: str) -> OverlayFacts | None:
        """Return an overlay before and after its creation, as far as all that are made may share a look."""
        if name in self.seen_free and network_id:
            return overlays.after_creation(self.fleet, network_id)
        if self.written or network_id:
            return None
        found = overlays.before_creation(self.fleet, name)
        if found:
            self.seen_free.add(name)
        return found

    def unused(self, name: str, network_id: str) -> OverlayFacts | None:
        seen = self.seen_unused.get(network_id)
        if seen and network_id in self.removed:
            return overlays.after_removal(self.fleet, network_id)
        if self.written:
            return None
        found = seen or overlays.before_removal(self.fleet, name, network_id)
        if found:
            self.seen_unused[network_id] = found
        return found

    def reports(self) -> tuple[list[HostReport], list[UnreachableHost]]:
        from providers.hosts import reports

        return reports.reports(self.fleet)

    def swarm_has(self, ids: Set[str]) -> frozenset[str]:
        from providers.hosts import reports

        return reports.swarm_has(self.fleet, ids)

    def snapshot(self, *, stopped: bool = True) -> Snapshot:
        from providers.hosts.snapshot import snapshot

        return snapshot(self.fleet, stopped=stopped)

    def observed(self, managers: Set[str], mtus: Mapping[str, int], data_path_port: int) -> Observed:
        from providers.hosts.examine import observe_hosts
        from providers.hosts.probe.probing import reach
        from providers.rules.doctor.case import DesiredHosts

        seen = observe_hosts(self.fleet)
        desired = DesiredHosts(
            access=self.accesses, managers=frozenset(managers), mtus=mtus, data_path_port=data_path_port
        )
        return replace(seen, reach=reach(self.fleet, seen, desired))

    def forbidden(self, names: Iterable[str], *, packed: bool = False) -> list[str]:
        """Name commands that sudo should allow where docker is to be restarted, and hosts that can't be asked."""
        return observe.forbidden(self.fleet, names, packed=packed)

    def perform(self, step: Step) -> None:
        expected = isinstance(step, CreateNetwork) and not self.written and step.config.name in self.seen_free
        self.written = True
        if self.author and (warning := record(engine_of(self.fleet, step).log, step, self.author)):
            self.warn(f"warning: {warning}")
        with WRITES.one(of_users=not isinstance(step, CreateNetwork | RemoveNetwork), of_names=not expected):
            network = perform(self.fleet, step)
        match step:
            case CreateNetwork() if network:
                self.made[step.config.name] = network
            case RemoveNetwork() if network:
                self.removed.add(network)

    def perform_all(self, steps: Sequence[Step]) -> list[SwarmnetError]:
        if len(steps) == 1:
            return super().perform_all(steps)
        with ThreadPoolExecutor(max_workers=min(STEPS_AT_ONCE, len(steps))) as pool:
            return [problem for problem in pool.map(self.attempt, steps) if problem]
