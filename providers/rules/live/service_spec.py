"""Reads from a service's raw spec what a change under it depends on. Durations are in seconds.

Each function takes the spec's JSON as `SwarmService.spec` has it. Where the spec says nothing the Engine's own default
counts: swarmkit's (https://github.com/moby/swarmkit/blob/master/api/defaults/service.go) if no other source is named.
What an image brings by itself, a health check above all, is not in a spec and not known here.
"""

import json
from functools import lru_cache
from typing import Any, Literal, NamedTuple

Json = dict[str, Any]
Mode = Literal["replicated", "global", "job"]

NANOSECONDS = 1_000_000_000  # the Engine writes durations in them
STOP_GRACE = 10.0
RESTART_DELAY = 5.0
MONITOR = 5.0
# Of a health check that leaves them out: https://github.com/moby/moby/blob/master/daemon/health.go
PROBE_INTERVAL = 30.0
PROBE_TIMEOUT = 30.0
PROBE_RETRIES = 3


class Resources(NamedTuple):
    """CPUs in billionths, memory in bytes; 0 if none are asked for."""

    nano_cpus: int
    memory_bytes: int


def mode(spec: str) -> Mode:
    """Return how its tasks are spread: so many, one on each node, or until they have run to an end."""
    kinds = _read(spec).get("Mode") or {}
    if {"ReplicatedJob", "GlobalJob"} & set(kinds):
        return "job"
    return "global" if "Global" in kinds else "replicated"


def replicas(spec: str) -> int | None:
    """Return how many tasks it wants, or None if it does not say: one on each node that will do, or a job."""
    if mode(spec) != "replicated":
        return None
    found = ((_read(spec).get("Mode") or {}).get("Replicated") or {}).get("Replicas")
    return 1 if found is None else int(found)


def has_virtual_address(spec: str) -> bool:
    """Tell whether each of its networks gives the service an address, beside those of its tasks."""
    return (_read(spec).get("EndpointSpec") or {}).get("Mode") != "dnsrr"


def constraints(spec: str) -> tuple[str, ...]:
    """Return what a node has to fulfil for its tasks, such as `node.labels.zone == a`."""
    return tuple(_placement(spec).get("Constraints") or ())


def max_per_node(spec: str) -> int:
    """Return how many of its tasks one node takes; 0: any number."""
    return int(_placement(spec).get("MaxReplicas") or 0)


def platforms(spec: str) -> tuple[tuple[str, str], ...]:
    """Return the systems and processors that its image runs on, empty where it does not say; no pair: any node."""
    found = _placement(spec).get("Platforms") or ()
    return tuple((str(each.get("OS") or ""), str(each.get("Architecture") or "")) for each in found)


def publishes_on_hosts(spec: str) -> bool:
    """Tell whether its tasks take fixed ports of their hosts, so that no node has two of them."""
    ports = (_read(spec).get("EndpointSpec") or {}).get("Ports") or ()
    return any(port.get("PublishMode") == "host" and port.get("PublishedPort") for port in ports)


def reservations(spec: str) -> Resources:
    """Return what each of its tasks reserves of a node."""
    found = (_template(spec).get("Resources") or {}).get("Reservations") or {}
    return Resources(int(found.get("NanoCPUs") or 0), int(found.get("MemoryBytes") or 0))


def restart_condition(spec: str) -> str:
    """Return when a task that has ended is followed by another: `none`, `on-failure` or `any`."""
    return str(_restarts(spec).get("Condition") or "any")


def most_restarts(spec: str) -> int:
    """Return how often tasks that end are followed by others; 0: any number of times."""
    return int(_restarts(spec).get("MaxAttempts") or 0)


def restart_delay(spec: str) -> float:
    """Return the seconds from the end of a task to the start of the one that follows it."""
    return _seconds(_restarts(spec).get("Delay"), RESTART_DELAY)


def stop_grace(spec: str) -> float:
    """Return the seconds that a task may take to end after it was told to, before it is killed."""
    return _seconds(_container(spec).get("StopGracePeriod"), STOP_GRACE)


def start_period(spec: str) -> float:
    """Return the seconds after a start for which failures of its health check do not count; 0 without a health
    check."""
    return _seconds(_health_check(spec).get("StartPeriod"), 0) if _health_check(spec) else 0


def health_seconds(spec: str) -> float:
    """Return the longest time from a container's start to its health check's verdict, in seconds; 0 without one.

    A task is seen as running only once that has called it well:
    https://github.com/moby/moby/blob/master/daemon/cluster/executor/container/controller.go
    """
    check = _health_check(spec)
    if not check:
        return 0
    probe = _seconds(check.get("Interval"), PROBE_INTERVAL) + _seconds(check.get("Timeout"), PROBE_TIMEOUT)
    return start_period(spec) + int(check.get("Retries") or PROBE_RETRIES) * probe


def local_volumes(spec: str) -> tuple[str, ...]:
    """Return the volumes of its tasks that stay on their host, by name or by their place in the container.

    https://docs.docker.com/engine/storage/volumes/#use-a-volume-driver
    """
    mounts = [each for each in _container(spec).get("Mounts") or () if each.get("Type") == "volume"]
    local = [mount for mount in mounts if _volume_driver(mount) in ("", "local")]
    return tuple(str(mount.get("Source") or mount.get("Target")) for mount in local)


def labels(spec: str) -> dict[str, str]:
    """Return the labels of the service and of its containers, under which proxies look for it."""
    return {**(_container(spec).get("Labels") or {}), **(_read(spec).get("Labels") or {})}


def update_order(spec: str) -> str:
    """Return the order of an update: `stop-first` (the old task ends) or `start-first` (the new one runs)."""
    return str(_update(spec).get("Order") or "stop-first")


def parallelism(spec: str) -> int:
    """Return how many of its tasks an update moves at once; 0: all."""
    update = _read(spec).get("UpdateConfig")
    return 1 if update is None else int(update.get("Parallelism") or 0)


def update_delay(spec: str) -> float:
    """Return the seconds that an update rests after each of its batches."""
    return _seconds(_update(spec).get("Delay"), 0)


def monitor(spec: str) -> float:
    """Return the seconds after its start for which a task's failure counts as the update's."""
    return _seconds(_update(spec).get("Monitor"), MONITOR)


def failure_action(spec: str) -> str:
    """Return what an update does if its tasks fail: `pause`, `continue` or `rollback`."""
    return str(_update(spec).get("FailureAction") or "pause")


@lru_cache(maxsize=4096)
def _read(spec: str) -> Json:
    """Return a spec as data, read once; nobody may change it."""
    data: Json = json.loads(spec)
    return data


def _template(spec: str) -> Json:
    return _read(spec).get("TaskTemplate") or {}


def _placement(spec: str) -> Json:
    return _template(spec).get("Placement") or {}


def _restarts(spec: str) -> Json:
    return _template(spec).get("RestartPolicy") or {}


def _container(spec: str) -> Json:
    return _template(spec).get("ContainerSpec") or {}


def _update(spec: str) -> Json:
    return _read(spec).get("UpdateConfig") or {}


def _volume_driver(mount: Json) -> str:
    """Return the driver of a volume; empty for the Engine's own default."""
    return str(((mount.get("VolumeOptions") or {}).get("DriverConfig") or {}).get("Name") or "")


def _health_check(spec: str) -> Json:
    """Return the health check, empty if there is none or `NONE` removes the image's."""
    check: Json = _container(spec).get("Healthcheck") or {}
    return {} if list(check.get("Test") or ())[:1] in ([], ["NONE"]) else check


def _seconds(nanoseconds: int | None, default: float) -> float:
    """Return the seconds of a duration that the Engine writes in nanoseconds, or its default if none is written."""
    return default if nanoseconds is None else nanoseconds / NANOSECONDS
