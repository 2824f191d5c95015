"""Property tests take as many examples here as in the tests of the rules."""

from tests.rules import conftest

__all__ = ["conftest"]
