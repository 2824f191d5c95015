"""Tries what a swarm needs between hosts: starts a probe in each place, lets all send, asks all what they heard, ends
all. What is sent where, and what it means, is rules/doctor/attempts.py's."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TypeVar

from providers.hosts.fleet import AT_ONCE, Failure, Fleet
from providers.hosts.probe.engine_log import engine_log
from providers.hosts.probe.session import Session, Try
from providers.rules.doctor.attempts import (
    Attempt,
    Place,
    Standing,
    attempts,
    outcomes,
    own_link,
    parties,
    places,
    refused_of,
    subnets,
)
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination
from providers.rules.vocabulary.errors import EngineError, HostError
from providers.rules.vocabulary.reach import EngineLog, Reach

T = TypeVar("T")

_ROUNDS = 3  # of datagrams to Engines, each read of in their logs


@dataclass
class _Run:
    """The probes of one run. silent: why there is none, or none any more, by host."""

    fleet: Fleet
    pool: ThreadPoolExecutor
    kept: ExitStack
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    sessions: dict[Place, Session] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)

    def open(self, wanted: Mapping[Place, list[tuple[str, int]]]) -> None:
        """Start one in each place."""

        def start(place: Place) -> Session:
            engine = self.fleet.engine(place.host)
            return self.kept.enter_context(Session(engine, self.token, wanted[place], place.sandbox))

        self.sessions = self.all(start, wanted)

    def send(self, sent: Iterable[Attempt]) -> dict[Attempt, str]:
        """Let all send; why each did not go."""
        by_sender: dict[Place, list[Attempt]] = defaultdict(list)
        for each in sent:
            by_sender[each.sender].append(each)

        def attempt(place: Place) -> list[str]:
            return self.sessions[place].attempt([_try(each) for each in by_sender[place]])

        answers = self.all(attempt, by_sender)
        return {each: why for place, whys in answers.items() for each, why in zip(by_sender[place], whys, strict=True)}

    def heard(self) -> dict[Place, set[tuple[str, str]]]:
        """Return what came in at each place."""
        answers = self.all(lambda place: self.sessions[place].heard(), self.sessions)
        return {place: {(name, label) for name, label, _ in rows} for place, rows in answers.items()}

    def logs(self, where: Collection[Place]) -> dict[str, EngineLog | str]:
        """Return what the Engines of these hosts say."""

        def read(place: Place) -> EngineLog | str:
            try:
                return engine_log(self.fleet.engine(place.host))
            except HostError as problem:
                return str(problem)

        return {place.host: log for place, log in zip(where, self.pool.map(read, where), strict=True)}

    def all(self, act: Callable[[Place], T], where: Collection[Place]) -> dict[Place, T]:
        """Do it in each place, at once; a place that fails is silent."""

        def answer(place: Place) -> T | Failure:
            try:
                return act(place)
            except (HostError, EngineError) as failure:
                return failure

        found: dict[Place, T] = {}
        for place, word in zip(where, self.pool.map(answer, where), strict=True):
            if isinstance(word, HostError | EngineError):
                self.silent.setdefault(place.host, str(word))
            else:
                found[place] = word
        return found


def reach(fleet: Fleet, seen: Examination, wanted: Wanted) -> Reach:
    """Find out what passes between the hosts that answer. Nothing of it is left on any host."""
    found = parties(seen, wanted)
    swarm = seen.read_swarm
    port = swarm.survey.settings.data_path_port if swarm else wanted.data_path_port
    listening = places(found, seen, port)
    # Probes end before threads are waited for: whoever waits for one that hangs goes on (Ctrl-C).
    with ThreadPoolExecutor(AT_ONCE) as pool, ExitStack() as kept:
        run = _Run(fleet, pool, kept)
        run.open(listening)
        standing = {place: _standing(seen, place, listening[place], one) for place, one in run.sessions.items()}
        sent = attempts(found, standing, port)
        tried = run.send(sent)
        heard = run.heard()
        if any(
            each.kind == "udp" and (each.sender.host, each.label) not in heard.get(each.receiver, ()) for each in sent
        ):
            heard = run.heard()  # what was under way
        logs = _logs(run, sent, standing)
        for place, refused in refused_of(logs, standing).items():
            heard.get(place, set()).update(refused)
    taken = {
        place.host: tuple(at for (_, at), has in one.ports.items() if isinstance(has, str))
        for place, one in standing.items()
    }
    return Reach(
        trials=tuple(outcomes(sent, tried, heard)),
        silent=run.silent,
        taken={host: ports for host, ports in taken.items() if ports},
        logs=logs,
    )


def _logs(run: _Run, sent: Collection[Attempt], standing: Mapping[Place, Standing]) -> dict[str, EngineLog | str]:
    """Return the logs of the Engines that datagrams were sent to. What they say nothing of is sent again: one may be
    lost, and a log be late."""
    missing = [each for each in sent if each.kind == "once"]
    logs: dict[str, EngineLog | str] = {}
    for again in range(_ROUNDS):
        if again:
            run.send(missing)
        logs |= run.logs({each.receiver for each in missing})
        refused = refused_of(logs, standing)
        missing = [
            each
            for each in missing
            if isinstance(logs.get(each.receiver.host), EngineLog)
            and (each.sender.host, each.label) not in refused[each.receiver]
        ]
        if not missing:
            break
    return logs


def _standing(seen: Examination, place: Place, listen: list[tuple[str, int]], session: Session) -> Standing:
    ports: dict[tuple[str, int], int | str] = {
        wanted: why or got for wanted, (got, why) in zip(listen, session.ready["ready"], strict=True)
    }
    address, mtu = own_link(session.ready["links"], subnets(seen, place.sandbox)) if place.sandbox else ("", 0)
    addresses = tuple(each for _, each, _ in session.ready["links"])
    return Standing(ports=ports, address=address, mtu=mtu, source=session.ready["from"], addresses=addresses)


def _try(each: Attempt) -> Try:
    return {"kind": each.kind, "to": each.to, "port": each.port, "bytes": each.bytes, "label": each.label}
