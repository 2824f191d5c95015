"""Reads a whole swarm from one of its managers, and each member that can be reached. Nothing is written to any host.

What becomes of it is decided in discovery.
"""

from collections.abc import Iterator, Mapping

from providers.discovery.found import Found, FoundMember, names, order, unfit, ways
from providers.hosts import observe
from providers.hosts.engine_api.engine import Engine
from providers.hosts.fleet import fleet_for
from providers.hosts.reports import report
from providers.hosts.snapshot import host_snapshot, swarm_snapshot
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import Member, Node
from providers.rules.vocabulary.snapshot import HostReport, HostSnapshot


def found(entry: HostAccess) -> Found:
    """Return the swarm of a manager, its members in the order of a stack file.

    Raises Blocked if the host that is asked can't tell of a swarm, HostError or EngineError if it can't be asked.
    """
    engine = fleet_for({entry.name: entry}).engine(entry.name)
    own = observe.member(engine)
    problem = unfit(own)
    if problem:
        raise Blocked(problem)
    swarm = swarm_snapshot(engine)
    if own.node_id not in {node.id for node in swarm.nodes}:
        raise Blocked(f"{own.host}: it is not a member of the swarm that it reports: name another manager")
    members = _members(entry, own, swarm.nodes)
    return Found(entry=entry, swarm=swarm, members=order(members, own.node_id))


def _members(entry: HostAccess, own: Member, nodes: tuple[Node, ...]) -> list[FoundMember]:
    """Return every member, by the first way to it that leads to that very node."""
    named = names(nodes)
    tried = {node.id: ways(entry, node, named[node.id]) for node in nodes}
    tried[own.node_id] = [entry.model_copy(update={"name": named[own.node_id]})]
    members: dict[str, FoundMember] = {}
    for attempt in range(max(map(len, tried.values()))):
        ask = {
            node: tried[node.id][attempt]
            for node in nodes
            if len(tried[node.id]) > attempt and not (node.id in members and members[node.id].host)
        }
        for member in _asked(ask):
            if member.host or attempt == 0:  # the first way stays where no other leads there
                members[member.node.id] = member
    return list(members.values())


def _asked(accesses: Mapping[Node, HostAccess]) -> Iterator[FoundMember]:
    """Ask each member about itself, all at once."""
    answers = fleet_for({access.name: access for access in accesses.values()}).each(_self_report)
    for node, access in accesses.items():
        answer = answers[access.name]
        if not isinstance(answer, tuple):
            yield FoundMember(node=node, access=access, why=str(answer))
        elif answer[0].member.node_id != node.id:
            other = answer[0].member.node_id or "none"
            why = f"{access.name} ({access.address}): another machine answers there (its node is {other})"
            yield FoundMember(node=node, access=access, why=why)
        else:
            yield FoundMember(node=node, access=access, host=answer[0], report=answer[1])


def _self_report(engine: Engine) -> tuple[HostSnapshot, HostReport]:
    """Return one host's networks and containers, and what else it has of addresses."""
    return host_snapshot(engine), report(engine)
