"""Makes harmless what users and hosts wrote: in Markdown, in its code, in Mermaid. Hides what must never be shown.

Markdown as forges read it: https://github.github.com/gfm/. Mermaid's entity codes:
https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
"""

import re

from providers.rules.vocabulary import words

# On one line, as any medium begins.
shown = words.line

MARKUP = re.compile(r"[\\`*_\[\]<>#|~&$]")
# What forges make links of, in the middle of a text: @somebody, #12, GH-12, addresses of the web and of mail. A joiner
# that nobody sees keeps it from being one: https://github.github.com/gfm/#autolinks-extension-
LINK = re.compile(r"(?<![\w/])@(?=\w)|@(?=[\w-]+\.)|#(?=\w)|\bGH-(?=\d)|\b(?i:www)(?=\.)|:(?=//)|\b(?i:mailto|xmpp):")
PLAIN = re.compile(r"[^A-Za-z0-9 ,.:/_-]")


def cut(text: str, most: int) -> str:
    """Return a text on one line, of at most `most` characters. What is secret is found in the whole of it."""
    whole = shown(text)
    return f"{whole[:most]} …" if len(whole) > most else whole


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is, also in a table: no markup, no HTML, no link, nobody called."""
    return _escaped(shown(text))


def prose(text: str) -> str:
    """Return the same, but what stands between two backticks is code."""
    parts = shown(text).split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    return "".join(code(part) if at % 2 else _escaped(part) for at, part in enumerate(parts))


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\g<0>", LINK.sub("\\g<0>\u2060", text))


def code(text: str) -> str:
    """Return a text as a code span, also in a table, whatever it holds; empty for an empty one."""
    bare = shown(text).replace("|", "\\|")
    ticks = "`" * (longest_run(bare) + 1)
    space = " " if bare.startswith("`") or bare.endswith("`") else ""
    return f"{ticks}{space}{bare}{space}{ticks}" if bare else ""


def fenced(language: str, lines: list[str]) -> list[str]:
    """Return lines of code between fences that none of them can close."""
    fence = "`" * max(3, 1 + max(map(longest_run, lines), default=0))
    return [f"{fence}{language}", *lines, fence]


def label(text: str) -> str:
    """Return a text for a quoted label of Mermaid: what is no letter, digit or harmless sign becomes an entity code."""
    return PLAIN.sub(lambda found: f"#{ord(found[0])};", shown(text))


def longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
