"""A swarm that somebody made, for tests of what is found: built from facts, with one thing unusual at a time."""

from dataclasses import replace

from providers.discovery.found import Found, FoundMember
from providers.rules.nouns.gwbridge import ENGINE_DEFAULT
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.answers import pairs
from providers.rules.vocabulary.facts import Member, Node
from providers.rules.vocabulary.snapshot import HostReport, HostSurvey, SwarmSurvey
from tests.support.networks import a_network, altered
from tests.support.swarms import a_swarm

OWNER = "swarmnet/prod"


def net(name, subnet, **keys):
    """An overlay that the swarm has given its addresses."""
    labels, options = keys.pop("labels", {}), keys.pop("options", {})
    gateway = keys.pop("gateway", f"{subnet.rpartition('.')[0]}.1")
    found = a_network(
        id=f"id-{name}",
        name=name,
        driver="overlay",
        scope="swarm",
        subnets=(subnet,),
        gateways=(gateway,),
        options=pairs({"com.docker.network.driver.overlay.vxlanid_list": "4097", **options}),
        labels=pairs(labels),
    )
    return altered(found, **keys)


def ingress(subnet="10.0.0.0/24", **keys):
    """The ingress, just as the Engine makes it."""
    return net("ingress", subnet, ingress=True, **keys)


def bridge(subnet="172.18.0.0/16", labels=None, **options):
    """A docker_gwbridge, just as the Engine makes it."""
    given = {f"com.docker.network.{key.replace('__', '.')}": value for key, value in options.items()}
    return a_network(
        id=f"bridge-{subnet}",
        name="docker_gwbridge",
        driver="bridge",
        scope="local",
        subnets=(subnet,),
        gateways=(f"{subnet.rpartition('.')[0]}.1",),
        options=pairs(ENGINE_DEFAULT | given),
        labels=pairs(labels or {}),
    )


def member(name="m1", number=1, *own, role="manager", report=None, **node):
    """A member that was reached at 10.99.0.<number>; `own` are the host's own networks."""
    address = f"10.99.0.{number}"
    labels = pairs(node.pop("labels", {}))
    entry = Node(
        id=f"n{number}",
        hostname=node.pop("hostname", name),
        role=role,
        **{"availability": "active", "state": "ready", "address": address, **node},
        labels=labels,
    )
    word = Member(host=name, state="active", node_id=entry.id, control=role == "manager", node_address=address)
    return FoundMember(
        node=entry,
        access=HostAccess(name=name, address=address),
        host=HostSurvey(member=word, networks=own or (bridge(),)),
        report=report or HostReport(host=name),
    )


def unreached(name="w9", why="w9 (10.99.0.9:22): no answer within 10 s", **node):
    """A member of which only the managers tell."""
    return replace(member(name, 9, role="worker", **node), host=None, why=why)


def found(*members, networks=None, entry=None, **settings):
    """Return a swarm of these members (one manager, if none is named) with these networks (an ingress, if none is)."""
    there = members or (member(),)
    swarm = a_swarm(**settings)
    nodes = tuple(each.node for each in there)
    listed = (ingress(),) if networks is None else tuple(networks)
    return Found(
        entry=entry or HostAccess(name="manager", address="10.99.0.1"),
        swarm=SwarmSurvey(settings=swarm, nodes=nodes, networks=listed),
        members=tuple(there),
    )
