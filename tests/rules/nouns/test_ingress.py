"""The swarm's ingress: what counts as a difference, whose it is, and what is done until every host has it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from providers.rules.live import former, journal, published_ports
from providers.rules.nouns import ingress
from providers.rules.vocabulary.facts import (
    Endpoint,
    HostIngress,
    IngressFacts,
    Network,
    Node,
    Port,
    Silent,
    SwarmService,
    Task,
)
from providers.rules.vocabulary.labels import CHANGE, FORMER, copy_label
from providers.rules.vocabulary.network_options import MTU
from providers.rules.vocabulary.steps import Blocked, CreateNetwork, Done, RemoveNetwork, UpdateNode, UpdateSwarm
from tests.support.decisions import kinds, reason, steps, waits_for
from tests.support.lifecycle import OTHER_OWNER, OWNER, ingress_spec
from tests.support.networks import a_network, altered, create_network
from tests.support.swarms import a_swarm

VNI = ("com.docker.network.driver.overlay.vxlanid_list", "4096")
OURS = (("swarmnet.owner", OWNER),)
OTHERS = (("swarmnet.owner", OTHER_OWNER),)

SWARM = a_swarm(default_addr_pool=("10.0.0.0/8",), labels=OURS, version=7)


def network(**given: Any) -> Network:
    """An ingress just as `ingress_spec()` wants it."""
    return a_network(
        **{
            "id": "i" * 25,
            "name": "ingress",
            "driver": "overlay",
            "scope": "swarm",
            "subnets": ("10.11.0.0/16",),
            "gateways": ("10.11.0.1",),
            "options": (VNI,),
            "labels": OURS,
            "ingress": True,
            **given,
        }
    )


RIGHT = network()
DEFAULT = network(subnets=("10.0.0.0/24",), gateways=("10.0.0.1",), labels=())
DEAD = network(driver="", subnets=(), gateways=(), options=())
DRIFT = {
    "name": network(name="other"),
    "subnet": network(subnets=("10.99.0.0/16",)),
    "gateway": network(gateways=("10.11.0.254",)),
    "mtu": network(options=((MTU, "1400"), VNI)),
}


def node(number: int, **given: Any) -> Node:
    """A member's entry: the first is the manager."""
    role = "manager" if number == 1 else "worker"
    given = {"availability": "active", "state": "ready", **given}
    return Node(
        id=f"n{number}",
        hostname=f"h{number}",
        role=role,
        version=number,
        reachability="reachable" if number == 1 else "",
        **given,
    )


NODES = (node(1), node(2))


def with_it(number: int, of: Network = RIGHT) -> HostIngress:
    """A host that has the ingress with its sandbox and gateway."""
    copy = replace(of, endpoints=(Endpoint(name=f"{of.name}-endpoint", key=f"{of.name}-sbox"),))
    gateway = f"gateway_{of.name}-sbox" if len(of.name) <= 7 else "gateway_ingress_sbox"
    return HostIngress(host=f"h{number}", node_id=f"n{number}", copies=(copy,), bridge_endpoints=(gateway,))


def without_it(number: int, *copies: Network, **given: Any) -> HostIngress:
    """A host that is not attached."""
    return HostIngress(host=f"h{number}", node_id=f"n{number}", copies=copies, **given)


SILENT = Silent(host="h2", why="h2: nothing answers", node_id="n2")


def facts(found: Network | None = RIGHT, *hosts: HostIngress | Silent, **given: Any) -> IngressFacts:
    """A swarm of two hosts, of which all have what the swarm has, unless given."""
    all_have = tuple(with_it(number, found) if found else without_it(number) for number in (1, 2))
    return IngressFacts(**{"network": found, "swarm": SWARM, "hosts": hosts or all_have, "nodes": NODES, **given})


def begun(found: Network, *hosts: HostIngress | Silent, **given: Any) -> IngressFacts:
    """The same in the middle of a change of ours: what the ingress is like is noted on the swarm."""
    labels = (*OURS, (CHANGE, OWNER), (FORMER, former.text(found)))
    return facts(found, *hosts, swarm=replace(SWARM, labels=labels), **given)


def service(published: int = 8080, mode: str = "ingress", **given: Any) -> SwarmService:
    """A service that publishes a port."""
    port = Port(protocol="tcp", target=80, published=published, mode=mode)
    spec = '{"Name": "web", "EndpointSpec": {"Ports": [{"TargetPort": 80}]}}'
    return SwarmService(id="web1", name="web", ports=(port,), spec=spec, **given)


# It is there


@pytest.mark.parametrize("known", [True, False])
def test_right_one_needs_nothing(known: bool):
    """An ingress that is as wanted on every host takes no step."""
    assert Done() == ingress.next_step(ingress_spec(), facts(), known=known)


def test_a_service_does_not_matter_where_nothing_changes():
    """An ingress in use that is right stays as it is."""
    assert Done() == ingress.next_step(ingress_spec(), facts(services=(service(),)), known=True)


@pytest.mark.parametrize("property_name", DRIFT)
def test_drift_is_repaired(property_name: str):
    """An unused ingress is removed, to be made again, whatever differs."""
    found = DRIFT[property_name]
    assert (RemoveNetwork(id=found.id),) == steps(ingress.next_step(ingress_spec(), begun(found), known=True))


def test_what_it_is_like_is_noted_before_anything_is_removed():
    """Undeclared options and labels are noted too: the old one is made from the note if the new one is refused."""
    found = network(subnets=("10.99.0.0/16",), labels=(*OURS, ("theirs", "1")), options=(("com.example.x", "2"), VNI))
    (note,) = steps(ingress.next_step(ingress_spec(), facts(found), known=True))
    assert isinstance(note, UpdateSwarm)
    again = former.creation(dict(note.set_labels)[FORMER]).shape
    assert (found.subnet, found.labels, (("com.example.x", "2"),)) == (again.pool.subnet, again.labels, again.options)


def test_engine_default_makes_room():
    """The ingress that the Engine made by itself gives way, whatever `adopt` says."""
    decision = ingress.next_step(ingress_spec(adopt="refuse"), facts(DEFAULT), known=False)
    assert (RemoveNetwork(id=DEFAULT.id),) == steps(decision)


@pytest.mark.parametrize(
    ("pools", "prefix", "subnet", "expected"),
    [
        pytest.param(("10.0.0.0/8",), 24, "10.0.0.0/24", True, id="the usual pool"),
        pytest.param(("10.40.0.0/16",), 26, "10.40.0.0/26", True, id="a pool of its own"),
        pytest.param(("10.40.0.0/16", "10.50.0.0/16"), 24, "10.50.3.0/24", True, id="one of its pools"),
        pytest.param((), 0, "10.0.0.0/24", True, id="a swarm that shows no pool"),
        pytest.param(("10.40.0.0/16",), 24, "10.255.0.0/16", True, id="an Engine of old"),
        pytest.param(("10.40.0.0/16",), 24, "10.0.0.0/24", False, id="outside its pool"),
        pytest.param(("10.0.0.0/8",), 24, "10.31.0.0/16", False, id="of another size"),
    ],
)
def test_engine_default_has_a_range_of_the_swarms_pool(
    pools: tuple[str, ...], prefix: int, subnet: str, expected: bool
):
    """One that somebody made with a range of their own is theirs, plain as it may be otherwise."""
    swarm = replace(SWARM, default_addr_pool=pools, default_addr_pool_prefix=prefix)
    assert expected == ingress.engine_default(altered(DEFAULT, subnets=(subnet,)), swarm)


def test_plain_ingress_with_a_range_of_somebodys_own_is_not_replaced():
    """It is for `adopt` to say."""
    found = altered(DEFAULT, subnets=("10.31.0.0/16",), gateways=("10.31.0.1",))
    decision = ingress.next_step(ingress_spec(adopt="identical"), facts(found), known=False)
    assert "subnet: 10.31.0.0/16, wanted 10.11.0.0/16" in reason(decision)


@pytest.mark.parametrize(
    ("adopt", "found", "given", "expected"),
    [
        pytest.param("refuse", network(labels=()), {"services": (service(),)}, "adopt is refuse", id="refuse"),
        pytest.param("identical", altered(DRIFT["mtu"], labels=()), {}, "mtu: 1400, wanted None", id="differs"),
        pytest.param("identical", DEFAULT, {"services": (service(),)}, "10.0.0.0/24", id="a default in use"),
        pytest.param("converge", altered(DRIFT["mtu"], labels=OTHERS), {}, OTHER_OWNER, id="another stack's"),
    ],
)
def test_create_refuses(adopt: str, found: Network, given: dict[str, Any], expected: str):
    """An ingress that somebody else made or uses is refused unless `adopt` allows to take it."""
    decision = ingress.next_step(ingress_spec(adopt=adopt), facts(found, **given), known=False)
    assert expected in reason(decision)


def test_create_changes_what_may_be_changed():
    """An ingress that somebody made gives way with `adopt: converge`."""
    found = altered(DRIFT["mtu"], labels=())
    decision = ingress.next_step(ingress_spec(adopt="converge"), begun(found), known=False)
    assert (RemoveNetwork(id=found.id),) == steps(decision)


def test_update_leaves_another_stacks_alone():
    """An ingress that another stack took over since is not changed."""
    found = altered(DRIFT["mtu"], labels=OTHERS)
    assert OTHER_OWNER in reason(ingress.next_step(ingress_spec(), facts(found), known=True))


def test_another_stack_in_the_middle_blocks():
    """Nothing is begun while another stack changes the swarm."""
    changing = replace(SWARM, labels=(("swarmnet.change", OTHER_OWNER),))
    decision = ingress.next_step(ingress_spec(), facts(DRIFT["mtu"], swarm=changing), known=True)
    assert f"{OTHER_OWNER} is in the middle of a change" in reason(decision)


# It has to go


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"hosts": (with_it(1), SILENT)}, "h2 can't be asked", id="a member that is silent"),
        pytest.param({"nodes": (*NODES, node(3))}, "member h3", id="a member that is not declared"),
        pytest.param(
            {"listed": (a_network(id="o", name="app", driver="overlay", scope="swarm", subnets=("10.11.5.0/24",)),)},
            "overlaps 10.11.5.0/24",
            id="its range is taken",
        ),
        pytest.param({"services": (service(job=True),)}, "the job web", id="a job that would run again"),
    ],
)
def test_change_is_refused_beforehand(given: dict[str, Any], expected: str):
    """A change that would stop halfway is refused before the first write."""
    found = facts(DRIFT["gateway"], *given.pop("hosts", ()), **given)
    assert expected in reason(ingress.next_step(ingress_spec(), found, known=True))


def test_a_member_that_is_down_is_no_hindrance():
    """It gets the new one by itself when it is back."""
    found = begun(DRIFT["mtu"], with_it(1, DRIFT["mtu"]), SILENT, nodes=(node(1), node(2, state="down")))
    assert ["RemoveNetwork"] == kinds(ingress.next_step(ingress_spec(), found, known=True))


def on(found: Network, **given: Any) -> Task:
    """A task on an ingress."""
    given = {"id": "t1", "service_id": "gone", "node_id": "n2", "state": "running", "desired": "shutdown", **given}
    return Task(networks=(found.id,), **given)


def test_tasks_are_waited_for():
    """A removal while tasks still run on it would leave their hosts with it for good."""
    old = DRIFT["mtu"]
    decision = ingress.next_step(ingress_spec(), begun(old, tasks=(on(old),)), known=True)
    assert "1 tasks (another on h2) to leave the old ingress" == waits_for(decision)


@pytest.mark.parametrize(
    ("task", "nodes"),
    [
        pytest.param(on(DRIFT["mtu"], state="shutdown"), NODES, id="ended"),
        pytest.param(on(DRIFT["mtu"]), (node(1), node(2, state="down")), id="on a host that is down"),
    ],
)
def test_tasks_that_do_not_count(task: Task, nodes: tuple[Node, ...]):
    """Tasks that have ended, or are on a host that is down, do not hold the ingress."""
    found = begun(DRIFT["mtu"], tasks=(task,), nodes=nodes)
    assert ["RemoveNetwork"] == kinds(ingress.next_step(ingress_spec(), found, known=True))


# It is not there


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param((without_it(1, DEFAULT), without_it(2)), id="a host keeps it"),
        pytest.param((without_it(1), with_it(2, DEFAULT)), id="with its sandbox"),
    ],
)
def test_hosts_have_time_to_drop_the_old_one(hosts: tuple[HostIngress, ...]):
    """A new one does not come to a host that has the old one."""
    found = facts(None, *hosts, unchanged_for=9)
    assert "to drop the old ingress" in waits_for(ingress.next_step(ingress_spec(), found, known=True))


def test_a_silent_member_has_time_to_answer():
    """It is not known whether it has dropped the old one."""
    found = facts(None, without_it(1), SILENT, unchanged_for=9)
    assert "h2 to answer" in waits_for(ingress.next_step(ingress_spec(), found, known=True))


def test_a_silent_member_does_not_keep_the_ports_of_all_others_away():
    """The new one is made all the same."""
    found = facts(None, without_it(1), SILENT, unchanged_for=10)
    assert ["CreateNetwork"] == kinds(ingress.next_step(ingress_spec(), found, known=True))


KEEPING = with_it(2, DEFAULT)
DRAIN = UpdateNode(node_id="n2", version=2, availability="drain", set_labels=(("swarmnet.availability", "active"),))


def test_a_host_that_keeps_the_old_one_is_taken_out_of_service():
    """Tasks that come to it would fail."""
    found = facts(None, without_it(1), KEEPING, unchanged_for=10)
    assert (DRAIN,) == steps(ingress.next_step(ingress_spec(), found, known=True))


LOST = replace(node(3, state="down"), role="manager", reachability="unreachable")
SECOND = replace(node(2), role="manager", reachability="reachable")


@pytest.mark.parametrize(
    ("nodes", "asked"),
    [
        pytest.param((node(1), node(2, availability="drain", labels=DRAIN.set_labels)), "", id="it is out of service"),
        pytest.param((node(1), SECOND, LOST), "h1", id="its docker can't be restarted"),
    ],
)
def test_a_host_that_keeps_the_old_one_does_not_keep_the_ports_of_all_others_away(nodes: tuple[Node, ...], asked: str):
    """The new one is made, at a manager that has dropped the old one."""
    found = facts(None, without_it(1), KEEPING, nodes=nodes, unchanged_for=10)
    (step,) = steps(ingress.next_step(ingress_spec(), found, known=True))
    assert isinstance(step, CreateNetwork)
    assert asked == step.host


def test_where_every_manager_keeps_the_old_one_one_is_repaired_first():
    """None of them would take another ingress of its name."""
    out = node(1, availability="drain", labels=DRAIN.set_labels)
    found = facts(None, with_it(1, DEFAULT), KEEPING, nodes=(out, node(2)), unchanged_for=10)
    assert ["RestartEngine"] == kinds(ingress.next_step(ingress_spec(), found, known=True))


def test_it_is_created():
    """One step makes it, with all that is wanted said outright."""
    spec = ingress_spec(name="mesh", mtu=1400, labels={"site": "b"})
    expected = create_network(
        name="mesh",
        driver="overlay",
        subnet="10.11.0.0/16",
        gateway="10.11.0.1",
        options=((MTU, "1400"),),
        labels=(("site", "b"), ("swarmnet.owner", OWNER)),
        ingress=True,
    )
    assert (expected,) == steps(ingress.next_step(spec, facts(None), known=False))


# It has no addresses


def test_allocation_is_waited_for():
    """Addresses come some milliseconds after the network."""
    assert "to get its addresses" in waits_for(ingress.next_step(ingress_spec(), facts(DEAD), known=True))


def test_dead_one_of_ours_is_taken_back():
    """An ingress without addresses after two seconds never gets any."""
    decision = ingress.next_step(ingress_spec(), facts(DEAD, unchanged_for=2.0), known=True)
    assert isinstance(decision, Blocked)
    assert (RemoveNetwork(id=DEAD.id),) == decision.undo


def test_dead_default_makes_room():
    """A dead ingress of the Engine's own gives way to ours."""
    found = facts(altered(DEAD, labels=()), unchanged_for=2.0)
    assert ["RemoveNetwork"] == kinds(ingress.next_step(ingress_spec(), found, known=False))


# It has to reach every host


@pytest.mark.parametrize(
    "host",
    [
        pytest.param(without_it(2), id="no copy"),
        pytest.param(without_it(2, RIGHT), id="a manager's word without a sandbox"),
        pytest.param(replace(with_it(2), bridge_endpoints=()), id="no way out"),
    ],
)
def test_a_host_without_it_is_kicked(host: HostIngress):
    """A label with a fresh value makes the host take it up; 201 alone proves nothing."""
    expected = UpdateNode(node_id="n2", version=2, set_labels=(("swarmnet.kick", f"{'i' * 12}.1"),))
    assert (expected,) == steps(ingress.next_step(ingress_spec(), facts(RIGHT, with_it(1), host), known=True))


OLD = with_it(2, network(id="o" * 25))


def test_a_host_that_still_has_the_old_one_is_not_kicked():
    """No other comes to it before it has dropped that one."""
    found = facts(RIGHT, with_it(1), OLD)
    assert "h2 to drop the old ingress" in waits_for(ingress.next_step(ingress_spec(), found, known=True))


def test_a_host_that_keeps_the_old_one_is_repaired_last():
    """It is repaired once all others have their ports."""
    found = facts(RIGHT, with_it(1), OLD, unchanged_for=10)
    assert (DRAIN,) == steps(ingress.next_step(ingress_spec(), found, known=True))


def test_a_host_that_does_not_answer_is_waited_for_at_last():
    """It is waited for once all others have their ports."""
    found = facts(RIGHT, with_it(1), SILENT, unchanged_for=10)
    assert "h2 to answer" in waits_for(ingress.next_step(ingress_spec(), found, known=True))


def test_a_way_back_waits_for_no_host_that_does_not_answer():
    """The run ends with its name, and with nothing of the change left."""
    swarm = replace(SWARM, labels=(*OURS, (CHANGE, OWNER)))
    found = facts(RIGHT, with_it(1), SILENT, swarm=swarm, unchanged_for=10)
    for decide in ingress.ways_back(ingress_spec()):
        (step,) = steps(decide(found))
        assert UpdateSwarm(version=7, drop_labels=(CHANGE,)) == step


def kicked(value: str, **given: Any) -> IngressFacts:
    """h2 was kicked and is not attached."""
    nodes = (node(1), node(2, labels=(("swarmnet.kick", value),)))
    return facts(RIGHT, with_it(1), without_it(2), nodes=nodes, **given)


def test_a_kick_gets_a_moment():
    """It takes 0.2 to 1.7 s (measurements.md#kicks)."""
    decision = ingress.next_step(ingress_spec(), kicked(f"{'i' * 12}.1"), known=True)
    assert "h2 to attach to the ingress" in waits_for(decision)


@pytest.mark.parametrize(
    ("value", "unchanged_for", "expected"),
    [
        pytest.param(f"{'i' * 12}.1", 1.5, f"{'i' * 12}.2", id="another one"),
        pytest.param(f"{'o' * 12}.7", 0, f"{'i' * 12}.1", id="the last was for another ingress"),
        pytest.param("by hand", 0, f"{'i' * 12}.1", id="a value that we did not write"),
    ],
)
def test_the_next_kick(value: str, unchanged_for: float, expected: str):
    """Each has a value that was not there before."""
    found = kicked(value, unchanged_for=unchanged_for)
    (step,) = steps(ingress.next_step(ingress_spec(), found, known=True))
    assert isinstance(step, UpdateNode)
    assert (("swarmnet.kick", expected),) == step.set_labels


def test_all_are_kicked_at_once():
    """Hosts do not wait for each other."""
    found = facts(RIGHT, without_it(1), without_it(2))
    assert ["UpdateNode", "UpdateNode"] == kinds(ingress.next_step(ingress_spec(), found, known=True))


def test_what_no_kick_helps_is_taken_out_of_service():
    """After twenty kicks the host is drained for a restart, with its availability journaled."""
    found = kicked(f"{'i' * 12}.20")
    expected = UpdateNode(
        node_id="n2", version=2, availability="drain", set_labels=(("swarmnet.availability", "active"),)
    )
    assert (expected,) == steps(ingress.next_step(ingress_spec(), found, known=True))


def drained(**labels: str) -> Node:
    """h2, drained by us."""
    given = {"swarmnet.availability": "active", **{f"swarmnet.{key}": value for key, value in labels.items()}}
    return node(2, availability="drain", labels=tuple(sorted(given.items())))


def test_one_host_at_a_time_is_taken_out_of_service():
    """The next host that no kick helps goes on working while one is in repair."""
    given_up = (("swarmnet.kick", f"{'i' * 12}.20"),)
    found = facts(RIGHT, without_it(1), without_it(2), nodes=(node(1, labels=given_up), drained()))
    assert "h2 to recover by itself" in waits_for(ingress.next_step(ingress_spec(), found, known=True))


def test_containers_that_were_stopped_keep_their_host_out_of_service():
    """They start with the change of its bridge, which gives it back."""
    found = facts(nodes=(node(1), drained(stopped="c1")))
    assert Done() == ingress.next_step(ingress_spec(), found, known=True)


@pytest.mark.parametrize(
    "hosts", [(with_it(1), SILENT), (with_it(1),)], ids=["it does not answer", "it is not in the stack file"]
)
def test_a_host_that_was_drained_and_is_down_is_named(hosts: tuple[HostIngress | Silent, ...]):
    """The rest is done, and it would stay drained unseen."""
    found = facts(RIGHT, *hosts, nodes=(node(1), replace(drained(), state="down")))
    decision = ingress.next_step(ingress_spec(), found, known=True)
    assert "h2 was drained by Swarmnet and is down now: bring it back" in reason(decision)


def test_a_host_that_falls_silent_after_ports_were_taken_off_gets_a_moment():
    """It answers again, or the managers call it down; before the first write it blocks."""
    swarm = replace(SWARM, labels=(*OURS, ("swarmnet.change", OWNER)))
    found = facts(DRIFT["subnet"], with_it(1, DRIFT["subnet"]), SILENT, swarm=swarm)
    assert "h2 to answer" in waits_for(ingress.next_step(ingress_spec(), found, known=True))


@pytest.mark.parametrize(
    ("host", "nodes"),
    [
        pytest.param(SILENT, (node(1), node(2, state="down")), id="it is down"),
        pytest.param(without_it(2), (node(1),), id="it is no member"),
    ],
)
def test_who_need_not_have_it(host: HostIngress | Silent, nodes: tuple[Node, ...]):
    """One that is down gets it when it is back; one that is no member has none."""
    assert Done() == ingress.next_step(ingress_spec(), facts(RIGHT, with_it(1), host, nodes=nodes), known=True)


def test_a_silent_host_is_waited_for_until_it_shows_it():
    """A member that is ready and can't be asked may have it, or not."""
    decision = ingress.next_step(ingress_spec(), facts(RIGHT, with_it(1), SILENT), known=True)
    assert "h2 to answer" in waits_for(decision)


def test_the_labels_of_kicks_go():
    """They are removed once every host is attached."""
    found = facts(nodes=(node(1), node(2, labels=(("swarmnet.kick", "x.1"),))))
    expected = UpdateNode(node_id="n2", version=2, drop_labels=("swarmnet.kick",))
    assert (expected,) == steps(ingress.next_step(ingress_spec(), found, known=True))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(facts(), None, id="nothing"),
        pytest.param(facts(RIGHT, with_it(1), without_it(2)), "h2 is not attached to the ingress", id="a host"),
        pytest.param(facts(nodes=(node(1), node(2, labels=(("swarmnet.kick", "x.1"),)))), "swarmnet.kick", id="a kick"),
        pytest.param(
            facts(nodes=(node(1), node(2, availability="drain", labels=(("swarmnet.availability", "active"),)))),
            "h2 was drained by Swarmnet",
            id="a host in repair",
        ),
        pytest.param(
            facts(swarm=replace(SWARM, labels=(("swarmnet.change", OWNER),))), "labels of a change", id="our label"
        ),
    ],
)
def test_unfinished_work(found: IngressFacts, expected: str | None):
    """Unfinished work is drift."""
    words = ingress.unfinished(found, RIGHT)
    assert expected is words if expected is None else expected in (words or "")


# Its section is taken away


def removal(found: IngressFacts, on_remove: str = "restore_default") -> Any:
    """The next step towards its removal; the state knows the right one."""
    return ingress.next_step_of_removal(ingress_spec(on_remove=on_remove), found, RIGHT.id)


KICKED_DEFAULT = altered(DEFAULT, id="d" * 25)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(begun(RIGHT), RemoveNetwork(id=RIGHT.id), id="ours goes"),
        pytest.param(
            facts(None),
            create_network(name="ingress", driver="overlay", subnet=None, gateway=None, ingress=True),
            id="then a default one comes",
        ),
        pytest.param(
            facts(KICKED_DEFAULT, with_it(1, KICKED_DEFAULT), without_it(2)),
            UpdateNode(node_id="n2", version=2, set_labels=(("swarmnet.kick", f"{'d' * 12}.1"),)),
            id="to every host",
        ),
    ],
)
def test_the_default_is_restored(found: IngressFacts, expected: object):
    """Swapped for one of the Engine's own, in the same way."""
    assert (expected,) == steps(removal(found))


@pytest.mark.parametrize(
    "decide",
    [
        pytest.param(lambda: removal(facts(), "keep"), id="kept"),
        pytest.param(lambda: removal(facts(KICKED_DEFAULT)), id="restored already"),
    ],
)
def test_removal_that_needs_nothing(decide: Callable[[], Any]):
    """It is only forgotten by default."""
    assert Done() == decide()


# How long ports were away

STARTED = "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("expected", "ended"),
    [
        pytest.param(1.5, "2026-01-02T03:04:03.5Z", id="ended before"),
        pytest.param(None, "2026-01-02T03:04:09.5Z", id="ended where the old ingress stayed"),
    ],
)
def test_outage_is_told_by_tasks_that_ended_before_new_ones_started(expected: float | None, ended: str):
    """It lasts from the end of the last task on the old ingress to the start of the first on the new one."""
    old = network(id="o" * 25)
    text = journal.written(service(), old.id).text()
    new = Task(
        id="2", service_id="web1", node_id="n1", state="running", desired="running", networks=(RIGHT.id,), since=STARTED
    )
    last = replace(new, id="1", state="shutdown", desired="shutdown", networks=(old.id,), since=ended)
    swarm = replace(SWARM, labels=(*OURS, (copy_label("web1"), text)))

    assert expected == published_ports.outage(service(), facts(swarm=swarm, services=(service(),), tasks=(last, new)))
