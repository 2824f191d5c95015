"""Tries what a swarm needs between hosts: starts a probe in each place, lets all send, asks all what they heard, ends
all. What is sent where, and what it means, is rules/doctor/probes.py's."""

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TypeVar

from providers.hosts.fleet import AT_ONCE, Failure, Fleet
from providers.hosts.probe.engine_log import engine_log
from providers.hosts.probe.session import Session
from providers.rules.doctor.case import Case, DesiredHosts
from providers.rules.doctor.probes import (
    INGRESS,
    Endpoint,
    Probe,
    Status,
    endpoints,
    link_within,
    own_link,
    probes,
    refused_of,
    results,
)
from providers.rules.vocabulary.diagnosis import EngineLog, Observed, Reach
from providers.rules.vocabulary.errors import CommandFailed, EngineError, HostError

T = TypeVar("T")

# Seconds for a sandbox to come back after docker has restarted (measurements.md#gateway-lost); probes elsewhere live on
# for 30.
_PATIENCE, _PAUSE = 10.0, 0.5
_ROUNDS = 3  # of datagrams to Engines, each read of in their logs


def reach(fleet: Fleet, seen: Observed, desired: DesiredHosts) -> Reach:
    """Find out what passes between the hosts that answer. Nothing of it is left on any host."""
    case = Case(seen, desired)
    listening = endpoints(case)
    # Probes end before threads are waited for: whoever waits for one that hangs goes on (Ctrl-C).
    with ThreadPoolExecutor(AT_ONCE) as pool, ExitStack() as kept:
        run = _Run(fleet, pool)
        run.begin(case, listening, kept)
        status = {place: _status(case, place, listening[place], one) for place, one in run.sessions.items()}
        for place, one in status.items():
            if place.sandbox and not one.address:
                run.unprobed.setdefault(place.host, f"{place.sandbox} has no address of its network")
        sent = probes(case, status)
        tried, heard = run.send(sent), run.heard()
        if any(
            each.kind == "udp" and (each.sender.host, each.channel) not in heard.get(each.receiver, ()) for each in sent
        ):
            heard = run.heard()  # what was under way
        logs = _logs(run, sent, status)
        for place, refused in refused_of(logs, status).items():
            heard.get(place, set()).update(refused)
    taken = {
        place.host: tuple(at for (_, at), has in one.ports.items() if isinstance(has, str))
        for place, one in status.items()
    }
    return Reach(
        results=tuple(results(sent, tried, heard)),
        unprobed=run.unprobed,
        taken={host: ports for host, ports in taken.items() if ports},
        logs=logs,
    )


@dataclass
class _Run:
    """The probes of one run. unprobed: why there is none, or none any more, by host."""

    fleet: Fleet
    pool: ThreadPoolExecutor
    sessions: dict[Endpoint, Session] = field(default_factory=dict)
    unprobed: dict[str, str] = field(default_factory=dict)

    def begin(self, case: Case, listening: Mapping[Endpoint, list[tuple[str, int]]], kept: ExitStack) -> None:
        """Start one in each place, which ends with `kept`."""
        token = secrets.token_hex(8)

        def start(place: Endpoint) -> Session:
            def anew() -> Session:
                return Session(self.fleet.engine(place.host), token, listening[place], place.sandbox)

            return kept.enter_context(started(anew, lambda session: _is_whole(case, place, session)))

        self.sessions = self._all(start, listening)

    def send(self, sent: Iterable[Probe]) -> dict[Probe, str]:
        """Let all send; why each did not go."""
        by_sender: dict[Endpoint, list[Probe]] = defaultdict(list)
        for each in sent:
            by_sender[each.sender].append(each)
        answers = self._all(lambda place: self.sessions[place].send(by_sender[place]), by_sender)
        return {each: why for place, whys in answers.items() for each, why in zip(by_sender[place], whys, strict=True)}

    def heard(self) -> dict[Endpoint, set[tuple[str, str]]]:
        """Return what came in at each place."""
        return self._all(lambda place: self.sessions[place].heard(), self.sessions)

    def logs(self, hosts: Collection[str]) -> dict[str, EngineLog | str]:
        """Return what the Engines of these hosts say."""
        return dict(zip(hosts, self.pool.map(lambda host: engine_log(self.fleet.engine(host)), hosts), strict=True))

    def _all(self, act: Callable[[Endpoint], T], where: Collection[Endpoint]) -> dict[Endpoint, T]:
        """Do it in each place, at once; a place that fails is unprobed."""

        def answer(place: Endpoint) -> T | Failure:
            try:
                return act(place)
            except (HostError, EngineError) as failure:
                return failure

        found: dict[Endpoint, T] = {}
        for place, word in zip(where, self.pool.map(answer, where), strict=True):
            if isinstance(word, HostError | EngineError):
                self.unprobed.setdefault(place.host, str(word))
            else:
                found[place] = word
        return found


def started(
    start: Callable[[], Session],
    whole: Callable[[Session], bool],
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Session:
    """Return what `start` begins, once it is whole, or as it is when time is over: a sandbox that is not there yet, or
    has not all links, is waited for. Raises HostError."""
    until = now() + _PATIENCE
    while True:
        try:
            session = start()
        except CommandFailed as problem:
            # nsenter's own words; one that lacks python3 or a right is not waited for.
            if "No such file" not in str(problem) or now() > until:
                raise
        else:
            if whole(session) or now() > until:
                return session
            session.close()
        sleep(_PAUSE)


def _is_whole(case: Case, place: Endpoint, session: Session) -> bool:
    """Tell whether a sandbox has the links that it is to have: in its network, and the ingress's on docker_gwbridge."""
    links = session.ready["links"]
    host = next(each for each in case.seen.hosts if each.host == place.host)
    ways = [own_link(case, place.sandbox, links)]
    if host.bridge and place.sandbox == INGRESS:
        ways.append(link_within(host.bridge.subnets, links))
    return not place.sandbox or all(address for address, _ in ways)


def _logs(run: _Run, sent: Collection[Probe], status: Mapping[Endpoint, Status]) -> dict[str, EngineLog | str]:
    """Return the logs of the Engines that datagrams were sent to. What they say nothing of is sent again: one may be
    lost, and a log be late."""
    missing = [each for each in sent if each.kind == "once"]
    logs: dict[str, EngineLog | str] = {}
    for again in range(_ROUNDS):
        if again:
            run.send(missing)
        logs |= run.logs({each.receiver.host for each in missing})
        refused = refused_of(logs, status)
        missing = [
            each
            for each in missing
            if isinstance(logs.get(each.receiver.host), EngineLog)
            and (each.sender.host, each.channel) not in refused[each.receiver]
        ]
        if not missing:
            break
    return logs


def _status(case: Case, place: Endpoint, listen: list[tuple[str, int]], session: Session) -> Status:
    ready = session.ready
    address, mtu = own_link(case, place.sandbox, ready["links"]) if place.sandbox else ("", 0)
    return Status(
        ports={desired: why or got for desired, (got, why) in zip(listen, ready["ready"], strict=True)},
        address=address,
        mtu=mtu,
        source=ready["source"],
        addresses=tuple(each for _, each, _ in ready["links"]),
    )
