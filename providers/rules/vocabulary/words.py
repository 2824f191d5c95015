"""Words that hosts wrote, made safe to show: in a terminal, in a log, in a page. What they say must not enter."""

import re

# Control characters and those that change the direction of what follows: https://trojansource.codes/
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def visible(text: str) -> str:
    """The text without what can't be seen, and what a terminal would obey; its lines stay lines."""
    return "\n".join(INVISIBLE.sub(" ", line) for line in text.split("\n"))
