"""Checks gossip between hosts: TCP and UDP 7946.

Whether a datagram reached a member its Engine says, in its log. Where that can't be read, rules of firewalls say that
it does not pass, and nothing says that it does. What other Engines complain of has no direction and may be past: a
warning.
"""

from collections.abc import Iterator
from dataclasses import replace

from providers.rules.doctor.attempts import SAYS_NOTHING
from providers.rules.doctor.ports import GOSSIP
from providers.rules.doctor.reached import finding, on, ruled_out
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, Finding
from providers.rules.vocabulary.reach import EngineLog, Trial

_RULE = "a rule of a firewall drops it"


def gossip(seen: Examination, wanted: Wanted) -> Iterator[Finding]:
    """Yield closed gossip, logs that do not tell of it, and what they complain of."""
    yield from on("reach-gossip", "gossip-tcp")(seen, wanted)
    of_udp = [each for each in trials(seen) if each.channel == "gossip-udp"]
    for each in of_udp:
        if each.outcome != "open" and each.why != SAYS_NOTHING:
            yield finding("reach-gossip", seen, each, GOSSIP)
    yield from _silent_logs(seen, of_udp)
    yield from _complaints(seen, of_udp)


def trials(seen: Examination) -> Iterator[Trial]:
    """Yield all that was tried; of what no log tells, what rules of firewalls do."""
    hosts = {each.host: each for each in seen.hosts}
    for trial in seen.reach.trials if seen.reach else ():
        silent = trial.why == SAYS_NOTHING
        if silent and any(ruled_out(hosts[trial.sender], hosts[trial.receiver], "udp", GOSSIP)):
            trial = replace(trial, outcome="closed", why=_RULE)
        yield trial


def _unanswered(seen: Examination, host: str) -> frozenset[str]:
    log = seen.reach.logs.get(host) if seen.reach else None
    return log.unanswered if isinstance(log, EngineLog) else frozenset()


def _silent_logs(seen: Examination, of_udp: list[Trial]) -> Iterator[Finding]:
    """Yield the hosts whose log does not tell what arrives there, once each."""
    for host in dict.fromkeys(each.receiver for each in of_udp if each.why == SAYS_NOTHING):
        log = seen.reach.logs.get(host) if seen.reach else None
        why = log if isinstance(log, str) else f"{SAYS_NOTHING}: let it log warnings (log-level)"
        fact, _, remedy = why.rpartition(": ")
        fact = f"can't tell whether UDP {GOSSIP} is open there: {fact}"
        yield Finding(id="reach-gossip", status="unknown", host=host, fact=fact, remedy=remedy)


def _complaints(seen: Examination, of_udp: list[Trial]) -> Iterator[Finding]:
    """Yield what Engines say of the last minute, but for what is told already, and what is past.

    A warning: a restart of docker, or a host that was away, leaves the same lines. No change is refused for it.
    """
    by_address = {each.known_by: each.host for each in seen.hosts}
    for host in seen.reach.logs if seen.reach else ():
        for address in sorted(_unanswered(seen, host)):
            peer = by_address.get(address, "")
            between = [each for each in of_udp if {each.sender, each.receiver} == {host, peer}]
            told = any(each.outcome == "closed" for each in between)
            if told or (between and all(each.outcome == "open" for each in between)):
                continue
            fact = f"by its Engine's log, UDP {GOSSIP} does not pass to {peer or address} and back, TCP does"
            remedy = f"open UDP {GOSSIP} between them, both ways"
            yield Finding(id="reach-gossip", status="warning", host=host, peer=peer, fact=fact, remedy=remedy)
