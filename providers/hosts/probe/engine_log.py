"""Reads what a member's Engine says of gossip over UDP in its own log.

UDP 7946 is the Engine's and encrypted, and yet it tells what arrives there: of a datagram that does not begin with the
number of a known encryption it writes one line, with the address and port of the sender, and does nothing else.
https://github.com/hashicorp/memberlist/blob/v0.4.0/net.go, ingestPacket
"""

import re
from datetime import datetime

from providers.hosts.engine_api.engine import Engine
from providers.hosts.look import answered, answers, why_not_read
from providers.rules.vocabulary.addresses import is_ip
from providers.rules.vocabulary.diagnosis import EngineLog
from providers.rules.vocabulary.errors import HostError

_LATELY = 60.0  # seconds; an Engine asks each other one in turn, one a second
# An Engine says each time that only TCP reaches a member, and once by which name it knows each member.
_TIME = r'time"?[=:]"([^"]+)"'
_JOINED = re.compile(r"Node (\w+)/([0-9a-fA-F.:]+), joined")
_MISSED = re.compile(r"connect to (\w+) over TCP")
_REFUSED = re.compile(r"nsupported encryption version .*from=([0-9.]+):(\d{1,5})\b")


def engine_log(engine: Engine) -> EngineLog | str:
    """Return what the log says, or why it can't be read, and behind a colon what to do."""
    try:
        return parsed(answered(engine, "log"))
    except HostError as problem:
        return str(problem)


def parsed(output: str) -> EngineLog | str:
    """Parse the script's output."""
    try:
        for _, status, text in answers(output):
            return why_not_read(status, text) if status else _read(text)
    except ValueError:
        pass
    return "invalid answer from the host: look there by hand"


def _read(text: str) -> EngineLog:
    """Raise ValueError if a time is none."""
    now, _, log = text.partition("\n")
    names: dict[str, str] = {}
    missed: set[str] = set()
    refused: set[tuple[str, int]] = set()
    for each in log.splitlines():
        if joined := _JOINED.search(each):
            names[joined[1]] = joined[2]
        elif (
            not (time_match := re.search(_TIME, each))
            or float(now) - datetime.fromisoformat(time_match[1]).timestamp() > _LATELY
        ):
            continue
        elif failed := _MISSED.search(each):
            missed.add(names.get(failed[1], failed[1]))
        elif (came := _REFUSED.search(each)) and is_ip(came[1]):
            refused.add((came[1], int(came[2])))
    return EngineLog(unanswered=frozenset(missed), refused=frozenset(refused))
