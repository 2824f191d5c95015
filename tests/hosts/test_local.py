"""This machine as a host, without SSH."""

import os
import subprocess

import pytest

from providers.hosts.commands import as_run
from providers.hosts.local import LocalConnection
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import CommandFailed, LoginRefused
from tests.tools.programs import program


@pytest.fixture(autouse=True)
def no_keys_of_mine() -> None:
    """Programs of this machine are run; no keys have a part in that."""


@pytest.fixture
def local() -> LocalConnection:
    """This machine."""
    return LocalConnection(HostAccess(name="me", local=True))


def test_command_is_run(local):
    """It reads what it is given, and its output is returned as text."""
    assert "secret" == local.run(["cat"], stdin=b"secret")


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["sh", "-c", "echo one >&2; echo two >&2; exit 3"], r"sh -c .*: exit status 3: two$"),
        (["sleep", "60"], "sleep 60: not done within 0.5 s$"),
        (["no-such-command"], "no-such-command: no such file"),
    ],
    ids=["exit status and last line on stderr", "no end", "no command"],
)
def test_failed_command_says_why(local, argv, why):
    """It is an error of ours."""
    with pytest.raises(CommandFailed, match=f"^me: {why}"):
        local.run(argv, timeout=0.5)


def test_sudo_goes_before_the_command(tmp_path, monkeypatch):
    """`sudo: true` runs commands by `sudo -n`, whose refusal is told."""
    program(tmp_path / "sudo", 'echo "sudo: a password is required, said $1 $2" >&2; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(LoginRefused, match=r"a password is required, said -n id"):
        LocalConnection(HostAccess(name="me", local=True, sudo=True)).run(["id"])


def test_stream_that_ended(local):
    """A command's end is seen, and its last words are heard."""
    stream = local.open_stream(["sh", "-c", "echo no >&2; exit 3"])
    stream.begin(10)
    with stream.makefile("rb") as file:
        file.read()

    assert (False, (3, "no\n")) == (stream.is_open, stream.last_words())


def test_stream_to_a_missing_command(local):
    """A stream needs a command that is there."""
    with pytest.raises(CommandFailed, match=r"^me: no-such-command: no such file"):
        local.open_stream(["no-such-command"])


@pytest.mark.parametrize(
    ("here", "expected"),
    [("tcp://10.0.0.9:2375", "unix:///var/run/docker.sock"), ("unix:///run/other.sock", "unix:///run/other.sock")],
)
def test_this_machine_is_no_other(local, monkeypatch, here, expected):
    """A stream carries bytes both ways; docker is asked at a socket here, wherever DOCKER_HOST or a context lead."""
    monkeypatch.setenv("DOCKER_HOST", here)
    stream = local.open_stream(["sh", "-c", "read name; eval echo \\$$name"])
    stream.begin(10)
    stream.sendall(b"DOCKER_HOST\n")
    with stream.makefile("rb") as file:
        told = file.readline().decode().strip()
    stream.close()

    assert expected == told


def test_command_that_outlives_us(local, tmp_path):
    """It goes on though nobody reads what it says any more, as when the link to a host breaks."""
    os.mkfifo(tmp_path / "go")
    script = f"cat {tmp_path}/go; echo stopped; echo started; touch {tmp_path}/done"
    words = as_run(local.access, ["sh", "-ec", script], as_root=False, outlives=True)
    ours, theirs = os.pipe()
    with subprocess.Popen(words, stdout=theirs, stderr=theirs):
        os.close(theirs)
        os.close(ours)
        (tmp_path / "go").write_text("go")

    assert (tmp_path / "done").exists()
