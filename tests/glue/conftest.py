"""The five providers in this process, on the simulated swarm in the place of real hosts."""

import sys
from collections.abc import Callable, Iterator

import pytest

from providers.run import Run
from providers.run.resource import Provider
from providers.simulate import SimulatorState
from tests.glue.stack import configure
from tests.plugin.process import FakePulumi
from tests.support import lifecycle
from tests.support.others import bare
from tests.support.simulated import SimulatedHosts

Declare = Callable[..., SimulatedHosts]


@pytest.fixture(scope="package")
def started() -> Iterator[FakePulumi]:
    """The engine that tests share: to start one and to connect to it takes longer than most of them."""
    engine = FakePulumi()
    yield engine
    engine.kill()


@pytest.fixture
def pulumi_engine(monkeypatch, started: FakePulumi) -> FakePulumi:
    """The engine that shows progress, before anything was shown; a plugin finds its address in its last argument."""
    started.lines.clear()
    started.shown.clear()
    monkeypatch.setattr(sys, "argv", ["pulumi.dynamic", started.address])
    return started


@pytest.fixture
def on(monkeypatch, pulumi_engine) -> Declare:
    """Lets the providers work, in a fresh run, on the hosts of a simulation and its swarm, which the stack declares."""
    monkeypatch.setenv("SWARMNET_DEBUG", "1")  # a plugin process would shorten tracebacks, this one must not

    def declare(sim: SimulatorState, kind: type[SimulatedHosts] = SimulatedHosts) -> SimulatedHosts:
        simulated = kind(sim)
        monkeypatch.setattr(Provider, "run", Run(lambda accesses, roles: simulated))
        hosts = {host.name: {"address": f"10.9.0.{n}"} for n, host in enumerate(sim.hosts, start=1)}
        hosts[sim.hosts[0].name]["role"] = "manager"
        configure(hosts=hosts, swarm={})
        return simulated

    return declare


@pytest.fixture
def bare_hosts(on: Declare) -> SimulatedHosts:
    """Hosts on which nothing was ever done."""
    return on(bare(*lifecycle.HOSTS))


@pytest.fixture
def hosts(on: Declare) -> SimulatedHosts:
    """Hosts on which the whole stack is up and at rest."""
    return on(lifecycle.running())


@pytest.fixture
def counted(monkeypatch) -> Callable[[SimulatedHosts, str], list[object]]:
    """Returns the words of all calls of a method of these hosts so far."""

    def count(hosts: SimulatedHosts, method: str) -> list[object]:
        calls: list[object] = []
        call = getattr(hosts, method)

        def noted(*words):
            calls.append(words)
            return call(*words)

        monkeypatch.setattr(hosts, method, noted)
        return calls

    return count
