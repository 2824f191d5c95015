"""Looks at a host beside its Engine: look.sh, given on stdin, which reads and writes nothing.

It runs as the user who logs in; it reads what needs root through `sudo -n` if the host's access says so.
look_answers.py parses its answer.
"""

import shlex
from collections.abc import Collection
from pathlib import Path

from providers.hosts.engine_api.engine import Engine
from providers.hosts.look_answers import parsed
from providers.rules.vocabulary.addresses import is_ip
from providers.rules.vocabulary.errors import CommandFailed
from providers.rules.vocabulary.look import Look

TIMEOUT = 60.0  # an emulated host took more than 20 s just after its start (vms.md)
SHELL = ("sh", "-s")
SCRIPT = Path(__file__).with_name("look.sh")


def look(engine: Engine, root: str, peers: Collection[str]) -> Look | str:
    """Return what a host's kernel shows, or why it can't be asked at all. Raises HostError if it is unreachable.

    root: where its Engine keeps its data. peers: IP addresses of the other members.
    """
    try:
        return parsed(answered(engine, "look", root, *filter(is_ip, peers)))
    except CommandFailed as problem:
        return str(problem)


def answered(engine: Engine, what: str, *words: str) -> str:
    """Return what the script answers on a host. Raises CommandFailed, or HostError if it is unreachable.

    what, words: the script's own, but for sudo.
    """
    text = script(what, "sudo -n" if engine.connection.access.sudo else "", *words)
    return engine.connection.run(SHELL, text.encode(), TIMEOUT, as_root=False)


def script(*words: str) -> str:
    """Return the script with its words, whatever is in them."""
    return f"set -- {shlex.join(words)}\n{SCRIPT.read_text(encoding='utf-8')}"
