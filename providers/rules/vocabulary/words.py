"""Words that others wrote (hosts, states, facts and stack files), made safe to show in a terminal, a log, an error.

One function for each medium: `line`, `lines` and `indented` here for terminals, logs and errors, `data` for JSON; for
Markdown, Mermaid and HTML those of explain/escape.py, which begin with `line`. `some` puts a list of names into a line.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import NewType

# Text without secrets that no terminal or log takes for a command: the type that writers accept.
Shown = NewType("Shown", str)

# Control characters and those that change the direction of what follows: https://trojansource.codes/
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")

# A swarm's join tokens and unlock keys, private keys, and what is given as a password or to a registry: no message of
# ours has any, but what others wrote may, also as JSON inside of JSON. No part of it looks at a letter twice, whatever
# the text. prepare.sh has the same for its own.
_SECRETS = re.compile(
    r"SWMTKN-\S+|SWMKEY-\S+|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?i:bearer|basic) +[A-Za-z0-9+/=._~-]{6,}|(?i:x-registry-[a-z]+): *\S+"
    r"|(?i:passw(?:or)?d|passphrase|secret|token|api[-_]?key|\bauth)\\*[\"']?(?:=|: *(?=\\*[\"']))"
    r"(?:\\*\"[^\"]*\"|\\*'[^']*'|\S+)",
    re.DOTALL,
)
# Base64 in either alphabet, long enough for a login.
_PACKED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
HIDDEN = "[secret]"
_WORD = re.compile(r"\S+")

# What continuous integration obeys in the output of a command: GitHub takes `::name::` where a line begins, and
# `##[name]` anywhere (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs), as Azure does
# `##vso[name]`.
_COMMANDS = re.compile(r"^(\s*:)(?=:)|#(?=#\w*\[)")


def without_secrets(text: str) -> str:
    """Return the text with HIDDEN in the place of each secret."""
    text = _PACKED.sub(_without_packed, _SECRETS.sub(HIDDEN, text))
    return _WORD.sub(_without_login, text) if "://" in text else text


def _without_packed(found: re.Match[str]) -> str:
    """Return HIDDEN in the place of base64 that is `user:password`, or JSON: what Docker's files and headers have."""
    packed = found[0].rstrip("=").replace("+", "-").replace("/", "_")
    try:
        text = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode().strip()
    except ValueError:
        return found[0]
    return HIDDEN if ":" in text and text.isprintable() else found[0]


def _without_login(found: re.Match[str]) -> str:
    """Return a word without the part before the last @ of an address; a user of SSH alone has no password in it."""
    scheme, _, rest = found[0].partition("://")
    login, at, host = rest.rpartition("@")
    if not at or (scheme.endswith("ssh") and ":" not in login):
        return found[0]
    return f"{scheme}://{HIDDEN}@{host}"


def reason(message: str) -> str:
    """Return what a validator of ours said, without the words that pydantic puts before it."""
    return message.removeprefix("Value error, ")


def line(text: str) -> Shown:
    """Return the text on one line, without secrets, invisible characters, and anything that a terminal or a log would
    obey."""
    return Shown(_COMMANDS.sub(r"\g<0> ", INVISIBLE.sub(" ", without_secrets(text)).strip()))


def indented(text: str) -> Shown:
    """Do the same, and keep the spaces before it."""
    return Shown(" " * (len(text) - len(text.lstrip(" "))) + line(text))


def lines(texts: Iterable[str]) -> Shown:
    """Do the same for each text, on a line of its own: no text of others makes one."""
    return Shown("\n".join(map(line, texts)))


def some(names: Iterable[str], most: int = 3) -> str:
    """Return `a, b and c`; of more than so many names the first, and how many more there are: `a, b, c and 9 more`."""
    listed = list(names)
    more = len(listed) - most
    *first, last = [*listed[:most], f"{more} more"] if more > 0 else listed or [""]
    return f"{', '.join(first)} and {last}" if first else last


def data(value: object) -> Shown:
    """Return a value as JSON in ASCII, indented, without secrets; no line of it is anything that a log obeys."""
    return Shown(json.dumps(_without_secrets(value), indent=2).replace("##", "#\\u0023"))


def _without_secrets(value: object) -> object:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {without_secrets(str(key)): _without_secrets(each) for key, each in value.items()}
    return [_without_secrets(each) for each in value] if isinstance(value, list | tuple) else value
