"""The command line as its users meet it: help, version, completion, names of stacks, colours, and waiting."""

import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console

from cli.__main__ import app
from cli.lines import asking, so_many
from cli.usage import Panel
from tests.support.command_line import swarmnet
from tests.support.machines import ROOT

GROUP = typer.main.get_command(app)
COMMANDS = {name: (name,) for name in GROUP.commands} | {"state check": ("state", "check")}  # type: ignore[attr-defined]
STACK = "config:\n  swarmnet:hosts: {m1: {address: 127.0.0.1, port: 1, role: manager}}\n"
each_command = pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)


def run(*words: str, color: bool = False, **environment: str):
    """A command that has ended; the terminal is wide."""
    return swarmnet(*words, color=color, **{"COLUMNS": "250", **environment})


def leaf(words: tuple[str, ...]):
    """The command of these words."""
    found = GROUP
    for word in words:
        found = found.commands[word]  # type: ignore[attr-defined]
    return found


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """A folder with two stack files."""
    for name in ("prod", "staging"):
        (tmp_path / f"Pulumi.{name}.yaml").write_text(STACK)
    return tmp_path


@each_command
def test_help_has_two_names_and_no_types_of_python(words):
    """Placeholders for values are words: FILE, FOLDER, HOST."""
    short, long = run(*words, "-h"), run(*words, "--help")

    assert (0, short.stdout) == (short.exit_code, long.stdout)
    assert [] == re.findall(r"<\w+>|\b(?:list|bool|str|path|Path|TEXT|PATH)\b\]?", short.stdout.partition("Options")[2])


@each_command
def test_command_stands_in_a_group_with_an_example_that_parses(words):
    """For `state`, its one subcommand has the example."""
    command = leaf(words)
    if words == ("state",):
        return
    program, *example = shlex.split(command.epilog.removeprefix("Example: "))

    assert ("swarmnet", words) == (program, tuple(example[: len(words)]))
    assert command.make_context(words[-1], example[len(words) :])
    assert command.rich_help_panel in [*Panel] or words == ("state", "check")


def test_shell_completes_stacks(stacks):
    """They are completed by their names."""
    asked = {"_SWARMNET_COMPLETE": "complete_bash", "COMP_WORDS": f"swarmnet plan --dir {stacks} p", "COMP_CWORD": "4"}

    assert ["prod"] == run(**asked).stdout.split()


def test_program_tells_its_version_and_has_completion():
    """The version is that of the whole project; completion is installed as that of other commands."""
    assert (0, "swarmnet 0.1.0\n") == (run("--version").exit_code, run("--version").stdout)
    assert {"--install-completion", "--show-completion"} <= set(run("-h").stdout.split())


@pytest.mark.parametrize("named", ["Pulumi.prod.yaml", "./Pulumi.prod.yaml"])
def test_stack_may_be_named_by_its_file(stacks, named, monkeypatch):
    """Its own folder is used, wherever the command runs."""
    monkeypatch.chdir(stacks)

    assert "prod: 1 host, 0 overlays, no problem\n" == run("check", named).stdout


def test_path_and_manager_need_no_project_around(stacks, monkeypatch):
    """They say all that is to be known."""
    monkeypatch.chdir("/")
    path, manager = run("check", f"{stacks}/Pulumi.prod.yaml"), run("doctor", "ssh://[")

    assert (0, "prod: 1 host, 0 overlays, no problem\n") == (path.exit_code, path.stdout)
    line = "doctor: MANAGER: should be ssh://[USER@]HOST[:PORT] without a password, or local:\n"
    assert (1, "", line) == (manager.exit_code, manager.stdout, manager.stderr)


def test_paths_of_two_folders_are_refused(stacks, tmp_path_factory):
    """Stacks are compared with those beside them."""
    prod, other = stacks / "Pulumi.prod.yaml", tmp_path_factory.mktemp("other")
    two = run("check", str(prod), str(other / "Pulumi.prod.yaml"))
    with_dir = run("check", "--dir", str(other), str(prod))

    assert (2, 2) == (two.exit_code, with_dir.exit_code)
    assert (True, True) == tuple("name stacks of one folder" in each.stderr for each in (two, with_dir))


def test_colours_are_for_who_wants_them():
    """https://no-color.org."""
    found = [run("map", "--out", "x", color=True, NO_COLOR=digest).stderr for digest in ("", "1")]

    assert [True, False] == ["\x1b[31m" in each for each in found]
    lines = [
        run(*words, color=True, NO_COLOR="1") for words in (("check", "lab"), ("check", "nope"), ("map", "--out", "x"))
    ]
    assert [False] * 3 == ["\x1b" in each.output for each in lines]


def test_value_of_an_option_is_refused_in_our_words():
    """Without the words of the library that reads it."""
    done = run("check", "--format", "xml")

    assert (2, True, False) == (done.exit_code, "'xml' is not one of" in done.stderr, "Value error" in done.stderr)


def test_terminal_shows_whom_it_waits_for_and_a_pipe_does_not():
    """The line is gone with the answer."""
    terminal, pipe = io.StringIO(), io.StringIO()
    for file in (terminal, pipe):
        with asking(so_many(3), Console(file=file, force_terminal=file is terminal, width=80)):
            pass

    assert (True, "") == ("querying 3 hosts" in terminal.getvalue(), pipe.getvalue())


@pytest.mark.whole
@pytest.mark.parametrize(
    "words",
    [
        *((command, "prod", "--dir", ".") for command in ("plan", "drift", "facts", "doctor")),
        ("discover", "ssh://127.0.0.1:1", "--out", "Pulumi.new.yaml"),
    ],
    ids=lambda words: words[0],
)
def test_whoever_asks_hosts_says_so_on_a_terminal(stacks, words):
    """It is seen on a real one, with a `pulumi` whose state is empty and hosts that do not answer."""
    pulumi = stacks / "pulumi"
    pulumi.write_text(f"#!/bin/sh\necho '{json.dumps({'deployment': {}})}'\n")
    pulumi.chmod(0o755)
    reader, writer = pty.openpty()
    environment = {**os.environ, "PATH": f"{stacks}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    command = [sys.executable, "-P", "-m", "cli", *words]
    subprocess.run(command, cwd=stacks, env=environment, stdout=subprocess.PIPE, stderr=writer, check=False)
    os.close(writer)

    assert b"querying " in os.read(reader, 65536)
