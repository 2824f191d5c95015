"""Reads a survey: all that a plan of live changes has to know, by GET requests alone, all hosts at once."""

from dataclasses import replace

from providers.hosts import observe
from providers.hosts.engine_api.engine import Engine
from providers.hosts.engine_api.schema import Container
from providers.hosts.fleet import Fleet
from providers.rules.vocabulary.errors import NotAManager
from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.snapshot import HostSurvey, Standalone, Survey, SwarmSurvey


def survey(fleet: Fleet) -> Survey:
    """All declared hosts and, where one of them answers for it, the swarm.

    Raises NoQuorum and the like where there is a swarm and no manager can answer for it.
    """
    found, silent = observe.answers(fleet, host_survey, fleet.names)
    if not any(host.member.state == "active" for host in found):
        return Survey(hosts=(*found, *silent))
    try:
        swarm = observe.from_manager(fleet, swarm_survey, newest=True)
    except NotAManager:
        return Survey(hosts=(*found, *silent))
    return Survey(hosts=(*found, *(observe.placed(each, fleet, swarm.nodes) for each in silent)), swarm=swarm)


def host_survey(engine: Engine) -> HostSurvey:
    """One host's own word."""
    own = observe.member(engine)
    inspected = (own_network(engine, listed, own.control) for listed in observe.networks(engine))
    return HostSurvey(
        member=own, networks=tuple(net for net in inspected if net is not None), containers=standalone(engine)
    )


def own_network(engine: Engine, listed: Network, manager: bool) -> Network | None:
    """A listed network as the host itself has it, None where a manager only knows it from the swarm.

    A host's own copy of a swarm network always has an endpoint: the sandbox of the ingress, or of its load balancer.
    """
    if listed.scope != "swarm" and listed.name != GATEWAY_BRIDGE:
        return listed
    network = observe.local_network(engine, listed.id)
    if network is None or (manager and network.scope == "swarm" and not network.endpoints):
        return None
    return network


def standalone(engine: Engine) -> tuple[Standalone, ...]:
    """Containers that are no tasks, running or not."""
    found = (
        Standalone(
            id=raw["Id"],
            name=(raw.get("Names") or [raw["Id"][:12]])[0].lstrip("/"),
            running=raw.get("State") in observe.RUNNING,
            networks=tuple(sorted(filter(None, observe.network_ids(raw)))),
        )
        for raw in engine.read("/containers/json", list[Container], all=True)
        if "com.docker.swarm.task" not in (raw.get("Labels") or {})
    )
    return tuple(sorted(found, key=lambda container: container.id))


def swarm_survey(engine: Engine) -> SwarmSurvey:
    """The swarm as one manager shows it."""
    listed = (net for net in observe.networks(engine) if net.scope == "swarm")
    confirmed = (observe.swarm_network(engine, net.id) for net in listed)
    return SwarmSurvey(
        settings=observe.settings(engine),
        nodes=observe.nodes(engine),
        networks=tuple(replace(net, endpoints=()) for net in confirmed if net is not None),
        services=observe.services(engine),
        tasks=observe.tasks(engine),
    )
