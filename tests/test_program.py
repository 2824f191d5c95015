"""The program under Pulumi's mocks: which resources, after which others, with which options and output."""

import json
import logging
import os
import runpy
import shutil
import subprocess
import sys
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pulumi
import pytest
import yaml
from pulumi.runtime import get_root_resource, rpc, settings
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks
from pulumi.runtime.stack import Stack

ROOT = Path(__file__).resolve().parent.parent


class Engine(Mocks):
    """Gives every resource the Engine's id `<name>-id`.

    state: the stack's own, outputs by name. Asked for the resources of one that has none, Pulumi ends in a panic.
    """

    def __init__(self, state=None):
        self.state = state

    def call(self, args):
        """Pulumi's own functions alone are called: what the stack's state has."""
        if args.token == "pulumi:pulumi:readStackOutputs":
            assert {"name": "organization/swarmnet/test"} == args.args
            return {"outputs": {"compose": ""} if self.state else {}}
        assert ("pulumi:pulumi:readStackResourceOutputs", True) == (args.token, bool(self.state))
        kinds = {name: "Overlay" if name.startswith("overlay/") else "Ingress" for name in self.state}
        return {
            "outputs": {
                f"urn:pulumi:test::swarmnet::{kind}::{name}": {"type": kind, "outputs": self.state[name]}
                for name in self.state
                if (kind := f"pulumi-python:dynamic/swarmnet:{kinds[name]}")
            }
        }

    def new_resource(self, args):
        """The inputs are the outputs, and the ids are known."""
        ids = {key: f"{args.name}-id" for key in ("network_id", "node_id", "swarm_id")}
        return args.name, {**args.inputs, **ids}


class Recorder(MockMonitor):
    """Remembers the requests by resource name, and what the program exported."""

    def __init__(self, engine):
        super().__init__(engine)
        self.requests = {}
        self.exported = {}
        self.compose = ""

    def RegisterResource(self, request):
        """A resource is declared."""
        if request.type != "pulumi:pulumi:Stack":
            self.requests[request.name] = request
        return super().RegisterResource(request)

    def needs(self):
        """The names of the resources that each resource comes after."""
        return {
            name: {urn.rpartition("::")[2] for urn in request.dependencies} for name, request in self.requests.items()
        }

    def inputs(self, name):
        """The inputs of a resource."""
        return rpc.deserialize_properties(self.requests[name].object)


@cache
def without_stack_files():
    """A project of its own, whose other stacks are none; it goes with this process."""
    folder = TemporaryDirectory()
    (Path(folder.name) / "Pulumi.yaml").write_text("name: swarmnet\nstackConfigDir: stacks\n")
    return folder


def run(monkeypatch, raw, stack="test", root=None, preview=False, project="swarmnet", state=None):
    """Run the program on a stack file's keys; what it declared. `root`: the folder of the project. `state`: the stack's
    own, outputs by name."""
    flat = {key: value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({f"swarmnet:{key}": value for key, value in flat.items()}))
    engine = Engine(state)
    recorder = Recorder(engine)
    set_mocks(engine, project, stack, preview, None, recorder, "organization")
    settings.SETTINGS.root_directory = str(root or without_stack_files().name)
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)  # the program's own affair

    whole = get_root_resource()
    assert isinstance(whole, Stack)

    @pulumi.runtime.test
    def program():
        runpy.run_path(str(ROOT / "__main__.py"))
        recorder.compose = whole.outputs["compose"]
        exported = whole.outputs["swarmnet"]
        return pulumi.Output.from_input(exported).apply(recorder.exported.update)

    program()
    return recorder


HOSTS = {
    "m1": {"address": "10.9.0.1", "role": "manager"},
    "w1": {"address": "10.9.0.2"},
    "m2": {"address": "10.9.0.3", "role": "manager"},
}
WHOLE = {
    "hosts": HOSTS,
    "swarm": {},
    "gwbridge": {"subnet": "10.1.0.0/20", "mtu": 1400, "protect": True},
    "ingress": {"subnet": "10.2.0.0/20", "protect": True},
    "overlays": {
        "app": {"subnet": "10.3.0.0/24", "attachable": True, "mtu": 1450},
        "data": {"subnet": "10.3.1.0/24", "internal": True, "encrypted": True, "retain": True},
    },
}


def test_every_resource_comes_after_what_it_needs(monkeypatch):
    """Bridges in batches, the swarm, the first manager's node, the other nodes, the ingress, the overlays; a host
    leaves the swarm before its bridge goes."""
    declared = run(monkeypatch, {**WHOLE, "order": [["w1", "m2"], ["m1"]]})

    assert {
        "docker_gwbridge@w1": set(),
        "docker_gwbridge@m2": set(),
        "docker_gwbridge@m1": {"docker_gwbridge@w1", "docker_gwbridge@m2"},
        "swarm": {"docker_gwbridge@m1"},
        "node/m1": {"swarm", "docker_gwbridge@m1"},
        "node/w1": {"node/m1", "docker_gwbridge@w1"},
        "node/m2": {"node/m1", "docker_gwbridge@m2"},
        "ingress": {"node/m1", "node/w1", "node/m2"},
        "overlay/app": {"ingress"},
        "overlay/data": {"ingress"},
    } == declared.needs()


@pytest.mark.parametrize(("expected", "desired"), [(0, ""), (3, "1")])
def test_pulumis_engine_is_not_told_what_it_throws_away(monkeypatch, caplog, expected, desired):
    """The SDK's lines for `pulumi --debug`, of which three name a resource, are sent with SWARMNET_DEBUG alone."""
    monkeypatch.setenv("SWARMNET_DEBUG", desired)
    with caplog.at_level(logging.DEBUG, logger=""):
        run(monkeypatch, WHOLE)

    assert expected == sum("overlay/app" in message for message in caplog.messages)


def test_state_does_not_say_where_the_program_lies(monkeypatch):
    """Paths of one's own machine are nobody else's business, and Pulumi writes them again and again."""
    declared = run(monkeypatch, {**WHOLE, "prepare": [{"name": "docker", "run": "true"}]})

    assert {("", 0)} == {(each.sourcePosition.uri, len(each.stackTrace.frames)) for each in declared.requests.values()}
    assert not hasattr(sys, "tracebacklimit")


def test_whatever_is_made_comes_after_every_hosts_commands(monkeypatch):
    """One after the other on each host; of what is made the first waits for all hosts, since it looks at them all.
    Sections that are left out leave no gap."""
    own = {"m1": {**HOSTS["m1"], "prepare": [{"name": "firewall", "run": "true"}]}, "w1": HOSTS["w1"]}
    sections = {"gwbridge": WHOLE["gwbridge"], "overlays": {"app": {"subnet": "10.3.0.0/24"}}}
    declared = run(monkeypatch, {"hosts": own, "prepare": [{"name": "docker", "run": "true"}], **sections})

    commands = {"prepare/m1/firewall", "prepare/w1/docker"}
    assert {
        "prepare/m1/docker": set(),
        "prepare/m1/firewall": {"prepare/m1/docker"},
        "prepare/w1/docker": set(),
        "docker_gwbridge@w1": commands,
        "docker_gwbridge@m1": {"docker_gwbridge@w1"},
        "overlay/app": {"docker_gwbridge@m1"},
    } == declared.needs()


def test_command_is_what_pulumi_command_runs(monkeypatch):
    """Its words are variables of a script of ours; nothing is logged. What a state has of it is a published format."""
    prepare = [{"name": "docker", "run": "true", "undo": "false"}, {"name": "rules", "run": "true"}]
    declared = run(monkeypatch, {"hosts": {"m1": {"local": True}}, "prepare": prepare})
    inputs = declared.inputs("prepare/m1/docker")
    environment = inputs.pop("environment")

    assert {
        "interpreter": ["/bin/sh", "providers/prepare.sh"],
        "create": "run",
        "update": "update",
        "delete": "undo",
        "logging": "none",
        "addPreviousOutputInEnv": True,
    } == inputs
    assert ("true", "false") == (environment["run"], environment["undo"])
    assert "command:local:Command" == declared.requests["prepare/m1/docker"].type
    assert "delete" not in declared.inputs("prepare/m1/rules")


def test_nothing_is_run_on_a_lost_host(monkeypatch):
    """Its commands stay declared, and are told to do nothing, now and when they go."""
    hosts = {"m1": HOSTS["m1"], "w1": {**HOSTS["w1"], "lost": True}}
    declared = run(monkeypatch, {"hosts": hosts, "prepare": [{"name": "docker", "run": "true", "undo": "true"}]})

    assert set() == {"create", "update", "delete"} & declared.inputs("prepare/w1/docker").keys()


def test_options_are_pulumis(monkeypatch):
    """Pulumi protects what has `protect`, forgets what has `retain` when it goes, and has whatever `--replace` names go
    first, since the new one would be found to be there already, and then be removed as the old one."""
    requests = run(monkeypatch, WHOLE).requests

    assert {
        "protect": {"docker_gwbridge@m1", "docker_gwbridge@w1", "docker_gwbridge@m2", "ingress"},
        "retainOnDelete": {"overlay/data"},
        "deleteBeforeReplace": set(requests),
    } == {
        option: {name for name, request in requests.items() if getattr(request, option)}
        for option in ("protect", "retainOnDelete", "deleteBeforeReplace")
    }


def test_inputs_are_the_plan(monkeypatch):
    """A resource's inputs are its spec, owned by the stack."""
    inputs = run(monkeypatch, WHOLE, stack="prod").inputs("overlay/app")

    assert ("swarmnet/prod", "10.3.0.0/24", "10.3.0.1", 1450, True) == tuple(
        inputs[key] for key in ("owner", "subnet", "gateway", "mtu", "attachable")
    )


@pytest.mark.parametrize("preview", [False, True], ids=["an up", "a preview"])
def test_no_input_has_a_name_that_an_sdk_keeps_to_itself(monkeypatch, preview):
    """SDKs such as 3.226 hand a plugin no input whose name begins with two underscores, but the provider."""
    declared = run(monkeypatch, WHOLE, preview=preview)

    keys = {key for request in declared.requests.values() for key in request.object}

    assert {"__provider"} == {key for key in keys if key.startswith("__")}


PUBLISHED = """
schema: 1
swarm: {id: swarm-id, managers: {m1: 10.9.0.1, m2: 10.9.0.3}}
gwbridge:
  m1: &bridge {name: docker_gwbridge, subnet: 10.1.0.0/20, gateway: 10.1.0.1, mtu: 1400}
  w1: *bridge
  m2: *bridge
ingress: {id: ingress-id, name: ingress, subnet: 10.2.0.0/20, gateway: 10.2.0.1}
networks:
  app: {id: overlay/app-id, name: app, subnet: 10.3.0.0/24, gateway: 10.3.0.1, mtu: 1450,
        attachable: true, encrypted: false, internal: false}
  data: {id: overlay/data-id, name: data, subnet: 10.3.1.0/24, gateway: 10.3.1.1,
         attachable: false, encrypted: true, internal: true}
"""


def test_output_is_the_published_format(monkeypatch):
    """The output has the ids of the Engine and, apart from them, only what the stack file says: a stack of hosts alone
    has no swarm and no ingress to tell of."""
    assert yaml.safe_load(PUBLISHED) == run(monkeypatch, WHOLE).exported
    assert {"schema": 1, "gwbridge": {}, "networks": {}} == run(monkeypatch, {"hosts": HOSTS}).exported


def test_compose_fragment_is_known_in_previews(monkeypatch):
    """It is text that hangs on no id: a preview shows it whole."""
    networks = {"app": {"external": True}, "data": {"external": True}}

    assert {"networks": networks} == yaml.safe_load(run(monkeypatch, WHOLE, preview=True).compose)


def test_warnings_are_shown_beside_the_resources(monkeypatch, caplog):
    """Warnings are told, and the program goes on."""
    with caplog.at_level(logging.WARNING):
        declared = run(monkeypatch, {"hosts": HOSTS, "overlays": {"app": {"subnet": "172.17.3.0/24"}}})

    assert ({"overlay/app"}, ["overlays.app.subnet"]) == (
        declared.needs().keys(),
        [message.partition(":")[0] for message in caplog.messages],
    )


STANDS = {
    "ingress": {"subnet": "10.2.0.0/20", "gateway": "10.2.0.1"},
    "overlay/web": {"name": "web", "subnet": "10.3.0.0/24", "gateway": "10.3.0.1"},
}
HELD = "its range 10.3.0.0/24 meets 10.3.0.0/24, which `overlay/web` "
FREE_IT = "remove `overlay/web` in one `pulumi up`, and give its range to `overlay/app` in the next"
AT_THE_END = f"{HELD}has until the end of the run, where Pulumi removes what goes: {FREE_IT}"
KEEPS = (
    f"{HELD}keeps, as it is only removed from the state: remove it by hand first, or give `overlay/app` another range"
)


@pytest.mark.parametrize(
    ("expected", "state"),
    [
        ({"overlay/app": {"overlay/web": AT_THE_END}}, STANDS),
        ({"overlay/app": {"overlay/web": KEEPS}}, STANDS | {"overlay/web": {**STANDS["overlay/web"], "adopted": True}}),
        ({}, {"ingress": STANDS["ingress"]}),
        ({}, None),
    ],
    ids=["renamed", "adopted under another name", "free", "no state yet"],
)
def test_preview_knows_whose_range_is_not_free_yet(monkeypatch, expected, state):
    """Of an overlay that goes Pulumi asks no provider in a preview: the stack's own state has its range."""
    declared = run(monkeypatch, WHOLE, preview=True, state=state)
    held = {name: declared.inputs(name).get("too_early") for name in declared.requests}

    assert expected == {name: why for name, why in held.items() if why}


def test_run_asks_for_no_state(monkeypatch):
    """Hosts tell more by then."""
    assert "too_early" not in run(monkeypatch, WHOLE, state=STANDS).inputs("overlay/app")


ADOPT = "adopt: 'x' should be 'refuse', 'identical' or 'converge'"
ALONE = {"hosts": {"m1": HOSTS["m1"]}, "swarm": {}}
TO_CHOOSE = {"overlays": {"app": {"subnet": "auto"}}, "pools": {"overlays": {"range": "10.20.0.0/14", "prefix": 24}}}


@pytest.mark.parametrize(
    ("problems", "raw", "files"),
    [
        (
            ["order[1]: is a number: write a list, `[…]` or lines that begin with `- `", ADOPT],
            *({**WHOLE, "adopt": "x", "order": [["m1"], 3]}, {}),
        ),
        (
            ["overlays.app.subnet: is auto: write 10.20.0.0/24, which is free"],
            *({"hosts": HOSTS, **TO_CHOOSE}, {}),
        ),
        (
            ["swarmnet:overlays: is outside config, so Pulumi silently ignores it: indent it under config", ADOPT],
            *({**WHOLE, "adopt": "x"}, {"test": "config: {swarmnet:hosts: {}}\nswarmnet:overlays: {}"}),
        ),
        (
            ["swarm: stack dev declares it too, and hosts.m1 is in both: leave it out of one of the two"],
            *(ALONE, {"dev": yaml.safe_dump({"config": {f"swarmnet:{key}": value for key, value in ALONE.items()}})}),
        ),
    ],
    ids=["each has a line", "to be chosen", "what Pulumi does not hand over", "declared by two stacks"],
)
def test_wrong_stack_file_is_refused(monkeypatch, caplog, tmp_path, problems, raw, files):
    """The files are those of the project that is run, in the folder that its Pulumi.yaml names, also if this program
    lies elsewhere."""
    (tmp_path / "Pulumi.yaml").write_text("name: swarmnet\nmain: program\nstackConfigDir: environments\n")
    (tmp_path / "environments").mkdir()
    for stack, text in files.items():
        (tmp_path / "environments" / f"Pulumi.{stack}.yaml").write_text(text)
    with pytest.raises(SystemExit), caplog.at_level(logging.ERROR):
        run(monkeypatch, raw, root=tmp_path)

    assert problems == caplog.messages


KEYS = {
    **{name: host | {"key_file": "/nowhere/key"} if name == "w1" else host for name, host in HOSTS.items()},
    "old": {"address": "10.9.0.9", "key_file": "/gone", "lost": True},
}
NO_KEY = "is not on this machine, and there is no agent (SSH_AUTH_SOCK): put it there, or start an agent that has it"


@pytest.mark.parametrize(
    ("problems", "preview", "agent", "config"),
    [
        (
            [
                f"ssh.key_file: ~/key, the key to m1 and m2, {NO_KEY}",
                f"hosts.w1.key_file: /nowhere/key, the key to w1, {NO_KEY}",
            ],
            False,
            "",
            "",
        ),
        ([], True, "", ""),
        ([], False, "/run/agent", ""),
        ([], False, "", "Host *\n  IdentityAgent ~/agent\n"),
    ],
    ids=["an up", "a preview", "with an agent", "with an agent of ssh's configuration"],
)
def test_missing_key_is_refused(monkeypatch, caplog, tmp_path, problems, preview, agent, config):
    """It is by whoever would need it, before anything is declared; a lost host is not reached."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(config)
    raw = {"hosts": KEYS, "ssh": {"key_file": "~/key"}, "swarm": {}}
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit) if problems else nullcontext():
        run(monkeypatch, raw, preview=preview)

    assert problems == caplog.messages


def test_an_encrypted_value_is_refused(monkeypatch, caplog):
    """Networks have no secrets: plans, outputs and reviews would show it. Values of other namespaces are not ours."""
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["swarmnet:overlays", "app:token"]))
    with pytest.raises(SystemExit), caplog.at_level(logging.ERROR):
        run(monkeypatch, WHOLE)

    assert [
        "overlays: has an encrypted value, which networks, plans and reviews would show: set it without --secret, "
        "or remove it"
    ] == caplog.messages


def test_keys_of_a_project_of_another_name_are_its_own(monkeypatch, tmp_path):
    """They are no second ones of ours without a namespace."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text("config: {hosts: {}, swarmnet:hosts: {}}")
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)

    assert "nets/test" == run(monkeypatch, WHOLE, root=tmp_path, project="nets").inputs("swarm")["owner"]


@pytest.mark.whole
def test_program_needs_neither_docker_nor_paramiko():
    """Only plugins reach hosts and try changes; the program declares and is done. Nor does it need pulumi-command
    without `prepare`."""
    script = """
import json, os, runpy, sys, pulumi
from pulumi.runtime import settings
from pulumi.runtime.mocks import Mocks, set_mocks

class Engine(Mocks):
    def call(self, args): return {}
    def new_resource(self, args): return args.name, args.inputs

set_mocks(Engine())
settings.SETTINGS.root_directory = sys.argv[1]
pulumi.runtime.test(lambda: runpy.run_path("__main__.py") and None)()
late = ("docker", "paramiko", "pulumi_command", "providers.hosts", "providers.rules.doctor", "providers.simulate")
print([name for name in sys.modules if name.startswith(late)])
"""
    flat = {f"swarmnet:{key}": json.dumps(value) for key, value in WHOLE.items()}
    environment = {**os.environ, "PULUMI_CONFIG": json.dumps(flat)}

    command = [sys.executable, "-c", script, without_stack_files().name]
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)

    assert "[]" == ended.stdout.strip()
