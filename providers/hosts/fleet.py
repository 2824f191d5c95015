"""Hosts by name: their Engines, all at once, and any good manager. rules/live/trust.py decides who is one."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from providers.hosts.bounds import one_heap
from providers.hosts.engine_api.engine import Engine
from providers.hosts.engine_api.http_over_stdio import AnyConnection
from providers.hosts.local import LocalConnection
from providers.hosts.shared_answers import WRITES, AtOnce, UntilWritten
from providers.hosts.ssh.connection import Connection
from providers.rules.live.trust import evidence_of
from providers.rules.stack_file.access import UNSAID, HostAccess, Roles
from providers.rules.vocabulary.errors import (
    EngineError,
    HostError,
    NoQuorum,
    NoSwarm,
    NotAManager,
    Unproved,
    Unreachable,
)
from providers.rules.vocabulary.facts import Member, Node, narrowed

T = TypeVar("T")
Failure = HostError | EngineError

AT_ONCE = 32  # hosts asked at the same time
INFO_TIMEOUT = 25.0  # seconds; without a leader it may take 20: measurements.md#no-quorum


class Fleet:
    """The declared hosts. Engines are opened when first asked and kept.

    at_rest: for looks after which nothing is written, which share what hosts said: shared_answers.py.
    node_ids: which member a host was when it last answered, by its name: one that is unreachable now is still that one.
    uses: what is known of who uses the swarm's networks, until a write of ours may change that. names_taken:
    likewise, of names and ranges.
    """

    def __init__(self, hosts: Mapping[str, HostAccess], roles: Roles = UNSAID, *, at_rest: bool = False) -> None:
        self.names = tuple(hosts)
        self.at_rest = at_rest
        self._observed: set[str] = set()
        self._evidence = evidence_of(hosts, roles)
        # The node id that a host was verified to have as a manager: the hosts that confirmed it may be restarting by
        # now.
        self._verified: dict[str, str] = {}
        self._accesses = dict(hosts)
        self._engines = {name: _engine_for(access, at_rest) for name, access in hosts.items()}
        self.node_ids: dict[str, str] = {}
        self.uses = UntilWritten(lambda: WRITES.of_users)
        self.names_taken = UntilWritten(lambda: WRITES.of_names)
        self._lock = threading.Lock()
        self._manager: tuple[Engine, int] | None = None
        self._newest: tuple[Engine, int] | None = None

    def engine(self, name: str) -> Engine:
        """Return the Engine of a declared host. Raises KeyError for any other."""
        return self._engines[name]

    def access(self, name: str) -> HostAccess:
        """Return how a declared host is reached. Raises KeyError for any other."""
        return self._accesses[name]

    def each(self, ask: Callable[[Engine], T], names: Iterable[str] | None = None) -> dict[str, T | Failure]:
        """`ask` of each named host's Engine (None: all), at once. HostError and EngineError are values."""
        answers = dict(self._as_they_come(ask, self.names if names is None else tuple(names)))
        return {name: answers[name] for name in self.names if name in answers}

    def ask_ahead(self, name: str, ask: Callable[[Engine], object]) -> None:
        """At rest: who looks at a second host will look at all, few at a time; they are all asked at once then, and
        what they say is there for each look that shares it."""
        if not self.at_rest:
            return
        with self._lock:
            before = len(self._observed)
            self._observed.add(name)
        if before == 1 < len(self._observed):
            self.each(ask)

    def manager(self) -> Engine:
        """Any declared host that is verified a manager and can answer for the swarm now, kept until it fails to.

        Raises NoQuorum, NoSwarm, NotAManager, Unproved or Unreachable, with what each host said.
        """
        with self._lock:
            if self._manager and self._manager[0].doubts == self._manager[1]:
                return self._manager[0]
            self._manager = None
            self_reports: dict[str, Member | Failure] = {}
            for names in self._asked_first():
                for name, answer in self._as_they_come(_self_report, names):
                    self_reports[name] = answer
                    for engine in self.good(_members(self_reports)):
                        self._manager = (engine, engine.doubts)
                        return engine
            raise self._no_manager({name: self_reports[name] for name in self.names})

    def managers(self) -> list[Engine]:
        """Return all declared hosts that are verified managers and can answer for the swarm now; none is no error."""
        return self.good(_members(self.each(_self_report, self._asked_first()[0])))

    def good(self, self_reports: Mapping[str, Member | None]) -> list[Engine]:
        """Return the verified managers that can answer for the swarm, by each host's self-report (None: it gave
        none)."""
        return [
            self._engines[name]
            for name, own in self_reports.items()
            if own and own.good_manager and self._is_verified(name, self_reports)
        ]

    def refuse_unverified(self, self_reports: Mapping[str, Member | None]) -> None:
        """Raise Unproved if a host says that it can answer for the swarm, and none is trusted."""
        claims = [name for name, own in self_reports.items() if own and own.good_manager]
        if claims and not self.good(self_reports):
            raise Unproved("; ".join(self._evidence.trust_refusal(name, self_reports) for name in claims))

    def lists_as_manager(self, host: str, nodes: tuple[Node, ...]) -> bool:
        """Tell whether these members, as another manager lists them, have the host as a manager."""
        return self._evidence.lists_as_manager(host, nodes, self._verified.get(host, ""))

    def newest_manager(self) -> Engine:
        """Of those that can answer for the swarm, the one with the newest API, kept until it fails to: services are
        read and written there, since an older API drops settings without a word (measurements.md#api-versions).
        Raises as `manager`.
        """
        with self._lock:
            if self._newest and self._newest[0].doubts == self._newest[1]:
                return self._newest[0]
        return self.prefer_newest(self.managers()) or self.manager()

    def prefer_newest(self, managers: Iterable[Engine]) -> Engine | None:
        """Keep the one with the newest API of these good managers for `newest_manager`; None if there is none."""
        newest = max(managers, key=lambda engine: tuple(map(int, engine.api_version.split("."))), default=None)
        with self._lock:
            self._newest = (newest, newest.doubts) if newest else None
        return newest

    def forget_manager(self) -> None:
        """Look for a manager again at the next call."""
        with self._lock:
            self._manager = self._newest = None

    def _is_verified(self, name: str, self_reports: Mapping[str, Member | None]) -> bool:
        own = self_reports[name]
        known = own is not None and own.node_id != "" and self._verified.get(name) == own.node_id
        if own is None or not (known or self._evidence.is_verified(name, self_reports)):
            return False
        self._verified[name] = own.node_id
        return True

    def _asked_first(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the hosts that may be managers, and all others: those are asked only to say why no manager answers."""
        managers = self._evidence.roles.managers
        if managers is None:
            return self.names, ()
        return tuple(name for name in self.names if name in managers), tuple(
            name for name in self.names if name not in managers
        )

    def _no_manager(self, self_reports: dict[str, Member | Failure]) -> Failure:
        """Return one line with what each host said. An unreachable host might be the manager."""
        own = _members(self_reports)
        words, kinds = [], set[type[Failure]]()
        for name, answer in self_reports.items():
            kind, why = _failure(answer)
            if not why:
                kind, why = Unproved, self._evidence.trust_refusal(name, own)
            words.append(why if kind in (Unproved, Unreachable) else f"{name}: {why}")
            kinds.add(kind)
        if kinds == {NoSwarm}:
            kind = NoSwarm
        else:
            kind = next((each for each in (Unproved, NoQuorum, Unreachable) if each in kinds), NotAManager)
        advice = self._evidence.advice(own) if kind in (Unreachable, NotAManager) else ""
        return kind(f"no declared host can answer for the swarm: {'; '.join(words)}{advice}")

    def close(self) -> None:
        """Close all channels and connections."""
        for engine in self._engines.values():
            engine.close()
            engine.connection.close()

    def _as_they_come(self, ask: Callable[[Engine], T], names: tuple[str, ...]) -> Iterator[tuple[str, T | Failure]]:
        def answer(name: str) -> T | Failure:
            try:
                return ask(self._engines[name])
            except (HostError, EngineError) as failure:
                return failure

        if len(names) == 1:
            yield names[0], answer(names[0])
            return
        pool = ThreadPoolExecutor(max(1, min(AT_ONCE, len(names))))
        try:
            futures = {pool.submit(answer, name): name for name in names}
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def fleet_for(hosts: Mapping[str, HostAccess], roles: Roles = UNSAID, *, at_rest: bool = False) -> Fleet:
    """Return the process's one Fleet of these hosts. Hosts reached in the same way share their connection."""
    key = (tuple(hosts.items()), roles, at_rest)
    with _known:
        if key not in _fleets:
            _fleets[key] = Fleet(hosts, roles, at_rest=at_rest)
        return _fleets[key]


def reach_by(connection: AnyConnection) -> None:
    """Reach a host by this connection, which knows its access, wherever it has not been reached yet."""
    with _known:
        _connections.setdefault(connection.access, connection)


one_heap()
_known = threading.RLock()
_fleets: dict[tuple[tuple[tuple[str, HostAccess], ...], Roles, bool], Fleet] = {}
_engines: dict[tuple[HostAccess, bool], Engine] = {}
_connections: dict[HostAccess, AnyConnection] = {}


def _engine_for(access: HostAccess, at_rest: bool) -> Engine:
    with _known:
        if access not in _connections:
            reach_by(LocalConnection(access) if access.local else Connection(access))
        if (access, at_rest) not in _engines:
            shared = UntilWritten() if at_rest else AtOnce()
            _engines[access, at_rest] = Engine(_connections[access], shared=shared)
        return _engines[access, at_rest]


def _self_report(engine: Engine) -> Member:
    """Return a host's own membership, as it reports it."""
    return narrowed(engine.info(timeout=INFO_TIMEOUT), Member, host=engine.name)


def _members(self_reports: Mapping[str, Member | Failure]) -> dict[str, Member | None]:
    """Return each host's own membership, or None if it gave none."""
    return {name: answer if isinstance(answer, Member) else None for name, answer in self_reports.items()}


def _failure(answer: Member | Failure) -> tuple[type[Failure], str]:
    """Say in a few words why this host cannot answer for the swarm, with the kind of error; no words if it says it
    can.
    """
    if not isinstance(answer, Member):
        return Unreachable, str(answer)
    if answer.state != "active":
        return (NoSwarm, "in no swarm") if answer.state == "inactive" else (NotAManager, answer.state)
    if not answer.control:
        return NotAManager, "a worker"
    return NoQuorum, " ".join(answer.error.split())
