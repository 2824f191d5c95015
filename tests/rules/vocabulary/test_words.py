"""Words that hosts wrote, made safe to show."""

import pytest

from providers.rules.vocabulary.errors import EngineError
from providers.rules.vocabulary.words import visible


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("web", "web"),
        ("a b", "a\x1b\x07b"),
        ("up\ndown", "up\ndown"),
        ("a b", "a\u202eb"),
        ("Größe", "Größe"),
    ],
)
def test_what_a_terminal_would_obey_is_left_out(expected, text):
    """Letters of any script stay, and so do lines."""
    assert expected == visible(text)


def test_no_error_holds_any():
    """Whatever the Engine said."""
    assert "m1:  [2J" == str(EngineError("m1: \x1b[2J"))
