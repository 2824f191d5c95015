"""Answers of a simulated swarm: which members answer, and with which error others do not. Nothing is changed here."""

from providers.rules.vocabulary.errors import NoQuorum, NoSwarm, NotAManager, Unreachable
from providers.rules.vocabulary.facts import Node
from providers.simulate.world import Host, Lately, World

# measurements.md#no-quorum
LEADERLESS = "The swarm does not have a leader. It's possible that too few managers are online."
# measurements.md#joins-that-fail-later
GIVEN_UP = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
LOCKED = "Swarm is encrypted and needs to be unlocked before it can be used."  # measurements.md#autolock


def engine(world: World, name: str) -> Host:
    """A host whose Engine answers. Raises Unreachable, also if docker is not running."""
    host = world.host(name)
    if not host.connected:
        raise Unreachable(f"{name}: nothing answers at {host.address}")
    if not host.docker:
        raise Unreachable(f"{name}: the Engine does not answer (docker is not running?): start it, then run again")
    return host


def manager(world: World) -> Host:
    """A declared host that can answer for the swarm. Raises NoQuorum, NoSwarm, NotAManager or Unreachable."""
    return MANAGER.of(world)


def _manager(world: World) -> Host:
    declared = [host for host in world.hosts if host.declared]
    answering = [host for host in declared if host.up]
    managers = [host for host in answering if host.member and host.control]
    if managers and quorum(world):
        return next((host for host in managers if host.name == world.asked), managers[0])
    if managers:
        raise NoQuorum(f"no host answers for the swarm: {LEADERLESS}")
    if answering == declared and not any(host.member for host in declared):
        raise NoSwarm("no host answers for the swarm: none of them is in one")
    if answering:
        raise NotAManager("no host answers for the swarm: none of them is a manager")
    raise Unreachable("no host answers for the swarm: none of them can be reached")


MANAGER = Lately[Host](_manager)


def reachable(world: World, node: Node) -> bool:
    """Tell whether a manager takes part in agreeing."""
    host = world.host_of(node.id)
    return node.role == "manager" and host is not None and host.up and host.control


def voters(world: World) -> list[Node]:
    """The managers that count for a majority: all but those that were promoted and have not taken up the role."""
    return VOTERS.of(world)


def _voters(world: World) -> list[Node]:
    if world.cluster is None:
        return []
    waiting = {host.node_id for host in world.hosts if host.member and host.up and not host.control}
    return [node for node in world.swarm.nodes if node.role == "manager" and node.id not in waiting]


VOTERS = Lately[list[Node]](_voters)


def quorum(world: World) -> bool:
    """Tell whether enough managers can be reached to agree on anything."""
    return QUORUM.of(world)


def _quorum(world: World) -> bool:
    members = voters(world)
    return 2 * sum(reachable(world, node) for node in members) > len(members)


QUORUM = Lately[bool](_quorum)


def can_spare(world: World, node: Node) -> bool:
    """Tell whether the other managers could agree without this one."""
    remaining = [other for other in voters(world) if other.id != node.id]
    return 2 * sum(reachable(world, other) for other in remaining) > len(remaining)


def leader(world: World) -> str:
    """The node id of the leader: the first manager that can be reached, if there is a majority."""
    if not quorum(world):
        return ""
    return next((node.id for node in voters(world) if reachable(world, node)), "")
