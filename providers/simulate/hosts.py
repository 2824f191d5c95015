"""A simulated swarm behind the hosts API, in the place of real hosts: whatever works on hosts works on it.

Its clock goes on as it is told, and with each request.
"""

import threading
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, fields, replace

from providers import simulate
from providers.rules.vocabulary.diagnosis import Observed
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
from providers.rules.vocabulary.routes import Surroundings
from providers.rules.vocabulary.snapshot import HostReport, HostSnapshot, Snapshot, Standalone, SwarmSnapshot
from providers.rules.vocabulary.steps import CreateNetwork, RestartEngine, Step
from providers.simulate import reads
from providers.simulate.answering import engine
from providers.simulate.observe import placed
from providers.simulate.state import Host, SimulatorState

# Seconds that a request takes over an open connection; other things go on meanwhile.
REQUEST = 0.02


@dataclass
class SimulatedHosts(HostsApi):
    """A simulation, and the seconds since it began.

    surroundings: what each host has beside Docker's networks. made: ids of networks made through this hosts API, by
    name.
    doctor_facts: what `doctor` finds out.
    """

    sim: SimulatorState
    seconds: float = 0
    surroundings: Surroundings = field(default_factory=Surroundings)
    made: dict[str, str] = field(default_factory=dict)
    doctor_facts: Observed = field(default_factory=lambda: Observed(hosts=()))
    lock: threading.Lock = field(default_factory=threading.Lock)  # many resources may work at once

    def at_rest(self) -> "SimulatedHosts":
        return self

    def now(self) -> float:
        return self.seconds

    def elapse(self, seconds: float) -> None:
        self.became(simulate.elapse(self.sim, seconds), seconds)

    def member(self, host: str) -> Member:
        return reads.member(self.sim, engine(self.sim, host))

    def gwbridge(self, host: str) -> GwbridgeFacts:
        return simulate.gwbridge_facts(self.sim, host)

    def own_bridge(self, host: str) -> GwbridgeFacts:
        return GwbridgeFacts(member=self.member(host), bridge=engine(self.sim, host).network(GATEWAY_BRIDGE))

    def bridge_ids(self, names: Iterable[str]) -> frozenset[str]:
        desired = set(names)
        bridges = (host.network(GATEWAY_BRIDGE) for host in reads.answers(self.sim)[0] if host.name in desired)
        return frozenset(bridge.id for bridge in bridges if bridge)

    def swarm(self, *, ending: bool = False) -> SwarmFacts:
        return simulate.swarm_facts(self.sim, ending=ending)

    def manager_logs(self, names: Iterable[str]) -> tuple[ManagerLog, ...]:
        asked = [self.sim.host(name) for name in names]
        autolock = self.sim.cluster is not None and self.sim.swarm.settings.autolock
        return tuple(ManagerLog(host=each.name, last=each.last_entry, autolock=autolock) for each in asked)

    def node(self, host: str, *, leaving: bool = False) -> NodeFacts:
        return simulate.node_facts(self.sim, host, leaving=leaving)

    def nodes(self) -> tuple[Node, ...]:
        return simulate.entries(self.sim)

    def workload(self) -> tuple[tuple[SwarmService, ...], tuple[Task, ...]]:
        return reads.services(self.sim), reads.tasks(self.sim)

    def ingress(self) -> IngressFacts:
        return simulate.ingress_facts(self.sim)

    def overlay(self, name: str, network_id: str = "", *, thorough: bool = False) -> OverlayFacts:
        return simulate.overlay_facts(self.sim, name, self.made.get(name, network_id), thorough=thorough)

    def reports(self) -> tuple[list[HostReport], list[UnreachableHost]]:
        good, unreachable = reads.answers(self.sim)
        reports = [
            HostReport(
                host=host.name,
                member=reads.member(self.sim, host),
                networks=reads.listed(self.sim, host),
                surroundings=self.surroundings,
            )
            for host in good
        ]
        return reports, unreachable

    def swarm_has(self, ids: Set[str]) -> frozenset[str]:
        actual = self.sim.cluster.networks if self.sim.cluster else ()
        return frozenset(ids & {net.id for net in actual})

    def observed(self, managers: Set[str], mtus: Mapping[str, int], data_path_port: int) -> Observed:
        return self.doctor_facts

    def snapshot(self, *, stopped: bool = True) -> Snapshot:
        good, unreachable = reads.answers(self.sim)
        hosts = tuple(_host_snapshot(self.sim, host) for host in good)
        if self.sim.cluster is None:
            return Snapshot(hosts=(*hosts, *unreachable))
        swarm = SwarmSnapshot(
            settings=reads.settings(self.sim),
            nodes=reads.nodes(self.sim),
            networks=tuple(replace(net, endpoints=()) for net in self.sim.swarm.networks),
            services=reads.services(self.sim),
            tasks=tuple(task for task in reads.tasks(self.sim) if stopped or task.desired != "shutdown"),
        )
        return Snapshot(hosts=(*hosts, *(placed(self.sim, each) for each in unreachable)), swarm=swarm)

    def perform(self, step: Step) -> None:
        with self.lock:
            self.elapse(REQUEST)
            before = _network_ids(self.sim)
            lasted = self.sim.timings.restart if isinstance(step, RestartEngine) else 0
            self.became(simulate.perform(self.sim, step), lasted)
            if isinstance(step, CreateNetwork):
                (self.made[step.config.name],) = _network_ids(self.sim) - before

    def became(self, sim: SimulatorState, seconds: float) -> None:
        """So many seconds have passed, at the end of which the simulation is this."""
        self.sim = sim
        self.seconds += seconds


def _host_snapshot(sim: SimulatorState, host: Host) -> HostSnapshot:
    seen = [each.name for each in fields(Standalone)]  # and nothing else that is known of them here
    containers = (Standalone(**{name: getattr(each, name) for name in seen}) for each in host.containers)
    return HostSnapshot(member=reads.member(sim, host), networks=host.networks, containers=tuple(containers))


def _network_ids(sim: SimulatorState) -> set[str]:
    cluster = sim.cluster.networks if sim.cluster else ()
    return {net.id for net in (*cluster, *(net for host in sim.hosts for net in host.networks))}
