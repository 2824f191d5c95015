"""Fixtures for real hosts and the real CLI. Hosts are shared by all tests and made bare again between them."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support import machines
from tests.support.machines import Group
from tests.support.project import Project, Run
from tests.support.what_hosts_show import stack_of

# What everything else stands on comes first.
FIRST = "test_whole_job.py"
PASSED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the whole job first; the others keep the order of their files."""
    items.sort(key=lambda item: item.path.name != FIRST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether a test passed, also one that is run again and thus counts as no failure."""
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@dataclass
class Status:
    """A stack that one `pulumi up` brought from bare hosts to a swarm with its networks."""

    hosts: Group
    project: Project
    sections: dict[str, Any]
    first: Run
    stands: bool = True


@dataclass
class Shared:
    """Hosts that many modules use one after the other, and the stack that stands on them now, if any."""

    hosts: Group
    shelf: list[Status] = field(default_factory=list)


@pytest.fixture(scope="session")
def groups() -> Iterator[dict[str, Shared]]:
    """The groups of hosts that were started so far, by name."""
    started: dict[str, Shared] = {}
    yield started
    for name in started:
        machines.end(name)


@pytest.fixture(scope="module")
def shared_hosts(request: pytest.FixtureRequest, groups: dict[str, Shared]) -> Shared:
    """Three hosts with Engine 28. A module's HOSTS names their group, `t` by default: two take half as long as one."""
    name = getattr(request.module, "HOSTS", "t")
    if name not in groups:
        groups[name] = Shared(machines.start(name, "28"))
    return groups[name]


@pytest.fixture(scope="module")
def hosts(shared_hosts: Shared) -> Group:
    """The hosts alone: take `bare` or `standing`, which leave them as the next test needs them."""
    return shared_hosts.hosts


@pytest.fixture(scope="module")
def shelf(shared_hosts: Shared) -> list[Status]:
    """The stack that stands now, if any: kept from one test to the next."""
    return shared_hosts.shelf


@pytest.fixture
def bare(hosts: Group, shelf: list[Status]) -> Group:
    """Three new hosts on which nothing was ever done, and whose Engines log what they are asked."""
    shelf.clear()
    hosts.reset()
    for host in hosts:
        host.log_requests()
    return hosts


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Makes projects with an empty state and no stack file yet. Pulumi's own folder is apart from the user's."""
    home = tmp_path_factory.mktemp("pulumi-home")
    return lambda *stack: Project(tmp_path_factory.mktemp("project"), home, *stack)


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    """A new project."""
    return new_project()


@pytest.fixture
def status(
    request: pytest.FixtureRequest, hosts: Group, shelf: list[Status], new_project: Callable[..., Project]
) -> Iterator[Status]:
    """A stack that is up and settled. A test leaves it so again, or says that it does not stand any more.

    `hosts` is named for who tells workers apart by fixtures: `bare` is asked for only where nothing stands.
    """
    stack = shelf.pop() if shelf else brought_up(request.getfixturevalue("bare"), new_project())
    yield stack
    if stack.stands and request.node.stash.get(PASSED, False):
        shelf.append(stack)


def brought_up(hosts: Group, project: Project) -> Status:
    """Bare hosts, after one `up`."""
    hosts.provide_image()
    sections = stack_of(hosts)
    project.declare(sections)
    first = project.up()
    assert first.ok, first.told
    return Status(hosts, project, sections, first)
