"""What a survey of a simulated swarm finds, as `providers.hosts.survey` reads real hosts."""

from dataclasses import replace

from providers.rules.vocabulary.facts import Silent
from providers.rules.vocabulary.snapshot import HostSurvey, Standalone, Survey, SwarmSurvey
from providers.simulate import World, reads
from providers.simulate.observe import placed
from providers.simulate.world import Host


def surveyed(world: World) -> Survey:
    """All declared hosts and the swarm."""
    good, silent = reads.answers(world)
    hosts = tuple(host_survey(world, host) for host in good)
    if world.cluster is None:
        return Survey(hosts=(*hosts, *silent))
    missing: tuple[Silent, ...] = tuple(placed(world, each) for each in silent)
    swarm = SwarmSurvey(
        settings=reads.settings(world),
        nodes=reads.nodes(world),
        networks=tuple(replace(net, endpoints=()) for net in world.swarm.networks),
        services=reads.services(world),
        tasks=reads.tasks(world),
    )
    return Survey(hosts=(*hosts, *missing), swarm=swarm)


def host_survey(world: World, host: Host) -> HostSurvey:
    """One host's own word."""
    containers = (
        Standalone(id=each.id, name=each.name, running=each.running, networks=each.networks) for each in host.containers
    )
    return HostSurvey(member=reads.member(world, host), networks=host.networks, containers=tuple(containers))
