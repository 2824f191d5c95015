"""Progress that a person at a terminal sees while hosts are asked, and a pipe never does."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def asking(whom: str, console: Console | None = None) -> Iterator[None]:
    """A line that moves on standard error until the answers are there, such as `asking 5 hosts`."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(f"asking {whom}"):
        yield


def so_many(number: int, noun: str = "host") -> str:
    """Return a number of things in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
