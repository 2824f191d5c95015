"""The workloads of a simulated swarm, as values: standalone containers, services and their tasks."""

from dataclasses import dataclass
from functools import lru_cache
from json import dumps, loads
from typing import Any

from providers.rules.vocabulary.answers import Pairs, pairs
from providers.rules.vocabulary.facts import Task
from providers.rules.vocabulary.service_spec import Port, read_spec
from providers.rules.vocabulary.snapshot import Standalone

# Specs, services or tasks that are remembered: of the largest swarms there are, all.
MANY = 16384


@dataclass(frozen=True, kw_only=True)
class Container(Standalone):
    """A standalone container, with what a look does not show. `restarts`: it comes back with its Engine.

    `name`: empty if it goes by its id. `ends`: its process runs to an end, each time it is started. `task_id`: of the
    task that it was left behind by.
    """

    name: str = ""
    running: bool = True
    restarts: bool = True
    ends: bool = False
    task_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Placed(Task):
    """A task with what it was started from: its template and its ports, as JSON (what makes it dirty later).

    fresh: the update that is under way made it. restarted: if restarts are limited, so many in its slot ended by
    themselves before it, with the same spec. outdated: its service was written since, but for what concerns it.
    queued: while it waits for a place the scheduler looks at it. followed: an update told it to end, and made the task
    that comes after it at the same time.
    """

    template: str = ""
    endpoint: str = ""
    fresh: bool = False
    restarted: int = 0
    outdated: bool = False
    queued: bool = True
    followed: bool = False

    @property
    def meant_to_run(self) -> bool:
        """Tell whether it runs or shall run."""
        return self.desired in ("running", "ready")

    @property
    def spec(self) -> str:
        """A spec with its template alone, for questions of service_spec.py."""
        return f'{{"TaskTemplate": {self.template or "{}"}}}'


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service.

    spec, previous: JSON. numbers: its ports with those that the swarm chose (Endpoint.Ports). failing: the tasks of
    its updates die at once, those of a rollback do not. ends: how its tasks end by themselves a while after they
    started, `failed` or `complete`; empty if they do not. stubborn: they do not end before they are killed.
    status: of its last update, in the Engine's words; empty if it moved no task.
    """

    id: str
    spec: str
    previous: str = ""
    numbers: tuple[Port, ...] = ()
    version: int = 1
    failing: bool = False
    ends: str = ""
    stubborn: bool = False
    status: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return str(read(self.spec)["Name"])

    @property
    def ports(self) -> tuple[Port, ...]:
        """The published ports of its spec."""
        return read_spec(self.spec).ports

    @property
    def force_update(self) -> int:
        """The counter that moves tasks."""
        return int(read(self.spec)["TaskTemplate"].get("ForceUpdate", 0))

    @property
    def through_ingress(self) -> bool:
        """Tell whether a port of its spec goes through the ingress."""
        return any(port.mode == "ingress" for port in self.ports)

    @property
    def labels(self) -> Pairs:
        """The labels of its spec."""
        return pairs(read(self.spec).get("Labels") or {})

    @property
    def networks(self) -> tuple[str, ...]:
        """Ids of the networks that its spec names."""
        return tuple(sorted(net["Target"] for net in read(self.spec)["TaskTemplate"].get("Networks", [])))

    @property
    def template(self) -> str:
        """Return the template that its tasks are started from."""
        return part(self.spec, "TaskTemplate")

    @property
    def endpoint(self) -> str:
        """Its ports as they make tasks dirty."""
        return part(self.spec, "EndpointSpec")


@lru_cache(maxsize=MANY)
def read(json: str) -> dict[str, Any]:
    """A spec as data; nobody may change it."""
    data: dict[str, Any] = loads(json)
    return data


@lru_cache(maxsize=MANY)
def part(json: str, key: str) -> str:
    """A part of a spec, as text."""
    return text(read(json).get(key) or {})


def text(data: dict[str, Any]) -> str:
    """Data as text that is equal if the data are."""
    return dumps(data, sort_keys=True)
