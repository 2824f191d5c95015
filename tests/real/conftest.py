"""Fixtures for real hosts and the real CLI. Hosts are shared by all tests and made bare again between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real import machines
from tests.real.machines import Group
from tests.real.picture import stack_of
from tests.real.project import Project, Run

# What everything else stands on comes first.
FIRST = "test_whole_job.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the whole job first; the others keep the order of their files."""
    items.sort(key=lambda item: item.path.name != FIRST)


@dataclass
class Standing:
    """A stack that one `pulumi up` brought from bare hosts to a swarm with its networks."""

    hosts: Group
    project: Project
    sections: dict[str, Any]
    first: Run
    stands: bool = True


@pytest.fixture(scope="session")
def hosts() -> Iterator[Group]:
    """Three hosts with Engine 28, shared: take `bare` or `standing`, which leave them as the next one needs them."""
    yield machines.start("t", "28")
    machines.end("t")


@pytest.fixture(scope="session")
def shelf() -> list[Standing]:
    """The stack that stands now, if any: kept from one test to the next."""
    return []


@pytest.fixture
def bare(hosts: Group, shelf: list[Standing]) -> Group:
    """Three new hosts on which nothing was ever done, and whose Engines log what they are asked."""
    shelf.clear()
    hosts.reset()
    for host in hosts:
        host.log_requests()
    return hosts


@pytest.fixture(scope="session")
def pulumi_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pulumi's own folder, apart from the user's."""
    return tmp_path_factory.mktemp("pulumi-home")


@pytest.fixture
def project(tmp_path: Path, pulumi_home: Path) -> Project:
    """A new project with an empty state and no stack file yet."""
    return Project(tmp_path / "project", pulumi_home)


@pytest.fixture
def standing(request: pytest.FixtureRequest, shelf: list[Standing]) -> Iterator[Standing]:
    """A stack that is up and settled. A test leaves it so again, or says that it does not stand any more."""
    stack = shelf.pop() if shelf else brought_up(request.getfixturevalue("bare"), request.getfixturevalue("project"))
    failures = request.session.testsfailed
    yield stack
    if stack.stands and request.session.testsfailed == failures:
        shelf.append(stack)


def brought_up(hosts: Group, project: Project) -> Standing:
    """Bare hosts, after one `up`."""
    hosts.provide_image()
    sections = stack_of(hosts)
    project.declare(sections)
    first = project.up()
    assert first.ok, first.text
    return Standing(hosts, project, sections, first)
