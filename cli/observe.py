"""Hosts' word on each resource of the state, read within a time: silence is an answer too."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from providers.explain.drift import Facts
from providers.hosts.hosts_api import Hosts
from providers.loop.forecasts import State
from providers.rules.resource_types.resource_type import Known
from providers.rules.resource_types.table import type_of
from providers.rules.stack_file.access import HostAccess, Roles
from providers.rules.vocabulary.errors import EngineError, HostError, SwarmnetError, Unreachable
from providers.rules.vocabulary.facts import IngressFacts, Member, SwarmFacts, UnreachableHost
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import GwbridgeSpec, HostSpec, Spec

T = TypeVar("T")

# Of the seconds for all, the first are for hosts to say that they are there.
SECONDS = 40.0
FIRST_WORD = 22.0
HOSTS_AT_ONCE = 32
# As many as Pulumi's plugin has threads: more would come near sshd's 10 sessions on the one manager that all ask.
RESOURCES_AT_ONCE = 4

NO_WAY = "not queried: the stack file no longer declares it, or says that it is lost"


class Late(Unreachable):
    """Nothing came within the time."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The answers: what hosts say of themselves, which are unreachable, and for each resource its facts, or why there
    are none.

    late: a request still waits for its answer.
    """

    members: tuple[Member, ...]
    unreachable: tuple[UnreachableHost, ...]
    facts: Mapping[str, Facts | SwarmnetError]
    late: bool


class Waiting:
    """The time for all answers, SECONDS, and who is asked within what is left of it."""

    def __init__(self) -> None:
        self._until = time.monotonic() + SECONDS

    def answers(
        self, asks: Mapping[str, Callable[[], T]], at_once: int, most: float = SECONDS
    ) -> dict[str, T | SwarmnetError]:
        """Ask for each, some at once. Errors of ours are values; Late is what has not come in time."""
        seconds = max(0.0, min(most, self._until - time.monotonic()))
        pool = ThreadPoolExecutor(at_once)
        futures = {name: pool.submit(_answer, ask) for name, ask in asks.items()}
        actual, _ = wait(futures.values(), timeout=seconds)
        pool.shutdown(wait=False, cancel_futures=True)
        late = f"no answer within {seconds:.0f} s"
        return {name: each.result() if each in actual else Late(f"{name}: {late}") for name, each in futures.items()}

    def answer(self, name: str, ask: Callable[[], T]) -> T | SwarmnetError:
        """Ask for one thing."""
        return self.answers({name: ask}, 1)[name]


def seen(
    waiting: Waiting,
    state: State,
    accesses: Mapping[str, HostAccess],
    roles: Roles,
    reach: Callable[[Mapping[str, HostAccess], Roles], HostsApi] = Hosts,
) -> Seen:
    """Ask all hosts for a first word, and those that gave one for all the rest."""
    everyone = reach(accesses, roles).at_rest()
    first_answers = waiting.answers(
        {host: partial(everyone.member, host) for host in accesses}, HOSTS_AT_ONCE, FIRST_WORD
    )
    members = {host: word for host, word in first_answers.items() if isinstance(word, Member)}
    unasked = {spec.host for spec, _ in state.values() if isinstance(spec, HostSpec)} - set(accesses)
    why = {host: str(word) for host, word in first_answers.items() if host not in members}
    why |= {host: f"{host}: {NO_WAY}" for host in sorted(unasked)}
    unreachable = tuple(UnreachableHost(host=host, why=reason) for host, reason in why.items())
    heard = {host: accesses[host] for host in members}
    near = reach(heard, replace(roles, unasked=frozenset(accesses) - set(heard))).at_rest() if heard else None
    asks = {name: partial(_facts, near, unreachable, *known) for name, known in state.items()}
    facts = waiting.answers(asks, RESOURCES_AT_ONCE)
    late = any(isinstance(answer, Late) for answer in (*first_answers.values(), *facts.values()))
    return Seen(members=tuple(members.values()), unreachable=unreachable, facts=facts, late=late)


def _facts(near: HostsApi | None, unreachable: tuple[UnreachableHost, ...], spec: Spec, outputs: Known) -> Facts:
    """Read what the providers' `read` looks at. Hosts that are unreachable are not waited for again."""
    if isinstance(spec, HostSpec) and spec.host in (each.host for each in unreachable):
        raise Unreachable(next(each.why for each in unreachable if each.host == spec.host))
    if near is None:
        raise Unreachable("no host answers")
    try:
        facts: Facts = type_of(spec).observe(near, spec, outputs)
    except (EngineError, HostError):
        if isinstance(spec, GwbridgeSpec):
            return near.own_bridge(spec.host)
        raise
    match facts:
        case SwarmFacts():
            return replace(facts, unreachable=(*facts.unreachable, *unreachable))
        case IngressFacts():
            return replace(facts, hosts=(*facts.hosts, *unreachable))
    return facts


def _answer(ask: Callable[[], T]) -> T | SwarmnetError:
    try:
        return ask()
    except SwarmnetError as error:
        return error
