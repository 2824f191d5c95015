"""The swarm's ingress: what counts as a difference, whose it is, and what is done until every host has it."""

from dataclasses import replace
from typing import Any

import pytest

from providers.rules.live import former, journal, published_ports
from providers.rules.resource_types import ingress
from providers.rules.vocabulary.facts import (
    Endpoint,
    HostIngress,
    IngressFacts,
    Network,
    Node,
    SwarmService,
    Task,
    UnreachableHost,
)
from providers.rules.vocabulary.labels import CHANGE, FORMER, copy_label
from providers.rules.vocabulary.network_options import MTU
from providers.rules.vocabulary.service_spec import Port
from providers.rules.vocabulary.steps import (
    Blocked,
    CreateNetwork,
    Decision,
    Done,
    RemoveNetwork,
    Step,
    UpdateNode,
    UpdateSwarm,
)
from tests.support.decisions import kinds, reason, steps, todo, waits_for
from tests.support.lifecycle import OTHER_OWNER, OTHERS, OURS, OWNER, ingress_spec
from tests.support.networks import a_network, altered, create_network
from tests.support.swarms import a_swarm
from tests.support.tables import cases

ID = "i" * 25
VNI = ("com.docker.network.driver.overlay.vxlanid_list", "4096")
SWARM = a_swarm(default_addr_pool=("10.0.0.0/8",), labels=OURS, version=7)
# Just as `ingress_spec()` wants it.
RIGHT = a_network(
    id=ID,
    name="ingress",
    driver="overlay",
    scope="swarm",
    subnets=("10.11.0.0/16",),
    gateways=("10.11.0.1",),
    options=(VNI,),
    labels=OURS,
    ingress=True,
)
DEFAULT = altered(RIGHT, subnets=("10.0.0.0/24",), gateways=("10.0.0.1",), labels=())
DEAD = altered(RIGHT, driver="", subnets=(), options=())
DRIFT = {
    "name": altered(RIGHT, name="other"),
    "subnet": altered(RIGHT, subnets=("10.99.0.0/16",)),
    "gateway": altered(RIGHT, gateways=("10.11.0.254",)),
    "mtu": altered(RIGHT, options=((MTU, "1400"), VNI)),
}
SOMEBODYS = altered(DRIFT["mtu"], labels=())
ANOTHER_STACKS = altered(DRIFT["mtu"], labels=OTHERS)
CHOSEN = altered(DEFAULT, subnets=("10.31.0.0/16",), gateways=("10.31.0.1",))


def node(number: int, **given: Any) -> Node:
    """A member's entry: the first is the manager."""
    usual = {"availability": "active", "state": "ready", "role": "worker", "version": number}
    if number == 1:
        usual |= {"role": "manager", "reachability": "reachable"}
    return Node(**{"id": f"n{number}", "hostname": f"h{number}", **usual, **given})


NODES = (node(1), node(2))
DOWN = (node(1), node(2, state="down"))


def with_it(number: int, of: Network = RIGHT) -> HostIngress:
    """A host that has the ingress with its sandbox and gateway."""
    copy = replace(of, endpoints=(Endpoint(name=f"{of.name}-endpoint", key=f"{of.name}-sbox"),))
    gateway = f"gateway_{of.name}-sbox" if len(of.name) <= 7 else "gateway_ingress_sbox"
    return HostIngress(host=f"h{number}", node_id=f"n{number}", copies=(copy,), bridge_endpoints=(gateway,))


def without_it(number: int, *copies: Network, **given: Any) -> HostIngress:
    """A host that is not attached."""
    return HostIngress(host=f"h{number}", node_id=f"n{number}", copies=copies, **given)


UNREACHABLE = UnreachableHost(host="h2", why="h2: nothing answers", node_id="n2")


def facts(found: Network | None = RIGHT, *hosts: HostIngress | UnreachableHost, **given: Any) -> IngressFacts:
    """A swarm of two hosts, of which all have what the swarm has, unless given."""
    all_have = tuple(with_it(number, found) if found else without_it(number) for number in (1, 2))
    return IngressFacts(**{"network": found, "swarm": SWARM, "hosts": hosts or all_have, "nodes": NODES, **given})


def begun(found: Network, *hosts: HostIngress | UnreachableHost, **given: Any) -> IngressFacts:
    """The same in the middle of a change of ours: what the ingress is like is noted on the swarm."""
    labels = (*OURS, (CHANGE, OWNER), (FORMER, former.text(found)))
    return facts(found, *hosts, swarm=replace(SWARM, labels=labels), **given)


def service(published: int = 8080, mode: str = "ingress", **given: Any) -> SwarmService:
    """A service that publishes a port."""
    port = Port(protocol="tcp", target=80, published=published, mode=mode)
    spec = '{"Name": "web", "EndpointSpec": {"Ports": [{"TargetPort": 80}]}}'
    return SwarmService(id="web1", name="web", ports=(port,), spec=spec, **given)


USED = {"services": (service(),)}


def task(found: Network, **given: Any) -> Task:
    """A task on an ingress, told to end."""
    usual = {"id": "t1", "service_id": "gone", "node_id": "n2", "state": "running", "desired": "shutdown"}
    return Task(**{**usual, "networks": (found.id,), **given})


def labelled(entry: Node, **labels: str) -> Node:
    """A member's entry with these labels of ours."""
    return replace(entry, labels=tuple(sorted((f"swarmnet.{key}", value) for key, value in labels.items())))


def drained(number: int = 2, **labels: str) -> Node:
    """A host drained by us."""
    return labelled(node(number, availability="drain"), availability="active", **labels)


def decided(found: IngressFacts, *, known: bool = True, **given: Any) -> Decision:
    """Return the next decision; `given` is declared."""
    return ingress.next_step(ingress_spec(**given), found, known=known)


# It is there


@cases(
    "found, known",
    {
        "as wanted": (facts(), True),
        "as wanted, in create": (facts(), False),
        "in use": (facts(**USED), True),
        # They start with the change of its bridge, which gives it back.
        "a host waits for containers that were stopped": (facts(nodes=(node(1), drained(stopped="c1"))), True),
        # It gets it when it is back.
        "an unreachable host that is down": (facts(RIGHT, with_it(1), UNREACHABLE, nodes=DOWN), True),
        "a host that is no member": (facts(RIGHT, with_it(1), without_it(2), nodes=(node(1),)), True),
    },
)
def test_right_one_needs_nothing(found: IngressFacts, known: bool):
    """An ingress that is as wanted on every host that has to have it takes no step."""
    assert Done() == decided(found, known=known)


@cases(
    "found, given",
    {
        **{name: (begun(found), {}) for name, found in DRIFT.items()},
        "the Engine's default, whatever adopt says": (facts(DEFAULT), {"known": False, "adopt": "refuse"}),
        "somebody's that may be changed": (begun(SOMEBODYS), {"known": False, "adopt": "converge"}),
        "a dead default": (facts(altered(DEAD, labels=()), unchanged_for=2.0), {"known": False}),
        # It gets the new one by itself when it is back.
        "an unreachable member is down": (begun(DRIFT["mtu"], with_it(1, DRIFT["mtu"]), UNREACHABLE, nodes=DOWN), {}),
        "a task has ended": (begun(DRIFT["mtu"], tasks=(task(RIGHT, state="shutdown"),)), {}),
        "a task on a host that is down": (begun(DRIFT["mtu"], tasks=(task(RIGHT),), nodes=DOWN), {}),
    },
)
def test_old_one_is_removed(found: IngressFacts, given: dict[str, Any]):
    """One that differs and that nothing holds is removed, to be made again, whatever differs."""
    assert (RemoveNetwork(id=ID),) == steps(decided(found, **given))


def test_what_it_is_like_is_noted_before_anything_is_removed():
    """Undeclared options and labels are noted too: the old one is made from the note if the new one is refused."""
    found = altered(DRIFT["subnet"], labels=(*OURS, ("theirs", "1")), options=(("com.example.x", "2"), VNI))
    (note,) = steps(decided(facts(found)))
    assert isinstance(note, UpdateSwarm)
    again = former.creation(dict(note.set_labels)[FORMER]).config
    assert (found.subnet, found.labels, (("com.example.x", "2"),)) == (again.pool.subnet, again.labels, again.options)


@cases(
    "pools, prefix, subnet, expected",
    {
        "the usual pool": (("10.0.0.0/8",), 24, "10.0.0.0/24", True),
        "a pool of its own": (("10.40.0.0/16",), 26, "10.40.0.0/26", True),
        "one of its pools": (("10.40.0.0/16", "10.50.0.0/16"), 24, "10.50.3.0/24", True),
        "a swarm that shows no pool": ((), 0, "10.0.0.0/24", True),
        "an Engine of old": (("10.40.0.0/16",), 24, "10.255.0.0/16", True),
        "outside its pool": (("10.40.0.0/16",), 24, "10.0.0.0/24", False),
        "of another size": (("10.0.0.0/8",), 24, "10.31.0.0/16", False),
    },
)
def test_engine_default_has_a_range_of_the_swarms_pool(
    pools: tuple[str, ...], prefix: int, subnet: str, expected: bool
):
    """One that somebody made with a range of their own is theirs, plain as it may be otherwise."""
    swarm = replace(SWARM, default_addr_pool=pools, default_addr_pool_prefix=prefix)
    assert expected == ingress.is_engine_default(altered(DEFAULT, subnets=(subnet,)), swarm)


CHANGING = replace(SWARM, labels=(("swarmnet.change", OTHER_OWNER),))
TAKEN = a_network(id="o", name="app", driver="overlay", scope="swarm", subnets=("10.11.5.0/24",))


@cases(
    "expected, found, given",
    {
        "refuse": ("adopt is refuse", facts(altered(RIGHT, labels=()), **USED), {"known": False, "adopt": "refuse"}),
        "not identical": ("mtu: 1400, desired None", facts(SOMEBODYS), {"known": False}),
        "plain, with a chosen range": ("10.31.0.0/16, desired 10.11.0.0/16", facts(CHOSEN), {"known": False}),
        "a default in use": ("10.0.0.0/24", facts(DEFAULT, **USED), {"known": False}),
        "another stack's": (OTHER_OWNER, facts(ANOTHER_STACKS), {"known": False, "adopt": "converge"}),
        "another stack took it over": (OTHER_OWNER, facts(ANOTHER_STACKS), {}),
        "another stack's change": (f"{OTHER_OWNER} is in the middle", facts(DRIFT["mtu"], swarm=CHANGING), {}),
        # A change would stop halfway.
        "an unreachable member": ("h2 can't be asked", facts(DRIFT["gateway"], with_it(1), UNREACHABLE), {}),
        "an undeclared member": ("member h3", facts(DRIFT["gateway"], nodes=(*NODES, node(3))), {}),
        "its range is taken": ("overlaps 10.11.5.0/24", facts(DRIFT["gateway"], listed=(TAKEN,)), {}),
        "a job would run again": ("the job web", facts(DRIFT["gateway"], services=(service(job=True),)), {}),
    },
)
def test_it_is_left_alone(expected: str, found: IngressFacts, given: dict[str, Any]):
    """It is refused before the first write to change what is somebody else's, or what may not go."""
    assert expected in reason(decided(found, **given))


# It has to go, is not there, or has no addresses

CHANGED = replace(SWARM, labels=(*OURS, ("swarmnet.change", OWNER)))
OLD = with_it(2, altered(RIGHT, id="o" * 25))
KEEPING = with_it(2, DEFAULT)
GIVEN_UP = f"{'i' * 12}.20"
REPAIRS = (labelled(node(1), kick=GIVEN_UP), drained())
KICKED_BEFORE = facts(nodes=(node(1), labelled(node(2), kick="x.1")))


def kicked(value: str, **given: Any) -> IngressFacts:
    """h2 was kicked and is not attached."""
    return facts(RIGHT, with_it(1), without_it(2), nodes=(node(1), labelled(node(2), kick=value)), **given)


@cases(
    "expected, found",
    {
        # A removal while tasks still run on it would leave their hosts with it for good.
        "a task": ("1 tasks (another on h2) to leave the old ingress", begun(DRIFT["mtu"], tasks=(task(RIGHT),))),
        # It answers again, or the managers call it down; before the first write it blocks.
        "unreachable, and ports are off": ("h2 to answer", begun(DRIFT["mtu"], with_it(1, DRIFT["mtu"]), UNREACHABLE)),
        # A new one does not come to a host that has the old one.
        "a host keeps it": ("remove the old ingress", facts(None, without_it(1, DEFAULT), without_it(2))),
        "with its sandbox": ("remove the old ingress", facts(None, without_it(1), KEEPING, unchanged_for=9)),
        "an unreachable member may keep it": ("h2 to answer", facts(None, without_it(1), UNREACHABLE, unchanged_for=9)),
        "addresses come after the network": ("to get its addresses", facts(DEAD)),
        "a host drops the old one": ("h2 to remove the old ingress", facts(RIGHT, with_it(1), OLD)),
        "an unreachable member may have it": ("h2 to answer", facts(RIGHT, with_it(1), UNREACHABLE)),
        "an unreachable member, at last": ("h2 to answer", facts(RIGHT, with_it(1), UNREACHABLE, unchanged_for=10)),
        # It takes 0.2 to 1.7 s (measurements.md#kicks).
        "a kick": ("h2 to attach to the ingress", kicked(f"{'i' * 12}.1")),
        "one host at a time": ("h2 to recover by itself", facts(RIGHT, without_it(1), without_it(2), nodes=REPAIRS)),
    },
)
def test_it_is_waited_for(expected: str, found: IngressFacts):
    """Nothing is written while a host or a task needs a moment."""
    assert expected in waits_for(decided(found))


DRAIN = UpdateNode(node_id="n2", version=2, availability="drain", set_labels=(("swarmnet.availability", "active"),))


def kick(value: str) -> UpdateNode:
    """h2 is kicked."""
    return UpdateNode(node_id="n2", version=2, set_labels=(("swarmnet.kick", value),))


UNLABELLED = UpdateNode(node_id="n2", version=2, drop_labels=("swarmnet.kick",))
FIRST_KICK = kick(f"{'i' * 12}.1")


@cases(
    "step, found",
    {
        # Tasks that come to it would fail.
        "a host that keeps the old one is drained": (DRAIN, facts(None, without_it(1), KEEPING, unchanged_for=10)),
        "and last, once all others have their ports": (DRAIN, facts(RIGHT, with_it(1), OLD, unchanged_for=10)),
        "a host that no kick helps is drained": (DRAIN, kicked(GIVEN_UP)),
        # A label with a fresh value makes the host take it up; 201 alone proves nothing.
        "no copy": (FIRST_KICK, facts(RIGHT, with_it(1), without_it(2))),
        "a manager's word without a sandbox": (FIRST_KICK, facts(RIGHT, with_it(1), without_it(2, RIGHT))),
        "no way out": (FIRST_KICK, facts(RIGHT, with_it(1), replace(with_it(2), bridge_endpoints=()))),
        "another kick": (kick(f"{'i' * 12}.2"), kicked(f"{'i' * 12}.1", unchanged_for=1.5)),
        "the last kick was for another ingress": (FIRST_KICK, kicked(f"{'o' * 12}.7")),
        "a value that we did not write": (FIRST_KICK, kicked("by hand")),
        "labels of kicks go once every host is attached": (UNLABELLED, KICKED_BEFORE),
    },
)
def test_it_comes_to_every_host(step: Step, found: IngressFacts):
    """Hosts that are not attached are kicked, each time with a fresh value, or drained for a restart."""
    assert (step,) == steps(decided(found))


def test_all_are_kicked_at_once():
    """Hosts do not wait for each other."""
    assert ["UpdateNode", "UpdateNode"] == kinds(decided(facts(RIGHT, without_it(1), without_it(2))))


SECOND = node(2, role="manager", reachability="reachable")
LOST = node(3, state="down", role="manager", reachability="unreachable")


@cases(
    "asked, found",
    {
        "it does not answer": ("", facts(None, without_it(1), UNREACHABLE, unchanged_for=10)),
        "it is out of service": ("", facts(None, without_it(1), KEEPING, nodes=(node(1), drained()), unchanged_for=10)),
        "not restarted": ("h1", facts(None, without_it(1), KEEPING, nodes=(node(1), SECOND, LOST), unchanged_for=10)),
    },
)
def test_one_host_does_not_keep_the_ports_of_all_others_away(asked: str, found: IngressFacts):
    """The new one is made, at a manager that has dropped the old one."""
    (step,) = steps(decided(found))
    assert isinstance(step, CreateNetwork)
    assert asked == step.host


def test_where_every_manager_keeps_the_old_one_one_is_repaired_first():
    """None of them would take another ingress of its name."""
    found = facts(None, with_it(1, DEFAULT), KEEPING, nodes=(drained(1), node(2)), unchanged_for=10)
    assert ["RestartEngine"] == kinds(decided(found))


def test_it_is_created():
    """One step makes it, with all that is wanted said outright."""
    expected = create_network(
        name="mesh",
        driver="overlay",
        subnet="10.11.0.0/16",
        gateway="10.11.0.1",
        options=((MTU, "1400"),),
        labels=(("site", "b"), ("swarmnet.owner", OWNER)),
        ingress=True,
    )
    assert (expected,) == steps(decided(facts(None), known=False, name="mesh", mtu=1400, labels={"site": "b"}))


def test_dead_one_of_ours_is_taken_back():
    """An ingress without addresses after two seconds never gets any."""
    decision = decided(facts(DEAD, unchanged_for=2.0))
    assert isinstance(decision, Blocked)
    assert (RemoveNetwork(id=ID),) == decision.undo


def test_a_way_back_waits_for_no_host_that_does_not_answer():
    """The run ends with its name, and with nothing of the change left."""
    found = facts(RIGHT, with_it(1), UNREACHABLE, swarm=CHANGED, unchanged_for=10)
    for decide in ingress.decide_rollbacks(ingress_spec()):
        assert (UpdateSwarm(version=7, drop_labels=(CHANGE,)),) == steps(decide(found))


@pytest.mark.parametrize(
    "hosts", [(with_it(1), UNREACHABLE), (with_it(1),)], ids=["unreachable", "not in the stack file"]
)
def test_a_host_that_was_drained_and_is_down_is_named(hosts: tuple[HostIngress | UnreachableHost, ...]):
    """The rest is done, and it would stay drained unseen."""
    found = facts(RIGHT, *hosts, nodes=(node(1), replace(drained(), state="down")))
    assert "h2 was drained by Swarmnet and is down now: bring it back" in reason(decided(found))


@cases(
    "expected, found",
    {
        "nothing": (None, facts()),
        "a host": ("h2 is not attached to the ingress", facts(RIGHT, with_it(1), without_it(2))),
        "a kick": ("swarmnet.kick", KICKED_BEFORE),
        "a host in repair": ("h2 was drained by Swarmnet", facts(nodes=(node(1), drained()))),
        "our label": ("in the middle of a change (label swarmnet.change: ", facts(swarm=CHANGED)),
    },
)
def test_unfinished_work(expected: str | None, found: IngressFacts):
    """Unfinished work is drift."""
    words = ingress.describe_unfinished(found, RIGHT)
    assert expected is words if expected is None else expected in (words or "")


# Its section is taken away


RESTORED = altered(DEFAULT, id="d" * 25)
COMING = facts(RESTORED, with_it(1, RESTORED), without_it(2))
EMPTY = create_network(name="ingress", driver="overlay", subnet=None, gateway=None, ingress=True)


@cases(
    "expected, found, on_remove",
    {
        "ours goes": ((RemoveNetwork(id=ID),), begun(RIGHT), "restore_default"),
        "then a default one comes": ((EMPTY,), facts(None), "restore_default"),
        "to every host": ((kick(f"{'d' * 12}.1"),), COMING, "restore_default"),
        "restored already": ((), facts(RESTORED), "restore_default"),
        "kept": ((), facts(), "keep"),
    },
)
def test_removal(expected: tuple[Step, ...], found: IngressFacts, on_remove: str):
    """Swapped for one of the Engine's own, in the same way, or only removed from the state; the state knows the right
    one."""
    spec = ingress_spec(on_remove=on_remove)
    assert expected == todo(ingress.next_step_of_removal(spec, found, ID))


STARTED = "2026-01-02T03:04:05Z"


@cases(
    "expected, ended",
    {
        "ended before": (1.5, "2026-01-02T03:04:03.5Z"),
        "ended where the old ingress stayed": (None, "2026-01-02T03:04:09.5Z"),
    },
)
def test_outage_is_told_by_tasks_that_ended_before_new_ones_started(expected: float | None, ended: str):
    """It lasts from the end of the last task on the old ingress to the start of the first on the new one."""
    old = altered(RIGHT, id="o" * 25)
    text = journal.new_journal(service(), old.id).text()
    new = task(RIGHT, id="2", service_id="web1", desired="running", since=STARTED)
    last = task(old, id="1", service_id="web1", state="shutdown", since=ended)
    swarm = replace(SWARM, labels=(*OURS, (copy_label("web1"), text)))

    assert expected == published_ports.outage_seconds(service(), facts(swarm=swarm, **USED, tasks=(last, new)))
