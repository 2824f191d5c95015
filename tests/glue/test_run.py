"""What all resources of one run share: managers, rows of progress, and the first failure."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from providers.rules.stack_file.access import Roles
from providers.rules.vocabulary.errors import EngineError, RunCut, SwarmnetError
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import RestartEngine, Step
from providers.run.progress import STOPPED, Progress
from providers.run.settings import Settings, is_whole_destroy, option_in
from tests.glue.stack import GWBRIDGE, Known, known
from tests.plugin.process import FakePulumi
from tests.support import lifecycle
from tests.support.others import bare
from tests.support.simulated import SimulatedHosts
from tests.support.tables import cases

# The part of the stack file by which a run tells managers

HOSTS = {
    "m1": {"address": "10.9.0.1", "role": "manager"},
    "m2": {"address": "10.9.0.2", "role": "manager", "lost": True},
    "w1": {"address": "10.9.0.3"},
}


def roles(spec: Spec | None, section: str | None) -> Roles:
    """The roles with which hosts are reached."""
    seen: list[Roles] = []

    def reach(_: object, given: Roles) -> SimulatedHosts:
        seen.append(given)
        return SimulatedHosts(bare(*HOSTS))

    settings = Settings(reach)
    settings.configure({"swarmnet:hosts": json.dumps(HOSTS)} | ({} if section is None else {"swarmnet:swarm": section}))
    settings.hosts(spec)
    return seen[0]


NAMED = frozenset({"m1"})


@cases(
    "expected, section, spec",
    {
        "without it the file does not say": (None, None, None),
        "those that are not lost": (NAMED, "{}", None),
        "also while the section itself is wrong": (NAMED, '{"nonsense": 1}', None),
        "and while it is no data": (NAMED, "no data: [", None),
        "a host that only the state knows is none by its former role": (NAMED, "{}", GWBRIDGE),
    },
)
def test_with_the_section_the_files_managers_are_managers(expected, section, spec):
    """Without it, roles that stand there all the same are not held against the swarm."""
    assert Roles(managers=expected) == roles(spec, section)


@pytest.mark.parametrize(
    ("audit", "expected"),
    [({}, "resource=docker_gwbridge@w1 stack=infra/prod commit="), ({"swarmnet:audit": "false"}, "")],
    ids=["by default", "audit: false"],
)
def test_hosts_own_logs_have_who_takes_a_step(audit, expected):
    """Unless the stack file wants none there."""
    settings = Settings(lambda accesses, roles: SimulatedHosts(bare(*HOSTS)))
    settings.configure({"swarmnet:hosts": json.dumps(HOSTS), **audit})

    assert expected == settings.author(GWBRIDGE)[: len(expected) or None]


# Whether Pulumi is there to take progress: one that is gone ends the work, a stopped one does not


def test_stopped_pulumi_is_there(monkeypatch):
    """Ctrl-Z: its port is open, and nobody answers. Work goes on, and waits for it no more."""
    with socket.create_server(("127.0.0.1", 0)) as stopped:
        monkeypatch.setattr("sys.argv", ["pulumi.dynamic", f"127.0.0.1:{stopped.getsockname()[1]}"])
        show = Progress("urn:x", patience=0.05)
        show("drain w1")

        assert STOPPED == show.patience


def test_pulumi_that_is_gone_cuts_the_run(monkeypatch):
    """Its port is closed: nothing more is started."""
    pulumi_engine = FakePulumi()
    monkeypatch.setattr("sys.argv", ["pulumi.dynamic", pulumi_engine.address])
    show = Progress("urn:x")
    show("drain w1")
    pulumi_engine.kill()

    with pytest.raises(RunCut, match="the run was cut before: stop what is no task"):
        show("stop what is no task")
    assert [("urn:x", "drain w1")] == pulumi_engine.lines


def test_all_rows_share_one_channel(pulumi_engine):
    """It is a connection, and there are as many rows as resources."""
    assert Progress("one").engine is Progress("another").engine


@cases(
    "expected, command",
    {
        "two words": ("other.yaml", "up --stack t --config-file other.yaml --yes"),
        "one word": ("other.yaml", "up --config-file=other.yaml"),
        "none": ("", "up --stack t"),
        "without a value": ("", "up --config-file"),
    },
)
def test_file_of_the_configuration_is_the_one_that_is_named(expected, command):
    """Pulumi tells neither programs nor plugins of `--config-file`."""
    assert expected == option_in("--config-file", command.split())


@cases(
    "expected, command",
    {
        "whole": (True, "destroy --yes --stack t"),
        "by another name": (True, "--cwd nets down"),
        "another command": (False, "up --stack destroy"),
        "one resource": (False, "destroy --yes --target=urn:x"),
        "one resource, in short": (False, "destroy -yt urn:x"),
        "all but one": (False, "destroy --exclude urn:x"),
        "nothing": (False, ""),
    },
)
def test_whole_stack_is_destroyed_by_the_words_of_the_command(expected, command):
    """A plugin is told no options."""
    assert expected == is_whole_destroy(command.split())


# The first of many hosts in one batch that fails is the only one that was touched

NAMES = ("m1", *(f"w{number}" for number in range(1, 20)))
FORMER, DESIRED = "10.12.0.0/16", "10.66.0.0/16"


class WithoutRestart(SimulatedHosts):
    """Hosts whose docker does not come back."""

    def perform(self, step: Step) -> None:
        if isinstance(step, RestartEngine):
            raise EngineError(f"{step.host}: docker does not start")
        super().perform(step)


def test_exactly_one_of_twenty_hosts_is_touched(on):
    """Nineteen keep bridge and availability, and each says which failure it stands back from."""
    bridges = [lifecycle.gwbridge_spec(name) for name in NAMES]
    nodes = [lifecycle.node_spec(name, role="manager" if name == "m1" else "worker") for name in NAMES]
    hosts = on(lifecycle.made(bare(*NAMES), *bridges, lifecycle.swarm_spec(members=NAMES), *nodes), WithoutRestart)
    every = [known(hosts, spec) for spec in bridges]

    with ThreadPoolExecutor(len(every)) as pool:
        told = list(pool.map(told_of_update, every))

    ranges = [hosts.gwbridge(name).bridge.subnets[0] for name in NAMES]
    drained = [node for node in hosts.sim.swarm.nodes if node.availability == "drain"]
    assert (19, 1, 1) == (ranges.count(FORMER), ranges.count(DESIRED), len(drained))
    assert 19 == sum("not started, because another change failed in this run" in line for line in told)


def told_of_update(bridge: Known) -> str:
    """Return the error of an update of one host's bridge."""
    with pytest.raises(SwarmnetError) as caught:
        bridge.update(subnet=DESIRED, gateway="10.66.0.1")
    return str(caught.value)
