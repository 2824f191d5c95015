"""Commands that set up run."""

import os
from pathlib import Path

import pytest

from tools.console import SetupError, run


def test_title_and_time(capfd: pytest.CaptureFixture[str]) -> None:
    """Before a command begins the user sees what it is, why and how long it takes; then how long it took, no output."""
    run("counting", ["sh", "-c", "echo noise"], about="for a test: no time", at_most=60)

    assert "counting: for a test: no time  0 s\n" == capfd.readouterr().out


@pytest.mark.parametrize(
    ("error", "command"),
    [
        (r"counting: exit code 3\nno more numbers$", ["sh", "-c", "echo no more numbers >&2; exit 3"]),
        ("counting: /nowhere/abacus cannot be started", ["/nowhere/abacus"]),
    ],
    ids=["fails", "is not there"],
)
def test_failure_shows_last_words(error: str, command: list[str]) -> None:
    """The user sees the title of one that fails, the exit code and the end of its output."""
    with pytest.raises(SetupError, match=error):
        run("counting", command, about="for a test", at_most=60)


def test_out_of_time(tmp_path: Path) -> None:
    """A command whose time is up is ended with all it started."""
    os.mkfifo(tmp_path / "held")
    with open(os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)) as held:
        with pytest.raises(SetupError, match="counting: not done after 1 s"):
            run("counting", ["sh", "-c", f"sleep 600 >{tmp_path}/held & wait"], about="for a test", at_most=1)
        os.set_blocking(held.fileno(), True)

        assert "" == held.read()  # nobody is left who could write
