"""Remarks on a swarm that was found, beside what can be declared."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["not seen", "unusual", "clash", "not managed"]


@dataclass(frozen=True)
class Remark:
    """One line for the reviewer, beside the top-level key `where` of the stack file."""

    kind: Kind
    where: str
    line: str
