"""What a service's spec asks for, as far as a change under it depends on it.

Where the spec says nothing the Engine's own default counts: swarmkit's
(https://github.com/moby/swarmkit/blob/master/api/defaults/service.go) if no other source is named. What an image brings
by itself, a health check above all, is not in a spec and not known here.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal

from typing_extensions import TypedDict

from providers.rules.vocabulary.answers import (
    At,
    Few,
    From,
    Keyed,
    Many,
    Number,
    PortNumber,
    Seconds,
    form,
)

Mode = Literal["replicated", "global", "job"]

Text = Annotated[str, From(str, str)]
Count = Annotated[int, From(Number, int)]


def word(default: str, kind: Any = str) -> From:  # noqa: ANN401 (any type)
    """Return the reader of a word of a kind, with what stands for an empty one."""
    return From(kind, lambda found: found or default)


def whole(kind: type) -> From:
    """Return the reader of a part that is one value."""
    return From(kind, lambda found: found)


_PROTOCOL = word("tcp", Literal["", "tcp", "udp", "sctp"])
_PORT_MODE = word("ingress", Literal["", "ingress", "host"])


@dataclass(frozen=True, kw_only=True)
class Port:
    """One published port of a service's spec. `published` 0: the swarm chooses."""

    protocol: Annotated[str, _PROTOCOL, At("Protocol")] = "tcp"
    target: Annotated[int, From(PortNumber, int), At("TargetPort")] = 0
    published: Annotated[int, From(PortNumber, int), At("PublishedPort")] = 0
    mode: Annotated[str, _PORT_MODE, At("PublishMode")] = "ingress"


class _Platform(TypedDict, total=False):
    OS: str | None
    Architecture: str | None


def _platforms(found: list[_Platform]) -> tuple[tuple[str, str], ...]:
    return tuple((each.get("OS") or "", each.get("Architecture") or "") for each in found)


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where tasks may run.

    constraints: what a node has to fulfil, such as `node.labels.zone == a`. max_per_node: how many of a service's tasks
    one node takes; 0: any number. platforms: the systems and processors that its image runs on, empty where it does not
    say; no pair: any node.
    """

    constraints: Annotated[tuple[str, ...], From(Many[str], tuple), At("Constraints")] = ()
    max_per_node: Annotated[Count, At("MaxReplicas")] = 0
    platforms: Annotated[tuple[tuple[str, str], ...], From(Many[_Platform], _platforms), At("Platforms")] = ()


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """A container's health check. What it leaves out: https://github.com/moby/moby/blob/master/daemon/health.go"""

    test: Annotated[tuple[str, ...], From(Many[str], tuple), At("Test")] = ()
    interval: Annotated[Seconds, At("Interval")] = 30.0
    timeout: Annotated[Seconds, At("Timeout")] = 30.0
    start_period: Annotated[Seconds, At("StartPeriod")] = 0
    retries: Annotated[int, From(Few, lambda found: found or 3), At("Retries")] = 3

    @property
    def is_there(self) -> bool:
        """Tell whether there is one: `NONE` removes the image's."""
        return self.test[:1] not in ((), ("NONE",))


@dataclass(frozen=True, kw_only=True)
class _Mount:
    kind: Annotated[Text, At("Type")] = ""
    source: Annotated[Text, At("Source")] = ""
    target: Annotated[Text, At("Target")] = ""
    driver: Annotated[Text, At("VolumeOptions.DriverConfig.Name")] = ""  # empty for the Engine's own default


def _local(mounts: list[_Mount]) -> tuple[str, ...]:
    local = (each for each in mounts if each.kind == "volume" and each.driver in ("", "local"))
    return tuple(each.source or each.target for each in local)


def _mode(kinds: dict[str, object]) -> Mode:
    if not {"ReplicatedJob", "GlobalJob"}.isdisjoint(kinds):
        return "job"
    return "global" if "Global" in kinds else "replicated"


class _Update(TypedDict, total=False):
    Parallelism: Number | None


@dataclass(frozen=True, kw_only=True)
class ServiceSpec:
    """The spec of a service, durations in seconds.

    mode: how its tasks are spread: so many, one on each node, or until they have run to an end. endpoint_mode: `dnsrr`:
    no address of the service's own. nano_cpus (billionths), memory_bytes: what each of its tasks reserves of a node.
    restart_condition: when a task that has ended is followed by another: `none`, `on-failure` or `any`. most_restarts:
    how often; 0: any number of times. restart_delay: from the end of the one to the start of the other.
    stop_grace: what a task may take to end after it was told to, before it is killed. local_volumes: those of its tasks
    that stay on their host, by name or by their place in the container
    (https://docs.docker.com/engine/storage/volumes/#use-a-volume-driver).
    update_order: `stop-first` (the old task ends) or `start-first` (the new one runs). parallelism: how many of its
    tasks an update moves at once; 0: all. update_delay: the rest of an update after each of its batches. monitor: how
    long after its start a task's failure counts as the update's. failure_action: what an update does if its tasks fail:
    `pause`, `continue` or `rollback`.
    """

    mode: Annotated[Mode, From(Keyed[object], _mode), At("Mode")] = "replicated"
    declared_replicas: Annotated[int, From(Few, int), At("Mode.Replicated.Replicas")] = 1
    ports: Annotated[tuple[Port, ...], From(Many[Port], tuple), At("EndpointSpec.Ports")] = ()
    endpoint_mode: Annotated[Text, At("EndpointSpec.Mode")] = ""
    own_labels: Annotated[dict[str, str], From(Keyed[str], dict), At("Labels")] = field(default_factory=dict)
    placement: Annotated[Placement, whole(Placement), At("TaskTemplate.Placement")] = Placement()
    nano_cpus: Annotated[Count, At("TaskTemplate.Resources.Reservations.NanoCPUs")] = 0
    memory_bytes: Annotated[Count, At("TaskTemplate.Resources.Reservations.MemoryBytes")] = 0
    restart_condition: Annotated[str, word("any"), At("TaskTemplate.RestartPolicy.Condition")] = "any"
    most_restarts: Annotated[Count, At("TaskTemplate.RestartPolicy.MaxAttempts")] = 0
    restart_delay: Annotated[Seconds, At("TaskTemplate.RestartPolicy.Delay")] = 5.0
    stop_grace: Annotated[Seconds, At("TaskTemplate.ContainerSpec.StopGracePeriod")] = 10.0
    health_check: Annotated[HealthCheck, whole(HealthCheck), At("TaskTemplate.ContainerSpec.Healthcheck")] = (
        HealthCheck()
    )
    local_volumes: Annotated[tuple[str, ...], From(Many[_Mount], _local), At("TaskTemplate.ContainerSpec.Mounts")] = ()
    container_labels: Annotated[dict[str, str], From(Keyed[str], dict), At("TaskTemplate.ContainerSpec.Labels")] = (
        field(default_factory=dict)
    )
    update_order: Annotated[str, word("stop-first"), At("UpdateConfig.Order")] = "stop-first"
    parallelism: Annotated[Number, From(_Update, lambda found: found.get("Parallelism") or 0), At("UpdateConfig")] = 1
    update_delay: Annotated[Seconds, At("UpdateConfig.Delay")] = 0
    monitor: Annotated[Seconds, At("UpdateConfig.Monitor")] = 5.0
    failure_action: Annotated[str, word("pause"), At("UpdateConfig.FailureAction")] = "pause"

    @property
    def replicas(self) -> int | None:
        """Return how many tasks it wants, or None if it does not say: one on each node that will do, or a job."""
        return self.declared_replicas if self.mode == "replicated" else None

    @property
    def has_virtual_address(self) -> bool:
        """Tell whether each of its networks gives the service an address, beside those of its tasks."""
        return self.endpoint_mode != "dnsrr"

    @property
    def publishes_on_hosts(self) -> bool:
        """Tell whether its tasks take fixed ports of their hosts, so that no node has two of them."""
        return any(port.mode == "host" and port.published for port in self.ports)

    @property
    def health_seconds(self) -> float:
        """Return the longest time from a container's start to its health check's verdict, in seconds; 0 without one.

        A task is seen as running only once that has called it well:
        https://github.com/moby/moby/blob/master/daemon/cluster/executor/container/controller.go
        """
        check = self.health_check
        return check.start_period + check.retries * (check.interval + check.timeout) if check.is_there else 0

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels of the service and of its containers, under which proxies look for it."""
        return {**self.container_labels, **self.own_labels}


@dataclass(frozen=True, kw_only=True)
class WholeSpec(ServiceSpec):
    """A spec as an Engine answers it, with the parts that are written back: what its tasks are made from is always
    there."""

    template: Annotated[dict[str, Any], At("TaskTemplate")]
    endpoint: Annotated[dict[str, Any], From(dict[str, Any], dict), At("EndpointSpec")] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def read_spec(text: str) -> ServiceSpec:
    """Return what a spec's JSON says, read once. Raises ValueError for what is no service's spec."""
    spec: ServiceSpec = form(ServiceSpec).validate_json(text, strict=True)
    return spec
