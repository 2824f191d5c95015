"""`swarmnet state check`: a state with code of anybody else is refused, by name, and nothing of it is run."""

import json
import pickle
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.state_check import PUBLISHED, VARIABLES
from providers.program.prepare import SCRIPT
from tests.states import former_states
from tests.support.command_line import Ended, swarmnet
from tests.support.prepared import command
from tests.support.quick import some

OWN = min(PUBLISHED)
X = "urn:pulumi:t::swarmnet::y::x"
URN = "urn:pulumi:t::swarmnet::"
Look = Callable[..., Ended]


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Return a function that runs the command with a `pulumi stack export` that writes this text."""
    (tmp_path / "pulumi").write_text(f"#!/bin/sh\n[ \"$1 $2\" = 'stack export' ] && exec cat {tmp_path}/state\n")
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def run(state: str, *words: str) -> Ended:
        (tmp_path / "state").write_text(state)
        return swarmnet("state", "check", "--dir", str(tmp_path), *words, "t")

    return run


class Hostile:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object]]:
        return subprocess.call, (["touch", str(self.path)],)


def state(*providers: object, where: str = "inputs") -> str:
    """A state in which resources have these providers."""
    resources = [
        {"urn": f"{URN}pulumi-python:dynamic/swarmnet:Node::node/w{number}", where: {"__provider": text, "host": "w1"}}
        for number, text in enumerate(providers, start=1)
    ]
    return json.dumps({"version": 3, "deployment": {"resources": resources}})


def having(resource: dict[str, object]) -> str:
    """A state with a resource."""
    return json.dumps({"deployment": {"resources": [resource]}})


@pytest.mark.parametrize("recorded", former_states(), ids=lambda state: state.version)
def test_states_of_releases_are_clean(look: Look, recorded):
    """Any state that a version of Swarmnet wrote is clean."""
    ended = look(recorded.text)
    expected = f"t: {2 * len(recorded.of_providers)} providers in the state, all of them Swarmnet's\n"

    assert (0, expected) == (ended.exit_code, ended.stdout)


@pytest.mark.parametrize("where", ["inputs", "outputs"])
def test_hostile_provider_is_refused_by_name(look: Look, tmp_path: Path, where: str):
    """The line says which resource has it and what it would load; nothing is loaded."""
    hostile = b64encode(pickle.dumps(Hostile(tmp_path / "ran"))).decode()
    ended = look(state(OWN, hostile, where=where))

    assert (
        1,
        "t: node/w2: its __provider is not Swarmnet's (it loads subprocess.call), and Pulumi would run it on this "
        "machine: find out who wrote it, and `pulumi stack import` the last state that is yours\n",
    ) == (ended.exit_code, ended.stderr)
    assert not (tmp_path / "ran").exists()


def test_published_providers_are_those_of_the_states():
    """The list of this command is the published one."""
    published = json.loads((Path(__file__).parents[1] / "plugin" / "published.json").read_text())

    assert set(published.values()) == PUBLISHED


def test_state_that_cannot_be_read_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A state that can't be read is not called clean."""
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = swarmnet("state", "check", "--dir", str(tmp_path), "t")

    assert (1, "t: there is no `pulumi` on PATH\n") == (ended.exit_code, ended.stderr)


def prepared(kind: str = "command:local:Command", **changes: object) -> str:
    """A state with a command of `prepare`, some of its inputs otherwise."""
    inputs = {
        "interpreter": ["/bin/sh", SCRIPT],
        "create": "run",
        "update": "update",
        "delete": "undo",
        "logging": "none",
        "addPreviousOutputInEnv": True,
        "environment": dict(command(undo="true").environment),
    }
    whole = {"urn": f"{URN}{kind}::prepare/m1/docker", "type": kind}
    both = {"inputs": inputs | changes, "outputs": {**inputs, "stdout": "sha256:0", "stderr": ""}}
    return json.dumps({"version": 3, "deployment": {"resources": [whole | both]}})


# Whatever Pulumi would load or run on this machine, or fetch, and what the line about it says first.
NO_PROVIDER, NO_COMMAND = (
    "node/w1: its __provider is not Swarmnet's ",
    "prepare/m1/docker: it is a command, but not one of",
)
DOUBLED = f'{{"resources": [{{"urn": "a::node/w1", "inputs": {{"__provider": "YQ==", "__provider": "{OWN}"}}}}]}}'
REFUSED = {
    "an old protocol": (state(b64encode(b"cposix\nsystem\n.").decode()), f"{NO_PROVIDER}(it loads posix.system)"),
    "no pickle": (state("!!!"), f"{NO_PROVIDER}(it loads what is not a pickle)"),
    "encrypted": (state({"ciphertext": "v1:x"}), f"{NO_PROVIDER}(it is not text; it may be encrypted)"),
    "almost ours": (state(OWN + "\n"), f"{NO_PROVIDER}(it loads providers."),
    "what a terminal obeys": (state(b64encode(b"cx\ny\x1b[2J\n.").decode()), rf"{NO_PROVIDER}(it loads x.y\x1b[2J)"),
    "a creation that was cut": (
        '{"pending_operations": [{"resource": {"urn": "a::node/w1", "inputs": {"__provider": "YQ=="}}}]}',
        NO_PROVIDER,
    ),
    "a key that stands twice, of which each reader takes another one": (DOUBLED, NO_PROVIDER),
    **{
        f"keys in any case: {urn}, {kind}": (having({urn: X, kind: "pulumi:providers:evil"}), "x: its type is pulumi:")
        for urn, kind in (("URN", "type"), ("urn", "Type"), ("urN", "TYPE"))  # as Pulumi reads them, by Go's Unmarshal
    },
    **{
        f"{key} in {where}, which no version wrote": (
            having({"urn": f"{URN}{kind}::x", "type": kind, where: {key: "x", "version": "1"}}),
            f"x: it has {key}, which no version of Swarmnet wrote: find out",
        )
        for where in ("inputs", "outputs")
        for kind, key in (
            ("pulumi-python:dynamic/swarmnet:Node", "command"),
            ("pulumi:providers:pulumi-python", "swarmnet:program"),
            ("pulumi:providers:command", "parameterization"),
            ("pulumi:providers:command", "__internal"),
        )
    },
    "another script": (prepared(delete="touch /tmp/ran"), NO_COMMAND),
    "another interpreter": (prepared(interpreter=["/bin/sh", "-c"]), NO_COMMAND),
    "another folder": (prepared(dir="/tmp"), NO_COMMAND),
    "another variable": (prepared(environment={"LD_PRELOAD": "/tmp/x.so"}), NO_COMMAND),
    "another kind of command": (prepared("command:remote:Command"), NO_COMMAND),
}


@pytest.mark.parametrize(("state", "line"), REFUSED.values(), ids=REFUSED)
def test_whatever_is_not_ours_is_refused_by_name(look: Look, state: str, line: str):
    """It is compared to the letter; what is wrong stands on a line of its own."""
    ended = look(state)

    assert (1, True) == (ended.exit_code, any(row.startswith(f"t: {line}") for row in ended.stderr.splitlines()))


FILE = """config:
  swarmnet:hosts: { m1: { local: true } }
  swarmnet:prepare: [{ name: docker, run: "%s", undo: "true" }]
"""


def git(folder: Path, *words: str) -> None:
    """Run git as somebody."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "-C", folder, *who, *words], capture_output=True, check=True)


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """The stack file of a repository whose first commit has the command of `prepared`, and whose last another one."""
    file = tmp_path / "Pulumi.t.yaml"
    git(tmp_path, "init", "--quiet")
    for script in ("true", "false"):
        file.write_text(FILE % script)
        git(tmp_path, "add", file.name)
        git(tmp_path, "commit", "--quiet", "--message", script)
    return file


def test_commands_of_prepare_are_ours(look: Look, committed: Path):
    """They run one program, which reads these variables, and a commit of the stack file has them."""
    assert VARIABLES == command(audit=False).environment.keys()
    assert 0 == look(prepared()).exit_code


FORGED = [
    ("undo", "touch ran"),
    ("ssh", "$(touch ran)"),
    ("sudo", "touch ran;"),
    ("ssh_config", "ProxyCommand touch ran"),
    ("swarmnet_audit", "off"),
]


@pytest.mark.parametrize(("name", "value"), some(FORGED))
def test_a_command_that_no_commit_has_is_refused(look: Look, committed: Path, name: str, value: str):
    """Whatever is forged in it, and its own digest with it, until somebody names it."""
    state = prepared(environment={**command(undo="true").environment, name: value})
    ended = look(state)

    line = "t: prepare/m1/docker: it is a command of `prepare` that no commit of the stack file up to HEAD has: "
    assert (1, line) == (ended.exit_code, ended.stderr[: len(line)])
    assert 0 == look(state, "--allow", "prepare/m1/docker").exit_code
    assert 1 == look(prepared(), "--commit", "no-such-commit").exit_code


@pytest.mark.parametrize("name", ["command:local:Command", "pulumi:pulumi:Stack"])
def test_a_name_that_is_a_type_hides_no_command(look: Look, committed: Path, name: str):
    """Only what somebody names by hand is let through."""
    state = prepared(environment={**command().environment, "undo": "touch ran"})

    assert 1 == look(state.replace("prepare/m1/docker", name)).exit_code


def test_nothing_is_allowed_by_a_name_that_is_empty(look: Look):
    """A variable of a workflow may be."""
    assert 1 == look(state("YQ=="), "--allow", "").exit_code


@pytest.mark.parametrize(
    ("resource", "line"),
    [
        ({"type": "aws:s3:Bucket"}, "t: x: its type is aws:s3:Bucket, of no resource of Swarmnet's: "),
        ({"type": "pulumi:providers:aws"}, "t: x: its type is pulumi:providers:aws, of no resource of Swarmnet's: "),
        ({"type": "pulumi:providers:command", "inputs": {"__internal": {"pluginDownloadURL": "https://x"}}},
         "t: x: Pulumi would fetch a program from an address in it, and run that on this machine: "),
    ],
)  # fmt: skip
def test_resources_of_other_packages_are_refused(look: Look, resource: dict[str, object], line: str):
    """Pulumi fetches and runs their plugins; a type that is known to be one's own is named, an address never."""
    state = having({"urn": f"{URN}{resource['type']}::x", **resource})
    ended = look(state)

    assert (1, line) == (ended.exit_code, ended.stderr[: len(line)])
    assert ("its type is" not in line) == look(state, "--allow", str(resource["type"])).exit_code


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"urn": f"{URN}command:local:Command::x", "type": "pulumi:pulumi:Stack"}, "it is a command, but not one of"),
        ({"urn": f"{URN}a$command:local:Command::x", "type": "pulumi:pulumi:Stack"}, "it is a command, but not one of"),
        ({"urn": f"{URN}pulumi:providers:evil::x", "type": "pulumi:providers:command"},
         "its type is pulumi:providers:evil, "),
        ({"urn": f"{URN}$pulumi:providers:evil", "type": "pulumi:providers:command"}, "its type is pulumi:providers:"),
        ({"urn": f"{URN}pulumi:pulumi:Stack::x", "type": "pulumi:pulumi:Stack", "custom": True},
         "it has custom, "),
        ({"urn": f"{URN}pulumi:pulumi:Stack::x", "type": "pulumi:pulumi:Stack", "provider": "command"},
         "it has provider, "),
    ],
)  # fmt: skip
def test_what_calls_itself_something_else_is_refused(look: Look, changed: dict[str, object], problem: str):
    """Pulumi hands a resource to the plugin that it names, which goes by the type in its URN."""
    resource = {"inputs": {"delete": "touch ran"}, **changed}
    ended = look(json.dumps({"deployment": {"resources": [resource]}}))

    assert (1, True) == (ended.exit_code, f": {problem}" in ended.stderr), ended.stderr


def test_colons_in_a_name_hide_no_part_of_it(look: Look, committed: Path):
    """Only the whole name is one that somebody allows."""
    state = prepared(environment={**command().environment, "undo": "touch ran"})

    assert 1 == look(state.replace("::prepare/m1", "::x::prepare/m1"), "--allow", "prepare/m1/docker").exit_code


@pytest.mark.parametrize(
    "state", ["[" * 2000 + "]" * 2000, "", "1" * 5000, "{"], ids=["deep", "empty", "number", "begun"]
)
def test_what_is_no_state_is_one_line(look: Look, state: str):
    """Too deep, among others: Pulumi itself reads none of them."""
    ended = look(state)

    assert (1, "t: `pulumi stack export` does not print a state\n") == (ended.exit_code, ended.stderr)
