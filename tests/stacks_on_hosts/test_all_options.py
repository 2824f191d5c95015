"""Networks with every option that Engines know, on real hosts: compared, and taken over without a write."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.stacks_on_hosts.test_discover import config, discover
from tests.support import machines
from tests.support.machines import Group, Host, eventually
from tests.support.project import Project

GROUP = "o"
FETCH = 900.0
pytestmark = [pytest.mark.lab, pytest.mark.timeout(FETCH + 300)]

COM = "com.docker.network."
OLD = "10.240.0.0/20"
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
    manager.run("sh", "-c", "yes | docker network rm ingress")
    eventually(lambda: not manager.network("ingress"))
    overlay = ("--driver=overlay", "--opt=encrypted")
    mesh = ("--ingress", "--subnet=10.242.0.0/20", "--subnet=10.243.0.0/20")
    created(manager, "mesh", *overlay, *mesh, options={"com.example.mesh": "1"}, site="b", team="net")
    app = ("--subnet=10.244.0.0/24", "--subnet=10.245.0.0/24", "--ip-range=10.244.0.128/25", "--attachable")
    number = {f"{COM}driver.overlay.vxlanid_list": "1000", "com.example.app": "1"}
    created(manager, "app", *overlay, *app, options=number, site="b", team="net")
    token = manager.docker("swarm", "join-token", "--quiet", "worker")
    worker.docker("swarm", "join", f"--token={token}", f"{manager.address}:2377")

    def arrived() -> bool:
        moment = manager.run("date", "+%s")
        manager.docker("node", "update", f"--label-add=told={moment}", manager.name)
        manager.run("sleep", "1.5")
        return all("mesh-sbox" in str(host.network("mesh")) for host in hosts)

    eventually(arrived)
    manager.docker("node", "update", "--label-rm=told", manager.name)


@pytest.fixture(params=["28", *OTHER_ENGINES])
def hosts(request: pytest.FixtureRequest) -> Iterator[Group]:
    """Two bare hosts."""
    group = machines.start(GROUP, request.param, count=2, seconds=FETCH)
    for host in group:
        host.log_requests()
    yield group
    machines.end(GROUP)


def engine_of(host: Host) -> str:
    """The start of its version, as the lab calls it."""
    spoken = host.docker("version", "--format={{.Server.APIVersion}}")
    return {"1.41": "20.10", "1.45": "26", "1.51": "28"}.get(spoken, "29")


def edited(project: Project, *path: str, **keys: Any) -> None:
    """Change keys of a section; None takes one away."""
    written = yaml.safe_load(project.stack_file.read_text())
    section = written["config"][f"swarmnet:{path[0]}"]
    for step in path[1:]:
        section = section[step]
    section.update(keys)
    for key in [key for key, value in section.items() if value is None]:
        del section[key]
    project.stack_file.write_text(yaml.safe_dump(written, sort_keys=False))


def test_everything_is_compared_and_taken_over(hosts: Group, project: Project):
    """Discovered and taken over without a write, what nobody declared as well; a file that does not say that its
    ingress is encrypted is refused."""
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
    assert "encrypted: True, wanted False" in refused.told
    edited(project, "ingress", encrypted=True, labels=None)  # which others look after
    assert project.up().ok
    assert project.is_settled()
    assert written == [host.writes() for host in hosts]
