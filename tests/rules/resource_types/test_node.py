"""One host's membership: joining, settings, and leaving without harm to the swarm."""

from dataclasses import replace
from typing import Any

import pytest

from providers.rules.resource_types import departure, node
from providers.rules.vocabulary.facts import Endpoint, HostIngress, Member, Node, NodeFacts, Task, UnreachableHost
from providers.rules.vocabulary.labels import ROTATED
from providers.rules.vocabulary.steps import (
    Decision,
    Done,
    JoinSwarm,
    LeaveSwarm,
    RemoveNode,
    Step,
    UnlockSwarm,
    UpdateNode,
    UpdateSwarm,
)
from tests.support.decisions import reason, steps, todo, waits_for
from tests.support.lifecycle import OTHER_OWNER, OTHERS, OURS, OWNER, node_spec
from tests.support.networks import a_network
from tests.support.swarms import a_swarm
from tests.support.tables import cases

UNREACHABLE = UnreachableHost(host="w1", why="w1: nothing answers at 198.51.100.2")
MEMBER = Member(host="w1", state="active", node_id="n2")
MANAGER = replace(MEMBER, control=True)
INACTIVE = Member(host="w1", state="inactive")
SWARM = a_swarm(default_addr_pool=("10.0.0.0/8",), labels=OURS)
THEIRS = replace(SWARM, labels=())


def entry(number: int, role: str = "manager", **given: Any) -> Node:
    """A member's entry: n1 is m1, the leader."""
    reachability = "reachable" if role == "manager" else ""
    given = {"availability": "active", "state": "ready", "labels": OURS, "reachability": reachability, **given}
    return Node(id=f"n{number}", hostname=f"h{number}", role=role, version=number, **given)


LEADER = entry(1)


def worker(**given: Any) -> Node:
    """w1's entry as a worker's."""
    return entry(2, "worker", **given)


def facts(entry_of_w1: Node | None = None, *more: Node, gone: bool = False, **given: Any) -> NodeFacts:
    """A swarm of m1 and, unless its entry is gone, w1, a worker unless given, and more."""
    listed = (LEADER, *(() if gone else (entry_of_w1 or worker(),)), *more)
    return NodeFacts(**{"member": MEMBER, "swarm": SWARM, "nodes": listed, **given})


def as_manager(*more: Node, **given: Any) -> NodeFacts:
    """w1 is a manager."""
    return facts(entry(2, **given), *more, member=MANAGER)


def update(**given: Any) -> UpdateNode:
    """An update of w1's entry."""
    return UpdateNode(node_id="n2", version=2, **given)


def decided(
    found: NodeFacts, known: bool = True, moved: str = "", drop: tuple[str, ...] = (), **given: Any
) -> Decision:
    """Return the next decision, if the state knows w1 as n2; `given` is declared."""
    spec = node_spec(**given)
    return node.next_step(spec, found, known=known, node_id="n2" if known else "", moved=moved, drop_labels=drop)


AWAY = entry(3, reachability="unreachable")
DRAIN, DEMOTE = update(availability="drain"), update(role="worker")
ENTRY_GOES = RemoveNode(node_id="n2", force=True)
ROTATES = UpdateSwarm(version=SWARM.version, set_labels=((ROTATED, "n2"),), rotate=True)
NOTE_GOES = UpdateSwarm(version=SWARM.version, drop_labels=(ROTATED,))
OUTSIDE = facts(gone=True, member=INACTIVE)


def outside(subnet: str) -> NodeFacts:
    """w1 is in no swarm, and its docker_gwbridge has this subnet, or is gone if it is empty."""
    return facts(gone=True, member=INACTIVE, local=HostIngress(host="w1", node_id="", bridge_subnet=subnet))


NOBODYS = facts(worker(labels=()), swarm=THEIRS)

# Joining


@cases(
    "found, given",
    {
        "a worker": (OUTSIDE, {"role": "worker"}),
        "a manager": (OUTSIDE, {"role": "manager"}),
        # Its old entry is another member's.
        "made to leave before": (facts(worker(state="down"), member=INACTIVE), {"role": "worker", "known": True}),
        "with its bridge": (outside("10.12.0.0/16"), {"role": "worker", "gwbridge": "10.12.0.0/16"}),
        # The Engine makes its own.
        "without a declared bridge": (outside(""), {"role": "worker"}),
    },
)
def test_it_joins(found: NodeFacts, given: dict[str, Any]):
    """A host that is in no swarm joins the stack's, in its role, and drained: it has no labels yet."""
    join = JoinSwarm(host="w1", role=given["role"], availability="drain")
    assert (join,) == steps(decided(found, **{"known": False, **given}))


def former(*more: Node, role: str = "worker", **given: str) -> NodeFacts:
    """w1 left by itself and joined again: the member n3 was n2 before."""
    old = replace(entry(2, role), **{"hostname": "w1", "state": "down", **given})
    new = replace(entry(3, "worker"), hostname="w1")
    return facts(old, new, *more, member=replace(MEMBER, node_id="n3"))


MOVED = "address changed from 198.51.100.2 port 22 to 198.51.100.9 port 22"
KNOWN_AT = replace(MEMBER, node_address="198.51.100.2")


def at(**keys: str) -> dict[str, str]:
    """Return how w1 is reached, with these keys."""
    return {"name": "w1", "address": "198.51.100.2", "advertise_address": "198.51.100.2", **keys}


INGRESS = a_network(id="i1", name="ingress", driver="overlay", scope="swarm", subnets=("10.0.0.0/24",), ingress=True)
COPY = replace(INGRESS, endpoints=(Endpoint(name="ingress-endpoint", key="ingress-sbox"),))


def local(*copies: Any, **given: Any) -> HostIngress:
    """What w1 has of the ingress."""
    return HostIngress(host="w1", node_id="n2", copies=copies, **given)


UNREACHED = as_manager(reachability="unreachable")
JOURNALED = worker(availability="drain", labels=(*OURS, ("swarmnet.availability", "active")))


@cases(
    "expected, found, given",
    {
        # A join that got no answer goes on in the background.
        "pending": ("to finish joining", facts(gone=True, member=Member(host="w1", state="pending")), {"known": False}),
        # A membership is done when the host itself has taken it up.
        "not ready": ("to be ready", facts(worker(state="unknown")), {}),
        "down": ("to be ready", facts(worker(state="down")), {}),
        "promoted, not there yet": ("to change its role to manager", facts(entry(2)), {"role": "manager"}),
        "not reachable yet": ("to change its role to manager", UNREACHED, {"role": "manager"}),
        "demoted, still there": ("to change its role to worker", facts(member=MANAGER), {}),
        # The ingress comes, with its sandbox and gateway, a moment after the join.
        "no copy": ("to get the ingress", facts(ingress=INGRESS, local=local()), {}),
        "no sandbox": ("to get the ingress", facts(ingress=INGRESS, local=local(INGRESS)), {}),
        "no way out": ("to get the ingress", facts(ingress=INGRESS, local=local(COPY)), {}),
        "the declared one": ("to get the ingress", facts(ingress=INGRESS, local=local()), {"ingress": "10.0.0.0/24"}),
    },
)
def test_it_is_waited_for(expected: str, found: NodeFacts, given: dict[str, Any]):
    """A new member, or one that changes its role, needs a moment."""
    assert f"w1 {expected}" in waits_for(decided(found, **given))


ATTACHED = local(COPY, bridge_endpoints=("gateway_ingress-sbox",))
ZONE_B = worker(labels=(*OURS, ("zone", "b")))


@cases(
    "found, given",
    {
        "as wanted": (facts(), {}),
        "as wanted, in create": (facts(), {"known": False}),
        "identical, in somebody else's swarm": (NOBODYS, {"known": False}),
        "a label that nobody declared": (facts(ZONE_B), {}),
        # It counts as what it will be put back to.
        "drained by us": (facts(JOURNALED), {}),
        "it has the ingress": (facts(ingress=INGRESS, local=ATTACHED), {}),
        "the swarm has no ingress": (facts(local=local()), {}),
        # The ingress's own affair.
        "the ingress does not come": (facts(ingress=INGRESS, local=local(), unchanged_for=5.0), {}),
        # Two hosts that changed names in the stack file are members both.
        "an entry that is ready": (former(state="ready"), {}),
        "an entry of another machine": (former(hostname="w2"), {}),
        "the member in the state, at a new address": (facts(), {"moved": MOVED}),
        "at the address that the file says": (facts(member=KNOWN_AT), {"access": at(address="w1.example.com")}),
        # As an Engine that starts: it is not told to be wrong.
        "that tells no address": (facts(), {"access": at(address="w1.example.com")}),
        # It makes room as soon as all are members: to wait for it first would be time lost.
        "another ingress is declared": (facts(ingress=INGRESS, local=local()), {"ingress": "10.11.0.0/16"}),
    },
)
def test_right_one_needs_nothing(found: NodeFacts, given: dict[str, Any]):
    """A member that is as wanted takes no step, and waits for nothing that does not come."""
    assert Done() == decided(found, **given)


# Its settings


def journaled(availability: str) -> UpdateNode:
    """The update that changes what w1 will be put back to."""
    return update(set_labels=(("swarmnet.availability", availability),))


@cases(
    "step, found, given",
    {
        "role": (update(role="manager"), facts(), {"role": "manager"}),
        "availability": (DRAIN, facts(), {"availability": "drain"}),
        "labels": (update(set_labels=(("zone", "b"),)), facts(), {"labels": {"zone": "b"}}),
        "all at once": (
            update(role="manager", availability="pause", set_labels=(*OURS, ("zone", "b"))),
            facts(worker(labels=())),
            {"role": "manager", "availability": "pause", "labels": {"zone": "b"}},
        ),
        "demoted, if the other managers are enough": (DEMOTE, as_manager(), {}),
        # So that being put back does not undo it.
        "drained by us, to be drained": (journaled("drain"), facts(JOURNALED), {"availability": "drain"}),
        "drained by us, to be paused": (journaled("pause"), facts(JOURNALED), {"availability": "pause"}),
        # A manager that a cut run left locked, in a swarm of ours.
        "locked": (UnlockSwarm(host="w1"), facts(member=Member(host="w1", state="locked")), {}),
        # Only the entry that the state knew is left behind by a host that left by itself and joined again.
        "a former entry goes": (ENTRY_GOES, former(), {}),
        "a manager's is demoted first": (DEMOTE, former(entry(4), role="manager"), {}),
        "a label that is declared no more": (update(drop_labels=("zone",)), facts(ZONE_B), {"drop": ("zone",)}),
        # It was joined by a run that was cut.
        "our label": (update(set_labels=OURS), facts(worker(labels=())), {"known": False}),
        "stays nobody's": (DRAIN, NOBODYS, {"known": False, "adopt": "converge", "availability": "drain"}),
    },
)
def test_settings_are_updated(step: Step, found: NodeFacts, given: dict[str, Any]):
    """One update, at the version that was read, changes what differs and nothing else."""
    assert (step,) == steps(decided(found, **given))


def test_what_its_own_join_began_is_ours():
    """Its entry gets our label and what is declared in somebody else's swarm too, whatever `adopt` says."""
    decide = node.decide(node_spec(adopt="refuse", labels={"zone": "b"}), {})
    decide(replace(OUTSIDE, swarm=THEIRS))
    decision = decide(NOBODYS)

    assert (update(set_labels=(*OURS, ("zone", "b"))),) == steps(decision)


CREATE: dict[str, Any] = {"known": False}
BRIDGED = {**CREATE, "gwbridge": "10.12.0.0/16"}
AS_N1 = facts(member=replace(MEMBER, node_id="n1"))
ANOTHER = f"w1: its {MOVED}, but a different machine answers there: found"
ELSEWHERE = at(advertise_address="198.51.100.7")
MARK = f"`docker node update --label-add swarmnet.owner={OWNER} n2`"
READDRESSED = "w1 advertises 198.51.100.2, the file says 198.51.100.7 (advertise_address)"
NOT_READY = "w1: docker_gwbridge is {}, desired 10.12.0.0/16"
ALONE = NodeFacts(member=Member(host="w1", state="active", node_id="n1", control=True), swarm=SWARM, nodes=(LEADER,))


@cases(
    "expected, found, given",
    {
        # If it is not clearly outside any swarm.
        "unreachable": ("nothing answers", facts(member=UNREACHABLE), CREATE),
        "no swarm": ("no manager among the hosts", facts(member=INACTIVE, swarm=None, nodes=()), CREATE),
        "locked": ("docker swarm unlock", facts(member=Member(host="w1", state="locked")), CREATE),
        "broken": ("ends a broken membership", facts(member=Member(host="w1", state="error")), CREATE),
        "another swarm": ("of another swarm than s1", facts(member=replace(MEMBER, node_id="n9")), CREATE),
        # If its docker_gwbridge is not as declared: a host keeps the one that it joins with.
        "without its bridge": (NOT_READY.format("gone"), outside(""), BRIDGED),
        "another bridge": (NOT_READY.format("10.77.0.0/16"), outside("10.77.0.0/16"), BRIDGED),
        # If the swarm would lose its last manager or its majority.
        "the last manager": ("it is the last manager", ALONE, {}),
        "one of three is away": ("of the other 2 managers only 1 can be reached", as_manager(AWAY), {}),
        # The address may be a slip.
        "another member there": (f"{ANOTHER} node n1, the state has node n2", AS_N1, {"moved": MOVED}),
        "a host in no swarm there": (f"{ANOTHER} in no swarm", facts(member=INACTIVE), {"moved": MOVED}),
        # No Engine can give it another address.
        "update of an address": (READDRESSED, facts(member=KNOWN_AT), {"access": ELSEWHERE}),
        "create with another address": (READDRESSED, facts(member=KNOWN_AT), {**CREATE, "access": ELSEWHERE}),
        # If it is somebody else's.
        "refuse": ("adopt is refuse", NOBODYS, {**CREATE, "adopt": "refuse"}),
        "not identical": ("availability: active, desired drain", NOBODYS, {**CREATE, "availability": "drain"}),
        "another stack's": (OTHER_OWNER, facts(worker(labels=OTHERS), swarm=THEIRS), {**CREATE, "adopt": "converge"}),
        "another stack's, in a swarm of ours": (OTHER_OWNER, facts(worker(labels=OTHERS)), CREATE),
        "another stack took it over": (OTHER_OWNER, facts(worker(labels=OTHERS)), {}),
        # Nothing tells what a cut join began from a membership of somebody else's, unless a person does.
        "perhaps of a cut join": (f"{MARK} on a manager to say so", NOBODYS, {**CREATE, "labels": {"zone": "b"}}),
    },
)
def test_it_is_left_alone(expected: str, found: NodeFacts, given: dict[str, Any]):
    """A host in doubt, a manager that is needed and what is somebody else's stay as they are, with what to do."""
    assert expected in reason(decided(found, **given))


# Leaving


def removal(found: NodeFacts, *, lost: bool = False) -> Decision:
    """The next step towards the removal of w1, which the state knows as n2."""
    return departure.next_step_of_removal(node_spec(), found, "n2", lost=lost)


def drained(role: str = "worker", **given: Any) -> NodeFacts:
    """w1 has been drained."""
    member = replace(MEMBER, control=role == "manager")
    return facts(entry(2, role, availability="drain"), **{"member": member, **given})


def task(**given: Any) -> Task:
    """A task on w1."""
    return Task(**{"id": "t1", "service_id": "s", "node_id": "n2", "state": "running", "desired": "shutdown", **given})


PENDING = facts(gone=True, member=replace(MEMBER, state="pending"))


@cases(
    "step, found",
    {
        "a worker is drained": (DRAIN, facts()),
        "a manager is drained": (DRAIN, as_manager()),
        "others' containers do not count": (DRAIN, facts(tasks=(task(node_id="n1", service_id=""),))),
        "then demoted": (DEMOTE, drained("manager")),
        "then it leaves": (LeaveSwarm(host="w1"), drained()),
        "ended tasks do not count": (LeaveSwarm(host="w1"), drained(tasks=(task(state="shutdown"),))),
        "then its entry goes": (ENTRY_GOES, drained(member=INACTIVE)),
        "that of a manager not before it is a worker's": (DEMOTE, facts(entry(2), member=INACTIVE)),
        "it is another by now": (ENTRY_GOES, facts(member=replace(MEMBER, node_id="n7"))),
        "its entry went before it": (LeaveSwarm(host="w1", force=True), PENDING),
    },
)
def test_it_leaves_step_by_step(step: Step, found: NodeFacts):
    """Drained, emptied, demoted, gone, removed: each step seen before the next."""
    assert (step,) == steps(removal(found))


@cases(
    "expected, found",
    {
        "tasks": ("1 tasks to leave w1", drained(tasks=(task(),))),
        "role": ("w1 to change its role to worker", drained(member=MANAGER)),
    },
)
def test_leaving_waits(expected: str, found: NodeFacts):
    """It goes on once the tasks have stopped and the role is taken up."""
    assert expected == waits_for(removal(found))


CUT_RUN = (Member(host="w3", state="active", node_id="n3"),)


@cases(
    "expected, found",
    {
        "quorum": ("only 1 can be reached", as_manager(AWAY)),
        "joined in a run that was cut": (
            "it is the last manager of the swarm; hosts of this stack are still members: w3: run `pulumi up`",
            NodeFacts(member=MANAGER, swarm=SWARM, nodes=(entry(2), entry(3, "worker")), others=CUT_RUN),
        ),
        "a container": (f"its overlays: {'c' * 12}", facts(tasks=(task(service_id="", container_id="c" * 64),))),
        "unreachable": ("lost: true", facts(member=UNREACHABLE)),
        "locked": ("docker swarm unlock", facts(member=replace(MEMBER, node_id="", state="locked"))),
        "nobody answers": ("no manager of that swarm answers", facts(gone=True, swarm=None, nodes=())),
        "another swarm answers": ("it is a member (node n2) of another swarm than s1", facts(gone=True)),
        "the others are in two": (
            "can't tell whether it has left (node n2): w9: it is a member (node n9) of another swarm",
            facts(gone=True, others=(replace(MEMBER, host="w9", node_id="n9"),)),
        ),
        "a manager's entry that the quorum needs": ("only 1 can be reached", facts(entry(2), AWAY, member=INACTIVE)),
    },
)
def test_leaving_is_refused(expected: str, found: NodeFacts):
    """Nothing of others is taken down with it, and the swarm keeps its quorum."""
    assert expected in reason(removal(found))


@cases(
    "found",
    {
        "renamed in the stack file": facts(others=(replace(MEMBER, host="w9"),)),
        "gone": OUTSIDE,
        "the last member: the swarm's own end": NodeFacts(member=MANAGER, swarm=SWARM, nodes=(entry(2),)),
    },
)
def test_leaving_takes_nothing(found: NodeFacts):
    """A member that is gone, or not ours to end, takes no step."""
    assert Done() == removal(found)


@cases(
    "expected, found",
    {
        "a worker's entry": ((ENTRY_GOES,), facts(member=UNREACHABLE)),
        "a manager's, demoted first": ((DEMOTE,), facts(entry(2, reachability="unreachable"), member=UNREACHABLE)),
        # Its entry was all that was left of it.
        "gone": ((), facts(gone=True, member=UNREACHABLE)),
    },
)
def test_a_lost_one_is_removed(expected: tuple[Step, ...], found: NodeFacts):
    """A host that is dead for good goes without its own word with `lost: true`."""
    assert expected == todo(removal(found, lost=True))


NOTED = replace(SWARM, labels=(*OURS, (ROTATED, "n2")))


@cases(
    "expected, found",
    {
        "first": ((ROTATES,), facts(member=UNREACHABLE)),
        "then the entry goes": ((ENTRY_GOES,), facts(member=UNREACHABLE, swarm=NOTED)),
        "then the note": ((NOTE_GOES,), facts(gone=True, member=UNREACHABLE, swarm=NOTED)),
        "once": ((), facts(gone=True, member=UNREACHABLE)),
    },
)
def test_join_tokens_that_a_lost_one_may_have_had_are_replaced(expected: tuple[Step, ...], found: NodeFacts):
    """Before its entry goes, since nobody would know afterwards; where the stack file says so."""
    spec = node_spec().model_copy(update={"rotate": True})
    assert expected == todo(departure.next_step_of_removal(spec, found, "n2", lost=True))


@pytest.mark.parametrize(
    ("state", "expected"),
    [("ready", True), ("down", "the managers say down"), ("unknown", "the managers say unknown")],
)
def test_one_that_is_not_ready_is_unsettled(state: str, expected: bool | str):
    """A member that is not ready shows as unfinished work."""
    assert expected == node.live_spec(node_spec(), worker(state=state)).settled


# Its address


def test_refresh_shows_the_address_that_a_member_has():
    """It shows only what the member joined with: the way to it stays as it is."""
    spec = node_spec(access=ELSEWHERE)
    live = node.status(spec, {"node_id": "n2"}, facts(member=KNOWN_AT)).live

    assert live is not None
    assert at() == live.access


@cases(
    "before, now, told",
    {
        "another": (
            {"data_path_address": "10.8.0.2"},
            {"data_path_address": "10.8.0.3"},
            "w1 joined with data_path_address 10.8.0.2, the file says 10.8.0.3",
        ),
        "new": ({}, {"listen_address": "eth0"}, "w1 joined with listen_address the Engine's choice, the file says"),
        "taken away": ({"listen_address": "eth0"}, {}, "or write listen_address: eth0"),
    },
)
def test_address_that_no_engine_tells_is_kept(before: dict[str, str], now: dict[str, str], told: str):
    """It is seen by what the state had; a host that joins anew joins with the new one."""
    decide = node.decide(node_spec(access=at(**now)), {"node_id": "n2", "access": at(**before)})

    assert told in reason(decide(facts()))
    assert "join" in str(decide(OUTSIDE))
