"""Services on a group of lab hosts, and what a change of their networks must leave as it was.

Specs are compared raw, as the manager's own Engine shows them at its newest API. Nothing of Swarmnet may enter: this
is a witness against it.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import docker

from tests.support.machines import Host, eventually

Json = Any
FOREVER = "sleep 100000"
ROW = "{{.Name}} {{.Replicas}}"
# Every one of a kind that needs care when ports move.
SERVICES = {
    "web": f"--replicas 2 --publish 8080:80 busybox:lab {FOREVER}",
    "everywhere": f"--mode global --publish 8081:80 busybox:lab {FOREVER}",
    "mixed": f"--publish mode=host,published=8091,target=80 --publish 8082:81 busybox:lab {FOREVER}",
    "dynamic": f"--publish 80 --publish 81/udp busybox:lab {FOREVER}",
    "careful": "--replicas 2 --update-parallelism 1 --update-delay 2s --update-failure-action rollback "
    f"--label team=net --publish 8083:80 busybox:lab {FOREVER}",
}


def deploy(manager: Host, services: Mapping[str, str] = SERVICES) -> None:
    """Create services by what stands after their name in `docker service create`, and wait until all run."""
    for name, words in services.items():
        create(manager, name, words)
    eventually(lambda: all_run(manager))


def create(manager: Host, name: str, words: str) -> None:
    """Create a service that need not come to run."""
    quick = "--detach --quiet --no-resolve-image --stop-grace-period=1s"
    manager.docker("service", "create", *quick.split(), "--name", name, *words.split())


def create_by_api(manager: Host, spec: Json) -> None:
    """Create a service as its API allows, the docker command not."""
    with closing(docker.APIClient(f"unix:///proc/{manager.pid}/root/run/docker.sock", version="auto")) as api:
        made = api.post(f"http+docker://localhost/v{api.api_version}/services/create", json=spec)
        assert made.status_code == 201, made.text


def all_run(manager: Host, apart: str = "") -> bool:
    """Tell whether every service but `apart` has all its tasks; a job has them once they are done."""
    rows = [row.split(" ", 1) for row in manager.docker("service", "ls", "--format", ROW).splitlines()]
    # a job's replicas: 0/1 (1/1 completed); those of others may end in (max 1 per node)
    told = [said.partition("(")[2] if "completed" in said else said for name, said in rows if name != apart]
    counts = [said.split()[0].split("/") for said in told]
    return all(running == desired for running, desired in counts)


def specs(manager: Host) -> dict[str, Json]:
    """All services' raw specs by name."""
    with closing(docker.APIClient(f"unix:///proc/{manager.pid}/root/run/docker.sock", version="auto")) as api:
        found = api.get(f"http+docker://localhost/v{api.api_version}/services").json()
    return {each["Spec"]["Name"]: each["Spec"] for each in found}


def lost(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[str]:
    """Return the differences in words, without the announced ones: a number for a dynamic port, a raised
    ForceUpdate."""
    found = differences(dict(before), dict(after), "")
    return [line for path, line in found if not path.endswith((".ForceUpdate", ".PublishedPort"))] + moved(
        before, after
    )


def moved(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[str]:
    """Services with a fixed port that has another number now."""
    return [name for name in before if name in after and fixed(before[name]) - fixed(after[name])]


def fixed(spec: Json) -> set[tuple[str, int, int]]:
    """The published ports that have a number in the spec."""
    ports = (spec.get("EndpointSpec") or {}).get("Ports") or []
    return {(each["Protocol"], each["TargetPort"], each["PublishedPort"]) for each in ports if "PublishedPort" in each}


def differences(before: Json, after: Json, path: str) -> Iterator[tuple[str, str]]:
    """Paths at which two JSON values differ, each with a line that says how."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif before != after:
        yield path, f"{path}: {before} -> {after}"


def journals(manager: Host) -> list[str]:
    """Return the labels on services, members and the swarm that note an unfinished change."""
    labels = [spec.get("Labels") or {} for spec in specs(manager).values()]
    labels += [node["Spec"]["Labels"] or {} for node in manager.nodes().values()]
    labels.append(manager.swarm()["Cluster"]["Spec"]["Labels"] or {})
    return sorted({key for each in labels for key in each if key.startswith("swarmnet.") and key != "swarmnet.owner"})
