"""Hosts for tests, with an Engine that says what the test wants: behind an SSH server on loopback, or within reach."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any, TypeVar

import pytest

from providers.hosts.fleet import Fleet
from providers.rules.stack_file.access import UNSAID, Roles
from tests.support.fake_sshd import FakeHost
from tests.support.memberships import places
from tests.support.my_ssh import at_home, without_ssh
from tests.support.near_host import NearHost

T = TypeVar("T")
Opens = Callable[[T], T]


@pytest.fixture
def ended() -> Iterator[Opens[Any]]:
    """Takes what has a method `close`, gives it back, and closes it after the test, the last first."""
    with ExitStack() as stack:
        yield lambda opened: stack.enter_context(closing(opened))


@pytest.fixture
def new_host(ended: Opens[NearHost]) -> Callable[[str], NearHost]:
    """Starts a host of that name that is reached without SSH."""
    return lambda name: ended(NearHost(name))


@pytest.fixture
def new_sshd(tmp_path, ended: Opens[FakeHost]) -> Callable[[str], FakeHost]:
    """Starts a host of that name with an SSH server."""
    return lambda name: ended(FakeHost(tmp_path / name, name))


@pytest.fixture
def host(new_sshd: Callable[[str], FakeHost]) -> FakeHost:
    """A host named h1, with an SSH server."""
    return new_sshd("h1")


@pytest.fixture(autouse=True)
def no_keys_of_mine(monkeypatch) -> None:
    """Neither the agent nor ~/.ssh of whoever runs the tests has a part in them, nor any program."""
    without_ssh(monkeypatch)


@pytest.fixture
def my_ssh(no_keys_of_mine, tmp_path, monkeypatch) -> None:
    """OpenSSH's own programs, with an empty home."""
    at_home(monkeypatch, tmp_path / "home")


@pytest.fixture
def fleet_of(ended: Opens[Fleet]) -> Callable[..., Fleet]:
    """Gives the fleet of hosts by name, which the swarm knows at 10.0.0.1, 10.0.0.2 and so on."""

    def found(hosts: Mapping[str, NearHost], roles: Roles = UNSAID, **more: object) -> Fleet:
        known_at = places(hosts)
        accesses = {name: host.access(advertise_address=known_at[name], **more) for name, host in hosts.items()}
        return ended(Fleet(accesses, roles))

    return found


@pytest.fixture
def fleet(hosts: dict[str, NearHost], fleet_of: Callable[..., Fleet]) -> Fleet:
    """The fleet of the hosts that a test declares."""
    return fleet_of(hosts)
