"""Lines for a terminal: words of hosts are in them, which it must not obey."""

from rich.text import Text

from providers.rules.vocabulary.words import visible


def as_shown(text: str, style: str = "") -> Text:
    """A line, or a few."""
    return Text(visible(text), style=style)
