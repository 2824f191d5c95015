"""Reads what a manager has of what the managers agreed on, where they have no leader: from its Engine's own log, and of
its keys whether they are locked. measurements.md#last-entry"""

import re

from providers.hosts.engine_api.engine import Engine
from providers.hosts.fleet import INFO_TIMEOUT
from providers.hosts.look import answered, answers, why_not_read
from providers.rules.vocabulary.facts import ManagerLog

# Its own entry stands first in a line that names another manager's too:
# https://github.com/etcd-io/raft/blob/v3.6.0/raft.go
_CAMPAIGN = re.compile(r"\[logterm: (\d{1,19}), index: (\d{1,19})[],]")
_RESTART = re.compile(r"lastindex: (\d{1,19}), lastterm: (\d{1,19})[],]")


def manager_log(engine: Engine) -> ManagerLog:
    """Return what one manager has. Raises HostError or EngineError."""
    return parsed(engine.name, answered(engine, "raft", engine.root(INFO_TIMEOUT)))


def parsed(host: str, output: str) -> ManagerLog:
    """Parse the script's output."""
    said = {subject: (status, text) for subject, status, text in answers(output)}
    problems = [why_not_read(status, text) for status, text in said.values() if status]
    (log_failed, log), (key_failed, count) = said.get("raft", (1, "")), said.get("locked", (1, ""))
    last = None if log_failed else last_entry(log)
    if last is None and not problems:
        problems = ["docker's log has no line of raft with an index: see whether its log-level is info"]
    locked = None if key_failed or not count.isdecimal() else count != "0"
    return ManagerLog(host=host, last=last, autolock=locked, why="; ".join(dict.fromkeys(problems)))


def last_entry(line: str) -> tuple[int, int] | None:
    """Return term and index of the last entry, as a line of an Engine's log has them; None if it has none."""
    if found := _CAMPAIGN.search(line):
        return int(found[1]), int(found[2])
    found = _RESTART.search(line)
    return (int(found[2]), int(found[1])) if found else None
