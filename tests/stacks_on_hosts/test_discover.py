"""A swarm made by hand: discovered, taken over without a write, changed, and forgotten again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import docker
import pytest
import yaml

from tests.support import machines
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, ROOT, Group, Host, eventually
from tests.support.project import Project
from tests.support.services import deploy, differences

pytestmark = pytest.mark.lab

GROUP = "d"
KNOWN = (f"--key-file={KEY_FILE}", f"--known-hosts={KNOWN_HOSTS}")
OVERLAY = ("network", "create", "--driver=overlay")
BRIDGE = ("network", "create", "--opt=com.docker.network.bridge.name=gwb0", "--subnet=10.230.0.0/20")
SERVICES = {
    "web": "--replicas 2 --publish 8080:80 busybox:lab sleep 100000",
    "inside": "--replicas 1 --network data busybox:lab sleep 100000",
}
DEPLOYED = 'version: "3.7"\nservices: {a: {image: busybox:lab}}\nnetworks: {default: {driver: overlay}}\n'


def make_swarm(hosts: Group) -> None:
    """Custom and default networks, services, labels, an ingress and a bridge of its own, and what others look after."""
    manager, second, third = hosts
    second.docker(*BRIDGE, "--opt=com.docker.network.driver.mtu=1400", "docker_gwbridge")
    manager.docker("swarm", "init", f"--advertise-addr={manager.address}", "--task-history-limit=3")
    own = ("--subnet=10.231.0.0/20", "--gateway=10.231.0.9", "--opt=com.docker.network.driver.mtu=1400")
    replace_ingress(manager, *own)
    manager.let_join(second, third)
    manager.docker("node", "update", "--label-add=rack=b", "--label-add=sold=true", second.name)
    manager.docker(*OVERLAY, "--attachable", "--label=team=net", "plain")
    manager.docker(*OVERLAY, "--internal", "--subnet=10.232.0.0/22", "--ip-range=10.232.1.0/24", "data")
    third.docker("network", "create", "--label=com.docker.compose.project=shop", "--subnet=10.233.0.0/24", "shop_net")
    manager.run("sh", "-c", f"echo '{DEPLOYED}' | docker stack deploy --resolve-image=never -c - blog")
    deploy(manager, SERVICES)
    eventually(lambda: all("mesh-sbox" in str(host.network("mesh")) for host in hosts))


def replace_ingress(manager: Host, *words: str) -> None:
    """One of its own, `mesh`, as https://docs.docker.com/engine/swarm/networking/ says, while there is one member.

    It comes to a host by itself only when that joins: this one is told by updates of its node.
    """
    manager.run("sh", "-c", "yes | docker network rm ingress")
    eventually(lambda: not manager.network("ingress"))
    manager.docker(*OVERLAY, "--ingress", *words, "mesh")

    def comes() -> bool:
        manager.docker("node", "update", f"--label-add=told={manager.run('date', '+%s')}", manager.name)
        manager.run("sleep", "1.5")
        return "mesh-sbox" in str(manager.network("mesh"))

    eventually(comes)
    manager.docker("node", "update", "--label-rm=told", manager.name)


@pytest.fixture(scope="module", params=["28", pytest.param("20.10", marks=pytest.mark.every_engine)])
def swarm(request: pytest.FixtureRequest) -> Iterator[Group]:
    """Three hosts in a swarm that somebody made by hand."""
    hosts = machines.start(GROUP, request.param)
    for host in hosts:
        host.log_requests()
    hosts.provide_image()
    make_swarm(hosts)
    yield hosts
    machines.end(GROUP)


def discover(project: Project, manager: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`swarmnet discover` into the project's stack file."""
    return run("discover", manager, f"--out={project.stack_file}", *KNOWN, *words, **variables)


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command of `swarmnet`."""
    command, env = [sys.executable, "-m", "cli", *words], os.environ | variables
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def config(project: Project) -> dict[str, Any]:
    """Return the configuration in the stack file."""
    found: dict[str, Any] = yaml.safe_load(project.stack_file.read_text())["config"]
    return found


def inspected(hosts: Group) -> dict[str, Any]:
    """Every network, member, service and the swarm as each host's own Engine inspects it."""
    return {host.name: everything(host) for host in hosts}


def everything(host: Host) -> dict[str, Any]:
    """All that one Engine tells; versions and times of members tick by themselves, and tokens are nobody's business."""
    with closing(docker.APIClient(f"unix:///proc/{host.pid}/root/run/docker.sock", version="auto")) as api:
        told = {"networks": [api.inspect_network(each["Id"]) for each in api.networks()]}
        if host.swarm()["ControlAvailable"]:
            told |= {"nodes": api.nodes(), "services": api.services(), "swarm": [api.inspect_swarm()]}
    for each in told.get("nodes", []) + told.get("swarm", []):
        for key in ("Version", "UpdatedAt", "JoinTokens"):
            each.pop(key, None)
    return {kind: sorted(each, key=lambda one: one.get("Id") or one["ID"]) for kind, each in told.items()}


def at_rest(hosts: Group) -> dict[str, Any]:
    """The same, once nothing moves by itself any more: right after they join, hosts learn of each other as peers."""

    def look() -> dict[str, Any] | None:
        seen = inspected(hosts)
        hosts["d1"].run("sleep", "3")
        return None if differing(seen, inspected(hosts)) else seen

    found = eventually(look)
    assert found
    return found


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the differences in words."""
    return [line for _, line in differences(before, after, "")]


def edited(project: Project, *path: str, **keys: Any) -> None:
    """Change keys of a section of the stack file, which may be new there; None takes one away."""
    written = yaml.safe_load(project.stack_file.read_text())
    section = written["config"][f"swarmnet:{path[0]}"]
    for step in path[1:]:
        section = section.setdefault(step, {})
    section.update(keys)
    for key in [key for key, value in section.items() if value is None]:
        del section[key]
    project.stack_file.write_text(yaml.safe_dump(written, sort_keys=False))


def test_taken_over_changed_and_forgotten(swarm: Group, project: Project):
    """There is no write until something is changed, only the change then, and none when all is forgotten."""
    manager, _, third = swarm
    before = at_rest(swarm)
    written = [host.writes() for host in swarm]

    told = discover(project, f"ssh://root@{manager.address}", "--force")
    assert 0 == told.returncode, told.stdout + told.stderr
    preview = project.preview()
    assert {"create"} == set(preview.steps.values()), preview.told
    up = project.up()
    assert (True, preview.steps) == (up.ok, up.steps), up.told
    outputs = [each.get("outputs", {}) for each in project.state().values()]
    assert [True] * 10 == [each["adopted"] for each in outputs if "adopted" in each]
    assert project.preview("--expect-no-changes").ok
    assert project.is_settled()
    assert ([], written) == (differing(before, inspected(swarm)), [host.writes() for host in swarm])

    edited(project, "overlays", "extra", subnet="10.234.0.0/24")
    edited(project, "hosts", third.name, labels={"zone": "c"})
    changed = project.up()
    steps = {"overlay/extra": "create", f"node/{third.name}": "update"}
    assert (True, steps) == (changed.ok, changed.steps), changed.told
    assert {"zone": "c"} == manager.nodes()[third.name]["Spec"]["Labels"]
    assert project.is_settled()

    changed_by_us = inspected(swarm)
    destroyed = project.destroy()
    assert destroyed.ok, destroyed.told
    after = inspected(swarm)
    changed_by_us[manager.name]["networks"] = [
        network for network in changed_by_us[manager.name]["networks"] if network["Name"] != "extra"
    ]
    assert [] == differing(changed_by_us, after)
    assert before[manager.name]["networks"] == after[manager.name]["networks"]


def test_from_a_manager_itself(swarm: Group, project: Project):
    """`local:` names the manager that docker reaches here; the others are reached by SSH, as from elsewhere."""
    manager = swarm["d1"]
    assert 0 == discover(project, f"ssh://root@{manager.address}", "--force").returncode
    elsewhere = config(project)
    told = discover(project, "local:", "--force", DOCKER_HOST=f"unix:///proc/{manager.pid}/root/run/docker.sock")
    assert 0 == told.returncode, told.stdout + told.stderr
    here = config(project)

    own = elsewhere["swarmnet:hosts"][manager.name]
    own |= {"local": True, "advertise_address": own.pop("address")}
    assert elsewhere["swarmnet:hosts"] == here["swarmnet:hosts"]
    assert elsewhere["swarmnet:overlays"] == here["swarmnet:overlays"]
