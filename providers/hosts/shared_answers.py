"""One answer for all who ask a host the same, never one that is too old.

A look that may lead to a write gets what was asked after that look began (`AtOnce`). A caller that comes while a
request is under way does not get its answer. It waits for the next one, together with all who came meanwhile. So a
decision never rests on older facts than if everybody asked alone.

A look after which nothing is written, as a refresh and `swarmnet drift` take it, gets what was asked after the last
write of this process had ended (`UntilWritten`). It may miss what others write meanwhile, as may any look that ended a
moment before. No write depends on that: whatever Pulumi then creates, updates or deletes is read again, `AtOnce`,
and a proof of absence is a whole of requests in their order, shared as a whole or not at all.

Two writes may rest on an older answer. The removal of an overlay that nobody used, after this run's last write that
could give it a user: the Engine refuses it where somebody uses it by then (measurements.md#in-use). And the creation of
one whose name and range were free, after this run's last write but such creations: the Engine refuses a name that
somebody took meanwhile, and gives no addresses to a network whose range is taken, which is then taken away again. What
an Engine refused is read again.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class AtOnce:
    """An answer that was asked for after its caller came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: dict[object, Future[Any]] = {}
        self._turns: dict[object, threading.Lock] = {}

    def to(self, question: object, ask: Callable[[], T]) -> T:
        """Let the first caller ask, once the request before it is answered; until then others join. Raises what `ask`
        raises."""
        with self._lock:
            joined = self._coming.get(question)
            if joined is None:
                mine = self._coming[question] = Future[T]()
                turn = self._turns.setdefault(question, threading.Lock())
        if joined is not None:
            answer: T = joined.result()
            return answer
        with turn:
            with self._lock:
                del self._coming[question]  # from here on it is under way, and nobody joins
            return _answered(mine, ask)


class Writes:
    """The writes of this process; `number` grows when one begins, and when it ends; `of_users` with those that may give
    a network a user, or the swarm a note of a change; `of_names` with those that may take or free a name or a range
    that nobody knows of. Both grow with one that fails: others write there too."""

    def __init__(self) -> None:
        self.number = self.of_users = self.of_names = 0
        self._lock = threading.Lock()

    @contextmanager
    def one(self, *, of_users: bool = True, of_names: bool = True) -> Iterator[None]:
        """A write, however it ends: what was asked before or meanwhile is not kept."""
        self._count(of_users, of_names)
        try:
            yield
        except BaseException:
            of_users = of_names = True
            raise
        finally:
            self._count(of_users, of_names)

    def _count(self, of_users: bool, of_names: bool) -> None:
        with self._lock:
            self.number += 1
            self.of_users += of_users
            self.of_names += of_names


WRITES = Writes()


class UntilWritten:
    """An answer asked for after the last write of this process had ended. After a failure it is asked again.

    written: a number that grows with the writes that count.
    """

    def __init__(self, written: Callable[[], int] = lambda: WRITES.number) -> None:
        self._lock = threading.Lock()
        self._kept: dict[object, Future[Any]] = {}
        self._written = written
        self._since = written()

    def to(self, question: object, ask: Callable[[], T]) -> T:
        """Let the first caller ask; all that come before the next write get the same. Raises what `ask` raises."""
        with self._lock:
            if self._since != (now := self._written()):
                self._kept, self._since = {}, now
            kept = self._kept.get(question)
            if kept is None:
                mine = self._kept[question] = Future[T]()
                home = self._kept
        if kept is not None:
            answer: T = kept.result()
            return answer
        try:
            return _answered(mine, ask)
        except BaseException:
            with self._lock:
                home.pop(question, None)
            raise


def _answered(future: Future[T], ask: Callable[[], T]) -> T:
    """Ask, for all who wait for that future."""
    try:
        answer = ask()
    except BaseException as problem:
        future.set_exception(problem)
        raise
    future.set_result(answer)
    return answer
