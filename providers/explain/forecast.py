"""The disturbance by a change, as seen on a simulated copy of the hosts: recorded step by step, and in words.

The loop and its clock are not here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from providers.rules.live.safety import warnings
from providers.rules.vocabulary.facts import SwarmService
from providers.rules.vocabulary.steps import (
    RestartEngine,
    Step,
    StopContainer,
    UpdateNode,
)
from providers.simulate.state import SimulatorState
from providers.simulate.workloads import Container, Placed, Service

# Of a forecast, which assumes tasks that stop in 4 s and hosts with time for them: idle ones took 0.4 of it, busy
# ones three times as long (measurements.md#swap-in-seconds).
_LEAST, _MOST = 0.4, 3.0
NOT_REACHED = "not reached, since something before it fails"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A step, as the loop calls it, and about how many seconds it takes until the next."""

    doing: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Absence:
    """Ports that a service loses for about so many seconds, as `8080/tcp`, or `a dynamic port to 80/udp`."""

    service: str
    ports: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Restarts:
    """The number of a service's tasks that end so that others take their place, at most; `tasks` is how many it has."""

    service: str
    tasks: int
    times: int


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The course of bringing one resource about. `problem`: why it would end without success, empty if it would not."""

    resource: str
    stages: tuple[Stage, ...] = ()
    absences: tuple[Absence, ...] = ()
    restarts: tuple[Restarts, ...] = ()
    drained: tuple[str, ...] = ()  # hosts, in their order
    restarted: tuple[str, ...] = ()  # hosts whose Engine is restarted
    stopped: tuple[str, ...] = ()  # containers, as `name on host`, some `(paused)`, as they are again in the end
    lost: tuple[str, ...] = ()  # those that are gone once they stop (`--rm`)
    warnings: tuple[str, ...] = ()  # what of services it may harm, in words
    seconds: float = 0
    problem: str = ""

    @property
    def felt(self) -> list[str]:
        """Say what running workloads feel of it; empty if they feel nothing."""
        texts = [
            self.drained and f"drain {', '.join(self.drained)}",
            self.restarted and f"restart docker on {', '.join(self.restarted)}",
            self.stopped and f"stop {', '.join(self.stopped)} and start {'them' if self.stopped[1:] else 'it'} again",
            self.lost and f"lose {', '.join(self.lost)} (started with --rm)",
            self.absences and f"unpublish ports: {'; '.join(map(_absence, self.absences))}",
            self.restarts and f"restart tasks: {', '.join(map(_restarts, self.restarts))}",
        ]
        return [line for line in texts if line]

    @property
    def disturbs(self) -> str:
        """Say the same in one line."""
        return "; ".join(self.felt)


def lasting(seconds: float) -> str:
    """Return how long something may last that is foreseen to take so many seconds, such as `4 to 30 s`."""
    least, most = (max(seconds, 1.0) * factor for factor in (_LEAST, _MOST))
    step = 5 if most > 10 else 1
    return f"{max(round(least), 1)} to {ceil(most / step) * step} s"


def _absence(absence: Absence) -> str:
    return f"{absence.service} ({', '.join(absence.ports)}) for {lasting(absence.seconds)}"


def _restarts(restarts: Restarts) -> str:
    return f"{restarts.times} of {restarts.service} (it has {restarts.tasks})"


@dataclass
class Record:
    """The events of services and hosts while a resource is brought about on a simulation, told moment by moment."""

    before: SimulatorState
    away: dict[str, float] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)
    drained: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publishing = {each.id for each in _services(self.before) if serves(self.before, each)}
        self._last, self._unserved = SimulatorState(hosts=()), set[str]()
        self._note(self.before)

    def step(self, sim: SimulatorState, step: Step) -> None:
        """A step that is about to be performed on this simulation."""
        match step:
            case UpdateNode(availability="drain"):
                host = sim.host_of(step.node_id)
                self.drained.append(host.name if host else step.node_id)
            case RestartEngine():
                self.restarted.append(step.host)
            case StopContainer():
                actual = {each.id: each for each in sim.host(step.host).containers}
                stops = actual.get(step.id) or Container(id=step.id, networks=())
                text = f"{stops.name or stops.id[:12]} on {step.host}{' (paused)' if stops.paused else ''}"
                (self.lost if stops.auto_remove else self.stopped).append(text)

    def passed(self, sim: SimulatorState, seconds: float) -> None:
        """So many seconds, at the end of which the simulation is this."""
        self._note(sim)
        for service_id in self._unserved:
            self.away[service_id] = self.away.get(service_id, 0.0) + seconds

    def absences(self) -> tuple[Absence, ...]:
        """Return services that had ports, and at some moment no task behind them."""
        actual = [service for service in _services(self.before) if service.id in self.away]
        return tuple(
            Absence(service=each.name, ports=tuple(published(each)), seconds=self.away[each.id])
            for each in sorted(actual, key=lambda service: service.name)
        )

    def restarts(self, after: SimulatorState) -> tuple[Restarts, ...]:
        """Return services of which tasks were to run, and are to run no more though the service is still there."""
        first, last = meant(self.before), meant(after)
        found = (
            Restarts(
                service=service.name,
                tasks=len(first.get(service.id, ())),
                times=len(self.seen.get(service.id, set()) - last.get(service.id, set())),
            )
            for service in _services(after)
        )
        return tuple(sorted((each for each in found if each.times), key=lambda each: each.service))

    def warnings(self, after: SimulatorState) -> tuple[str, ...]:
        """Say what may be lost of services whose tasks restart, or be unreachable for a while."""
        restarting = {each.service for each in self.restarts(after)}
        actual = {network.id for network in after.cluster.networks} if after.cluster else set()
        before = self.before.cluster.networks if self.before.cluster else ()
        replaced = {network.name for network in before if network.id not in actual}
        services = sorted(_services(self.before), key=lambda service: service.name)
        return tuple(
            line for each in services if each.name in restarting for line in warnings(each.name, each.spec, replaced)
        )

    def _note(self, sim: SimulatorState) -> None:
        """Look at the services that are not as they were at the last moment: of thousands only a few."""
        for service in changed(self._last, sim):
            tasks = {each.id for each in sim.swarm.tasks.of(service.id) if is_meant(each)}
            if tasks:
                self.seen.setdefault(service.id, set()).update(tasks)
            if service.id in self.publishing and not serves(sim, service):
                self._unserved.add(service.id)
            else:
                self._unserved.discard(service.id)
        if _services(self._last) is not _services(sim):
            self._unserved &= {service.id for service in _services(sim)}
        self._last = sim


def changed(before: SimulatorState, after: SimulatorState) -> Sequence[Service]:
    """Return the services of which the spec, a task or the ingress is another; those that are as they were are the very
    same values."""
    services = _services(after)
    if before.cluster is None or after.cluster is None or before.cluster.ingress is not after.cluster.ingress:
        return services
    same = set(map(id, before.cluster.services))
    then, now = before.cluster.tasks.by_service, after.cluster.tasks.by_service
    return [each for each in services if id(each) not in same or then.get(each.id) is not now.get(each.id)]


def _services(sim: SimulatorState) -> tuple[Service, ...]:
    return sim.cluster.services if sim.cluster else ()


def meant(sim: SimulatorState) -> dict[str, set[str]]:
    """Return ids of the tasks that run or are about to, by their service's id."""
    found: dict[str, set[str]] = {}
    for task in sim.cluster.tasks if sim.cluster else ():
        if task.service_id and is_meant(task):
            found.setdefault(task.service_id, set()).add(task.id)
    return found


def is_meant(task: Placed) -> bool:
    """Tell whether a task runs or is about to."""
    return task.desired == "running" and task.alive


def serves(sim: SimulatorState, service: Service) -> bool:
    """Tell whether the service publishes through the ingress, and a running task of it is on the ingress there is."""
    ingress_now = sim.swarm.ingress
    return (
        ingress_now is not None
        and service.through_ingress
        and any(task.state == "running" and ingress_now.id in task.networks for task in sim.swarm.tasks.of(service.id))
    )


def published(service: Service | SwarmService) -> Iterable[str]:
    """Yield the ports that a service publishes through the ingress, in words."""
    for port in service.ports:
        if port.mode == "ingress":
            number = str(port.published) if port.published else f"a dynamic port to {port.target}"
            yield f"{number}/{port.protocol}"
