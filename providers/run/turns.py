"""Whose turn it is to change hosts, in one run."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from providers.rules.vocabulary.errors import Blocked, SwarmnetError
from providers.run.progress import Progress

# Seconds until the next line of who waits for its turn.
AGAIN = 10.0


# When a change may go on: beside others; one at a time (a swarm's managers); or one at a time and only while none
# has failed (changes that take a host or ports out of service).
Turn = Literal["beside others", "alone", "disruptive"]


class Turns:
    """The changes of a run that wait for one another."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._failures: list[str] = []  # of disruptive changes

    @contextmanager
    def take(self, show: Progress, turn: Turn) -> Iterator[None]:
        """Wait for one's turn, which does not use up one's own time.

        After a disruptive change failed nobody else begins one, so that of many hosts in one batch exactly one is left
        for a person to look at.
        """
        if turn == "beside others":
            yield
            return
        patience = 1.0
        while not self._turn.acquire(timeout=patience):
            show("waiting for its turn")
            patience = AGAIN
        try:
            if turn == "disruptive" and self._failures:
                raise Blocked(f"not started, because another change failed in this run: {self._failures[0]}")
            yield
        except SwarmnetError as error:
            if turn == "disruptive":
                self._failures.append(str(error))
            raise
        finally:
            self._turn.release()
