"""The swarm itself: when it may begin, what of it can change, and when it may end."""

from dataclasses import replace
from typing import Any

import pytest

from providers.rules.resource_types import swarm
from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.facts import Member, Node, Swarm, SwarmFacts, SwarmService, UnreachableHost
from providers.rules.vocabulary.steps import Decision, Done, InitSwarm, LeaveSwarm, UpdateSwarm
from tests.support.decisions import reason, steps, todo
from tests.support.lifecycle import OTHER_OWNER, OTHERS, OURS, OWNER, swarm_spec
from tests.support.networks import a_network
from tests.support.swarms import a_swarm
from tests.support.tables import cases

UNREACHABLE = UnreachableHost(host="w2", why="w2: nothing answers at 198.51.100.3")
INGRESS = a_network(id="i1", name="ingress", driver="overlay", scope="swarm", ingress=True)
THEIRS = a_network(id="x", name="theirs", driver="overlay", scope="swarm")
MANAGER = Member(host="m1", state="active", node_id="n1", control=True, swarm_id="s1")
WORKER = Member(host="w1", state="active", node_id="n2")
ELSEWHERE = Member(host="w1", state="active", node_id="n9")
OTHER_MANAGER = Member(host="a1", state="active", node_id="n9", control=True, swarm_id="s9")
NODES = (
    Node(id="n1", hostname="m1", role="manager", availability="active", state="ready"),
    Node(id="n2", hostname="w1", role="worker", availability="active", state="ready"),
)


def live(**given: Any) -> Swarm:
    """A swarm as init makes it."""
    return a_swarm(**{"default_addr_pool": ("10.0.0.0/8",), "labels": OURS, "version": 7, **given})


def outside(*hosts: str) -> tuple[Member, ...]:
    """Hosts that are in no swarm."""
    return tuple(Member(host=host, state="inactive") for host in hosts)


def facts(found: Swarm | None = None, **given: Any) -> SwarmFacts:
    """A swarm of m1 and w1, as m1 shows it."""
    return SwarmFacts(**{"swarm": found or live(), "members": (MANAGER, WORKER), "nodes": NODES, **given})


def alone(**given: Any) -> SwarmFacts:
    """A swarm of which only m1 is left."""
    return facts(**{"members": (MANAGER, *outside("w1")), "nodes": NODES[:1], **given})


def none(*members: Member, unreachable: tuple[UnreachableHost, ...] = ()) -> SwarmFacts:
    """Hosts of which none answers for a swarm."""
    return SwarmFacts(members=members, unreachable=unreachable)


def half(state: str, host: str = "m1", **given: Any) -> Member:
    """A host that is neither in a swarm nor out of it."""
    return Member(host=host, state=state, **given)


BARE = none(*outside("m1", "w1", "w2"))


def decided(found: SwarmFacts, swarm_id: str = "s1", *, drop_labels: tuple[str, ...] = (), **given: Any) -> Decision:
    """Return the next decision, if the state knows this swarm; `given` is declared."""
    return swarm.next_step(swarm_spec(**given), found, swarm_id=swarm_id, drop_labels=drop_labels)


def test_it_begins_on_the_first_manager():
    """One step begins it, with all that only init can set."""
    settings: dict[str, Any] = {
        "data_path_port": 7789,
        "default_addr_pool": ("10.40.0.0/16",),
        "default_addr_pool_prefix": 25,
        "autolock": True,
        "task_history_limit": 2,
        "cert_expiry": 3600,
        "dispatcher_heartbeat": 15,
        "snapshot_interval": 500,
        "keep_old_snapshots": 2,
    }
    expected = InitSwarm(host="m1", labels=(("site", "b"), ("swarmnet.owner", OWNER)), **settings)
    assert (expected,) == steps(decided(BARE, "", labels={"site": "b"}, **settings))


def test_it_begins_on_a_host_with_its_bridge():
    """A host keeps the docker_gwbridge that it becomes a member with: one that is not as declared stays outside."""
    as_declared, other = (replace(BARE, bridges=(("m1", found),)) for found in ("10.12.0.0/16", "10.77.0.0/16"))

    assert steps(decided(as_declared, "", gwbridge="10.12.0.0/16"))
    assert "m1: docker_gwbridge is 10.77.0.0/16, desired 10.12.0.0/16: run `pulumi up --refresh`" in reason(
        decided(other, "", gwbridge="10.12.0.0/16")
    )
    assert "m1: docker_gwbridge is gone, desired 10.12.0.0/16" in reason(decided(BARE, "", gwbridge="10.12.0.0/16"))


NO_LEADER = half("active", control=True, error="no leader")


@cases(
    "expected, found, swarm_id",
    {
        # A second swarm is never begun while a host may be in one.
        "an unreachable host": ("can't tell whether w2", none(*outside("m1", "w1"), unreachable=(UNREACHABLE,)), ""),
        "a worker": ("already in a swarm: w1, but no declared host", none(WORKER, *outside("m1")), ""),
        "no majority": ("bring a majority of its managers back", none(NO_LEADER), ""),
        # A refresh shows the user that it is gone.
        "lost": ("pulumi up --refresh", BARE, "s1"),
        **{
            state: (f"w1: its membership of a swarm is {state}", facts(members=(MANAGER, half(state, "w1"))), "")
            for state in ("locked", "pending", "error")
        },
        # A host whose node the managers do not list is in another swarm.
        "in another swarm": ("w1: it is a member (node n9) of another swarm", facts(members=(MANAGER, ELSEWHERE)), ""),
        "another swarm than the known one": ("are in swarm s1, the state knows s0", facts(), "s0"),
    },
)
def test_it_neither_begins_nor_changes_in_doubt(expected: str, found: SwarmFacts, swarm_id: str):
    """A host that is not clearly in the swarm or outside any is named, with what to do about it."""
    assert expected in reason(decided(found, swarm_id))


NO_ANSWER = (UnreachableHost(host="w1", why="w1: no answer"),)


@cases(
    "found, expected",
    {
        "all bare": (BARE, None),
        "one unreachable": (none(*outside("m1"), unreachable=NO_ANSWER), "w1: no answer"),
        "one locked": (none(half("locked"), *outside("w1")), "m1: its membership"),
        "one in a swarm": (alone(unreachable=NO_ANSWER), None),
    },
)
def test_half_of_one_is_not_begun(found: SwarmFacts, expected: str | None):
    """Each host that is to be in it has to answer before the first bridge is made; later on, one may be down."""
    refusal = swarm.init_refusal(found)

    assert (expected or "") in (refusal or "")
    assert (expected is None) == (refusal is None)


@cases(
    "found, swarm_id",
    {
        "settings that are not declared": (facts(), "s1"),
        "identical, in create": (facts(live(labels=())), ""),
        "ours, in create": (facts(), ""),
        # It is another resource's affair.
        "an unreachable host": (facts(unreachable=(UNREACHABLE,)), "s1"),
        "a label that nobody declared": (facts(live(labels=(("site", "b"), *OURS))), "s1"),
    },
)
def test_right_one_needs_nothing(found: SwarmFacts, swarm_id: str):
    """What is not declared is right as it is."""
    assert Done() == decided(found, swarm_id)


@cases(
    "given, labels, swarm_id",
    {
        "autolock": ({"autolock": True}, OURS, "s1"),
        "task_history_limit": ({"task_history_limit": 2}, OURS, "s1"),
        "cert_expiry": ({"cert_expiry": 3600}, OURS, "s1"),
        "dispatcher_heartbeat": ({"dispatcher_heartbeat": 15}, OURS, "s1"),
        "snapshot_interval": ({"snapshot_interval": 500}, OURS, "s1"),
        "keep_old_snapshots": ({"keep_old_snapshots": 2}, OURS, "s1"),
        "somebody else's that may be changed": ({"task_history_limit": 2}, (), ""),
    },
)
def test_settings_are_updated(given: dict[str, Any], labels: Pairs, swarm_id: str):
    """One update, at the version that was read, changes what is declared and nothing else."""
    decision = decided(facts(live(labels=labels)), swarm_id, adopt="converge", **given)
    assert (UpdateSwarm(version=7, **given),) == steps(decision)


def test_labels_are_updated():
    """A declared label is set; one that was declared before, and is no more, goes."""
    assert (UpdateSwarm(version=7, set_labels=(("site", "b"),)),) == steps(decided(facts(), labels={"site": "b"}))
    found = facts(live(labels=(("site", "b"), *OURS)))
    assert (UpdateSwarm(version=7, drop_labels=("site",)),) == steps(decided(found, drop_labels=("site",)))


POOLS = "default_addr_pool: ('10.0.0.0/8',), desired ('10.40.0.0/16',)"
ONLY_INIT = ": can only be set when the swarm is created"


@cases(
    "expected, labels, swarm_id, given",
    {
        "refuse": ("adopt is refuse", (), "", {"adopt": "refuse"}),
        "not identical": ("task_history_limit: 5, desired 2", (), "", {"task_history_limit": 2}),
        "another stack's": (OTHER_OWNER, OTHERS, "", {"adopt": "converge", "task_history_limit": 2}),
        "another stack took it over": (OTHER_OWNER, OTHERS, "s1", {"autolock": True}),
        "port": (f"data_path_port: 4789, desired 7789{ONLY_INIT}", OURS, "s1", {"data_path_port": 7789}),
        "prefix": (
            f"default_addr_pool_prefix: 24, desired 25{ONLY_INIT}",
            OURS,
            "s1",
            {"default_addr_pool_prefix": 25},
        ),
        "pool": (POOLS + ONLY_INIT, OURS, "s1", {"default_addr_pool": ("10.40.0.0/16",)}),
    },
)
def test_it_stays_as_it_is(expected: str, labels: Pairs, swarm_id: str, given: dict[str, Any]):
    """A swarm that somebody else began, unless `adopt` says otherwise, and what no Engine can change."""
    assert expected in reason(decided(facts(live(labels=labels)), swarm_id, **given))


UNANSWERED = "of a swarm for which no declared host answers"
LOCKED = none(half("locked", error="needs to be unlocked"))


@cases(
    "found, expected",
    {
        "all answer, none is a member": (BARE, True),
        "it is there": (facts(), False),
        "all are members of another one that answers": (facts(live(id="s2")), True),
        "an unreachable host": (none(*outside("m1"), unreachable=(UNREACHABLE,)), UNREACHABLE.why),
        "a worker without a manager": (none(WORKER, *outside("m1")), f"w1: it is a member (active) {UNANSWERED}"),
        "a locked manager": (LOCKED, f"m1: it is a member (locked) {UNANSWERED} (needs to be unlocked)"),
    },
)
def test_gone(found: SwarmFacts, expected: bool | str):
    """Gone is what every declared host denies; all else is there, or in doubt."""
    assert expected == swarm.gone(found, "s1")


ENDED = (LeaveSwarm(host="m1", force=True),)


@cases(
    "expected, found",
    {
        "the last manager": (ENDED, alone()),
        # It is the swarm's own.
        "its own ingress": (ENDED, alone(networks=(INGRESS,))),
        "another host is still trying to join": (ENDED, alone(members=(half("pending", "a1"), MANAGER))),
        "another host is a manager elsewhere": (ENDED, alone(members=(OTHER_MANAGER, MANAGER))),
        "nobody is a member": ((), BARE),
        "the hosts are in another one": ((), facts(live(id="s2"))),
    },
)
def test_it_ends_on_its_last_member(expected: tuple[LeaveSwarm, ...], found: SwarmFacts):
    """The last manager that the swarm has leaves by force, which ends the swarm; one that is gone takes no step."""
    assert expected == todo(swarm.next_step_of_removal(found, "s1"))


@cases(
    "found, expected",
    {
        "a member": (facts(members=(MANAGER,)), "while it holds member w1"),
        "a host of ours": (facts(), "hosts of this stack are still members: w1: run `pulumi up`"),
        "a service": (alone(services=(SwarmService(id="s", name="web"),)), "service web"),
        "a network": (alone(networks=(INGRESS, THEIRS)), "network theirs"),
        "secrets and configs": (alone(belongings=("secret db", "config web")), "secret db, config web"),
        "an unreachable host": (alone(unreachable=(UNREACHABLE,)), "can't tell whether w2 has left"),
        "no manager": (none(WORKER), "no manager among the hosts answers"),
        "locked": (none(half("locked"), *outside("w1")), "m1 is still a member"),
        "pending": (none(half("pending"), *outside("w1")), "m1 is still a member"),
        # The swarm that answers says nothing about the end of the other.
        "hosts in two swarms": (
            facts(live(id="s2", labels=()), members=(MANAGER, ELSEWHERE)),
            "swarm s1: can't tell whether it has ended: w1: it is a member (node n9) of another swarm than m1",
        ),
    },
)
def test_it_does_not_end_while_it_holds_something(found: SwarmFacts, expected: str):
    """Whatever would be lost with the swarm is named, and a host that may still be a member keeps it."""
    assert expected in reason(swarm.next_step_of_removal(found, "s1"))


@pytest.mark.parametrize(("labels", "refused"), [((), True), (OURS, False)], ids=["another's", "ours"])
def test_hosts_in_two_swarms_do_not_leave(labels: Pairs, refused: bool):
    """Unless the one that answers is known to be ours."""
    refusal = swarm.end_refusal(facts(live(labels=labels), members=(MANAGER, ELSEWHERE)), OWNER)
    assert refused == ("another swarm than m1 (s1)" in (refusal or ""))
