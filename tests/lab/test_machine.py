"""The lab's view of the machine that it runs on."""

import os

import pytest

from lab import debian, filesystem, shell, state


def test_archive_is_the_release_and_not_its_updates() -> None:
    """Other releases lie beside this one, in the same archive."""
    targets = "bookworm-updates http://b.example/debian/\nbookworm http://a.example/debian/\n"

    assert "http://a.example/debian/" == debian.archive(targets)


def test_no_archive_without_a_release() -> None:
    """A machine that knows only updates gives no address."""
    assert debian.archive("bookworm-security http://a.example/debian-security/\n") is None


def test_limits_are_taken_out_of_an_init_script() -> None:
    """The lines become commands that do nothing, so that an `if` around them still has a body."""
    script = 'if [ "$BASH" ]; then\n\tulimit -u unlimited\nfi\n'

    assert 'if [ "$BASH" ]; then\n\t:\nfi\n' == filesystem.without_limits(script)


def test_running_process_has_a_start() -> None:
    """The start tells a host's process from a later one with the same number."""
    assert state.started(os.getpid()) is not None


def test_process_that_is_not_there_has_no_start() -> None:
    """No process has number 0."""
    assert state.started(0) is None


def test_failing_program_is_one_line() -> None:
    """The line names the command and the last thing that it wrote."""
    with pytest.raises(shell.LabError, match=r"^`sh -c echo one >&2; echo two >&2; exit 3`: two$"):
        shell.run("sh", "-c", "echo one >&2; echo two >&2; exit 3")


def test_missing_program_says_what_to_do() -> None:
    """A machine without the lab's packages is sent to `setup`."""
    with pytest.raises(shell.LabError, match="no-such-program: not found: run `lab/hosts setup`"):
        shell.run("no-such-program")
