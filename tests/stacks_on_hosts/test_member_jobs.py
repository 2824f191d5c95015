"""The jobs of an operator with members, on three managers and a worker that were taken over, and that joined."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import machines
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Group, eventually
from tests.support.project import Project, Run
from tests.support.services import SERVICES, all_run, deploy, lost, specs
from tests.support.what_hosts_show import SSH

pytestmark = pytest.mark.lab
OTHERS = [pytest.param((each, True), marks=pytest.mark.every_engine) for each in ("26", "29")]
MANAGERS = ("j1", "j2", "j3")
NEW = {"worker": "198.51.100.204", "leader": "198.51.100.203"}


@dataclass
class Members:
    """The swarm, its project, and what the file says of each host by now."""

    hosts: Group
    project: Project
    declared: dict[str, dict[str, Any]]
    services: dict[str, Any] = field(default_factory=dict)

    def declare(self, **hosts: dict[str, Any]) -> None:
        """Write the file, with more keys for these hosts."""
        keys = {name: {**own, **hosts.get(name, {})} for name, own in self.declared.items()}
        self.project.declare({"hosts": keys, "ssh": SSH, "swarm": {"rotate": True}})

    def up(self, *words: str, **hosts: dict[str, Any]) -> Run:
        """`pulumi up` with more keys for these hosts."""
        self.declare(**hosts)
        return self.project.up(*words)

    def deploy(self, **hosts: dict[str, Any]) -> Run:
        """What the workflow `deploy` does: a plan, and that plan alone, each by what hosts report."""
        plan = self.project.folder / "plan.json"
        self.declare(**hosts)
        planned = self.project.preview("--refresh", f"--save-plan={plan}")
        assert planned.ok, planned.told
        return self.project.up("--refresh", f"--plan={plan}")

    def listed(self, by: str) -> list[tuple[str, str, str]]:
        """All entries, as a manager lists them; none while the managers agree on a leader."""
        row = "{{.Hostname}} {{.ManagerStatus}} {{.Status}}"
        lines = self.hosts[by].docker("node", "ls", "--format", row, check=False).splitlines()
        return sorted((line.split()[0], "" if len(line.split()) < 3 else "manager", line.split()[-1]) for line in lines)

    def joins_by(self, manager: str) -> str:
        """The token by which workers may join."""
        return self.hosts[manager].docker("swarm", "join-token", "--quiet", "worker")

    def lost_of_services(self, manager: str) -> list[str]:
        """What services lack of their specs and ports, once each of them has all its tasks."""
        eventually(lambda: all_run(self.hosts[manager]))
        return lost(self.services, specs(self.hosts[manager]))

    def whole(self) -> list[tuple[str, str, str]]:
        """The entries of a swarm in which all members are well."""
        return [(name, "manager" if name in MANAGERS else "", "Ready") for name in sorted(self.hosts.hosts)]


@pytest.fixture(scope="module", params=[("28", True), ("20.10", False), *OTHERS], ids=str)
def members(request: pytest.FixtureRequest, new_project: Callable[..., Project]):
    """A swarm that somebody formed, taken over; or one of the stack's own."""
    engine, taken_over = request.param
    hosts = machines.start("j", engine, 4)
    if taken_over:
        first = hosts["j1"]
        first.docker("swarm", "init", f"--advertise-addr={first.address}")
        for name in ("j2", "j3", "j4"):
            role = "manager" if name in MANAGERS else "worker"
            token = first.docker("swarm", "join-token", "--quiet", role)
            hosts[name].docker("swarm", "join", f"--token={token}", f"{first.address}:2377")
    declared = {
        host.name: {"address": host.address, "role": "manager" if host.name in MANAGERS else "worker"} for host in hosts
    }
    begun = Members(hosts, new_project(), declared)
    up = begun.up()
    assert up.ok, up.told
    assert [taken_over] * 4 == [
        each["outputs"]["adopted"] for name, each in sorted(begun.project.state().items()) if name.startswith("node/")
    ]
    hosts.provide_image()
    deploy(hosts["j1"], {name: SERVICES[name] for name in ("web", "everywhere", "mixed")})
    begun.services = specs(hosts["j1"])
    yield begun
    machines.end("j")


@pytest.mark.parametrize("name", ["j4", "j3", "j2", "j1"])
def test_dead_host_is_removed_and_replaced_under_its_name(members: Members, name: str):
    """A worker, then each manager, the leader too; by the commands of the workflow `deploy`. Its token is no more."""
    witness = "j2" if name == "j1" else "j1"
    members.hosts.fault(name, "stop-docker")
    members.hosts.fault(name, "cut")
    eventually(lambda: ("Down" in str(members.listed(witness))) or None)
    seen = members.up().text
    assert (name in MANAGERS) == (f"manager {name}: no answer to the others: 2 of 3 managers answer" in seen)

    token = members.joins_by(witness)
    removed = members.deploy(**{name: {"lost": True}})
    assert removed.ok, removed.told
    assert [each for each in members.whole() if each[0] != name] == members.listed(witness)
    assert token != members.joins_by(witness)
    assert [] == members.lost_of_services(witness)

    members.hosts.fault(name, "heal")
    members.hosts.fault(name, "start-docker")
    members.hosts[name].docker("swarm", "leave", "--force")
    back = members.deploy()
    assert back.ok, back.told
    assert members.whole() == members.listed(witness)
    assert [] == members.lost_of_services(witness)


def test_key_that_lies_elsewhere_is_used_by_what_refreshes(members: Members, tmp_path: Path):
    """The state names the former file, which is no more."""
    former = tmp_path / "key"
    shutil.copy(KEY_FILE, former)
    members.declared["j4"]["key_file"] = str(former)
    assert (up := members.up()).ok, up.told
    former.unlink()
    del members.declared["j4"]["key_file"]

    deployed = members.deploy()
    assert deployed.ok, deployed.told


@pytest.mark.parametrize("role", ["worker", "leader"])
def test_host_with_a_new_address_joins_again_by_it(members: Members, role: str):
    """The file's `address` alone says so."""
    entries = members.hosts["j1"].nodes()
    leader = next(name for name, entry in entries.items() if entry.get("ManagerStatus", {}).get("Leader"))
    name = leader if role == "leader" else "j4"
    host, witness, moved_to = members.hosts[name], next(each for each in MANAGERS if each != name), NEW[role]
    key = next(line for line in KNOWN_HOSTS.read_text().splitlines() if line.startswith(f"{name},")).split(" ", 1)[1]
    gateway = host.run("sh", "-c", "ip route show default | cut -d' ' -f3")
    # The former one first: a second address of the same range goes with it.
    moved = f"ip addr del {host.address}/24 dev eth0 && ip addr add {moved_to}/24 dev eth0"
    host.run("sh", "-c", f"{moved} && ip route replace default via {gateway}")
    eventually(lambda: members.listed(witness) or None)  # another leader
    members.declared[name] |= {"address": moved_to, "host_key": key}
    up = members.deploy()

    assert up.ok, up.told
    entry = members.hosts[witness].nodes()[name]
    assert (moved_to, False) == (host.swarm()["NodeAddr"], entries[name]["ID"] == entry["ID"])
    assert members.whole() == members.listed(witness)
    assert [] == members.lost_of_services(witness)
    assert members.project.is_settled()


def test_host_whose_engine_lost_its_data_joins_anew(members: Members):
    """Its former entry is gone, and it is what it was."""
    members.hosts.fault("j4", "stop-docker")
    eventually(lambda: ("Down" in str(members.listed("j1"))) or None)
    members.hosts["j4"].run("rm", "-rf", "/var/lib/docker/swarm", "/var/lib/docker/network")
    members.hosts.fault("j4", "start-docker")
    up = members.up("--refresh")

    assert up.ok, up.told
    assert members.whole() == members.listed("j1")
    assert [] == members.lost_of_services("j1")


def test_renamed_host_is_not_written_to_and_one_taken_out_leaves(members: Members):
    """`destroy` would end a swarm of one's own; what is left of the file stays a swarm."""
    before = {entry["ID"] for entry in members.hosts["j1"].nodes().values()}
    members.declared["web9"] = members.declared.pop("j4")
    renamed = members.up()
    assert renamed.ok, renamed.told
    assert before == {entry["ID"] for entry in members.hosts["j1"].nodes().values()}

    del members.declared["web9"]
    left = members.up()
    assert left.ok, left.told
    assert ("inactive", [*MANAGERS]) == (
        members.hosts["j4"].swarm()["LocalNodeState"],
        [name for name, _, _ in members.listed("j1")],
    )
    assert [] == members.lost_of_services("j1")
