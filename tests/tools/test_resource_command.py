"""The plugin that stands in for pulumi-command's, by its own protocol; the example app runs with it on real hosts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.tools.programs import program
from tools.resource_command import Command

URN = "urn:pulumi:lab::app::command:remote:Command::hello"
CONNECTION = {"host": "10.9.0.1", "user": "deploy", "port": 2222, "hostKey": "ssh-ed25519 AAAA"}
INPUTS: dict[str, Any] = {
    "connection": CONNECTION,
    "create": "make it",
    "delete": "take it",
    "addPreviousOutputInEnv": False,
}
LOCAL_URN = "urn:pulumi:lab::swarmnet::command:local:Command::prepare/m1/docker"
LOCAL: dict[str, Any] = {
    "connection": None,
    "interpreter": ["/bin/sh", "-c"],
    "create": 'echo "$said, ${PULUMI_COMMAND_STDOUT-nothing before}"',
    "delete": "exit 4",
    "environment": {"said": "made"},
    "logging": "none",
    "addPreviousOutputInEnv": True,
}
# Stands for OpenSSH: writes down its words, the known hosts and its input, one a line.
SSH = """
for word; do case $word in UserKnownHostsFile=*) known=${word#*=} ;; esac; last=$word; to=$before; before=$word; done
echo "$to|$last|$(cat "$known")|$(cat)"
"""


@pytest.fixture
def plugin() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The plugin as the engine reaches it."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Command(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(grace=None).wait()


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for OpenSSH, first on PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program(tmp_path / "ssh", SSH)


def struct(**changes: Any) -> Struct:
    """The inputs of a command, some of them otherwise; those that are None are left out."""
    given = Struct()
    given.update({name: value for name, value in {**INPUTS, **changes}.items() if value is not None})
    return given


def refusals(plugin: provider_pb2_grpc.ResourceProviderStub, urn: str = URN, **changes: Any) -> dict[str, str]:
    """Return the refusals of Check, by property."""
    checked = plugin.Check(provider_pb2.CheckRequest(urn=urn, news=struct(**changes)))
    return {failure.property: failure.reason for failure in checked.failures}


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ({}, {}),
        ({}, {"urn": LOCAL_URN, **LOCAL}),
        ({}, {"connection": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}),  # not known yet
        ({"triggers": "not known here"}, {"triggers": ["one"]}),
        ({"addPreviousOutputInEnv": "has to be false here"}, {"addPreviousOutputInEnv": None}),
        ({"connection.privateKey": "not known here"}, {"connection": {**CONNECTION, "privateKey": "secret"}}),
        ({"connection.hostKey": "needed here"}, {"connection": {"host": "10.9.0.1"}}),
        (
            {"": "only command:remote:Command and command:local:Command are known here, not command:remote:Other"},
            {"urn": URN.replace(":Command", ":Other")},
        ),
        ({"dir": "not known here"}, {"urn": LOCAL_URN, **LOCAL, "dir": "/"}),
        ({"interpreter": "needed here"}, {"urn": LOCAL_URN, **LOCAL, "interpreter": None}),
        ({"logging": "has to be none here"}, {"urn": LOCAL_URN, **LOCAL, "logging": "stdout"}),
    ],
)
def test_only_what_it_does_not_know_is_refused(plugin, expected, changes) -> None:
    """Inputs of the example and of `prepare` are taken. Others are refused by name, before anything runs: no host is
    reached without its key, and no input passed over."""
    assert expected == refusals(plugin, **changes)


def test_create_runs_over_ssh(plugin, ssh: Path) -> None:
    """It runs at the given host, with that host's key alone; its output is in the outputs."""
    made = plugin.Create(provider_pb2.CreateRequest(urn=URN, properties=struct(stdin="a file")))

    assert "deploy@10.9.0.1|make it|host ssh-ed25519 AAAA|a file" == made.properties["stdout"]
    assert MessageToDict(struct(stdin="a file")).items() <= MessageToDict(made.properties).items()


@pytest.mark.parametrize(("expected", "update"), [("make it", None), ("change it", "change it")])
def test_update_runs_its_own_script_or_that_of_create(plugin, ssh: Path, expected, update) -> None:
    """pulumi-command does so."""
    made = plugin.Update(provider_pb2.UpdateRequest(urn=URN, news=struct(update=update)))

    assert expected == made.properties["stdout"].split("|")[1]


def test_command_on_this_machine_reads_what_it_wrote_last(plugin) -> None:
    """It has the environment that it is given; its output is in the outputs, and stays there if there is nothing to
    do."""
    given, idle = struct(**LOCAL), struct(**LOCAL | {"create": None})
    made = plugin.Create(provider_pb2.CreateRequest(urn=LOCAL_URN, properties=given)).properties
    again, still = (
        plugin.Update(provider_pb2.UpdateRequest(urn=LOCAL_URN, olds=made, news=news)).properties["stdout"]
        for news in (given, idle)
    )

    assert ["made, nothing before", "made, made, nothing before"] == [made["stdout"], again]
    assert "made, nothing before" == still


@pytest.mark.parametrize(
    ("expected", "urn", "changes"),
    [
        ('exit status 4: running "exit 4":\n', LOCAL_URN, LOCAL),
        ("10.9.0.1: exit code 3: still in use", URN, {}),
    ],
    ids=["on this machine, in the words of pulumi-command", "on a host"],
)
def test_failed_command_is_an_error(plugin, ssh: Path, expected, urn, changes) -> None:
    """The error has its exit code and its words."""
    program(ssh, "echo still in use >&2; exit 3")

    with pytest.raises(grpc.RpcError) as caught:
        plugin.Delete(provider_pb2.DeleteRequest(urn=urn, properties=struct(**changes)))

    assert expected == caught.value.details()


def test_what_is_read_is_what_the_state_has(plugin) -> None:
    """A command that ran is not looked at again."""
    read = plugin.Read(provider_pb2.ReadRequest(id="command1", properties=struct(), inputs=struct()))

    assert ("command1", struct(), struct()) == (read.id, read.properties, read.inputs)


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ({}, {}),
        ({"create": provider_pb2.PropertyDiff.UPDATE}, {"create": "make another"}),
        ({"stdin": provider_pb2.PropertyDiff.ADD}, {"stdin": "a file"}),
        ({"delete": provider_pb2.PropertyDiff.DELETE}, {"delete": None}),
    ],
)
def test_differences_are_changed_in_place(plugin, expected, changes) -> None:
    """They are told by property; nothing is ever replaced."""
    answer = plugin.Diff(provider_pb2.DiffRequest(urn=URN, old_inputs=struct(), news=struct(**changes)))

    assert expected == {name: diff.kind for name, diff in answer.detailedDiff.items()}
    kinds = provider_pb2.DiffResponse
    assert (kinds.DIFF_SOME if expected else kinds.DIFF_NONE) == answer.changes
