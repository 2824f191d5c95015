"""One host's membership: joining, settings, and leaving without harm to the swarm."""

from dataclasses import replace
from typing import Any

import pytest

from providers.rules.nouns import departure, node
from providers.rules.vocabulary.facts import (
    Endpoint,
    HostIngress,
    Member,
    Node,
    NodeFacts,
    Silent,
    Swarm,
    Task,
)
from providers.rules.vocabulary.steps import Done, JoinSwarm, LeaveSwarm, RemoveNode, UpdateNode, Wait
from tests.support.decisions import reason, steps, waits_for
from tests.support.lifecycle import OTHER_OWNER, OWNER, node_spec
from tests.support.networks import a_network
from tests.support.swarms import a_swarm

OURS = (("swarmnet.owner", OWNER),)
OTHERS = (("swarmnet.owner", OTHER_OWNER),)
SILENT = Silent(host="w1", why="w1: nothing answers at 198.51.100.2")
MEMBER = Member(host="w1", state="active", node_id="n2")
INACTIVE = Member(host="w1", state="inactive")


def swarm(labels: tuple[tuple[str, str], ...] = OURS) -> Swarm:
    """A swarm that is ours."""
    return a_swarm(default_addr_pool=("10.0.0.0/8",), labels=labels)


def entry(number: int, role: str = "manager", **given: Any) -> Node:
    """A member's entry: n1 is m1, the leader."""
    reachability = "reachable" if role == "manager" else ""
    given = {"availability": "active", "state": "ready", "labels": OURS, "reachability": reachability, **given}
    return Node(id=f"n{number}", hostname=f"h{number}", role=role, version=number, **given)


LEADER = entry(1)
WORKER = entry(2, "worker")


def facts(entry_of_w1: Node | None = WORKER, *more: Node, **given: Any) -> NodeFacts:
    """A swarm of m1 and w1, and more."""
    listed = (LEADER, *((entry_of_w1,) if entry_of_w1 else ()), *more)
    return NodeFacts(**{"member": MEMBER, "swarm": swarm(), "nodes": listed, **given})


def as_manager(*more: Node, **given: Any) -> NodeFacts:
    """w1 is a manager."""
    return facts(entry(2, **given), *more, member=replace(MEMBER, control=True))


def former(*more: Node, role: str = "worker", **given: str) -> NodeFacts:
    """w1 left by itself and joined again: the member n3 was n2 before."""
    old = replace(entry(2, role), **{"hostname": "w1", "state": "down", **given})
    new = replace(entry(3, "worker"), hostname="w1")
    return facts(old, new, *more, member=replace(MEMBER, node_id="n3"))


# Joining


@pytest.mark.parametrize("role", ["worker", "manager"])
def test_it_joins(role: str):
    """A host that is in no swarm joins the stack's, in its role, and drained: it has no labels yet."""
    decision = node.next_step(node_spec(role=role), facts(None, member=INACTIVE), known=False)
    assert (JoinSwarm(host="w1", role=role, availability="drain"),) == steps(decision)


def test_it_joins_again():
    """A host that was made to leave joins again; its old entry is another member's."""
    decision = node.next_step(node_spec(), facts(entry(2, "worker", state="down"), member=INACTIVE), known=True)
    assert (JoinSwarm(host="w1", role="worker", availability="drain"),) == steps(decision)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(facts(member=SILENT), "nothing answers", id="silent"),
        pytest.param(facts(member=INACTIVE, swarm=None, nodes=()), "no manager among the hosts", id="no swarm"),
        pytest.param(facts(member=Member(host="w1", state="locked")), "docker swarm unlock", id="locked"),
        pytest.param(facts(member=Member(host="w1", state="error")), "ends a broken membership", id="broken"),
        pytest.param(facts(member=replace(MEMBER, node_id="n9")), "of another swarm than s1", id="another swarm"),
    ],
)
def test_it_does_not_join_in_doubt(found: NodeFacts, expected: str):
    """A host that is not clearly outside any swarm is left alone, with what to do."""
    assert expected in reason(node.next_step(node_spec(), found, known=False))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (former(), RemoveNode(node_id="n2", force=True)),
        (former(entry(4), role="manager"), UpdateNode(node_id="n2", version=2, role="worker")),
    ],
    ids=["worker", "manager"],
)
def test_its_former_entry_goes(found: NodeFacts, expected: object):
    """Only the entry that the state knew is left behind by a host that left by itself and joined again."""
    assert (expected,) == steps(node.next_step(node_spec("w1"), found, known=True, node_id="n2"))


@pytest.mark.parametrize(
    "found",
    [former(state="ready"), former(hostname="w2")],
    ids=["still ready", "another machine"],
)
def test_an_entry_of_another_machine_stays(found: NodeFacts):
    """Two hosts that changed names in the stack file are members both."""
    assert Done() == node.next_step(node_spec("w1"), found, known=True, node_id="n2")


def test_a_pending_one_is_waited_for():
    """A join that got no answer goes on in the background."""
    found = facts(None, member=Member(host="w1", state="pending"))
    assert "w1 to finish joining" in waits_for(node.next_step(node_spec(), found, known=False))


# Settled


@pytest.mark.parametrize("known", [True, False])
def test_right_one_needs_nothing(known: bool):
    """A member that is as wanted takes no step."""
    assert Done() == node.next_step(node_spec(), facts(), known=known)


@pytest.mark.parametrize(
    ("role", "found", "expected"),
    [
        pytest.param("worker", facts(entry(2, "worker", state="unknown")), "to be ready", id="not ready"),
        pytest.param("worker", facts(entry(2, "worker", state="down")), "to be ready", id="down"),
        pytest.param("manager", facts(entry(2)), "role of manager", id="promoted, not there yet"),
        pytest.param("manager", as_manager(reachability="unreachable"), "role of manager", id="not reachable yet"),
        pytest.param(
            "worker", facts(member=replace(MEMBER, control=True)), "role of worker", id="demoted, still there"
        ),
    ],
)
def test_it_is_waited_for(role: str, found: NodeFacts, expected: str):
    """A membership is done when the host itself has taken it up."""
    assert expected in waits_for(node.next_step(node_spec(role=role), found, known=True))


INGRESS = a_network(id="i1", name="ingress", driver="overlay", scope="swarm", subnets=("10.0.0.0/24",), ingress=True)
COPY = replace(INGRESS, endpoints=(Endpoint(name="ingress-endpoint", key="ingress-sbox"),))


@pytest.mark.parametrize(
    "local",
    [
        pytest.param(HostIngress(host="w1", node_id="n2"), id="no copy"),
        pytest.param(HostIngress(host="w1", node_id="n2", copies=(INGRESS,)), id="no sandbox"),
        pytest.param(HostIngress(host="w1", node_id="n2", copies=(COPY,)), id="no way out"),
    ],
)
def test_the_ingress_is_waited_for(local: HostIngress):
    """A new member gets the ingress with its sandbox and gateway a moment after it joined."""
    found = facts(ingress=INGRESS, local=local)
    assert "w1 to get the ingress" == waits_for(node.next_step(node_spec(), found, known=True))


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(
            facts(
                ingress=INGRESS,
                local=HostIngress(host="w1", node_id="n2", copies=(COPY,), bridge_endpoints=("gateway_ingress-sbox",)),
            ),
            id="it came",
        ),
        pytest.param(facts(local=HostIngress(host="w1", node_id="n2")), id="the swarm has none"),
        pytest.param(
            facts(ingress=INGRESS, local=HostIngress(host="w1", node_id="n2"), unchanged_for=5.0),
            id="it does not come: the ingress's own affair",
        ),
    ],
)
def test_the_ingress_is_not_waited_for(found: NodeFacts):
    """It is not waited for longer than it takes."""
    assert Done() == node.next_step(node_spec(), found, known=True)


@pytest.mark.parametrize(
    ("declared", "waits"),
    [
        pytest.param("10.0.0.0/24", True, id="the declared one"),
        pytest.param("10.11.0.0/16", False, id="another: about to go"),
    ],
)
def test_only_an_ingress_that_stays_is_waited_for(declared: str, waits: bool):
    """The Engine's own makes room as soon as all are members: to wait for it first would be time lost."""
    found = facts(ingress=INGRESS, local=HostIngress(host="w1", node_id="n2"))
    assert waits == isinstance(node.next_step(node_spec(ingress=declared), found, known=True), Wait)


# Its settings


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"role": "manager"}, UpdateNode(node_id="n2", version=2, role="manager")),
        ({"availability": "drain"}, UpdateNode(node_id="n2", version=2, availability="drain")),
        ({"labels": {"zone": "b"}}, UpdateNode(node_id="n2", version=2, set_labels=(("zone", "b"),))),
    ],
)
def test_settings_are_updated(given: dict[str, Any], expected: UpdateNode):
    """One update, at the version that was read, changes what differs and nothing else."""
    assert (expected,) == steps(node.next_step(node_spec(**given), facts(), known=True))


def test_everything_changes_at_once():
    """It is one update, whatever differs."""
    spec = node_spec(role="manager", availability="pause", labels={"zone": "b"})
    found = facts(entry(2, "worker", labels=()))
    expected = UpdateNode(
        node_id="n2",
        version=2,
        role="manager",
        availability="pause",
        set_labels=(("swarmnet.owner", OWNER), ("zone", "b")),
    )
    assert (expected,) == steps(node.next_step(spec, found, known=True))


JOURNALED = entry(2, "worker", availability="drain", labels=(*OURS, ("swarmnet.availability", "active")))


def test_one_that_we_drained_is_as_it_will_be():
    """A node that is out of service for a moment counts as what it will be put back to."""
    assert Done() == node.next_step(node_spec(), facts(JOURNALED), known=True)


@pytest.mark.parametrize("availability", ["drain", "pause"])
def test_one_that_we_drained_will_be_put_back_to_what_is_wanted(availability: str):
    """A change of its availability goes into the journal, so that being put back does not undo it."""
    expected = UpdateNode(node_id="n2", version=2, set_labels=(("swarmnet.availability", availability),))
    decision = node.next_step(node_spec(availability=availability), facts(JOURNALED), known=True)
    assert (expected,) == steps(decision)


def test_a_membership_of_ours_gets_our_label():
    """A member of our swarm without our label was joined by a run that was cut."""
    expected = UpdateNode(node_id="n2", version=2, set_labels=OURS)
    decision = node.next_step(node_spec(), facts(entry(2, "worker", labels=())), known=False)
    assert (expected,) == steps(decision)


def test_a_label_is_taken_back():
    """A label that was declared before, and is no more, goes."""
    found = facts(entry(2, "worker", labels=(*OURS, ("zone", "b"))))
    expected = UpdateNode(node_id="n2", version=2, drop_labels=("zone",))
    assert (expected,) == steps(node.next_step(node_spec(), found, known=True, drop_labels=("zone",)))


def test_a_label_of_others_stays():
    """A label that nobody declared is nobody's difference."""
    found = facts(entry(2, "worker", labels=(*OURS, ("zone", "b"))))
    assert Done() == node.next_step(node_spec(), found, known=True)


def test_the_last_manager_stays_one():
    """The last manager does not become a worker."""
    found = NodeFacts(
        member=Member(host="m1", state="active", node_id="n1", control=True), swarm=swarm(), nodes=(LEADER,)
    )
    assert "it is the last manager" in reason(node.next_step(node_spec("m1"), found, known=True))


def test_a_demotion_keeps_the_quorum():
    """The two other managers are needed while one of three is away."""
    found = as_manager(entry(3, reachability="unreachable"))
    assert "of the other 2 managers only 1 can be reached" in reason(node.next_step(node_spec(), found, known=True))


def test_a_demotion():
    """A manager becomes a worker if the others are enough."""
    expected = UpdateNode(node_id="n2", version=2, role="worker")
    assert (expected,) == steps(node.next_step(node_spec(), as_manager(), known=True))


# Whose is it?


@pytest.mark.parametrize(
    ("adopt", "given", "labels", "expected"),
    [
        ("refuse", {}, (), "adopt is refuse"),
        ("identical", {"availability": "drain"}, (), "availability: active, wanted drain"),
        ("converge", {"availability": "drain"}, OTHERS, OTHER_OWNER),
    ],
)
def test_create_refuses(adopt: str, given: dict[str, Any], labels: tuple[tuple[str, str], ...], expected: str):
    """A membership of somebody else's swarm stays as it is, unless `adopt` says otherwise."""
    found = facts(entry(2, "worker", labels=labels), swarm=swarm(()))
    assert expected in reason(node.next_step(node_spec(adopt=adopt, **given), found, known=False))


def test_create_takes_over_what_is_identical():
    """A membership that is right already is taken as it is, without our label."""
    found = facts(entry(2, "worker", labels=()), swarm=swarm(()))
    assert Done() == node.next_step(node_spec(), found, known=False)


def test_create_changes_what_may_be_changed():
    """It is changed with `adopt: converge`, and stays nobody's."""
    found = facts(entry(2, "worker", labels=()), swarm=swarm(()))
    decision = node.next_step(node_spec(adopt="converge", availability="drain"), found, known=False)
    assert (UpdateNode(node_id="n2", version=2, availability="drain"),) == steps(decision)


def test_what_its_own_join_began_is_ours():
    """Its entry gets our label and what is declared in somebody else's swarm too, whatever `adopt` says."""
    spec = node_spec(adopt="refuse", labels={"zone": "b"})
    decide = node.decide(spec, {})
    theirs = swarm(())
    decide(facts(None, member=INACTIVE, swarm=theirs))
    expected = UpdateNode(node_id="n2", version=2, set_labels=(*OURS, ("zone", "b")))

    assert (expected,) == steps(decide(facts(entry(2, "worker", labels=()), swarm=theirs)))


def test_what_a_cut_join_began_can_be_marked():
    """Nothing tells it from a membership of somebody else's, unless a person does."""
    found = facts(entry(2, "worker", labels=()), swarm=swarm(()))
    decision = node.next_step(node_spec(labels={"zone": "b"}), found, known=False)

    assert f"`docker node update --label-add swarmnet.owner={OWNER} n2` on a manager to say so" in reason(decision)


@pytest.mark.parametrize("known", [True, False])
def test_another_stacks_is_left_alone(known: bool):
    """A member that carries another stack's label is not touched, in a swarm of ours neither."""
    found = facts(entry(2, "worker", labels=OTHERS))
    assert OTHER_OWNER in reason(node.next_step(node_spec(), found, known=known))


# Leaving


def removal(found: NodeFacts, *, lost: bool = False, **given: Any) -> Any:
    """The next step towards the removal of w1, which the state knows as n2."""
    return departure.next_step_of_removal(node_spec(**given), found, "n2", lost=lost)


def drained(role: str = "worker", **given: Any) -> NodeFacts:
    """w1 has been drained."""
    member = replace(MEMBER, control=role == "manager")
    return facts(entry(2, role, availability="drain"), **{"member": member, **given})


def task(**given: Any) -> Task:
    """A task on w1."""
    return Task(**{"id": "t1", "service_id": "s", "node_id": "n2", "state": "running", "desired": "shutdown", **given})


DRAIN = UpdateNode(node_id="n2", version=2, availability="drain")
DEMOTE = UpdateNode(node_id="n2", version=2, role="worker")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(facts(), DRAIN, id="a worker is drained"),
        pytest.param(as_manager(), DRAIN, id="a manager is drained"),
        pytest.param(facts(tasks=(task(node_id="n1", service_id=""),)), DRAIN, id="others' containers do not count"),
        pytest.param(drained("manager"), DEMOTE, id="then demoted"),
        pytest.param(drained(), LeaveSwarm(host="w1"), id="then it leaves"),
        pytest.param(drained(tasks=(task(state="shutdown"),)), LeaveSwarm(host="w1"), id="ended tasks do not count"),
        pytest.param(drained(member=INACTIVE), RemoveNode(node_id="n2", force=True), id="then its entry goes"),
        pytest.param(facts(entry(2), member=INACTIVE), DEMOTE, id="that of a manager not before it is a worker's"),
        pytest.param(
            facts(member=replace(MEMBER, node_id="n7")), RemoveNode(node_id="n2", force=True), id="it is another by now"
        ),
        pytest.param(
            facts(None, member=replace(MEMBER, state="pending")),
            LeaveSwarm(host="w1", force=True),
            id="its entry went before it",
        ),
    ],
)
def test_it_leaves_step_by_step(found: NodeFacts, expected: object):
    """Drained, emptied, demoted, gone, removed: each step seen before the next."""
    assert (expected,) == steps(removal(found))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(drained(tasks=(task(),)), "1 tasks to leave w1", id="tasks"),
        pytest.param(drained(member=replace(MEMBER, control=True)), "w1 to take up the role of worker", id="role"),
    ],
)
def test_leaving_waits(found: NodeFacts, expected: str):
    """It goes on once the tasks have stopped and the role is taken up."""
    assert expected == waits_for(removal(found))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(as_manager(entry(3, reachability="unreachable")), "only 1 can be reached", id="quorum"),
        pytest.param(
            NodeFacts(
                member=replace(MEMBER, control=True),
                swarm=swarm(),
                nodes=(entry(2), entry(3, "worker")),
                others=(Member(host="w3", state="active", node_id="n3"),),
            ),
            "it is the last manager of the swarm; hosts of this stack are still members: w3: run `pulumi up`",
            id="joined in a run that was cut",
        ),
        pytest.param(
            facts(tasks=(task(service_id="", container_id="c" * 64),)), f"its overlays: {'c' * 12}", id="a container"
        ),
        pytest.param(facts(member=SILENT), "lost: true", id="silent"),
        pytest.param(facts(member=replace(MEMBER, node_id="", state="locked")), "docker swarm unlock", id="locked"),
        pytest.param(facts(None, swarm=None, nodes=()), "no manager of that swarm answers", id="nobody answers"),
        pytest.param(facts(None), "it is a member (node n2) of another swarm than s1", id="another swarm answers"),
        pytest.param(
            facts(None, others=(replace(MEMBER, host="w9", node_id="n9"),)),
            "can't tell whether it has left (node n2): w9: it is a member (node n9) of another swarm",
            id="the others are in two",
        ),
        pytest.param(
            facts(entry(2), entry(3, reachability="unreachable"), member=INACTIVE),
            "only 1 can be reached",
            id="a manager's entry that the quorum needs",
        ),
    ],
)
def test_leaving_is_refused(found: NodeFacts, expected: str):
    """Nothing of others is taken down with it, and the swarm keeps its quorum."""
    assert expected in reason(removal(found))


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(facts(others=(replace(MEMBER, host="w9"),)), id="renamed in the stack file"),
        pytest.param(facts(None, member=INACTIVE), id="gone"),
        pytest.param(
            NodeFacts(member=replace(MEMBER, control=True), swarm=swarm(), nodes=(entry(2),)),
            id="the last member: the swarm's own end",
        ),
    ],
)
def test_leaving_takes_nothing(found: NodeFacts):
    """A member that is gone, or not ours to end, takes no step."""
    assert Done() == removal(found)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(facts(member=SILENT), RemoveNode(node_id="n2", force=True), id="a worker's entry"),
        pytest.param(
            facts(entry(2, reachability="unreachable"), member=SILENT), DEMOTE, id="a manager's, demoted first"
        ),
    ],
)
def test_a_lost_one_is_removed(found: NodeFacts, expected: object):
    """A host that is dead for good goes without its own word with `lost: true`."""
    assert (expected,) == steps(removal(found, lost=True))


def test_a_lost_one_is_gone():
    """Its entry was all that was left of it."""
    assert Done() == removal(facts(None, member=SILENT), lost=True)


@pytest.mark.parametrize(
    ("state", "expected"),
    [("ready", True), ("down", "the managers say down"), ("unknown", "the managers say unknown")],
)
def test_one_that_is_not_ready_is_unsettled(state: str, expected: bool | str):
    """A member that is not ready shows as unfinished work."""
    assert expected == node.live_spec(node_spec(), entry(2, "worker", state=state)).settled


# A changed address

MOVED = "address changed from 198.51.100.2 port 22 to 198.51.100.9 port 22"


def test_member_at_another_address():
    """A host at a new address that is the member in the state takes no step."""
    assert Done() == node.next_step(node_spec(host="w1"), facts(), known=True, node_id="n2", moved=MOVED)


@pytest.mark.parametrize(
    ("there", "told"),
    [(replace(MEMBER, node_id="n1"), "it is node n1, the state has node n2"), (INACTIVE, "it is in no swarm")],
    ids=["another member", "in no swarm"],
)
def test_another_host_at_the_new_address(there, told):
    """It neither joins nor changes: the address may be a slip."""
    decision = node.next_step(node_spec(host="w1"), facts(member=there), known=True, node_id="n2", moved=MOVED)

    assert f"w1: its {MOVED}, but that is another machine: {told}" in reason(decision)


# Addresses that a member keeps

KNOWN_AT = replace(MEMBER, node_address="198.51.100.2")


def at(**keys: str) -> dict[str, str]:
    """Return how w1 is reached, with these keys."""
    return {"name": "w1", "address": "198.51.100.2", "advertise_address": "198.51.100.2", **keys}


@pytest.mark.parametrize("known", [True, False], ids=["update", "create"])
def test_member_with_another_address_than_the_file_says(known: bool):
    """It is neither taken over nor changed: no Engine can give it another one."""
    spec = node_spec(access=at(advertise_address="198.51.100.7"))
    decision = node.next_step(spec, facts(member=KNOWN_AT), known=known, node_id="n2")

    assert "w1 advertises 198.51.100.2, the file says 198.51.100.7 (advertise_address)" in reason(decision)


@pytest.mark.parametrize("own", [KNOWN_AT, MEMBER], ids=["as the file says", "that tells none"])
def test_member_with_the_address_that_the_file_says(own: Member):
    """One that tells none, as an Engine that starts, is not told to be wrong."""
    spec = node_spec(access=at(address="w1.example.com"))
    assert Done() == node.next_step(spec, facts(member=own), known=True, node_id="n2")


def test_refresh_shows_the_address_that_a_member_has():
    """It shows only what the member joined with: the way to it stays as it is."""
    spec = node_spec(access=at(advertise_address="198.51.100.7"))
    live = node.finding(spec, {"node_id": "n2"}, facts(member=KNOWN_AT)).live

    assert live is not None
    assert at() == live.access


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        pytest.param(
            {"data_path_address": "10.8.0.2"},
            {"data_path_address": "10.8.0.3"},
            "w1 joined with data_path_address 10.8.0.2, the file says 10.8.0.3",
            id="another",
        ),
        pytest.param(
            {}, {"listen_address": "eth0"}, "w1 joined with listen_address the Engine's choice, the file says", id="new"
        ),
        pytest.param({"listen_address": "eth0"}, {}, "or write listen_address: eth0", id="taken away"),
    ],
)
def test_address_that_no_engine_tells_is_kept(before: dict[str, str], now: dict[str, str], told: str):
    """It is seen by what the state had; a host that joins anew joins with the new one."""
    decide = node.decide(node_spec(access=at(**now)), {"node_id": "n2", "access": at(**before)})

    assert told in reason(decide(facts()))
    assert "join" in str(decide(facts(None, member=INACTIVE)))
