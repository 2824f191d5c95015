"""Every differing property of every resource is drift, by name; silence and doubt are not."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from providers import simulate
from providers.explain.drift import (
    EXISTS,
    OUTPUTS,
    Difference,
    Finding,
    Unknown,
    doubted,
    ended,
    finding,
    outcome,
    pending,
)
from providers.explain.forecast import Forecast, Stage
from providers.rules.resource_types.table import type_of
from providers.rules.vocabulary.errors import Unreachable
from providers.rules.vocabulary.facts import IngressFacts, Member, UnreachableHost
from providers.rules.vocabulary.labels import AVAILABILITY
from providers.rules.vocabulary.specs import GwbridgeSpec, Ipv6Range, OverlaySpec, Spec, SwarmSpec
from providers.rules.vocabulary.steps import (
    JoinSwarm,
    LeaveSwarm,
    RemoveNetwork,
    RemoveNode,
    Step,
)
from providers.simulate import SimulatorState
from providers.simulate.hosts import SimulatedHosts
from tests.support import lifecycle
from tests.support.networks import altered, create_network
from tests.support.others import bare, set_node
from tests.support.simulated import after, elapsed, on_host

TEAM = {"team": "net"}
AT = {"name": "w1", "address": "10.9.0.2", "advertise_address": "198.51.100.2"}
GWBRIDGE = lifecycle.gwbridge_spec("w1", labels=TEAM)
SWARM = lifecycle.swarm_spec(
    labels=TEAM,
    autolock=False,
    task_history_limit=4,
    cert_expiry=86400,
    dispatcher_heartbeat=10,
    snapshot_interval=5000,
    keep_old_snapshots=1,
    data_path_port=4790,
    default_addr_pool=("10.210.0.0/16",),
    default_addr_pool_prefix=25,
)
NODE = lifecycle.node_spec("w1", labels=TEAM, access=AT)
INGRESS = lifecycle.ingress_spec(labels=TEAM)
OVERLAY = lifecycle.overlay_spec(labels=TEAM, vxlan_id=4200)
ALL = (GWBRIDGE, SWARM, NODE, INGRESS, OVERLAY)

BRIDGE = "com.docker.network.bridge."

# What says how a resource is reached or treated is in no Engine.
NOWHERE = {"host", "protect", "on_remove", "disturb", "on_in_use", "dynamic_ports", "lose_auto_removed"}


def stack(*others: Spec) -> SimulatorState:
    """Three hosts with one resource of each kind, all properties of which are declared; others take their places."""
    desired = {spec.resource_name: spec for spec in (*lifecycle.whole_stack(), *ALL, *others)}
    return lifecycle.made(bare(*lifecycle.HOSTS), *desired.values())


STACK = stack()


def by_hand(*steps: Step, seconds: float = 20) -> SimulatorState:
    """The stack after somebody did this, one after the other."""
    acts = (act for step in steps for act in (partial(simulate.perform, step=step), elapsed(seconds)))
    return after(STACK, *acts)


recorded = partial(lifecycle.recorded, STACK)


def facts(sim: SimulatorState, spec: Spec) -> Any:
    """Return what hosts report of a resource."""
    return type_of(spec).observe(SimulatedHosts(sim), spec, recorded(spec))


def found(sim: SimulatorState, spec: Spec) -> Finding:
    """Return what drift is found in a resource of the stack on these hosts."""
    return finding(spec, recorded(spec), facts(sim, spec))


def drifted(sim: SimulatorState, spec: Spec) -> dict[str, tuple[Any, Any]]:
    """Return the differences by property: from what, to what."""
    return {each.property: (each.recorded, each.actual) for each in found(sim, spec).differences}


each = pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.resource_name)


@each
def test_what_is_as_recorded_is_no_drift(spec):
    """Nothing of it is unknown, and the values there are those recorded."""
    assert Finding(resource=spec.resource_name, live=spec) == found(STACK, spec)


# Every property, by name


def network_of(spec: Spec, **changes: Any) -> SimulatorState:
    """The stack with another network in the place of one, on w1 or in the swarm."""
    of_it, w1 = lifecycle.id_of(STACK, spec), STACK.host("w1")
    if spec is GWBRIDGE:
        (bridge,) = (net for net in w1.networks if net.id == of_it)
        return STACK.with_host(w1.without_network(of_it).with_network(altered(bridge, **changes)))
    networks = (altered(net, **changes) if net.id == of_it else net for net in STACK.swarm.networks)
    return STACK.agreed(networks=tuple(networks))


def of_the_swarm(**changes: Any) -> SimulatorState:
    """The stack with other settings of the swarm."""
    return STACK.agreed(settings=replace(STACK.swarm.settings, **changes))


def of_the_node(**changes: Any) -> SimulatorState:
    """The stack with another entry of w1 among its members."""
    entry = STACK.swarm.node(STACK.host("w1").node_id)
    assert entry is not None
    return STACK.agreed(nodes=(*(node for node in STACK.swarm.nodes if node != entry), replace(entry, **changes)))


def without(spec: Spec) -> SimulatorState:
    """The stack after somebody removed a network."""
    return by_hand(RemoveNetwork(id=lifecycle.id_of(STACK, spec)))


LEAVES, REMOVED = LeaveSwarm(host="w1"), RemoveNode(node_id=lifecycle.id_of(STACK, NODE), force=True)
REJOINED = by_hand(LEAVES, REMOVED, JoinSwarm(host="w1", role="worker"))
OURS, THEIRS = (("swarmnet.owner", lifecycle.OWNER),), (("team", "net"),)
# Other values for inputs: the stack is made with them, and is then not as recorded.
NETWORK = {"mtu": 1400, "options": {"x": "1"}, "labels": {"team": "web"}}
OF_SWARM = {**NETWORK, "subnet": "10.99.0.0/24", "encrypted": True, "subnets": ("10.98.0.0/24",)}
INPUTS: list[tuple[Spec, dict[str, Any]]] = [
    (GWBRIDGE, {**NETWORK, "subnet": "172.31.0.0/16", "gateway": "172.31.0.9", "ip_range": "172.31.128.0/17"}),
    (GWBRIDGE, {"icc": True, "masquerade": False, "bridge_name": "gw0"}),
    (GWBRIDGE, {"ipv6": Ipv6Range(subnet="fd00:1::/64", gateway="fd00:1::1")}),
    (
        SWARM,
        {"autolock": True, "task_history_limit": 9, "cert_expiry": 3600, "dispatcher_heartbeat": 5}
        | {"snapshot_interval": 100, "keep_old_snapshots": 3, "labels": {"team": "web"}, "data_path_port": 4791}
        | {"default_addr_pool": ("10.32.0.0/11",), "default_addr_pool_prefix": 24},
    ),
    (NODE, {"role": "manager", "availability": "pause", "labels": {"team": "web"}}),
    (INGRESS, {**OF_SWARM, "name": "mesh", "gateway": "10.99.0.9"}),
    (OVERLAY, {**OF_SWARM, "gateway": "10.99.0.130", "ip_range": "10.99.0.128/25", "vxlan_id": 4100}),
    (OVERLAY, {"attachable": True, "internal": True}),
]
# What only hands do.
DRIFTS: dict[str, dict[str, tuple[SimulatorState, Any, Any]]] = {
    "docker_gwbridge@w1": {
        "settled": (
            network_of(GWBRIDGE, internal=True),
            True,
            "it is internal: containers have no external connectivity",
        ),
        "network_id": (network_of(GWBRIDGE, id="other"), lifecycle.id_of(STACK, GWBRIDGE), "other"),
        "adopted": (network_of(GWBRIDGE, labels=THEIRS), False, True),
        "exists": (STACK.with_host(STACK.host("w1").without_network(lifecycle.id_of(STACK, GWBRIDGE))), True, False),
    },
    "swarm": {
        "swarm_id": (of_the_swarm(id="other"), lifecycle.id_of(STACK, SWARM), "other"),
        "adopted": (of_the_swarm(labels=THEIRS), False, True),
        "exists": (bare(*lifecycle.HOSTS), True, False),
    },
    "node/w1": {
        "settled": (by_hand(LEAVES), True, "the managers say down"),
        "node_id": (REJOINED, lifecycle.id_of(STACK, NODE), lifecycle.id_of(REJOINED, NODE)),
        "adopted": (of_the_node(labels=THEIRS), False, True),
        "access.advertise_address": (on_host(STACK, "w1", address="198.51.100.7"), "198.51.100.2", "198.51.100.7"),
        "exists": (by_hand(LEAVES, REMOVED), True, False),
    },
    "ingress": {
        "settled": (set_node(STACK, "w2", labels=((AVAILABILITY, "active"),)), True, "w2 was drained by Swarmnet"),
        "network_id": (network_of(INGRESS, id="other"), lifecycle.id_of(STACK, INGRESS), "other"),
        "adopted": (network_of(INGRESS, labels=THEIRS), False, True),
        "exists": (without(INGRESS), True, False),
    },
    "overlay/app": {
        "labels.team": (network_of(OVERLAY, labels=OURS), "net", None),
        "settled": (network_of(OVERLAY, driver=""), True, "the swarm gave it no addresses: nothing can start on it"),
        "network_id": (network_of(OVERLAY, id="other"), lifecycle.id_of(STACK, OVERLAY), "other"),
        "adopted": (network_of(OVERLAY, labels=THEIRS), False, True),
        "exists": (without(OVERLAY), True, False),
    },
}
for _spec, _changes in INPUTS:
    _sim = stack(_spec.model_copy(update=_changes))
    for _key, _value in _changes.items():
        _part = {"labels": "team", "options": "x"}.get(_key)
        _was, _actual = ((each.get(_part) if _part else each) for each in (getattr(_spec, _key), _value))
        _name = f"{_key}.{_part}" if _part else _key
        DRIFTS[_spec.resource_name].setdefault(_name, (_sim, _was, _actual))
CASES = [(spec, key) for spec in ALL for key in DRIFTS[spec.resource_name]]


@pytest.mark.parametrize(
    ("spec", "key"), CASES, ids=lambda value: value if isinstance(value, str) else value.resource_name
)
def test_drift_is_reported_by_name(spec, key):
    """The report has what was recorded, and what is there."""
    sim, was, actual = DRIFTS[spec.resource_name][key]

    assert (was, actual) == drifted(sim, spec)[key]


@each
def test_all_properties_can_drift(spec):
    """Every property that an Engine has of a resource is among the cases above."""
    kind = type(spec)
    fixed: dict[Any, set[str]] = {OverlaySpec: {"name"}, SwarmSpec: {"settled"}, GwbridgeSpec: {"access"}}
    own = set(kind.model_fields) - kind.NOT_COMPARED - NOWHERE - fixed.get(kind, set())

    assert own == {key.partition(".")[0] for key in DRIFTS[spec.resource_name]} - OUTPUTS - {EXISTS}


def test_sentence_that_a_refresh_recorded_is_still_drift():
    """Intent is that it is settled, whatever a refresh wrote down."""
    refreshed = NODE.model_copy(update={"settled": "the managers say down"})
    seen = facts(by_hand(LEAVES), NODE)

    assert ["settled"] == [each.property for each in finding(refreshed, recorded(NODE), seen).differences]


# By host


def without_ingress() -> SimulatorState:
    """The stack whose ingress lacks its share on w1."""
    w1 = STACK.host("w1")
    return STACK.with_host(replace(w1, networks=tuple(net for net in w1.networks if not net.ingress)))


def test_each_host_that_lacks_the_ingress_is_named():
    """Each has a row of its own."""
    why = "is not attached to the ingress: its sandbox or gateway endpoint is missing"
    row = Difference(resource="ingress", host="w1", property="settled", recorded=True, actual=why)

    assert (row,) == found(without_ingress(), INGRESS).differences


# What stands in its place


def test_what_has_the_place_of_something_gone_is_compared():
    """Somebody took the overlay away and made another of its name: it is gone, and this is how the other differs."""
    other = create_network(name="app", driver="overlay", subnet="10.99.0.0/24", gateway="10.99.0.1")
    result = found(by_hand(RemoveNetwork(id=lifecycle.id_of(STACK, OVERLAY)), other), OVERLAY)

    assert ["gateway", "subnet", "vxlan_id", "labels.team", "network_id", "adopted"] == [
        each.property for each in result.differences
    ]
    assert result.gone


# What is not known is no drift


@each
def test_what_could_not_be_read_is_unknown(spec):
    """It is told with the reason, and nothing else."""
    host = "w1" if spec in (GWBRIDGE, NODE) else ""
    unknown = Unknown(resource=spec.resource_name, host=host, why="w1: no answer")

    assert Finding(resource=spec.resource_name, unknown=(unknown,)) == finding(
        spec, recorded(spec), Unreachable(unknown.why)
    )


def test_share_of_an_unreachable_host_in_the_ingress_is_unknown():
    """The ingress itself and the other hosts are compared."""
    seen: IngressFacts = facts(network_of(INGRESS, subnets=("10.99.0.0/24",)), INGRESS)
    unreachable = UnreachableHost(host="w1", why="w1: no answer")
    hosts = (*(host for host in seen.hosts if host.host != "w1"), unreachable)
    result = finding(INGRESS, recorded(INGRESS), replace(seen, hosts=hosts))

    assert (Unknown(resource="ingress", host="w1", why=unreachable.why),) == result.unknown
    assert ["subnet"] == [each.property for each in result.differences]


@pytest.mark.parametrize("spec", [NODE, INGRESS, OVERLAY], ids=lambda spec: spec.resource_name)
def test_what_was_in_a_swarm_that_ended_is_gone(spec):
    """It is gone whatever reading it said."""
    result = finding(spec, recorded(spec), Unreachable("nobody"), ended=True)
    (difference,) = result.differences

    assert (EXISTS, True, False) == (difference.property, difference.recorded, difference.actual)
    assert result.gone


@pytest.mark.parametrize(("second", "gone"), [("s1", True), ("s2", False)], ids=["one swarm", "two swarms"])
def test_nothing_is_gone_while_hosts_are_in_two_swarms(second, gone):
    """A network that one swarm lacks is unknown, not gone, if hosts are in two: the other may have it."""
    member = Member(host="m1", state="active", control=True, swarm_id="s1")
    result = doubted(found(GONE, OVERLAY), OVERLAY, (member, replace(member, host="m2", swarm_id=second)))

    assert (gone, not gone) == (result.gone, bool(result.unknown))


def test_swarm_ended_where_every_host_says_so():
    """One that is unreachable might be in it."""
    said = simulate.swarm_facts(bare(*lifecycle.HOSTS)).members

    assert (True, False, False, False) == (
        ended(said, ()),
        ended(said, (UnreachableHost(host="x", why="x: no answer"),)),
        ended(facts(STACK, SWARM).members, ()),
        ended((), ()),
    )


# Who wins

DOES = Forecast(resource="overlay/app", stages=(Stage(doing="remove overlay app", seconds=1),))
SITS = Forecast(resource="overlay/app")
ATTACHABLE = OVERLAY.model_copy(update={"attachable": True})


def winner(key: str, sim: SimulatorState, desired: Spec | None, forecast: Forecast, spec: Spec = OVERLAY) -> str:
    """Return which side wins for a property of the overlay."""
    result = found(sim, spec)
    (difference,) = (each for each in result.differences if each.property == key)
    return outcome(difference, result, desired, forecast).wins


OPEN = DRIFTS["overlay/app"]["attachable"][0]
GONE = DRIFTS["overlay/app"]["exists"][0]
ANOTHER = DRIFTS["overlay/app"]["network_id"][0]


@pytest.mark.parametrize(
    ("wins", "key", "sim", "desired", "forecast"),
    [
        pytest.param("stack file", "attachable", OPEN, OVERLAY, DOES, id="changed back"),
        pytest.param("there", "attachable", OPEN, ATTACHABLE, DOES, id="declared by now"),
        pytest.param("there", "attachable", OPEN, None, SITS, id="only forgotten"),
        pytest.param("stack file", "attachable", OPEN, None, DOES, id="taken away"),
        pytest.param("refused", "attachable", OPEN, OVERLAY, replace(SITS, problem="in use"), id="blocked"),
        pytest.param("stack file", "exists", GONE, OVERLAY, DOES, id="made again"),
        pytest.param("stack file", "network_id", ANOTHER, OVERLAY, DOES, id="replaced"),
        pytest.param("there", "network_id", ANOTHER, OVERLAY, SITS, id="taken over"),
    ],
)
def test_who_wins(wins, key, sim, desired, forecast):
    """The stack file decides, and what the next `up` would do."""
    assert wins == winner(key, sim, desired, forecast)


def test_protected_is_refused():
    """The providers' check refuses it, whatever a forecast says."""
    spec = OVERLAY.model_copy(update={"protect": True})
    result = finding(spec, recorded(spec), facts(OPEN, OVERLAY))

    assert {"refused"} == {outcome(each, result, spec, DOES).wins for each in result.differences}


def test_protected_is_brought_back():
    """A protected resource is put right in place; a change of what is declared is refused."""
    spec = SWARM.model_copy(update={"protect": True, "task_history_limit": 5})
    result = finding(spec, recorded(SWARM), facts(of_the_swarm(task_history_limit=9), SWARM))
    (difference,) = result.differences

    assert "stack file" == outcome(difference, result, spec, DOES).wins
    assert "refused" == outcome(difference, result, spec.model_copy(update={"task_history_limit": 4}), DOES).wins


def test_what_comes_right_by_another_resource_is_the_stack_files():
    """The ingress comes to a host again with its bridge; nothing is done about the ingress itself."""
    assert "stack file" == winner("settled", without_ingress(), INGRESS, Forecast(resource="ingress"), INGRESS)


def test_pending_is_what_only_the_stack_file_wants():
    """No drift: a preview shows it. What drifted or is unknown is told as that."""
    as_recorded, changed = found(STACK, OVERLAY), found(OPEN, OVERLAY)

    assert (False, True, True, False) == (
        pending(as_recorded, OVERLAY),
        pending(as_recorded, ATTACHABLE),
        pending(as_recorded, None),
        pending(changed, ATTACHABLE),
    )
