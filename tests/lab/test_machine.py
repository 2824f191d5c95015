"""The lab's view of the machine that it runs on."""

import os

import pytest

from lab import debian, filesystem, shell, state
from lab.host import wait_docker


@pytest.mark.parametrize(
    ("expected", "targets"),
    [
        (
            "http://a.example/debian/",
            "bookworm-updates http://b.example/debian/\nbookworm http://a.example/debian/\n",
        ),
        (None, "bookworm-security http://a.example/debian-security/\n"),
    ],
    ids=["a release", "updates alone"],
)
def test_archive_is_the_release_and_not_its_updates(expected: str | None, targets: str) -> None:
    """Other releases lie beside this one, in the same archive."""
    assert expected == debian.archive(targets)


def test_limits_are_taken_out_of_an_init_script() -> None:
    """The lines become commands that do nothing, so that an `if` around them still has a body."""
    script = 'if [ "$BASH" ]; then\n\tulimit -u unlimited\nfi\n'

    assert 'if [ "$BASH" ]; then\n\t:\nfi\n' == filesystem.without_limits(script)


def test_running_process_has_a_start() -> None:
    """The start tells a host's process from a later one with the same number; no process has number 0."""
    assert state.started(os.getpid()) is not None
    assert state.started(0) is None


@pytest.mark.parametrize(
    ("error", "command"),
    [
        (r"^`sh -c echo one >&2; echo two >&2; exit 3`: two$", ["sh", "-c", "echo one >&2; echo two >&2; exit 3"]),
        ("no-such-program: not found: run `lab/hosts setup`", ["no-such-program"]),
    ],
    ids=["fails", "is not there"],
)
def test_failing_program_is_one_line(error: str, command: list[str]) -> None:
    """The line names the command and the last thing that it wrote, or what installs it."""
    with pytest.raises(shell.LabError, match=error):
        shell.run(*command)


def test_a_host_that_has_ended_is_not_waited_for() -> None:
    """Its log says why; a host that is only slow is waited for. No machine has a process of such a number."""
    ended = state.Record(name="t1", group="t", address="192.0.2.1", engine="28", pid=2**22 + 1, started=0)

    with pytest.raises(shell.LabError, match=r"^t1: the host has ended: read .*/t1/boot\.log"):
        wait_docker(ended)
