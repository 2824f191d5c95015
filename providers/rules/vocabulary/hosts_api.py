"""All that may be asked of hosts and done to them, as one set of methods behind which real or simulated hosts stand.

The loop, the resources and the command `swarmnet` work through it alone. Two implementations: `hosts/hosts API.py` and
`simulate/hosts.py`. No resource type is known here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Protocol

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
from providers.rules.vocabulary.snapshot import HostReport, Snapshot
from providers.rules.vocabulary.steps import Step


class HostsApi(Protocol):
    """The hosts of one stack. Every method that reads or acts raises HostError and EngineError."""

    def at_rest(self) -> "HostsApi":
        """Return the same hosts, for looks after which nothing is written: one host's answer may serve the others too,
        as long as no step was taken since. Who uses an overlay is not asked there."""

    def audited(self, author: str, warn: Callable[[str], None]) -> "HostsApi":
        """Return the same hosts, for steps that each host's own log has beforehand. author: resource, stack and commit;
        empty for no log. warn: takes a line for each host that has none."""
        return self

    def now(self) -> float:
        """Return seconds that only grow."""

    def elapse(self, seconds: float) -> None:
        """Let time pass."""

    def member(self, host: str) -> Member:
        """Return a host's own word on its membership."""

    def gwbridge(self, host: str) -> GwbridgeFacts:
        """Return one host's docker_gwbridge."""

    def own_bridge(self, host: str) -> GwbridgeFacts:
        """Return the same by the host's own word alone, which proves what it has and what not."""

    def bridge_ids(self, names: Iterable[str]) -> frozenset[str]:
        """Return the ids of docker_gwbridge on the named hosts that answer."""

    def swarm(self, *, ending: bool = False) -> SwarmFacts:
        """Return the swarm and all hosts' membership; `ending`: with all that would end with it."""

    def manager_logs(self, names: Iterable[str]) -> tuple[ManagerLog, ...]:
        """Return what the named hosts have of what the managers agreed on; of one that can't say, why."""

    def node(self, host: str, *, leaving: bool = False) -> NodeFacts:
        """Return one host's membership; `leaving`: with what runs on it."""

    def nodes(self) -> tuple[Node, ...]:
        """Return all members as the managers list them."""

    def workload(self) -> tuple[tuple[SwarmService, ...], tuple[Task, ...]]:
        """Return all services of the swarm and all tasks that it remembers."""

    def ingress(self) -> IngressFacts:
        """Return the swarm's ingress and each host's share of it."""

    def overlay(self, name: str, network_id: str = "", *, thorough: bool = False) -> OverlayFacts:
        """Return one overlay: the one of this name that was made through this hosts API, else by its id, else by its
        exact name.

        thorough: also who uses it, and an absence framed by two answered `GET /nodes`.
        """

    def unused(self, name: str, network_id: str) -> OverlayFacts | None:
        """Return an overlay that is to go without a look at it alone, or None where that does not do.

        Before a step was taken through this hosts API: that nobody used it, after the last write of this run that could
        give it a user. After the step that took it away: its absence, and whether the manager asked still keeps its
        name. Only its removal may rest on it, which the Engine refuses where somebody uses it by then
        (measurements.md#in-use).
        """
        return None

    def reports(self) -> tuple[list[HostReport], list[UnreachableHost]]:
        """Return each host's addresses, and the hosts that do not answer."""

    def swarm_has(self, ids: Set[str]) -> frozenset[str]:
        """Return those of the networks that the swarm has: hosts keep copies of others for a while."""

    def snapshot(self, *, stopped: bool = True) -> Snapshot:
        """Return all hosts and the swarm, for a simulated copy of them. stopped: with the tasks that are to stop, among
        which a manager lists all that have ended."""

    def observed(self, managers: Set[str], mtus: Mapping[str, int], data_path_port: int) -> Observed:
        """Return what `doctor` finds out of all hosts, and what passes between them. managers: the hosts that are to be
        managers. mtus: of the network between hosts, bytes."""

    def perform(self, step: Step) -> None:
        """Take one step."""

    def perform_all(self, steps: Sequence[Step]) -> list[SwarmnetError]:
        """Take all steps, whatever one of them raises, and return what they raised. None is left half-done."""
        return [problem for step in steps if (problem := self.attempt(step))]

    def attempt(self, step: Step) -> SwarmnetError | None:
        """Take one step and return what it raised, or None."""
        try:
            self.perform(step)
        except SwarmnetError as problem:
            return problem
        return None
