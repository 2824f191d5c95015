"""A stack with services on three real hosts, shared by the tests of live changes and looked after between them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from shlex import quote
from typing import Any

import pytest

from tests.support import machines
from tests.support.any_program import OfSections
from tests.support.machines import Group, Host, eventually
from tests.support.project import Project
from tests.support.services import all_run, deploy, journals, lost, specs
from tests.support.what_hosts_show import promised, shown, stack_of

Json = Any
NUMBERS = count(210)
ENGINE = "28"
NATIVE = "by the plugin"
# A scene of the flow that both faces have: `make engines` runs it by the plugin for any program, too.
both_faces = pytest.mark.both_faces
simulated_too = pytest.mark.every_engine  # a scene that tests of rules show on the simulated swarm as well
# What `make engines` adds for the scenes that are untidy, or in which others act.
OTHERS = [pytest.param(engine, marks=pytest.mark.every_engine) for engine in ("20.10", "26", "29", "26,20.10,29")]


@dataclass
class Live:
    """A swarm at work: its hosts, the project that made its networks, and its services' specs as they were."""

    hosts: Group
    project: Project
    sections: dict[str, Any]
    before: dict[str, Json]

    @property
    def manager(self) -> Host:
        """The first host."""
        return self.hosts["l1"]

    def declare(self, **sections: Any) -> None:
        """Change keys of sections in the stack file: `ingress={"subnet": ...}`."""
        for name, keys in sections.items():
            self.sections[name] = {**self.sections.get(name, {}), **keys}
        self.project.declare(self.sections)

    def is_whole(self) -> None:
        """Everything is as the stack file says and as it was: specs, ports, availability; and no journal is left."""
        assert [] == lost(self.before, specs(self.manager))
        assert [] == journals(self.manager)
        assert promised(self.sections) == shown(self.hosts)
        eventually(lambda: all_run(self.manager))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test the same swarm at work, and these scenes one of each other Engine, of mixed ones, or one that the
    plugin for any program made, too."""
    if "running" in metafunc.fixturenames:
        name = metafunc.module.__name__.rpartition(".")[2]
        swarms = [ENGINE, *OTHERS] if name in ("test_foreign", "test_untidy") else [ENGINE]
        if metafunc.definition.get_closest_marker(both_faces.name):
            swarms.append(pytest.param(f"{ENGINE} {NATIVE}", marks=pytest.mark.every_engine))
        metafunc.parametrize("running", swarms, indirect=True, scope="session")


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Brought up once: a manager, two workers, five services."""
    engine, _, face = request.param.partition(" ")
    hosts = machines.start("l", engine)
    hosts.provide_image()
    kind = OfSections if face == NATIVE else Project
    project = kind(tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("pulumi-home"))
    sections = stack_of(hosts)
    sections["overlays"] = {"app": {"subnet": "10.202.0.0/24", "attachable": True, "on_in_use": "migrate"}}
    project.declare(sections)
    first = project.up()
    assert first.ok, first.told
    deploy(hosts["l1"])
    yield Live(hosts, project, sections, specs(hosts["l1"]))
    machines.end("l")


@pytest.fixture
def live(running: Live) -> Iterator[Live]:
    """The swarm at work. Each test leaves it settled, with the services that it found."""
    found = specs(running.manager)
    yield running
    for name in specs(running.manager).keys() - found.keys():
        running.manager.docker("service", "rm", name)
        # A job's tasks run on without it on Engine 20.10, and all that a host kept while it was cut off.
        its = f"--filter=label=com.docker.swarm.service.name={name}"
        for host in running.hosts:
            host.run("sh", "-c", f"docker ps --quiet {quote(its)} | xargs -r docker rm --force", check=False)
    eventually(lambda: all(services_on(host) <= found.keys() for host in running.hosts))


def services_on(host: Host) -> set[str]:
    """The services of which a container runs on a host."""
    shown = '{{.Label "com.docker.swarm.service.name"}}'
    names = host.docker("ps", "--filter=label=com.docker.swarm.task", f"--format={shown}")
    return set(names.split())


@pytest.fixture
def ranges() -> Callable[[], str]:
    """Gives a range for an ingress or bridges that no other test of the run has."""
    return lambda: f"10.{next(NUMBERS)}.0.0/20"
