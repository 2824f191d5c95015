"""Answers are shared, but a decision to write rests on one asked after its look began, all else on one after our
last write."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from providers.hosts.shared_answers import WRITES, AtOnce, UntilWritten
from tests.support.tables import cases


class Host:
    """Answers with the number of the request, and holds back as many as it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.begun = threading.Semaphore(0)
        self.goes_on = threading.Semaphore(0)

    def ask(self) -> int:
        """The number of this request, once it may be answered."""
        self.asked += 1
        number = self.asked
        self.begun.release()
        assert self.goes_on.acquire(timeout=30)
        return number


def free(host: Host) -> Host:
    """A host that holds nothing back."""
    for _ in range(100):
        host.goes_on.release()
    return host


class Question(str):
    """One that tells each time somebody looks whether it is asked already."""

    def __init__(self, _: str) -> None:
        self.looked_up = threading.Semaphore(0)

    def __hash__(self) -> int:
        self.looked_up.release()
        return super().__hash__()

    __eq__ = str.__eq__


def test_nobody_gets_an_answer_to_what_was_asked_before():
    """Those who come while a request is under way share the next one, which begins after all of them came."""
    host, answers, question = Host(), AtOnce(), Question("networks")
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(answers.to, question, host.ask)
        assert host.begun.acquire(timeout=30)
        while question.looked_up.acquire(blocking=False):
            pass  # what the first did
        late = [pool.submit(answers.to, question, host.ask) for _ in range(4)]
        for _ in ("three by the one who will ask", "", "", *late[1:]):
            assert question.looked_up.acquire(timeout=30)
        host.goes_on.release(2)

        assert (1, [2, 2, 2, 2]) == (first.result(30), [each.result(30) for each in late])


@cases("expected, answers", {"at once": ([1, 2, 3], AtOnce()), "at rest": ([1, 1, 2], UntilWritten())})
def test_one_after_the_other(expected, answers):
    """A loop that looks again does so; at rest one answer is for all, and each question has its own."""
    host = free(Host())

    assert expected == [answers.to(question, host.ask) for question in ("networks", "networks", "nodes")]


def test_at_rest_nothing_is_kept_from_before_a_write():
    """Nothing is kept from the midst of one either: the host may have answered before it wrote."""
    host, answers = free(Host()), UntilWritten()
    found = [answers.to("networks", host.ask)]
    with WRITES.one():
        found.append(answers.to("networks", host.ask))
    found.append(answers.to("networks", host.ask))

    assert [1, 2, 3] == found


def test_a_write_that_fails_may_have_been_one():
    """After Unreachable it may have been carried out all the same."""
    host, answers = free(Host()), UntilWritten()
    answers.to("networks", host.ask)
    with pytest.raises(TimeoutError), WRITES.one():
        raise TimeoutError

    assert 2 == answers.to("networks", host.ask)


def test_at_rest_the_midst_of_a_request_is_no_place_for_a_write():
    """An answer asked for before a write and got after it serves only those who asked before the write."""
    host, answers = Host(), UntilWritten()
    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(answers.to, "networks", host.ask)
        assert host.begun.acquire(timeout=30)
        with WRITES.one():
            host.goes_on.release()
            assert 1 == before.result(30)
        host.goes_on.release()

        assert 2 == answers.to("networks", host.ask)


@pytest.mark.parametrize("answers", [AtOnce(), UntilWritten()], ids=["at once", "until written"])
def test_an_error_is_not_kept(answers):
    """The host is asked again."""
    with pytest.raises(ZeroDivisionError):
        answers.to("networks", lambda: 1 // 0)

    assert 7 == answers.to("networks", lambda: 7)
