"""Hosts for tests, with an Engine that says what the test wants: behind an SSH server on loopback, or within reach."""

from collections.abc import Callable, Iterator

import pytest

from providers.hosts.fleet import Fleet
from tests.support.fake_sshd import FakeHost
from tests.support.memberships import places
from tests.support.my_ssh import at_home, without_ssh
from tests.support.near_host import NearHost


@pytest.fixture
def new_host() -> Iterator[Callable[[str], NearHost]]:
    """Starts a host of that name that is reached without SSH."""
    hosts: list[NearHost] = []

    def start(name: str) -> NearHost:
        hosts.append(NearHost(name))
        return hosts[-1]

    yield start
    for host in hosts:
        host.close()


@pytest.fixture
def new_sshd(tmp_path) -> Iterator[Callable[[str], FakeHost]]:
    """Starts a host of that name with an SSH server."""
    hosts: list[FakeHost] = []

    def start(name: str) -> FakeHost:
        host = FakeHost(tmp_path / name, name)
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        host.close()


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
def fleet(hosts: dict[str, NearHost]) -> Iterator[Fleet]:
    """The fleet of the hosts that a test declares; the swarm knows them at 10.0.0.1, 10.0.0.2 and so on."""
    known_at = places(hosts)
    found = Fleet({name: host.access(advertise_address=known_at[name]) for name, host in hosts.items()})
    yield found
    found.close()
