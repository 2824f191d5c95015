"""Lab hosts as the tests see them: what each host's own Docker says, and what an operator could do by hand there.

Everything is done inside the host, so that it works on a host whose cable is pulled and counts as no login.
Nothing of Swarmnet may enter: these are the witnesses against it.
"""

import json
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.support import bounds

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / "lab" / "hosts"
KEY_FILE = Path("/var/lib/swarmnet-lab/key")
KNOWN_HOSTS = Path("/var/lib/swarmnet-lab/known_hosts")
# The machine beyond the hosts' subnet: what a container reaches only by its way out through docker_gwbridge.
OUTSIDE = "198.51.102.254"
SECONDS = bounds.ENGINE

# dockerd's log at level debug, on Engine 20.10 and on newer ones.
REQUEST = re.compile(r'msg="(?:Calling|handling) (GET|POST|PUT|DELETE)(?: request)?(?: |".*request-url="?)([^"\s]+)')

SSHD = "/run/sshd.pid"

Json = Any
T = TypeVar("T")


@dataclass(frozen=True)
class Host:
    """One running lab host."""

    name: str
    address: str
    pid: int

    def run(self, *words: str, check: bool = True) -> str:
        """Run a command inside the host and return its output. Raises if it fails, unless `check` is false."""
        command = ["nsenter", "--all", f"--target={self.pid}", "--", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0 or not check, f"{self.name}: {' '.join(words)}: {done.stderr or done.stdout}"
        return done.stdout.strip()

    def docker(self, *words: str, check: bool = True) -> str:
        """Run a docker command on the host and return its output."""
        return self.run("docker", *words, check=check)

    def network(self, name: str) -> Json:
        """Return a network as the host's own Engine inspects it, or None if it has none of that name."""
        return next(iter(json.loads(self.docker("network", "inspect", name, check=False) or "[]")), None)

    def networks(self) -> dict[str, dict[str, str]]:
        """The networks beyond those that every Engine has, with their labels as the swarm has them.

        A manager's own copy of a swarm network, which `network` shows, has no labels.
        """
        rows = self.docker("network", "ls", "--format", "{{.Name}} {{.Labels}}").splitlines()
        named = (row.partition(" ")[::2] for row in rows)
        found = {name: dict(label.split("=", 1) for label in labels.split(",") if label) for name, labels in named}
        return {name: labels for name, labels in found.items() if name not in ("bridge", "host", "none")}

    def nodes(self) -> dict[str, Json]:
        """All members by hostname, as this manager lists them."""
        ids = self.docker("node", "ls", "--quiet").split()
        listed = json.loads(self.docker("node", "inspect", *ids))
        return {node["Description"]["Hostname"]: node for node in listed}

    def let_join(self, *workers: "Host") -> None:
        """Let hosts join this manager's swarm as workers."""
        token = self.docker("swarm", "join-token", "--quiet", "worker")
        for worker in workers:
            worker.docker("swarm", "join", f"--token={token}", f"{self.address}:2377")

    def swarm(self) -> Json:
        """The host's own word on its membership, with the swarm's spec on a manager."""
        return json.loads(self.docker("info", "--format", "{{json .Swarm}}"))

    def start_sshd(self, *words: str, pid_file: str = SSHD) -> None:
        """Start an sshd, and return once it listens: it goes to the background before that, and then writes the
        file."""
        words = ("/usr/sbin/sshd", "-o", f"PidFile={pid_file}", *words)
        self.run("sh", "-c", f"{shlex.join(words)} && until [ -s {pid_file} ]; do sleep 0.1; done")

    def end_sshd(self, pid_file: str = SSHD) -> None:
        """End an sshd, and return once its port is free: it removes the file after that."""
        self.run("sh", "-c", f'kill "$(cat {pid_file})" && while [ -e {pid_file} ]; do sleep 0.1; done')

    def log_requests(self) -> None:
        """Let the host's Engine log each API request from now on."""
        settings = """echo '{"debug": true}' >/etc/docker/daemon.json && kill -HUP "$(cat /run/docker.pid)" """
        self.run("sh", "-c", settings)
        eventually(lambda: "Reloaded configuration" in self.run("cat", "/var/log/docker.log"))

    def requests(self) -> list[str]:
        """Return the requests to the host's Engine since `log_requests`: `GET /networks/app`, without API version and
        query.

        The docker command's own requests count too: read this before asking anything else. Pings are left out,
        since `lab/hosts list` sends some.
        """
        found = REQUEST.findall(self.run("cat", "/var/log/docker.log"))
        asked = [f"{method} {re.sub(r'^/v[0-9.]+|[?].*', '', path)}" for method, path in found]
        return [request for request in asked if request != "GET /_ping"]

    def writes(self) -> list[str]:
        """The requests that change something."""
        return [request for request in self.requests() if not request.startswith("GET")]


@dataclass
class Group:
    """Lab hosts of a group of their own: `group["t1"]`, or all in a loop."""

    name: str
    hosts: dict[str, Host]

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def __iter__(self):
        return iter(self.hosts.values())

    def reset(self) -> "Group":
        """New, bare hosts in their place, with the same names, addresses and keys."""
        lab("reset", "--group", self.name)
        self.hosts = running(self.name)
        return self

    def fault(self, name: str, fault: str) -> None:
        """Pull a host's cable (`cut`), end its docker, or undo that."""
        lab("fault", name, fault)

    def mend(self) -> None:
        """Undo all faults."""
        for name in self.hosts:
            self.fault(name, "heal")
            self.fault(name, "start-docker")

    def provide_image(self) -> None:
        """The image `busybox:lab` on each host."""
        lab("image", "--group", self.name)


def identities(group: Group) -> dict[str, list[str]]:
    """Id and age of each network on each host, and the members' ids."""
    found = {
        host.name: sorted(network["Id"] + network["Created"] for network in map(host.network, host.networks()))
        for host in group
    }
    return found | {"nodes": sorted(node["ID"] for node in next(iter(group)).nodes().values())}


def is_quiet(group: Group, seconds: float = 2.0) -> bool:
    """Tell whether the Engines of a group get no request for a while: programs at work ask more often than that."""
    before = [host.requests() for host in group]
    time.sleep(seconds)
    return before == [host.requests() for host in group]


def start(name: str, engines: str, count: int = 3, seconds: float = SECONDS) -> Group:
    """A group of new, bare hosts; `engines` as for `lab/hosts up --engine`, one for all or one for each host."""
    each = engines if "," in engines else ",".join([engines] * count)
    lab("up", "--engine", each, "--group", name, seconds=seconds)
    return Group(name, running(name)).reset()


def end(name: str) -> None:
    """End a group's hosts."""
    lab("down", "--group", name)


def running(group: str) -> dict[str, Host]:
    """The hosts of a group that run, by name."""
    rows = json.loads(lab("list", "--json"))
    return {row["name"]: Host(row["name"], row["address"], row["pid"]) for row in rows if row["group"] == group}


def lab(*words: str, seconds: float = SECONDS) -> str:
    """Run `lab/hosts` and return its output. Raises AssertionError with its complaint if it fails."""
    done = subprocess.run([LAB, *words], capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"lab/hosts {' '.join(words)}: {done.stderr}"
    return done.stdout


def becomes(expected: T, look: Callable[[], T], seconds: float = SECONDS) -> None:
    """Look until the answer is the expected one; show both if that takes more than `seconds`."""
    deadline = time.monotonic() + seconds
    while expected != (found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert expected == found, f"within {seconds:g} s it became {found}, not {expected}"


def eventually(look: Callable[[], T], seconds: float = SECONDS) -> T:
    """Look until the answer is true, and return it; fail if that takes more than `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not so within {seconds:g} s: {found}"
        time.sleep(0.1)
    return found
