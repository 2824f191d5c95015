"""A failure that is remembered for a moment: callers that come meanwhile get it at once."""

from collections.abc import Callable
from dataclasses import dataclass

from providers.rules.vocabulary.errors import HostError

REMEMBERED = 5.0  # seconds without another try: many resources on one dead host wait once


@dataclass
class LastFailure:
    """The latest failure of one thing, if it is recent. `clock` counts seconds; callers hold the thing's lock."""

    clock: Callable[[], float]
    problem: HostError | None = None
    until: float = 0

    def note(self, problem: HostError) -> None:
        """It has failed just now."""
        self.problem, self.until = problem, self.clock() + REMEMBERED

    def forget(self) -> None:
        """It may work again."""
        self.problem = None

    def again(self) -> None:
        """Re-raise the remembered failure until it expires."""
        if self.problem and self.clock() < self.until:
            raise type(self.problem)(*self.problem.args) from self.problem
