"""Hosts by name: their Engines, all at once, and any good manager. What is asked of them must not enter."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, TypeVar

from providers.hosts.engine_api.engine import Engine
from providers.hosts.local import LocalConnection
from providers.hosts.ssh.connection import Connection
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import EngineError, HostError, NoQuorum, NoSwarm, NotAManager, Unreachable

T = TypeVar("T")
Failure = HostError | EngineError

AT_ONCE = 32  # hosts asked at the same time
INFO_TIMEOUT = 25.0  # seconds; without a leader it may take 20: measurements.md#no-quorum


class Fleet:
    """The declared hosts. Engines are opened when first asked and kept.

    node_ids: which member a host was when it last answered, by its name: one that is silent now is still that one.
    """

    def __init__(self, hosts: Mapping[str, HostAccess]) -> None:
        self.names = tuple(hosts)
        self._accesses = dict(hosts)
        self._engines = {name: _engine_for(access) for name, access in hosts.items()}
        self.node_ids: dict[str, str] = {}
        self._lock = threading.Lock()
        self._manager: tuple[Engine, int] | None = None
        self._newest: tuple[Engine, int] | None = None

    def engine(self, name: str) -> Engine:
        """The Engine of a declared host. Raises KeyError for any other."""
        return self._engines[name]

    def access(self, name: str) -> HostAccess:
        """How a declared host is reached. Raises KeyError for any other."""
        return self._accesses[name]

    def each(self, ask: Callable[[Engine], T], names: Iterable[str] | None = None) -> dict[str, T | Failure]:
        """`ask` of each named host's Engine (None: all), at once. HostError and EngineError are values."""
        answers = dict(self._as_they_come(ask, self.names if names is None else tuple(names)))
        return {name: answers[name] for name in self.names if name in answers}

    def manager(self) -> Engine:
        """Any declared host that can answer for the swarm now, kept until it fails to.

        Raises NoQuorum, NoSwarm, NotAManager or Unreachable, with what each host said.
        """
        with self._lock:
            if self._manager and self._manager[0].doubts == self._manager[1]:
                return self._manager[0]
            self._manager = None
            said = {}
            for name, answer in self._as_they_come(_info, self.names):
                if not _verdict(answer):
                    engine = self._engines[name]
                    self._manager = (engine, engine.doubts)
                    return engine
                said[name] = answer
            raise _no_manager({name: said[name] for name in self.names})

    def managers(self) -> list[Engine]:
        """All declared hosts that can answer for the swarm now; none is no error."""
        answers = self.each(_info)
        return [self._engines[name] for name, answer in answers.items() if not _verdict(answer)]

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
        """Keep the one with the newest API of these good managers for `newest_manager`; None where there is none."""
        newest = max(managers, key=lambda engine: tuple(map(int, engine.api_version.split("."))), default=None)
        with self._lock:
            self._newest = (newest, newest.doubts) if newest else None
        return newest

    def forget_manager(self) -> None:
        """Seek a manager anew at the next call."""
        with self._lock:
            self._manager = self._newest = None

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


def fleet_for(hosts: Mapping[str, HostAccess]) -> Fleet:
    """The process's one Fleet of these hosts. Hosts reached in the same way share their connection."""
    key = tuple(hosts.items())
    with _known:
        if key not in _fleets:
            _fleets[key] = Fleet(hosts)
        return _fleets[key]


_known = threading.RLock()
_fleets: dict[tuple[tuple[str, HostAccess], ...], Fleet] = {}
_engines: dict[HostAccess, Engine] = {}


def _engine_for(access: HostAccess) -> Engine:
    with _known:
        if access not in _engines:
            _engines[access] = Engine(LocalConnection(access) if access.local else Connection(access))
        return _engines[access]


def _info(engine: Engine) -> dict[str, Any]:
    """`/info`, Swarm."""
    swarm: dict[str, Any] = engine.info(timeout=INFO_TIMEOUT)["Swarm"]
    return swarm


def _verdict(answer: dict[str, Any] | Failure) -> str:
    """Why this host cannot answer for the swarm, in a few words; the empty string if it can."""
    if isinstance(answer, (HostError, EngineError)):
        return str(answer)
    state: str = answer["LocalNodeState"]
    if state != "active":
        return "in no swarm" if state == "inactive" else state
    return " ".join(answer["Error"].split()) if answer["ControlAvailable"] else "a worker"


def _no_manager(said: dict[str, dict[str, Any] | Failure]) -> Failure:
    """One line with what each host said. A silent host might be the manager."""
    words = (
        _verdict(answer) if isinstance(answer, (HostError, EngineError)) else f"{name}: {_verdict(answer)}"
        for name, answer in said.items()
    )
    if all(isinstance(answer, dict) and answer["LocalNodeState"] == "inactive" for answer in said.values()):
        kind: type[Failure] = NoSwarm
    elif any(isinstance(answer, dict) and answer["ControlAvailable"] for answer in said.values()):
        kind = NoQuorum
    elif all(isinstance(answer, dict) for answer in said.values()):
        kind = NotAManager
    else:
        kind = Unreachable
    return kind(f"no declared host can answer for the swarm: {'; '.join(words)}")
