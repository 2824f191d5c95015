"""`make check` takes fewer cases than `make test`, as it takes fewer examples of each property."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")


def some(cases: Sequence[T]) -> Sequence[T]:
    """Return one in three of cases that are much alike; all of them but in the quick profile."""
    return cases[:: 3 if settings().max_examples <= 10 else 1]
