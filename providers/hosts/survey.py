"""Reads a survey: all that a plan of live changes has to know, by GET requests alone, all hosts at once."""

from collections.abc import Callable, Iterable, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

from providers.hosts import observe
from providers.hosts.engine_api import schema
from providers.hosts.engine_api.engine import Engine
from providers.hosts.engine_api.json_to_facts import to_network
from providers.hosts.fleet import Fleet
from providers.hosts.overlays import confirmed, listing
from providers.rules.vocabulary.errors import NotAManager
from providers.rules.vocabulary.facts import Member
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.snapshot import HostSurvey, Standalone, Survey, SwarmSurvey

T = TypeVar("T")

AT_ONCE = 4


def survey(fleet: Fleet, *, stopped: bool = True) -> Survey:
    """Return all declared hosts and, if one of them answers for it, the swarm. stopped: also the tasks that are
    to stop, and which containers are gone once they end.

    Raises NoQuorum and the like if there is a swarm and no manager can answer for it.
    """
    found, silent = observe.answers(fleet, partial(host_survey, inspects=stopped), fleet.names)
    if not any(host.member.state == "active" for host in found):
        return Survey(hosts=(*found, *silent))
    try:
        swarm = observe.from_manager(fleet, partial(swarm_survey, stopped=stopped), newest=True)
    except NotAManager:
        return Survey(hosts=(*found, *silent))
    return Survey(hosts=(*found, *(observe.placed(each, fleet, swarm.nodes) for each in silent)), swarm=swarm)


def host_survey(engine: Engine, *, inspects: bool = False) -> HostSurvey:
    """Return one host's own word. inspects: ask of each running container that is no task whether it is gone once it
    ends, which the list does not show."""
    own, containers = observe.member(engine), observe.listed_containers(engine)
    attached = set().union(*map(observe.network_ids, containers))
    listed = observe.listed_networks(engine)
    inspected = [raw["Id"] for raw in listed if may_be_its_own(raw, own, attached)]
    own_copies = dict(zip(inspected, at_once(partial(observe.local_network, engine), inspected), strict=True))
    found = (own_copies.get(raw["Id"]) if is_shared(raw) else to_network(raw) for raw in listed)
    return HostSurvey(
        member=own,
        networks=tuple(
            net for net in found if net is not None and (net.scope != "swarm" or net.endpoints or not own.control)
        ),
        containers=standalone(engine, containers, inspects=inspects),
    )


def is_shared(raw: schema.Network) -> bool:
    """Tell whether the list alone does not show what the host has of it."""
    return raw.get("Scope") == "swarm" or raw["Name"] == GATEWAY_BRIDGE


def may_be_its_own(raw: schema.Network, own: Member, attached: Set[str]) -> bool:
    """Tell whether the host has to be asked for its own copy. A manager may only know the network from the swarm. Its
    own copy always has an endpoint: the sandbox of the ingress, or of its load balancer beside a container. attached:
    ids of networks that containers are attached to.
    """
    if not is_shared(raw):
        return False
    only_the_swarms = own.control and raw.get("Scope") == "swarm" and observe.is_the_swarms(raw)
    return not only_the_swarms or bool(raw.get("Ingress")) or raw["Id"] in attached


def standalone(engine: Engine, listed: list[schema.Container], *, inspects: bool) -> tuple[Standalone, ...]:
    """Return those of the containers that are no tasks, running or not."""
    found = (
        Standalone(
            id=raw["Id"],
            name=observe.name_of(raw),
            running=raw.get("State") in observe.RUNNING,
            paused=raw.get("State") == "paused",
            auto_remove=inspects and observe.inspected(engine, raw, ())[0],
            networks=tuple(sorted(filter(None, observe.network_ids(raw)))),
        )
        for raw in listed
        if not observe.is_task(raw)
    )
    return tuple(sorted(found, key=lambda container: container.id))


def at_once(ask: Callable[[str], T], ids: Iterable[str]) -> list[T]:
    """Ask one host of each, a few at a time: sshd opens 10 sessions on a connection."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, ids))


def swarm_survey(engine: Engine, *, stopped: bool = True) -> SwarmSurvey:
    """Return the swarm as one manager shows it."""
    listed = listing(engine)
    found = at_once(lambda each: confirmed(engine, listed, listed.by_id[each]), listed.by_id)
    networks = sorted((network for network in found if network is not None), key=lambda network: network.id)
    return SwarmSurvey(
        settings=observe.settings(engine),
        nodes=observe.nodes(engine),
        networks=tuple(replace(network, endpoints=()) for network in networks),
        services=observe.services(engine),
        tasks=observe.tasks(engine, stopped=stopped),
    )
