"""A session at a terminal that nobody sits at, and the picture of it."""

import html
import sys
from pathlib import Path

import pytest

from providers.explain.consequence import PORTS_AWAY
from tests.support.machines import ROOT
from tools.picture import main
from tools.terminal import Screen, session

# A tree that is drawn anew, a question with a marked answer, and what becomes of it.
ASKS = r"""
import sys, tty
tty.setcbreak(0)
print("one\ntwo\x1b[2A\r\x1b[31mONE\x1b[0m\x1b[K\n\x1b[JTWO")
print("Do you want to perform this update? ", end="", flush=True)
got = sys.stdin.read(4)
print("yes" if got == "\x1b[A\n" else repr(got))
"""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("one\r\ntwo\x1b[A\rONE", "ONE\ntwo"),
        ("one\r\ntwo\r\nthr\x1b[2A\r\x1b[J1", "1"),
        ("abc\x1b[2D\x1b[K!", "a!"),
        ("abcdef\r\n", "abcd\nef\n"),
        ("\x1b[?25l\x1b]0;title\x07a\bb\x1b[3Gc\x1b[2K", ""),
        ("\x1b[1mb", "b"),
    ],
)
def test_screen_shows_what_a_terminal_would(written, shown):
    """It does so whatever comes in pieces."""
    screens = [Screen(4), Screen(4)]
    screens[0].feed(written)
    for character in written:
        screens[1].feed(character)

    assert [shown, shown] == [screen.text for screen in screens]


def test_colour_is_that_of_the_character():
    """A line by itself has all its colours."""
    screen = Screen(80)
    screen.feed("a\x1b[1;31mb\x1b[0mc\r\nd")

    assert ["a\x1b[1;31mb\x1b[0mc", "d"] == screen.lines


@pytest.mark.whole
def test_session_is_answered_and_drawn(tmp_path: Path):
    """The program asks before it goes on, as `pulumi up` does; the picture fetches nothing."""
    picture = tmp_path / "up.svg"
    status = main(picture, [sys.executable, "-c", ASKS])
    text = picture.read_text()

    assert (0, True, True) == (status, ">ONE<" in text, "yes" in text)
    assert "url(http" not in text


def test_picture_of_the_pages_is_of_a_session_that_ended_well():
    """The consequence stands before the question, and once."""
    text = html.unescape((ROOT / "docs" / "up.svg").read_text()).replace("\xa0", " ")

    assert 1 == text.count(PORTS_AWAY)
    assert text.index(PORTS_AWAY) < text.index("Do you want to perform this update?") < text.index("1 updated")


@pytest.mark.whole
def test_failed_session_is_no_picture(tmp_path: Path, capfd):
    """Its last words are told."""
    status = main(tmp_path / "up.svg", ["sh", "-c", "echo no such stack; exit 3"])

    assert (3, False) == (status, (tmp_path / "up.svg").exists())
    assert "no such stack" in capfd.readouterr().err


@pytest.mark.whole
def test_session_without_end_is_cut():
    """Nothing of it goes on."""
    with pytest.raises(TimeoutError, match="sleep: not done after 0 s"):
        session(["sleep", "60"], {}, seconds=0.2)
