"""Networks with every option that Engines know: taken over, compared, and kept through a change, on real hosts."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import docker
import pytest

from tests.stacks_on_hosts.test_discover import config, discover, edited, replace_ingress
from tests.support import machines
from tests.support.machines import Group, Host, eventually
from tests.support.project import Project

GROUP = "o"
pytestmark = pytest.mark.lab

COM = "com.docker.network."
OLD, NEW = "10.240.0.0/20", "10.241.0.0/20"
BRIDGE = {
    f"{COM}bridge.name": "docker_gwbridge",
    f"{COM}bridge.enable_icc": "false",
    f"{COM}bridge.enable_ip_masquerade": "true",
    f"{COM}bridge.host_binding_ipv4": "127.0.0.1",
    f"{COM}container_iface_prefix": "eth",
    f"{COM}driver.mtu": "1400",
    "com.example.bridge": "1",
}
MODE = {f"{COM}bridge.gateway_mode_ipv4": "nat-unprotected"}
DEFAULTS = {
    "bridge": {f"{COM}bridge.host_binding_ipv4": "127.0.0.1", f"{COM}driver.mtu": "1234", "com.example.site": "x"},
    "overlay": {f"{COM}driver.mtu": "1300"},
}
OTHER_ENGINES = [pytest.param(name, marks=pytest.mark.every_engine) for name in ("20.10", "26", "29")]


def created(host: Host, name: str, *words: str, options: dict[str, str], **labels: str) -> None:
    """A network made by hand."""
    given = [
        *(f"--opt={key}={value}" for key, value in options.items()),
        *(f"--label={k}={v}" for k, v in labels.items()),
    ]
    host.docker("network", "create", *words, *given, name)


def make_swarm(hosts: Group, engine: str) -> None:
    """Two members, with a bridge, an ingress and an overlay that say all that they can."""
    manager, worker = hosts
    ranges = (f"--subnet={OLD}", "--ip-range=10.240.4.0/24", "--gateway=10.240.0.9", "--ipv6", "--subnet=fd00:240::/64")
    options = BRIDGE | (MODE if engine in ("28", "29") else {})
    created(worker, "docker_gwbridge", *ranges, "--gateway=fd00:240::9", options=options, site="b", team="net")
    manager.docker("swarm", "init", f"--advertise-addr={manager.address}")
    mesh = ("--subnet=10.242.0.0/20", "--subnet=10.243.0.0/20", "--opt=encrypted", "--opt=com.example.mesh=1")
    replace_ingress(manager, *mesh, "--label=site=b", "--label=team=net")
    overlay = ("--driver=overlay", "--opt=encrypted")
    app = ("--subnet=10.244.0.0/24", "--subnet=10.245.0.0/24", "--ip-range=10.244.0.128/25", "--attachable")
    number = {f"{COM}driver.overlay.vxlanid_list": "1000", "com.example.app": "1"}
    created(manager, "app", *overlay, *app, options=number, site="b", team="net")
    manager.let_join(worker)
    eventually(lambda: "mesh-sbox" in str(worker.network("mesh")))


@pytest.fixture(params=["28", *OTHER_ENGINES])
def hosts(request: pytest.FixtureRequest) -> Iterator[Group]:
    """Two bare hosts."""
    group = machines.start(GROUP, request.param, count=2)
    for host in group:
        host.log_requests()
    yield group
    machines.end(GROUP)


def engine_of(host: Host) -> str:
    """The start of its version, as the lab calls it."""
    spoken = host.docker("version", "--format={{.Server.APIVersion}}")
    return {"1.41": "20.10", "1.45": "26", "1.51": "28"}.get(spoken, "29")


def undeclared(network: dict[str, Any]) -> dict[str, Any]:
    """Return the options, labels and IPv6 of a network, without those that Swarmnet and the swarm write into it."""
    options = {key: value for key, value in network["Options"].items() if not key.endswith("vxlanid_list")}
    labels = {key: value for key, value in (network["Labels"] or {}).items() if not key.startswith("swarmnet.")}
    return {"options": options, "labels": labels, "ipv6": network["EnableIPv6"]}


def of_swarm(manager: Host, name: str) -> dict[str, Any]:
    """A network as the swarm has it, which the manager's list shows."""
    with closing(docker.APIClient(f"unix:///proc/{manager.pid}/root/run/docker.sock", version="auto")) as api:
        return next(each for each in api.networks() if each["Name"] == name)


def test_everything_is_taken_over_compared_and_kept(hosts: Group, project: Project):
    """Discovered and taken over without a write; other ranges for the ingress and the bridge, and all else stays, what
    nobody declared as well; a file that does not say it is no `identical`."""
    manager, worker = hosts
    make_swarm(hosts, engine_of(manager))
    written = [host.writes() for host in hosts]
    told = discover(project, f"ssh://root@{manager.address}", "--force")
    assert 0 == told.returncode, told.stdout + told.stderr
    said = config(project)
    assert {"subnet": "fd00:240::/64", "gateway": "fd00:240::9"} == said["swarmnet:hosts"][worker.name]["gwbridge"][
        "ipv6"
    ]
    assert (["10.245.0.0/24"], 1000) == tuple(said["swarmnet:overlays"]["app"][key] for key in ("subnets", "vxlan_id"))

    edited(project, "ingress", encrypted=None)
    refused = project.up()
    assert "encrypted: True, desired False" in refused.told
    edited(project, "ingress", encrypted=True, labels=None)  # which others look after
    assert project.up().ok
    assert project.is_settled()
    assert written == [host.writes() for host in hosts]

    before = [undeclared(each) for each in (worker.network("docker_gwbridge"), of_swarm(manager, "mesh"))]
    edited(project, "hosts", worker.name, "gwbridge", subnet=NEW, ip_range="10.241.4.0/24", gateway="10.241.0.9")
    edited(project, "ingress", subnet="10.246.0.0/20", gateway=None)
    changed = project.up()
    assert changed.ok, changed.told
    after = [undeclared(each) for each in (worker.network("docker_gwbridge"), of_swarm(manager, "mesh"))]
    kept = [{**each["options"], **was["options"]} for each, was in zip(after, before, strict=True)]
    assert [each["options"] for each in after] == kept
    assert [(was["labels"], was["ipv6"]) for was in before] == [(each["labels"], each["ipv6"]) for each in after]
    assert project.is_settled()


def test_defaults_of_daemon_json_stay_out_of_what_we_make(hosts: Group, project: Project):
    """A bridge of ours is as declared on a host that gives all others something else, and is not made again."""
    if engine_of(hosts["o1"]) == "20.10":
        pytest.skip("does not start with such a daemon.json")
    for host in hosts:
        text = json.dumps({"debug": True, "default-network-opts": DEFAULTS})
        host.run("sh", "-c", f"echo '{text}' >/etc/docker/daemon.json && service docker restart >/dev/null 2>&1")
        eventually(lambda: host.docker("info", "--format={{.ID}}", check=False))  # noqa: B023 # looked at at once
    project.declare(
        {
            "hosts": {host.name: {"address": host.address} for host in hosts},
            "ssh": {"user": "root", "key_file": str(machines.KEY_FILE), "known_hosts": str(machines.KNOWN_HOSTS)},
            "gwbridge": {"subnet": OLD},
        }
    )
    first = project.up()
    assert first.ok, first.told
    made = [host.network("docker_gwbridge") for host in hosts]
    shown = [(each["Options"][f"{COM}bridge.host_binding_ipv4"], each["Options"][f"{COM}driver.mtu"]) for each in made]
    assert [("0.0.0.0", "0")] * 2 == shown

    assert project.is_settled()
    edited(project, "gwbridge", icc=True)
    assert project.up().ok
    assert project.is_settled()
    assert ["x", "x"] == [host.network("docker_gwbridge")["Options"]["com.example.site"] for host in hosts]
