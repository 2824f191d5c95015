"""Answers of a simulated swarm: which members answer, and with which error others do not. Nothing is changed here."""

from providers.rules.vocabulary.errors import NoQuorum, NoSwarm, NotAManager, Unreachable
from providers.rules.vocabulary.facts import Node
from providers.simulate.state import Host, Lately, SimulatorState

# measurements.md#no-quorum
LEADERLESS = "The swarm does not have a leader. It's possible that too few managers are online."
# measurements.md#joins-that-fail-later
GIVEN_UP = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
LOCKED = "Swarm is encrypted and needs to be unlocked before it can be used."  # measurements.md#autolock


def engine(sim: SimulatorState, name: str) -> Host:
    """A host whose Engine answers. Raises Unreachable, also if docker is not running."""
    host = sim.host(name)
    if not host.connected:
        raise Unreachable(f"{name}: nothing answers at {host.address}")
    if not host.docker:
        raise Unreachable(f"{name}: the Engine does not answer (docker is not running?): start it, then run again")
    return host


@Lately
def manager(sim: SimulatorState) -> Host:
    """A declared host that can answer for the swarm. Raises NoQuorum, NoSwarm, NotAManager or Unreachable."""
    declared = [host for host in sim.hosts if host.declared]
    answering = [host for host in declared if host.up]
    managers = [host for host in answering if host.member and host.control]
    agreeing = [host for host in managers if host.node_id not in sim.swarm.left_behind]
    if agreeing and quorum(sim):
        return next((host for host in agreeing if host.name == sim.asked), agreeing[0])
    if managers:
        raise NoQuorum(f"no host answers for the swarm: {LEADERLESS}")
    if answering == declared and not any(host.member for host in declared):
        raise NoSwarm("no host answers for the swarm: none of them is in one")
    if answering:
        raise NotAManager("no host answers for the swarm: none of them is a manager")
    raise Unreachable("no host answers for the swarm: none of them can be reached")


def reachable(sim: SimulatorState, node: Node) -> bool:
    """Tell whether a manager takes part in agreeing."""
    host = sim.host_of(node.id)
    return (
        node.role == "manager"
        and host is not None
        and host.up
        and host.control
        and node.id not in sim.swarm.left_behind
    )


@Lately
def voters(sim: SimulatorState) -> list[Node]:
    """The managers that count for a majority: all but those that were promoted and have not taken up the role, and
    those that a forced new swarm does without."""
    if sim.cluster is None:
        return []
    waiting = {host.node_id for host in sim.hosts if host.member and host.up and not host.control}
    without = waiting | sim.swarm.left_behind
    return [node for node in sim.swarm.nodes if node.role == "manager" and node.id not in without]


@Lately
def quorum(sim: SimulatorState) -> bool:
    """Tell whether enough managers can be reached to agree on anything."""
    members = voters(sim)
    return 2 * sum(reachable(sim, node) for node in members) > len(members)


def can_spare(sim: SimulatorState, node: Node) -> bool:
    """Tell whether the other managers could agree without this one, if it is one of those that agree."""
    remaining = [other for other in voters(sim) if other.id != node.id]
    if len(remaining) == len(voters(sim)):
        return True
    return 2 * sum(reachable(sim, other) for other in remaining) > len(remaining)


def leader(sim: SimulatorState) -> str:
    """The node id of the leader: the first manager that can be reached, if there is a majority."""
    if not quorum(sim):
        return ""
    return next((node.id for node in voters(sim) if reachable(sim, node)), "")
