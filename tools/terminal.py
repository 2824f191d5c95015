"""A terminal without a person: a command runs in it, its questions are answered, and what it shows at the end is kept.

As much of a terminal as `pulumi` and `rich` ask for: lines, colours, a cursor that goes back, parts that are cleared.
https://www.xfree86.org/current/ctlseqs.html
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

# A sequence that moves, clears or colours; one that sets a title or a mode; a single character.
_TOKENS = re.compile(r"\x1b\[([?>=]?)([\d;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.|(.)", re.DOTALL)
_UNFINISHED = re.compile(r"\x1b(?:\[[?>=]?[\d;]*|\][^\x07\x1b]*\x1b?)?$")
WHERE = "\x1b[6n"  # asks where the cursor is


class Screen:
    """The content of a terminal of so many columns; lines that leave it at the top are kept."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.row = self.column = 0
        self._colour = ""
        self._lines: list[dict[int, tuple[str, str]]] = [{}]
        self._rest = ""

    def feed(self, text: str) -> None:
        """Show what a command wrote."""
        text, self._rest = self._rest + text, ""
        if cut := _UNFINISHED.search(text):
            text, self._rest = text[: cut.start()], cut[0]
        for token in _TOKENS.finditer(text):
            private, numbers, what, character = token.groups()
            if character:
                self._character(character)
            elif what and not private:
                self._sequence(what, numbers)

    def _character(self, character: str) -> None:
        if character == "\n":
            self._down(1)
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character >= " ":
            if self.column >= self.columns:
                self._down(1)
                self.column = 0
            self._lines[self.row][self.column] = (character, self._colour)
            self.column += 1

    def _down(self, lines: int) -> None:
        self.row += lines
        self._lines += [{} for _ in range(self.row + 1 - len(self._lines))]

    def _sequence(self, what: str, numbers: str) -> None:
        first = int(numbers.split(";")[0] or 0) if numbers else 0
        line = self._lines[self.row]
        match what:
            case "A":
                self.row = max(0, self.row - max(1, first))
            case "B":
                self._down(max(1, first))
            case "C":
                self.column += max(1, first)
            case "D":
                self.column = max(0, self.column - max(1, first))
            case "G":
                self.column = max(1, first) - 1
            case "J":
                del self._lines[self.row + 1 :]
                self._cleared(line, self.column)
            case "K":
                self._cleared(line, 0 if first == 2 else self.column)
            case "m":
                self._colour = "" if numbers in ("", "0") else f"{self._colour}\x1b[{numbers}m"

    @staticmethod
    def _cleared(line: dict[int, tuple[str, str]], since: int) -> None:
        for column in [column for column in line if column >= since]:
            del line[column]

    @property
    def lines(self) -> list[str]:
        """Return the screen, line by line, with its colours as escape sequences."""
        return ["".join(self._parts(line)).rstrip() for line in self._lines]

    @property
    def text(self) -> str:
        """Return the screen without colours."""
        return "\n".join(
            "".join(line.get(at, (" ", ""))[0] for at in range(max(line, default=-1) + 1)) for line in self._lines
        )

    @staticmethod
    def _parts(line: Mapping[int, tuple[str, str]]) -> Iterator[str]:
        cells = (line.get(at, (" ", "")) for at in range(max(line, default=-1) + 1))
        for colour, run in groupby(cells, key=itemgetter(1)):
            words = "".join(character for character, _ in run)
            yield f"{colour}{words}\x1b[0m" if colour else words


def session(
    command: Sequence[str], answers: Mapping[str, str], *, columns: int = 120, rows: int = 50, seconds: float = 600
) -> tuple[Screen, int]:
    """Run a command at a terminal; gives what it shows at the end, and its exit status.

    answers: what is typed, once, when such words are shown. Raises TimeoutError, after which the command is gone.
    """
    screen, left = Screen(columns), dict(answers)
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], list(command))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    ends = time.monotonic() + seconds
    while text := _read(terminal, ends - time.monotonic()):
        screen.feed(text)
        if WHERE in text:
            os.write(terminal, f"\x1b[{min(screen.row, rows - 1) + 1};{screen.column + 1}R".encode())
        for words in [words for words in left if words in screen.text]:
            os.write(terminal, left.pop(words).encode())
    if time.monotonic() > ends:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    if time.monotonic() > ends:
        raise TimeoutError(f"{command[0]}: not done after {seconds:.0f} s")
    return screen, status


def _read(terminal: int, seconds: float) -> str:
    """Return what comes next; empty at the end, or if nothing comes in time."""
    if not select.select([terminal], [], [], max(0.0, seconds))[0]:
        return ""
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:  # how Linux tells that nobody has the other end any more
        return ""
