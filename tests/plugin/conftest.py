"""Plugin processes beside a fake Pulumi, on a host whose Engine answers what a test tells it to."""

import json
import shlex
from collections.abc import Iterator

import pytest

from providers.hosts.reports import COMMAND
from tests.plugin.process import FakePulumi, Plugin
from tests.support.fake_sshd import Ends, FakeHost


@pytest.fixture(scope="package")
def pulumi_engine() -> Iterator[FakePulumi]:
    """The engine that starts the plugin and shows its lines."""
    engine = FakePulumi()
    yield engine
    engine.kill()


@pytest.fixture(scope="package")
def machine(tmp_path_factory) -> Iterator[FakeHost]:
    """The one host of the stack; no routes, no resolvers."""
    host = FakeHost(tmp_path_factory.mktemp("h1"), "h1")
    host.commands[shlex.join(COMMAND)] = Ends()
    yield host
    host.close()


@pytest.fixture(scope="package")
def config(machine: FakeHost) -> dict[str, str]:
    """The stack's configuration as a plugin gets it."""
    access = machine.access().model_dump(include={"address", "port", "key_file", "known_hosts"})
    return {"swarmnet:hosts": json.dumps({"h1": access | {"role": "manager"}}), "swarmnet:adopt": "refuse"}


@pytest.fixture(scope="package")
def started(pulumi_engine: FakePulumi, config: dict[str, str]) -> Iterator[Plugin]:
    """The plugin process that most tests share."""
    plugin = Plugin(pulumi_engine.address, config, {"SWARMNET_DEBUG": ""})
    yield plugin
    plugin.close()


@pytest.fixture
def plugin(started: Plugin, pulumi_engine: FakePulumi) -> Plugin:
    """The plugin process, before anything was shown."""
    pulumi_engine.lines.clear()
    return started


@pytest.fixture
def host(machine: FakeHost) -> FakeHost:
    """A single manager with no networks yet, before anything was asked."""
    engine = machine.engine
    engine.requests.clear()
    engine.bodies.clear()
    engine.answers.clear()
    membership = {"LocalNodeState": "active", "ControlAvailable": True, "NodeID": "n1", "Error": ""}
    engine.answer("GET /info", body={"Swarm": membership})
    engine.answer("GET /swarm", body={"ID": "s1", "Version": {"Index": 1}, "Spec": {}})
    engine.answer("GET /networks", body=[])
    return machine
