"""Reads what `doctor` judges: each host's own word and the swarm's, by GET requests and commands that
write nothing, all hosts at once."""

import time
from dataclasses import replace
from datetime import datetime

from providers.hosts import observe
from providers.hosts.engine_api import schema
from providers.hosts.engine_api.engine import Engine, at
from providers.hosts.engine_api.refusals import doubtful, unsupported
from providers.hosts.fleet import INFO_TIMEOUT, Fleet
from providers.hosts.look import observe_beside_engine, without_commands
from providers.hosts.reports import certificates
from providers.hosts.snapshot import swarm_snapshot
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.addresses import engine_host, is_ip
from providers.rules.vocabulary.diagnosis import Clock, Observed, ObservedHost, ObservedSwarm, Room, Unread
from providers.rules.vocabulary.errors import EngineError, HostError, NoSwarm, NotFound
from providers.rules.vocabulary.facts import Member, Network, narrowed
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.words import line

_COUNTS = (1, 52)  # the first API version with a count: measurements.md#addresses-in-use


def observe_hosts(fleet: Fleet) -> Observed:
    """Return all declared hosts and their swarm. What can't be read has the reason as its value."""
    found, unreachable = observe.answers(fleet, observe_host, fleet.names)
    swarm: ObservedSwarm | Unread | None
    try:
        swarm = observe.from_manager(fleet, observe_swarm, newest=True)
    except NoSwarm:
        swarm = None
    except (EngineError, HostError) as problem:
        swarm = Unread(why=str(problem))
    return Observed(hosts=_observe_beside_engines(fleet, found), unreachable=tuple(unreachable), swarm=swarm)


def _observe_beside_engines(fleet: Fleet, hosts: list[ObservedHost]) -> tuple[ObservedHost, ...]:
    """Return the hosts with what commands on them show, or the reason if one fails to run them."""
    known = {each.host: replace(each, known_by=_known_by(fleet.access(each.host), each)) for each in hosts}

    def ask(engine: Engine) -> ObservedHost:
        own = known[engine.name]
        return observe_beside_engine(
            engine, own, [each.known_by for each in known.values() if each is not own and each.known_by]
        )

    shown = fleet.each(ask, known)
    return tuple(
        word if isinstance(word := shown[name], ObservedHost) else without_commands(each, word)
        for name, each in known.items()
    )


def _known_by(access: HostAccess, own: ObservedHost) -> str:
    declared = engine_host(access.advertise_address or "")[0]
    return own.member.node_address if own.member.state == "active" else declared if is_ip(declared) else ""


def observe_host(engine: Engine) -> ObservedHost:
    """Return one host's own word, also if swarm networks do not work there."""
    engine.ping()  # opens the connection, so that its time does not count as the host's
    asked = time.time()
    info = engine.read("/info", schema.Info, timeout=INFO_TIMEOUT)
    answered = time.time()
    engine_time = _seconds(info.time)
    return ObservedHost(
        member=narrowed(info, Member, host=engine.name),
        release=info.release,
        unfit=unsupported(info),
        doubtful=doubtful(info),
        live_restore=info.live_restore,
        clock=None if engine_time is None else Clock(shown=engine_time, asked=asked, answered=answered),
        bridge=observe.local_network(engine, GATEWAY_BRIDGE),
        backend=line(info.firewall),
        root=info.root or "/var/lib/docker",
    )


def observe_swarm(engine: Engine) -> ObservedSwarm:
    """Return the swarm as one manager shows it."""
    now = _seconds(engine.info().time)
    snapshot = swarm_snapshot(engine)
    authorities = certificates(engine.read("/swarm", schema.TrustRoot).text)
    return ObservedSwarm(
        snapshot=snapshot,
        rooms=tuple(room for network in snapshot.networks if (room := counted(engine, network))),
        now=time.time() if now is None else now,
        # The last one counts: while the authority changes there are two.
        ca_ends=max((each.not_valid_after_utc.timestamp() for each in authorities), default=None),
    )


def counted(engine: Engine, network: Network) -> Room | None:
    """Return a manager's own count of a swarm network's addresses, or None if it keeps none.

    By name: by id an Engine that has a copy of its own counts that one (measurements.md#addresses-in-use).
    """
    if tuple(map(int, engine.api_version.split("."))) < _COUNTS:
        return None
    try:
        counted = engine.read(at("networks", network.name), schema.Counted)
    except NotFound:  # it went between the two
        return None
    subnets = counted.subnets
    if counted.id != network.id or not subnets:
        return None
    return Room(
        network=network.name,
        subnet=", ".join(subnets),
        used=sum(each.get("IPsInUse") or 0 for each in subnets.values()),
        left=sum(each.get("DynamicIPsAvailable") or 0 for each in subnets.values()),
    )


def _seconds(time: str) -> float | None:
    """Return seconds since the epoch, or None if a host's time can't be read."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        return None
