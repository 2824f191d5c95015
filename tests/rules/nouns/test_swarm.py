"""The swarm itself: when it may begin, what of it can change, and when it may end."""

from typing import Any

import pytest

from providers.rules.nouns import swarm
from providers.rules.vocabulary.facts import Member, Node, Silent, Swarm, SwarmFacts, SwarmService
from providers.rules.vocabulary.steps import Done, InitSwarm, LeaveSwarm, UpdateSwarm
from tests.support.decisions import reason, steps
from tests.support.lifecycle import OTHER_OWNER, OWNER, swarm_spec
from tests.support.networks import a_network
from tests.support.swarms import a_swarm

OURS = (("swarmnet.owner", OWNER),)
OTHERS = (("swarmnet.owner", OTHER_OWNER),)
SILENT = Silent(host="w2", why="w2: nothing answers at 198.51.100.3")
INGRESS = a_network(id="i1", name="ingress", driver="overlay", scope="swarm", ingress=True)


def live(**given: Any) -> Swarm:
    """A swarm as init makes it."""
    return a_swarm(**{"default_addr_pool": ("10.0.0.0/8",), "labels": OURS, "version": 7, **given})


def outside(*hosts: str) -> tuple[Member, ...]:
    """Hosts that are in no swarm."""
    return tuple(Member(host=host, state="inactive") for host in hosts)


MANAGER = Member(host="m1", state="active", node_id="n1", control=True, swarm_id="s1")
WORKER = Member(host="w1", state="active", node_id="n2")


def node(number: int, hostname: str) -> Node:
    """A member's entry."""
    role = "manager" if number == 1 else "worker"
    return Node(id=f"n{number}", hostname=hostname, role=role, availability="active", state="ready")


def facts(found: Swarm | None = None, **given: Any) -> SwarmFacts:
    """A swarm of m1 and w1, as m1 shows it."""
    members = {"members": (MANAGER, WORKER), "nodes": (node(1, "m1"), node(2, "w1"))}
    return SwarmFacts(**{"swarm": found or live(), **members, **given})


def alone(**given: Any) -> SwarmFacts:
    """A swarm of which only m1 is left."""
    return facts(**{"members": (MANAGER, *outside("w1")), "nodes": (node(1, "m1"),), **given})


BARE = SwarmFacts(members=outside("m1", "w1", "w2"))


# Its beginning


def test_it_begins_on_the_first_manager():
    """One step begins it, with all that only init can set."""
    spec = swarm_spec(
        data_path_port=7789,
        default_addr_pool=("10.40.0.0/16",),
        default_addr_pool_prefix=25,
        autolock=True,
        task_history_limit=2,
        cert_expiry=3600,
        dispatcher_heartbeat=15,
        snapshot_interval=500,
        keep_old_snapshots=2,
        labels={"site": "b"},
    )
    expected = InitSwarm(
        host="m1",
        data_path_port=7789,
        default_addr_pool=("10.40.0.0/16",),
        default_addr_pool_prefix=25,
        autolock=True,
        task_history_limit=2,
        cert_expiry=3600,
        dispatcher_heartbeat=15,
        snapshot_interval=500,
        keep_old_snapshots=2,
        labels=(("site", "b"), ("swarmnet.owner", OWNER)),
    )
    assert (expected,) == steps(swarm.next_step(spec, BARE))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            SwarmFacts(members=outside("m1", "w1"), silent=(SILENT,)), "can't tell whether w2", id="a silent host"
        ),
        pytest.param(
            SwarmFacts(members=(WORKER, *outside("m1"))),
            "w1 is a member of a swarm, but no manager of it",
            id="a worker",
        ),
        pytest.param(
            SwarmFacts(members=(Member(host="m1", state="active", control=True, error="no leader"),)),
            "bring a majority of its managers back",
            id="no majority",
        ),
    ],
)
def test_it_does_not_begin_in_doubt(found: SwarmFacts, expected: str):
    """A second swarm is never begun while a host may be in one."""
    assert expected in reason(swarm.next_step(swarm_spec(), found))


def test_a_lost_one_is_not_begun_again_by_an_update():
    """A swarm that the state has and the hosts lost needs a refresh, which shows the user that it is gone."""
    assert "pulumi up --refresh" in reason(swarm.next_step(swarm_spec(), BARE, swarm_id="s1"))


@pytest.mark.parametrize("state", ["locked", "pending", "error"])
def test_half_a_member_blocks(state: str):
    """A host that is neither in nor out is named, with what to do about it."""
    found = facts(members=(MANAGER, Member(host="w1", state=state)))
    assert f"w1: its membership of a swarm is {state}" in reason(swarm.next_step(swarm_spec(), found))


def test_a_member_of_another_swarm_blocks():
    """A host whose node the managers do not list is in another swarm."""
    found = facts(members=(MANAGER, Member(host="w1", state="active", node_id="n9")))
    assert "w1: it is a member (node n9) of another swarm" in reason(swarm.next_step(swarm_spec(), found))


def test_another_swarm_than_the_known_one_blocks():
    """Hosts that are in another swarm than the state knows are left alone."""
    assert "are in swarm s1, the state knows s0" in reason(swarm.next_step(swarm_spec(), facts(), swarm_id="s0"))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (BARE, None),
        (SwarmFacts(members=outside("m1"), silent=(Silent(host="w1", why="w1: no answer"),)), "w1: no answer"),
        (SwarmFacts(members=(*outside("m1"), Member(host="w1", state="locked"))), "w1: its membership"),
        (alone(silent=(Silent(host="w1", why="w1: no answer"),)), None),
    ],
    ids=["all bare", "one silent", "one locked", "one in a swarm"],
)
def test_half_of_one_is_not_begun(found: SwarmFacts, expected: str | None):
    """Each host that is to be in it has to answer before the first bridge is made; later on, one may be down."""
    refusal = swarm.not_to_be_begun(found)

    assert (expected or "") in (refusal or "")
    assert (expected is None) == (refusal is None)


# Its settings


@pytest.mark.parametrize("swarm_id", ["", "s1"])
def test_right_one_needs_nothing(swarm_id: str):
    """Settings that are not declared are right as they are."""
    assert Done() == swarm.next_step(swarm_spec(), facts(), swarm_id=swarm_id)


def test_a_silent_host_does_not_stop_settings():
    """The swarm answers; who is silent is another resource's affair."""
    assert Done() == swarm.next_step(swarm_spec(), facts(silent=(SILENT,)), swarm_id="s1")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"autolock": True}, UpdateSwarm(version=7, autolock=True)),
        ({"task_history_limit": 2}, UpdateSwarm(version=7, task_history_limit=2)),
        ({"cert_expiry": 3600}, UpdateSwarm(version=7, cert_expiry=3600)),
        ({"dispatcher_heartbeat": 15}, UpdateSwarm(version=7, dispatcher_heartbeat=15)),
        ({"snapshot_interval": 500}, UpdateSwarm(version=7, snapshot_interval=500)),
        ({"keep_old_snapshots": 2}, UpdateSwarm(version=7, keep_old_snapshots=2)),
        ({"labels": {"site": "b"}}, UpdateSwarm(version=7, set_labels=(("site", "b"),))),
    ],
)
def test_settings_are_updated(given: dict[str, Any], expected: UpdateSwarm):
    """One update, at the version that was read, changes what is declared and nothing else."""
    assert (expected,) == steps(swarm.next_step(swarm_spec(**given), facts(), swarm_id="s1"))


def test_a_label_is_taken_back():
    """A label that was declared before, and is no more, goes."""
    found = facts(live(labels=(("site", "b"), *OURS)))
    expected = UpdateSwarm(version=7, drop_labels=("site",))
    assert (expected,) == steps(swarm.next_step(swarm_spec(), found, swarm_id="s1", drop_labels=("site",)))


def test_a_label_of_others_stays():
    """A label that nobody declared is nobody's difference."""
    assert Done() == swarm.next_step(swarm_spec(), facts(live(labels=(("site", "b"), *OURS))), swarm_id="s1")


@pytest.mark.parametrize(
    "given", [{"data_path_port": 7789}, {"default_addr_pool": ("10.40.0.0/16",)}, {"default_addr_pool_prefix": 25}]
)
def test_what_only_init_can_set_blocks(given: dict[str, Any]):
    """No Engine can change it: both values are named."""
    decision = swarm.next_step(swarm_spec(**given), facts(), swarm_id="s1")
    assert f"{next(iter(given))}: " in reason(decision)
    assert "only init can set this" in reason(decision)


@pytest.mark.parametrize(
    ("adopt", "given", "labels", "expected"),
    [
        ("refuse", {}, (), "adopt is refuse"),
        ("identical", {"task_history_limit": 2}, (), "task_history_limit: 5, wanted 2"),
        ("converge", {"task_history_limit": 2}, OTHERS, OTHER_OWNER),
    ],
)
def test_create_refuses(adopt: str, given: dict[str, Any], labels: tuple[tuple[str, str], ...], expected: str):
    """A swarm that somebody else began stays as it is, unless `adopt` says otherwise."""
    decision = swarm.next_step(swarm_spec(adopt=adopt, **given), facts(live(labels=labels)))
    assert expected in reason(decision)


def test_create_takes_over_what_is_identical():
    """A swarm that is right already is taken as it is."""
    assert Done() == swarm.next_step(swarm_spec(), facts(live(labels=())))


def test_create_changes_what_may_be_changed():
    """Its settings are changed with `adopt: converge`."""
    decision = swarm.next_step(swarm_spec(adopt="converge", task_history_limit=2), facts(live(labels=())))
    assert (UpdateSwarm(version=7, task_history_limit=2),) == steps(decision)


def test_update_leaves_another_stacks_alone():
    """A swarm that another stack took over since is not changed."""
    found = facts(live(labels=OTHERS))
    assert OTHER_OWNER in reason(swarm.next_step(swarm_spec(autolock=True), found, swarm_id="s1"))


# Whether it is gone


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(BARE, True, id="all answer, none is a member"),
        pytest.param(facts(), False, id="it is there"),
        pytest.param(facts(live(id="s2")), True, id="all are members of another one that answers"),
        pytest.param(SwarmFacts(members=outside("m1"), silent=(SILENT,)), SILENT.why, id="a silent host"),
        pytest.param(
            SwarmFacts(members=(WORKER, *outside("m1"))),
            "w1: it is a member (active) of a swarm for which no declared host answers",
            id="a worker without a manager",
        ),
        pytest.param(
            SwarmFacts(members=(Member(host="m1", state="locked", error="needs to be unlocked"),)),
            "m1: it is a member (locked) of a swarm for which no declared host answers (needs to be unlocked)",
            id="a locked manager",
        ),
    ],
)
def test_gone(found: SwarmFacts, expected: bool | str):
    """Gone is what every declared host denies; all else is there, or in doubt."""
    assert expected == swarm.gone(found, "s1")


# Its end


def test_it_ends_on_its_last_member():
    """The last manager leaves by force, which ends the swarm."""
    decision = swarm.next_step_of_removal(alone(), "s1")
    assert (LeaveSwarm(host="m1", force=True),) == steps(decision)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(BARE, id="nobody is a member"),
        pytest.param(facts(live(id="s2")), id="the hosts are in another one"),
    ],
)
def test_an_end_that_needs_nothing(found: SwarmFacts):
    """A swarm that is gone takes no step."""
    assert Done() == swarm.next_step_of_removal(found, "s1")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(facts(members=(MANAGER,)), "while it holds member w1", id="a member"),
        pytest.param(facts(), "hosts of this stack are still members: w1: run `pulumi up`", id="a host of ours"),
        pytest.param(alone(services=(SwarmService(id="s", name="web"),)), "service web", id="a service"),
        pytest.param(
            alone(networks=(INGRESS, a_network(id="x", name="theirs", driver="overlay", scope="swarm"))),
            "network theirs",
            id="a network",
        ),
        pytest.param(alone(belongings=("secret db", "config web")), "secret db, config web", id="secrets and configs"),
        pytest.param(alone(silent=(SILENT,)), "can't tell whether w2 has left", id="a silent host"),
        pytest.param(SwarmFacts(members=(WORKER,)), "no manager among the hosts answers", id="no manager"),
        pytest.param(
            SwarmFacts(members=(Member(host="m1", state="locked"), *outside("w1"))), "m1 is still a member", id="locked"
        ),
        pytest.param(
            SwarmFacts(members=(Member(host="m1", state="pending"), *outside("w1"))),
            "m1 is still a member",
            id="pending",
        ),
    ],
)
def test_it_does_not_end_while_it_holds_something(found: SwarmFacts, expected: str):
    """Whatever would be lost with the swarm is named, and a host that may still be a member keeps it."""
    assert expected in reason(swarm.next_step_of_removal(found, "s1"))


def test_its_own_ingress_goes_with_it():
    """The ingress is the swarm's own and holds nothing up."""
    assert steps(swarm.next_step_of_removal(alone(networks=(INGRESS,)), "s1"))


def test_it_ends_where_it_is_managed():
    """A host that is still trying to join is not the one that ends it."""
    found = alone(members=(Member(host="a1", state="pending"), MANAGER))
    assert (LeaveSwarm(host="m1", force=True),) == steps(swarm.next_step_of_removal(found, "s1"))


def test_it_does_not_end_on_a_host_that_only_says_it_is_a_manager():
    """The member that the swarm has ends it, not one of another swarm."""
    found = alone(members=(Member(host="a1", state="active", node_id="n9", control=True, swarm_id="s9"), MANAGER))
    assert (LeaveSwarm(host="m1", force=True),) == steps(swarm.next_step_of_removal(found, "s1"))


# Two swarms

ELSEWHERE = (MANAGER, Member(host="w1", state="active", node_id="n9"))


def test_end_is_not_told_by_another_swarm():
    """If the hosts are in two swarms, the one that answers says nothing about the end of the other."""
    found = facts(live(id="s2", labels=()), members=ELSEWHERE)
    expected = "swarm s1: can't tell whether it has ended: w1: it is a member (node n9) of another swarm than m1"
    assert expected in reason(swarm.next_step_of_removal(found, "s1"))


@pytest.mark.parametrize(("labels", "refused"), [((), True), (OURS, False)], ids=["another's", "ours"])
def test_hosts_in_two_swarms_do_not_leave(labels: tuple[tuple[str, str], ...], refused: bool):
    """Unless the one that answers is known to be ours."""
    refusal = swarm.not_to_be_ended(facts(live(labels=labels), members=ELSEWHERE), OWNER)
    assert refused == ("another swarm than m1 (s1)" in (refusal or ""))
