"""Facts and steps: values that can be compared; changes of facts that happen by themselves do not count."""

from dataclasses import fields, is_dataclass, replace
from typing import get_args

import pytest

from providers.rules.vocabulary.answers import pairs
from providers.rules.vocabulary.facts import (
    Endpoint,
    GwbridgeFacts,
    HostIngress,
    IngressFacts,
    Member,
    Network,
    Node,
    OverlayFacts,
    SwarmService,
    Task,
    UnreachableHost,
)
from providers.rules.vocabulary.routes import Link, Surroundings, surroundings
from providers.rules.vocabulary.steps import Step
from tests.support.networks import a_network, altered
from tests.support.swarms import a_swarm

NODE = Node(id="n1", hostname="w1", role="worker", availability="active", state="ready", version=3)
SERVICE = SwarmService(id="s1", name="web", version=3)
NETWORK = a_network(id="x", name="app", driver="overlay", scope="swarm", subnets=("10.1.0.0/24",))


@pytest.mark.parametrize(
    ("fact", "later"),
    [
        pytest.param(NODE, replace(NODE, version=4), id="a node's version"),
        pytest.param(SERVICE, replace(SERVICE, version=4, spec="{}"), id="a service's version and raw spec"),
        pytest.param(
            UnreachableHost(host="w1", why="timed out"),
            UnreachableHost(host="w1", why="refused"),
            id="why a host is unreachable",
        ),
        pytest.param(
            OverlayFacts(network=None), OverlayFacts(network=None, unchanged_for=3), id="how long facts are the same"
        ),
    ],
)
def test_what_moves_by_itself_is_no_change(fact: object, later: object):
    """Otherwise patience would never run out."""
    assert fact == later


@pytest.mark.parametrize(
    "later",
    [replace(NODE, labels=(("swarmnet.kick", "1"),)), replace(NODE, state="down"), altered(NETWORK, subnets=())],
    ids=["a label", "a state", "a subnet"],
)
def test_what_counts_is_a_change(later: object):
    """All else begins patience anew."""
    assert later not in (NODE, NETWORK)


def test_facts_can_be_part_of_values():
    """They are hashable: states of a swarm are told apart by them."""
    facts = GwbridgeFacts(member=Member(host="m1", state="active"), bridge=NETWORK)
    assert 1 == len({facts, replace(facts, unchanged_for=2)})


def test_pairs():
    """The order of a mapping is nobody's business."""
    assert (("a", "1"), ("b", "2")) == pairs({"b": "2", "a": "1"})


@pytest.mark.parametrize(
    ("network", "expected"),
    [(NETWORK, True), (altered(NETWORK, driver=""), False), (altered(NETWORK, subnets=()), False)],
)
def test_allocated(network: Network, expected: bool):
    """A dead network has neither driver nor subnets."""
    assert expected == network.allocated


@pytest.mark.parametrize(
    ("subnets", "desired", "expected"),
    [
        (("10.1.0.0/24",), "10.1.0.0/24", True),
        (("10.1.0.0/24",), "10.0.0.0/8", True),
        (("10.0.0.0/8",), "10.1.0.0/24", True),
        (("10.2.0.0/24", "10.1.0.0/24"), "10.1.0.128/25", True),
        (("10.2.0.0/24",), "10.1.0.0/24", False),
        (("10.1.0.5/24",), "10.1.0.0/25", True),
        (("fd00:1::/64", ""), "10.1.0.0/24", False),
        ((), "10.1.0.0/24", False),
    ],
)
def test_meets(subnets: tuple[str, ...], desired: str, expected: bool):
    """Two ranges meet if they share an address, with host bits as 20.10 writes them, and with IPv6 beside them."""
    assert expected == altered(NETWORK, subnets=subnets).meets(desired)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (Member(host="m1", state="active", control=True), True),
        (Member(host="m1", state="active"), False),
        (Member(host="m1", state="active", control=True, error="no leader"), False),
        (Member(host="m1", state="locked"), False),
    ],
)
def test_good_manager(member: Member, expected: bool):
    """Only a manager that has a leader answers for the swarm."""
    assert expected == member.good_manager


@pytest.mark.parametrize(
    ("expected", "desired", "states"),
    [
        (True, "shutdown", ["assigned", "running"]),
        (True, "ready", ["pending"]),
        (True, "running", ["pending"]),
        (False, "shutdown", ["new", "pending", "shutdown", "failed", "orphaned", "complete"]),
    ],
)
def test_alive(expected: bool, desired: str, states: list[str]):
    """A task's observed state counts; before any host was told of it, its desired state, as it has its addresses."""
    tasks = [Task(id="t", service_id="s", node_id="n", state=state, desired=desired) for state in states]
    assert dict.fromkeys(states, expected) == {task.state: task.alive for task in tasks}


SWARM = a_swarm(id="s")
TASK = Task(id="t1", service_id="s1", node_id="n1", state="running", desired="running", networks=("x",))
FAILED = replace(TASK, id="t0", state="failed", desired="shutdown")


def calm(*tasks: Task) -> object:
    """Return the part of these tasks that counts for patience with the ingress."""
    return IngressFacts(network=None, swarm=SWARM, hosts=(), nodes=(), tasks=tasks).calm


@pytest.mark.parametrize(
    ("expected", "before", "later"),
    [
        (True, (FAILED, TASK), (FAILED, replace(TASK, id="t2", state="starting"))),
        (False, (FAILED, TASK), (FAILED, replace(TASK, id="t2", networks=()))),
        (False, (TASK,), (replace(TASK, id="t2", state="starting"),)),
    ],
    ids=["a task that failed before", "on another network", "a task that never failed"],
)
def test_a_task_in_the_place_of_another(expected: bool, before: tuple[Task, ...], later: tuple[Task, ...]):
    """Tasks that fail over and over do not renew the patience with everything else."""
    assert expected == (calm(*before) == calm(*later))


def bridge_with(*names: str) -> object:
    """What counts for patience of a host on whose docker_gwbridge, and copy of the ingress, these endpoints are."""
    ends = tuple(Endpoint(name=name, key=name) for name in names)
    copy = a_network(id="i1", name="ingress", driver="overlay", scope="swarm", ingress=True, endpoints=ends)
    host = HostIngress(host="w1", node_id="n1", copies=(copy,), bridge_endpoints=names)
    return IngressFacts(network=None, swarm=SWARM, hosts=(host,), nodes=()).calm


def test_what_comes_and_goes_on_a_bridge():
    """Patience watches the ingress's own endpoints: a container that crashes over and over does not renew it."""
    own = bridge_with("gateway_ingress-sbox")

    assert own == bridge_with("gateway_ingress-sbox", "gateway_4f1a")
    assert own != bridge_with()


KINDS = get_args(Step)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_step_is_a_frozen_value(kind: type):
    """It can be compared, repeated and explored."""
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined] # no public name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_step_holds_no_secret(kind: type):
    """Tokens and keys are fetched by whoever performs it."""
    names = {field.name for field in fields(kind)}
    assert not {name for name in names if any(word in name for word in ("token", "key", "password", "secret"))}


@pytest.mark.parametrize(
    "line",
    [
        f"1: eth0: <UP> mtu {'9' * 5000} qdisc",
        "1: eth0: <UP> mtu \u0661\u0665\u0660\u0660 qdisc",
        "    inet 999.1.1.1/24",
        "999.1.1.1 dev eth0",
        "10.0.0.0/99 dev eth0",
    ],
)
def test_what_is_no_number_or_address_is_passed_over(line):
    """A host writes what it likes."""
    assert Surroundings(links=(Link(name="lo", mtu=65536),)) == surroundings(f"1: lo: <UP> mtu 65536\n{line}\n")
