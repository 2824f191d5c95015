"""Reads what `doctor` judges: each host's own word and the swarm's, by GET requests alone, all hosts at once."""

import time
from datetime import datetime

from cryptography import x509

from providers.hosts import observe
from providers.hosts.engine_api.engine import Engine
from providers.hosts.engine_api.json_to_facts import to_member
from providers.hosts.engine_api.refusals import unsupported
from providers.hosts.fleet import INFO_TIMEOUT, Fleet
from providers.hosts.survey import swarm_survey
from providers.rules.vocabulary.diagnosis import (
    Clock,
    Examination,
    HostExamination,
    SwarmExamination,
    Unread,
)
from providers.rules.vocabulary.errors import EngineError, HostError, NoSwarm
from providers.rules.vocabulary.shape_json import Json
from providers.rules.vocabulary.words import visible


def examination(fleet: Fleet) -> Examination:
    """All declared hosts and their swarm. What can't be read is a value, with the reason."""
    found, silent = observe.answers(fleet, host_examination, fleet.names)
    swarm: SwarmExamination | Unread | None
    try:
        swarm = observe.from_manager(fleet, swarm_examination, newest=True)
    except NoSwarm:
        swarm = None
    except (EngineError, HostError) as problem:
        swarm = Unread(why=str(problem))
    return Examination(hosts=tuple(found), silent=tuple(silent), swarm=swarm)


def host_examination(engine: Engine) -> HostExamination:
    """One host's own word, also where swarm networks do not work there."""
    engine.ping()  # so that the connection is there: what it takes is no time of the host's
    asked = time.time()
    info = engine.get("/info", timeout=INFO_TIMEOUT)
    answered = time.time()
    said = _said(info)
    return HostExamination(
        member=to_member(engine.name, info),
        release=visible(str(info.get("ServerVersion") or "")),
        unfit=unsupported(info),
        live_restore=bool(info.get("LiveRestoreEnabled")),
        clock=None if said is None else Clock(said=said, asked=asked, answered=answered),
    )


def swarm_examination(engine: Engine) -> SwarmExamination:
    """The swarm as one manager shows it."""
    now = _said(engine.info())
    return SwarmExamination(
        survey=swarm_survey(engine),
        now=time.time() if now is None else now,
        ca_ends=_ends((engine.get("/swarm").get("TLSInfo") or {}).get("TrustRoot") or ""),
    )


def _said(info: Json) -> float | None:
    """What time it is there, None where it says nothing that can be read."""
    try:
        return datetime.fromisoformat(info.get("SystemTime") or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _ends(certificates: str) -> float | None:
    """When the last of these certificates (PEM) ends: while the authority changes there are two."""
    try:
        found = x509.load_pem_x509_certificates(certificates.encode())
    except ValueError:
        return None
    return max(each.not_valid_after_utc.timestamp() for each in found)
