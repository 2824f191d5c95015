"""docs/move-off-a-range.md, walked on real hosts: a swarm made by hand whose ranges meet routes of its hosts.

The page's own commands are run, its diff is applied, and each line that it shows is one of what was said: with these
hosts' names and addresses in the place of the page's, and any number of seconds.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import machines
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, ROOT, Group, Host
from tests.support.project import CHANGE, Project
from tests.support.services import all_run, deploy, lost, specs

pytestmark = pytest.mark.lab

GROUP = "i"
PAGE = (ROOT / "docs" / "move-off-a-range.md").read_text()
FENCE = re.compile(r"^```(console|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
VIA = "198.51.100.254"  # as the page says: the group's way to the VPN
VPN, PRINTERS = "172.18.0.0/16", "10.0.0.0/24"
SERVICES = {
    "web": "--replicas 3 --network app --publish 8080:80 busybox:lab sleep 100000",
    "api": "--mode global --publish 8081:80 busybox:lab sleep 100000",
}
KNOWN = (f"--key-file={KEY_FILE}", f"--known-hosts={KNOWN_HOSTS}")


@pytest.fixture
def swarm() -> Iterator[Group]:
    """Three hosts in a swarm as the Engine makes one, which then got routes to the VPN and to the printers."""
    hosts = machines.start(GROUP, "28")
    hosts.provide_image()
    manager, *workers = hosts
    manager.docker("swarm", "init", f"--advertise-addr={manager.address}")
    manager.let_join(*workers)
    manager.docker("network", "create", "--driver=overlay", "app")
    deploy(manager, SERVICES)
    for host in hosts:
        host.run("ip", "route", "add", VPN, "via", VIA, "metric", "50")
        host.run("ip", "route", "add", PRINTERS, "via", VIA)
    yield hosts
    machines.end(GROUP)


@dataclass
class Walk:
    """Somebody who follows the page."""

    hosts: Group
    project: Project
    former: str = ""

    def here(self, text: str) -> str:
        """A text of the page with the names and addresses of these hosts."""
        for name, address, host in zip(("m1", "w1", "w2"), ("11", "12", "13"), self.hosts, strict=True):
            text = re.sub(rf"\b{name}\b", host.name, text).replace(f"10.1.16.{address}", host.address)
        return text

    def follow(self) -> Iterator[tuple[str, str, str]]:
        """Each command of the page, what the page shows of it, and what it said here."""
        for kind, text in FENCE.findall(self.here(PAGE)):
            if kind == "diff":
                self.edit(text)
                continue
            for command, shown in COMMAND.findall(text):
                yield command, shown, self.run(shlex.split(command))

    def run(self, words: list[str]) -> str:
        """Run a command of the page as it is to be run here, and return its output."""
        match words:
            case ["ssh", login, *rest]:
                return self.host(login.partition("@")[2]).run(*rest)
            case ["swarmnet", "discover", *rest]:
                return self.swarmnet("discover", *rest, *KNOWN)
            case ["swarmnet", *rest]:
                return self.swarmnet(*rest)
            case ["pulumi", "up", *_]:
                return self.project.run("up", *CHANGE).text
            case ["pulumi", "preview", *_]:
                return self.project.run("preview").text
            case ["pulumi", "stack", "init", self.project.stack]:
                return self.project.run("stack", "init").text
            case ["git", "checkout", path]:
                return str((self.project.folder / path).write_text(self.former))
        raise AssertionError(words)

    def swarmnet(self, *words: str) -> str:
        """A command of `swarmnet` in the project's folder."""
        command = [sys.executable, "-P", "-m", "cli", *words]
        env = os.environ | self.project._environment() | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=self.project.folder, env=env, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def host(self, address: str) -> Host:
        """Return the host that has an address."""
        found: Host
        (found,) = (host for host in self.hosts if host.address == address)
        return found

    def edit(self, diff: str) -> None:
        """Put each block of lines that the page adds in the place of the block that it takes away."""
        self.former = text = self.project.stack_file.read_text()
        for block in diff.split("@@ @@\n")[1:]:
            lines = block.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] in " -")
            assert 1 == text.count(before), before
            text = text.replace(before, "".join(line[1:] for line in lines if line[0] in " +"))
        self.project.stack_file.write_text(text)


def lacking(shown: str, said: str) -> list[str]:
    """The lines of the page that nobody said: part by part, since what is said of several services has no order."""
    lines = [plain(line) for line in said.splitlines()]
    return [
        line
        for line in map(plain, shown.splitlines())
        if not any(all(part in each for part in re.split("[,;:] ", line)) for each in lines)
    ]


def plain(line: str) -> str:
    """A line without numbers of seconds and of a service's tasks, and without what the page leaves out of a row."""
    line = re.sub(r"pulumi-python:dynamic/| \[diff: [^]]*\];?| \(\d+ to \d+ s\)", "", line.strip())
    return re.sub(r"\d+(?:\.\d+)?(?: to \d+)? ?s\b", "N s", re.sub(r"\b\d+ of ", "N of ", line))


def test_ranges_are_moved_and_every_port_is_published(swarm: Group, tmp_path: Path):
    """An operator who does what the page says sees what it shows."""
    project = Project(tmp_path, tmp_path / "home", "first")
    project.stack = "shop"
    manager = next(iter(swarm))
    before = specs(manager)
    walk = Walk(swarm, project)

    for command, shown, said in walk.follow():
        assert [] == lacking(shown, said), (command, said)

    assert {"172.19.0.0/16"} == {host.network("docker_gwbridge")["IPAM"]["Config"][0]["Subnet"] for host in swarm}
    assert {"10.1.0.0/24"} == {host.network("ingress")["IPAM"]["Config"][0]["Subnet"] for host in swarm}
    assert {"eth0"} == {host.run("ip", "route", "get", "172.18.4.1").split(" dev ")[1].split()[0] for host in swarm}
    assert ([], True) == (lost(before, specs(manager)), all_run(manager))
