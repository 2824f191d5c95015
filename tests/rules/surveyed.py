"""What a survey of a simulated swarm finds, as `providers.hosts.survey` reads real hosts."""

from dataclasses import replace

from providers.rules.simulate import World, look
from providers.rules.simulate.observe import placed
from providers.rules.simulate.world import Host
from providers.rules.vocabulary.facts import Silent
from providers.rules.vocabulary.snapshot import HostSurvey, Standalone, Survey, SwarmSurvey


def surveyed(world: World) -> Survey:
    """All declared hosts and the swarm."""
    good, silent = look.answers(world)
    hosts = tuple(host_survey(world, host) for host in good)
    if world.cluster is None:
        return Survey(hosts=(*hosts, *silent))
    missing: tuple[Silent, ...] = tuple(placed(world, each) for each in silent)
    swarm = SwarmSurvey(
        settings=look.settings(world),
        nodes=look.nodes(world),
        networks=tuple(replace(net, endpoints=()) for net in world.swarm.networks),
        services=look.services(world),
        tasks=look.tasks(world),
    )
    return Survey(hosts=(*hosts, *missing), swarm=swarm)


def host_survey(world: World, host: Host) -> HostSurvey:
    """One host's own word."""
    containers = (
        Standalone(id=each.id, name=each.name, running=each.running, networks=each.networks) for each in host.containers
    )
    return HostSurvey(member=look.member(world, host), networks=host.networks, containers=tuple(containers))
