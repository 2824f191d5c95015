"""Lines for a terminal."""

from cli.lines import as_shown


def test_a_terminal_does_not_obey_hosts():
    """What a host named with more than letters."""
    assert ("overlay a [2J", "red") == (as_shown("overlay a\x1b[2J", style="red").plain, as_shown("", "red").style)
