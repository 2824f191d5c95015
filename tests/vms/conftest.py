"""Three virtual machines, a stack with services on them, and what it is measured to take."""

import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.machines import OUTSIDE, Group, Host, eventually
from tests.support.project import CHANGE, Project
from tests.support.services import lost
from tests.support.what_hosts_show import promised, shown, stack_of
from tests.vms import machines
from tests.vms.machines import service_specs

Json = Any
FIGURES = pytest.StashKey[list[str]]()
REQUESTS = 4
RUN, SOON = 1500.0, 600.0  # seconds for one `up`, and for services to answer after it
# Software emulation is slow, and other work may share the machine.
TIMEOUTS = {"swarm": 600, "node": 600, "gwbridge": 900, "ingress": 900, "overlay": 300}
SERVE = "echo ok >/tmp/index.html; exec httpd -f -p 80 -h /tmp"
PORTS = {"web": 8080, "everywhere": 8081}
WORDS = {"web": "--replicas=2", "everywhere": "--mode=global --network=app"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured along the way; no test depends on it."""
    for line in config.stash.get(FIGURES, []):
        terminalreporter.write_line(f"measured: {line}")


@dataclass
class Work:
    """A swarm at work: its virtual machines, the project that made its networks, its services' specs as they were."""

    hosts: Group
    project: Project
    sections: dict[str, Json]
    figures: list[str]
    before: dict[str, Json] = field(default_factory=dict)

    @property
    def manager(self) -> Host:
        """The first of them."""
        return self.hosts["vm1"]

    def up(self, what: str) -> None:
        """Carry the stack file out, and take down how long that took."""
        self.project.declare(self.sections)
        run = self.timed(what, lambda: self.project.run("up", *CHANGE, "--json", seconds=RUN))
        assert run.ok, run.told

    def deploy(self) -> None:
        """The services, once all of them answer."""
        for name, port in PORTS.items():
            words = f"--detach --quiet --no-resolve-image --stop-grace-period=1s --name {name} {WORDS[name]}"
            publish = (f"--publish={port}:80", "busybox:lab", "sh", "-c", SERVE)
            self.manager.docker("service", "create", *words.split(), *publish)
        soon(lambda: everything_answers(self.hosts))
        self.before = service_specs(self.manager)

    def is_whole(self, what: str) -> None:
        """Everything is as the stack file says and as it was, docker runs, and packets go where they should."""
        self.timed(f"{what}, until the mesh answers", lambda: soon(lambda: everything_answers(self.hosts)))
        assert dict.fromkeys(self.hosts.hosts, "active") == {
            host.name: host.run("systemctl", "is-active", "docker", check=False) for host in self.hosts
        }
        assert self.desired() == shown(self.hosts)
        assert [] == lost(self.before, service_specs(self.manager))
        soon(lambda: all(pings(host, OUTSIDE) for host in self.hosts))
        soon(lambda: reach_each_other(self.hosts["vm2"], self.hosts["vm3"]))

    def desired(self) -> dict[str, Json]:
        """The picture that the stack file promises, with the bridges that single hosts have."""
        picture = promised(self.sections)
        for name, host in self.sections["hosts"].items():
            own = {"bridge": host["gwbridge"]["subnet"]} if "gwbridge" in host else {}
            picture["hosts"][name] = picture["hosts"][name] | own
        return picture

    def timed(self, what: str, work: Callable[[], Any]) -> Any:
        """Do some work, note its seconds, and return what it gives."""
        began = time.monotonic()
        found = work()
        self.figures.append(f"{what}: {time.monotonic() - began:.0f} s")
        return found


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Work]:
    """Bare hosts, and what is declared for them: a manager, two workers, an encrypted overlay."""
    figures = pytestconfig.stash.setdefault(FIGURES, [])
    try:
        hosts = machines.start(3)
        sections = stack_of(hosts)
        sections["overlays"] = {"app": {"subnet": "10.202.0.0/24", "attachable": True, "encrypted": True}}
        sections["timeouts"] = TIMEOUTS
        project = Project(tmp_path_factory.mktemp("vms"), tmp_path_factory.mktemp("pulumi-home"))
        project.declare(sections)
        whole = Work(hosts, project, sections, figures)
        figures.append(versions(whole.manager))
        yield whole
    finally:
        machines.end()


@pytest.fixture(scope="session")
def work(bare: Work) -> Work:
    """Brought up once, with two services."""
    bare.up("whole job")
    bare.deploy()
    return bare


def versions(host: Host) -> str:
    """Return the versions on a host, in one line."""
    kernel, systemd = host.run("uname", "-r"), host.run("systemctl", "--version").split()[1]
    return f"Engine {host.docker('version', '--format', '{{.Server.Version}}')}, kernel {kernel}, systemd {systemd}"


def soon(look: Callable[[], bool]) -> None:
    """Fails unless something is so before long, as long is on a slow machine."""
    eventually(look, SOON)


def everything_answers(hosts: Iterable[Host]) -> bool:
    """Tell whether each service answers all requests, whichever host is asked."""
    return all(answers(host.address, port) == REQUESTS for host in hosts for port in PORTS.values())


def answers(address: str, port: int) -> int:
    """Count the answers to some requests to that port."""
    return sum(answered(f"http://{address}:{port}/") for _ in range(REQUESTS))


def answered(url: str) -> bool:
    """Tell whether a request is answered as the services do."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.read() == b"ok\n")
    except OSError:
        return False


def reach_each_other(here: Host, actual: Host) -> bool:
    """Tell whether a container on one host reaches one on another over the overlay, in encrypted packets."""
    inspect = ("inspect", "--format", '{{(index .NetworkSettings.Networks "app").IPAddress}}', task(actual))
    address = actual.docker(*inspect, check=False)
    return pings(here, address) and "proto esp" in here.run("ip", "xfrm", "state")


def pings(host: Host, address: str) -> bool:
    """Tell whether a task on a host gets an answer from an address."""
    ping = ("exec", task(host), "ping", "-c1", "-W5", address)
    return "1 packets received" in host.docker(*ping, check=False)


def task(host: Host) -> str:
    """The id of the container that the global service has on a host; empty while it has none."""
    found = host.docker("ps", "--quiet", "--filter", "label=com.docker.swarm.service.name=everywhere")
    return next(iter(found.split()), "")
