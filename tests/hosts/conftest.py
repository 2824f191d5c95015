"""Hosts for tests, with an Engine that says what the test wants: behind an SSH server on loopback, or within reach."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import pytest

from providers.hosts.fleet import Fleet
from providers.rules.stack_file.access import UNSAID, Roles
from tests.support.fake_sshd import FakeHost
from tests.support.memberships import places
from tests.support.my_ssh import at_home, without_ssh
from tests.support.near_host import NearHost

H = TypeVar("H", NearHost, FakeHost)


def starting(kind: Callable[[str], H]) -> Iterator[Callable[[str], H]]:
    """Give what starts a host by its name, and end all that were."""
    hosts: list[H] = []

    def start(name: str) -> H:
        hosts.append(kind(name))
        return hosts[-1]

    yield start
    for host in hosts:
        host.close()


@pytest.fixture
def new_host() -> Iterator[Callable[[str], NearHost]]:
    """Starts a host of that name that is reached without SSH."""
    yield from starting(NearHost)


@pytest.fixture
def new_sshd(tmp_path) -> Iterator[Callable[[str], FakeHost]]:
    """Starts a host of that name with an SSH server."""
    yield from starting(lambda name: FakeHost(tmp_path / name, name))


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
def fleet_of() -> Iterator[Callable[..., Fleet]]:
    """Gives the fleet of hosts by name, which the swarm knows at 10.0.0.1, 10.0.0.2 and so on."""
    fleets: list[Fleet] = []

    def found(hosts: Mapping[str, NearHost], roles: Roles = UNSAID, **more: object) -> Fleet:
        known_at = places(hosts)
        accesses = {name: host.access(advertise_address=known_at[name], **more) for name, host in hosts.items()}
        fleets.append(Fleet(accesses, roles))
        return fleets[-1]

    yield found
    for fleet in fleets:
        fleet.close()


@pytest.fixture
def fleet(hosts: dict[str, NearHost], fleet_of: Callable[..., Fleet]) -> Fleet:
    """The fleet of the hosts that a test declares."""
    return fleet_of(hosts)
