"""The example app under Pulumi's mocks: what it makes of the networks' output, and what it refuses."""

import os
import runpy
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.mocks import Mocks, set_mocks
from pulumi.runtime.sync_await import _ensure_event_loop

from tests.tools.programs import program

# The plugin's package warns of a resource of its own, which nobody uses here, whenever it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:This resource is deprecated:DeprecationWarning:pulumi_command")

PROGRAM = Path(__file__).resolve().parents[2] / "examples" / "app" / "__main__.py"
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAC"
KNOWN = f"""\
h1,10.9.0.1 ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAA
h1,10.9.0.1 ssh-ed25519 {KEY}1
h2,10.9.0.2 ssh-ed25519 {KEY}2
"""
NETWORKS = {"app": {"id": "o1", "name": "app"}, "monitoring": {"id": "o2", "name": "monitoring"}}
OUTPUT = {
    "schema": 1,
    "swarm": {"id": "s1", "managers": {"h2": "10.9.0.2", "h1": "10.9.0.1"}},
    "networks": NETWORKS,
}


class Engine(Mocks):
    """Answers the stack reference with an output, and remembers the rest."""

    def __init__(self, output):
        self.output = output
        self.asked = []
        self.inputs = {}

    def call(self, args):
        """No function is called."""
        raise AssertionError(args.token)

    def new_resource(self, args):
        """The networks' stack, or what the program declares."""
        if args.typ == "pulumi:pulumi:StackReference":
            self.asked.append(args.name)
            return args.name, {"name": args.name, "outputs": {"swarmnet": self.output}, "secretOutputNames": []}
        # pulumi-command makes the whole connection a secret.
        self.inputs = {**args.inputs, "connection": args.inputs["connection"]["value"]}
        return args.name, args.inputs


@pytest.fixture
def run(tmp_path):
    """Runs the program of a stack `test`; what it declared."""
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(KNOWN)

    def run(output=OUTPUT, **config):
        engine = Engine(output)
        pulumi.runtime.set_all_config(
            {f"app:{key}": value for key, value in {"known_hosts": str(known_hosts), **config}.items()}
        )
        set_mocks(engine, project="app", stack="test", organization="acme")
        pulumi.runtime.test(lambda: runpy.run_path(str(PROGRAM)) and None)()
        return engine

    # A refusal leaves futures that nobody awaits. They would complain when they are collected, long after the test.
    _ensure_event_loop().set_exception_handler(lambda loop, context: None)
    yield run
    pulumi.runtime.set_all_config({})


@pytest.mark.parametrize(
    ("expected", "config"),
    [("acme/swarmnet/test", {}), ("organization/swarmnet/prod", {"swarmnet": "organization/swarmnet/prod"})],
)
def test_networks_are_those_of_the_stack_of_the_same_name(run, expected, config):
    """They are those of the same organization, unless the configuration says otherwise."""
    assert [expected] == run(**config).asked


def test_manager_is_known_by_its_host_key(run):
    """The key is that of the first manager, of a kind that the plugin can use. The login is proved by the agent, so
    that no key or password is an input."""
    connection = run().inputs["connection"]
    known = {"host": "10.9.0.1", "user": "root", "hostKey": f"ssh-ed25519 {KEY}1"}

    assert known.items() <= connection.items()
    assert {*known, "port", "dialErrorLimit", "perDialTimeout"} == set(connection)


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """A program `ssh` that says this of each host, beside what it says by itself."""

    def ssh(**said):
        usual = {
            "userknownhostsfile": f"{tmp_path}/known_hosts",
            "globalknownhostsfile": f"{tmp_path}/system",
            "hostkeyalgorithms": "ssh-ed25519,rsa-sha2-512",
        }
        program(tmp_path / "bin" / "ssh", "\n".join(f"echo '{key} {value}'" for key, value in (usual | said).items()))
        monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)

    return ssh


def test_files_are_those_of_ssh(run, ssh):
    """The host key comes from the files that ssh reads if known_hosts is not set."""
    ssh()

    assert f"ssh-ed25519 {KEY}1" == run(known_hosts="").inputs["connection"]["hostKey"]


@pytest.mark.parametrize(
    ("file", "kinds"), [("known_hosts", "ssh-ed25519"), ("system", "ssh-ed25519"), ("none", "ecdsa-sha2-nistp256")]
)
def test_key_that_ssh_does_not_take_is_refused(run, ssh, tmp_path, file, kinds):
    """It is revoked in the named file or in that of the system beside it, or of a kind that HostKeyAlgorithms lacks."""
    ssh(hostkeyalgorithms=kinds)
    with (tmp_path / file).open("a") as lines:
        lines.write(f"@revoked * ssh-ed25519 {KEY}1\n")

    with pytest.raises(pulumi.RunError, match=r"^10.9.0.1: no ed25519 or ecdsa key in \S+ that is not revoked: "):
        run()


@pytest.mark.parametrize(("revokes", "refused"), [("other", False), ("host", True), ("nosuch", True)])
def test_list_of_revoked_keys(run, ssh, tmp_path, revokes, refused):
    """RevokedHostKeys counts, and no key is good if it can't be read."""
    for name in ("host", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
        subprocess.run(["ssh-keygen", "-q", "-k", "-f", tmp_path / f"{name}.krl", tmp_path / f"{name}.pub"], check=True)
    (tmp_path / "known_hosts").write_text(f"10.9.0.1 {(tmp_path / 'host.pub').read_text()}")
    ssh(revokedhostkeys=f"{tmp_path}/{revokes}.krl")

    with pytest.raises(pulumi.RunError, match="ssh-keygen -Q -f ") if refused else nullcontext():
        run()


def test_only_another_id_of_its_network_deploys_again(run):
    """The id is part of the command that runs; another network that was replaced changes nothing, nor does a new
    one."""
    others = {"monitoring": {"id": "o8", "name": "monitoring"}, "data": {"id": "o7", "name": "data"}}
    before, after, same = (
        run({**OUTPUT, "networks": {**NETWORKS, **changed}}).inputs
        for changed in ({}, {"app": {"id": "o9", "name": "app"}}, others)
    )

    assert before["create"].replace("networks=app=o1\n", "networks=app=o9\n") == after["create"] != before["create"]
    assert before == same


def test_manager_is_told_where_the_output_names_none(run):
    """A swarm that is not the networks' stack's own has no managers in its output."""
    foreign = {key: value for key, value in OUTPUT.items() if key != "swarm"}

    assert "10.9.0.2" == run(foreign, manager="10.9.0.2").inputs["connection"]["host"]


@pytest.mark.parametrize(
    ("changed", "config", "error"),
    [
        ({"schema": 2}, {}, "acme/swarmnet/test has schema 2, and this program reads 1"),
        ({"networks": {}}, {}, "acme/swarmnet/test has no network app: declare it there first"),
        (
            {"swarm": None},
            {},
            "acme/swarmnet/test has no section swarm, and so names no manager: set app:manager to an address",
        ),
        ({}, {"manager": "10.9.0.3"}, "10.9.0.3: no ed25519 or ecdsa key in "),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(run, changed, config, error):
    """Another form of the output, a network or managers that are not there, a host that is not known."""
    output = {key: value for key, value in {**OUTPUT, **changed}.items() if value is not None}
    with pytest.raises(pulumi.RunError) as refused:
        run(output, **config)

    assert str(refused.value).startswith(error)
