"""Each of the five providers: what create, read, update and delete answer to Pulumi."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from providers import simulate
from providers.rules.resource_types import gwbridge, overlay
from providers.rules.resource_types.resource_type import to_props
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.errors import Blocked, SwarmnetError
from providers.rules.vocabulary.specs import Spec, SwarmSpec
from providers.rules.vocabulary.steps import InitSwarm, JoinSwarm, LeaveSwarm, RemoveNetwork
from providers.run.progress import Progress
from providers.run.resource import Props, Provider
from providers.simulate import SimulatorState
from providers.simulate.reads import settings
from tests.glue.stack import (
    ALL,
    GWBRIDGE,
    INGRESS,
    INGRESS_RANGE,
    NODE,
    OVERLAY,
    SWARM,
    Known,
    created,
    id_output,
    known,
    provider_of,
    resource_type,
)
from tests.support import lifecycle, others
from tests.support.networks import altered, create_network
from tests.support.others import bare
from tests.support.simulated import SimulatedHosts, after, elapsed, on_host

each = pytest.mark.parametrize("spec", ALL, ids=resource_type)


def before(spec: Spec) -> SimulatorState:
    """Bare hosts on which everything has come about that comes before this resource."""
    stack = lifecycle.whole_stack()
    names = [other.resource_name for other in stack]
    return lifecycle.made(bare(*lifecycle.HOSTS), *stack[: names.index(spec.resource_name)])


@each
def test_create_echoes_the_inputs(on, spec):
    """The id is logical; outputs are the canonical inputs, the Engine's id, and that nobody else made it."""
    hosts = on(before(spec))
    answer = provider_of(spec).create(to_props(spec))
    its_id = {id_output(spec): lifecycle.id_of(hosts.sim, spec)}

    assert (spec.resource_name, {**to_props(spec), **its_id, "adopted": False}) == (answer.id, answer.outs)


def without(sim: SimulatorState, spec: Spec) -> SimulatorState:
    """The hosts after somebody took it away by hand."""
    if spec in (INGRESS, OVERLAY):
        return after(sim, partial(simulate.perform, step=RemoveNetwork(id=lifecycle.id_of(sim, spec))), elapsed(60))
    return before(spec)


@pytest.mark.parametrize(
    ("spec", "changes"),
    [
        pytest.param(SWARM, {"task_history_limit": 3}, id="swarm"),
        pytest.param(NODE, {"labels": {"zone": "c"}, "availability": "pause"}, id="node"),
        pytest.param(OVERLAY, {"protect": True}, id="overlay"),
        pytest.param(INGRESS, INGRESS_RANGE, id="ingress"),
    ],
)
def test_update_makes_it_so(hosts, spec, changes):
    """The outputs echo the new inputs, and the next refresh finds them."""
    changed = known(hosts, spec).update(**changes)

    assert changes == {key: changed.outputs[key] for key in changes}
    assert to_props(changed.spec) == changed.read()[2]


@pytest.mark.parametrize("spec", [SWARM, NODE], ids=resource_type)
def test_update_takes_back_labels_that_are_declared_no_more(hosts, spec):
    """Labels of ours go with their keys, and those of others stay."""
    labelled = known(hosts, spec).update(labels={"team": "net"})
    labelled.update(labels={})

    assert "team" not in dict(labels_of(hosts.sim, spec))
    assert "swarmnet.owner" in dict(labels_of(hosts.sim, spec))


def labels_of(sim: SimulatorState, spec: Spec) -> Pairs:
    """The labels of the swarm or of a node."""
    if isinstance(spec, SwarmSpec):
        return sim.swarm.settings.labels
    node = sim.swarm.node(sim.host("w1").node_id)
    assert node is not None
    return node.labels


def test_protected_bridge_that_drifted_is_brought_back(on, hosts):
    """A refresh takes what is there into the state; what was declared is still no change of what is protected."""
    bridge = known(hosts, GWBRIDGE.model_copy(update={"protect": True}))
    w1 = hosts.sim.host("w1")
    opened = tuple(altered(net, options=with_icc(net.options)) for net in w1.networks)
    on(hosts.sim.with_host(replace(w1, networks=opened)))
    inputs = bridge.read()[2]
    check = provider_of(GWBRIDGE).check

    assert (True, []) == (inputs["icc"], check(inputs, to_props(bridge.spec)).failures)
    assert ["mtu"] == [each.property for each in check(inputs, {**to_props(bridge.spec), "mtu": 1400}).failures]


def with_icc(options: Pairs) -> Pairs:
    """A bridge's options with containers reaching each other."""
    return tuple((key, "true" if key.endswith("enable_icc") else value) for key, value in options)


# What cannot be told is no absence


@each
def test_read_fails_where_it_cannot_be_told(on, hosts, spec):
    """Nothing is called gone without a manager in reach (for a bridge: without its own host)."""
    resource = known(hosts, spec)
    on(after(hosts.sim, partial(others.cut, name="m1"), partial(others.cut, name="w1")))

    with pytest.raises(SwarmnetError):
        resource.read()


def test_ingress_is_not_read_while_a_host_is_unreachable(on, hosts):
    """An unreachable member leaves the attachment unknown; once the managers call it down, it need not be attached."""
    ingress = known(hosts, INGRESS)
    cut = on(after(hosts.sim, partial(others.cut, name="w1")))

    with pytest.raises(Blocked, match="can't tell whether w1 is attached: w1: "):
        ingress.read()

    on(after(cut.sim, elapsed(60)))
    assert True is ingress.settled()


@pytest.mark.parametrize(
    ("spec", "do"), [(NODE, Known.read), (INGRESS, Known.read), (OVERLAY, Known.read), (OVERLAY, Known.delete)]
)
def test_nothing_is_gone_while_hosts_are_in_two_swarms(on, hosts, spec, do):
    """A resource that the answering swarm lacks is not gone, nor forgotten: the other swarm may have it."""
    resource = known(hosts, spec, **{id_output(spec): "of the other swarm"})
    gone = hosts.sim if spec is NODE else without(hosts.sim, spec)
    on(on_host(gone, "w2", node_id="n9"))

    with pytest.raises(Blocked, match=r"w2: it is a member \(node n9\) of another swarm than m1, w1"):
        do(resource)


def test_bridge_of_half_a_member_is_not_read(on, hosts):
    """A locked member answers, and shows no networks of a swarm."""
    bridge = known(hosts, GWBRIDGE)
    on(on_host(hosts.sim, "w1", state="locked"))

    with pytest.raises(Blocked, match=r"w1: .*locked"):
        bridge.read()


# Whose it is


@pytest.fixture
def strangers(on):
    """Hosts on which somebody made, without a label, exactly what the stack declares."""
    bridges = [gwbridge.creation(lifecycle.gwbridge_spec(host)) for host in lifecycle.HOSTS]
    networks = [altered(each, labels=()) for each in (*bridges, overlay.creation(OVERLAY))]
    joins = [JoinSwarm(host=host, role="worker") for host in ("w1", "w2")]
    sim = bare(*lifecycle.HOSTS)
    for step in (*networks[:-1], InitSwarm(host="m1"), *joins, networks[-1]):
        sim = simulate.elapse(simulate.perform(sim, step), 20)
    return on(sim)


@pytest.mark.parametrize("spec", [GWBRIDGE, SWARM, NODE, OVERLAY], ids=resource_type)
def test_what_others_made_is_adopted(strangers, spec):
    """A resource of somebody else that is as declared is adopted unchanged, and the outputs say so."""
    assert (True, []) == (created(spec).outputs["adopted"], strangers.steps)


def test_host_that_joins_a_swarm_of_others_is_ours(on, strangers):
    """It gets its labels at once, and leaves when it is taken out; the swarm goes on without it."""
    hosts = on(after(strangers.sim, partial(simulate.perform, step=LeaveSwarm(host="w2")), elapsed(60)))
    node = created(lifecycle.node_spec("w2", labels={"zone": "b"}))
    Provider.run.settings.accesses.pop("w2")
    node.delete()

    states = [hosts.sim.host(name).state for name in ("w2", "w1")]
    assert (False, ["inactive", "active"]) == (node.outputs["adopted"], states)


# Taking away


@pytest.mark.parametrize(
    ("settings", "seconds"), [({"swarmnet:timeouts": '{"overlay": 7}'}, 7), ({"swarmnet:hosts": "[]"}, 60)]
)
def test_removal_takes_the_time_that_is_declared_now(hosts, settings, seconds):
    """The state's outputs have that of the last change, which counts if the configuration makes no sense."""
    Provider.run.settings.flat |= settings

    assert seconds == Provider.run.settings.removal_time(OVERLAY)


@pytest.mark.parametrize("retain", [False, True])
def test_overlay_is_removed(hosts, retain):
    """It goes by the id in the state; outputs of one that was retained once may be older than that."""
    known(hosts, OVERLAY, retain=retain).delete()

    assert "" == lifecycle.id_of(hosts.sim, OVERLAY)


@pytest.fixture
def reached(hosts) -> dict[str, HostAccess]:
    """How hosts are reached from now on."""
    found: dict[str, HostAccess] = {}
    Provider.run.settings.reach = lambda accesses, _: found.update(accesses) or hosts
    return found


def test_node_leaves_a_host_that_the_stack_file_forgot(hosts, reached):
    """The state knows how to reach it, whatever the stack file says of the others."""
    del Provider.run.settings.flat["swarmnet:swarm"]
    node = known(hosts, NODE, access={"name": "w1", "address": "10.9.9.9"})
    Provider.run.settings.accesses.pop("w1")
    node.delete()

    assert "10.9.9.9" == reached["w1"].address
    assert "inactive" == hosts.sim.host("w1").state


@pytest.mark.parametrize("spec", [GWBRIDGE, NODE], ids=resource_type)
def test_host_that_the_stack_file_forgot_is_read(hosts, reached, spec):
    """A resource whose removal failed is found by the next refresh: the state knows how to reach its host."""
    state = known(hosts, spec, access={"name": "w1", "address": "10.9.9.9"})
    Provider.run.settings.accesses.pop("w1")

    assert spec.resource_name == state.read()[0]
    assert spec is NODE or reached["w1"].address == "10.9.9.9"


@pytest.mark.parametrize(
    ("also", "lost", "stays"),
    [({}, set(), False), ({"x1": "w1"}, set(), True), ({}, {"w1"}, True)],
    ids=["the state knows how to reach it", "an id tells the machine that was renamed", "a lost one is forgotten"],
)
def test_bridge_of_a_host_that_the_stack_file_forgot_is_given_back(bare_hosts, also, lost, stays):
    """It goes from its host, unless that host is declared by another name or can't be reached any more."""
    bridge = created(lifecycle.gwbridge_spec("w1", on_remove="restore_default"))
    Provider.run.settings.accesses.pop("w1")
    Provider.run.settings.lost |= lost
    for name in also:
        Provider.run.settings.accesses[name] = HostAccess(name=name, address="10.9.0.2")
    bare_hosts.also |= also
    bridge.delete()

    left = bare_hosts.gwbridge("w1").bridge
    assert (bridge.outputs["network_id"] if stays else None) == (left and left.id)


# A changed address

ELSEWHERE = {"name": "w1", "address": "10.9.0.99"}


@pytest.mark.parametrize("spec", [GWBRIDGE, NODE], ids=resource_type)
def test_host_that_is_unwatched_from_now_on_is_forgotten(bare_hosts, pulumi_engine, spec):
    """It may be so since nobody reaches it: a refresh leaves it as it was, and nothing makes it leave its swarm."""
    state = Known(spec, {**to_props(spec), id_output(spec): "id", "adopted": False})
    Provider.run.settings.unwatched.add("w1")
    _, outputs, _ = state.read()
    state.delete()

    assert (state.outputs, []) == (outputs, bare_hosts.steps)
    assert [True] == ["removed from the state only: w1 is unwatched" in line for _, line in pulumi_engine.lines]


def declared_at(access: dict[str, str]) -> None:
    """Declare w1 with this access from now on."""
    Provider.run.settings.accesses["w1"] = HostAccess.model_validate(access)


@pytest.mark.parametrize("spec", [GWBRIDGE, NODE], ids=resource_type)
def test_same_host_at_another_address(hosts, spec):
    """Nothing is written, and the state knows the new address."""
    state = known(hosts, spec, access={"name": "w1", "address": "10.9.0.2"})
    sim = hosts.sim
    declared_at(ELSEWHERE)
    after = state.update(access=ELSEWHERE)

    assert (sim, ELSEWHERE) == (hosts.sim, after.outputs["access"])


@pytest.mark.parametrize("do", [Known.read, lambda resource: resource.update(access=ELSEWHERE)], ids=["read", "update"])
@pytest.mark.parametrize("spec", [GWBRIDGE, NODE], ids=resource_type)
def test_another_host_at_another_address(hosts, spec, do):
    """It is not changed, and not taken for what became of the old one."""
    other = {id_output(spec): lifecycle.id_of(hosts.sim, spec.model_copy(update={"host": "w2"}))}
    state = known(hosts, spec, access={"name": "w1", "address": "10.9.0.2"}, **other)
    sim = hosts.sim
    declared_at(ELSEWHERE)
    with pytest.raises(Blocked, match=r"w1: its address changed from 10.9.0.2 port 22 to 10.9.0.99 port 22"):
        do(state)

    assert sim == hosts.sim


# Addresses that a member keeps

HERE = {"name": "w1", "address": "w1.example.com", "advertise_address": "198.51.100.9"}


def test_refresh_shows_the_address_that_members_know(hosts):
    """The inputs show the address that members know; an update to the address in the file is refused."""
    state = known(hosts, NODE, access=HERE)
    declared_at(HERE)
    _, _, inputs = state.read()

    assert {**HERE, "advertise_address": "198.51.100.2"} == inputs["access"]
    with pytest.raises(Blocked, match=r"w1 advertises 198.51.100.2, the file says 198.51.100.9"):
        state.update(access=HERE)


def test_refresh_of_an_unreachable_member_keeps_its_address(hosts):
    """It is still a member, as the managers say."""
    state = known(hosts, NODE, access=HERE)
    declared_at(HERE)
    hosts.sim = others.cut(hosts.sim, "w1")

    assert HERE == state.read()[2]["access"]


def test_address_that_no_engine_tells_is_refused_in_a_preview(hosts):
    """It is refused by the recorded one; a host that is new to the state may have any."""
    provider, before = provider_of(NODE), to_props(NODE)
    after = to_props(NODE.model_copy(update={"access": {**NODE.access, "data_path_address": "10.8.0.3"}}))
    (failure,) = provider.check(before, after).failures

    assert ("access", True) == (failure.property, "w1 joined with data_path_address the Engine's" in failure.reason)
    assert [] == provider.check({}, after).failures


# What a user sees meanwhile


def test_changes_of_managers_take_turns(hosts, pulumi_engine):
    """One that waits says so, and goes on when it is its turn."""
    manager = known(hosts, lifecycle.node_spec("m1", role="manager", row="urn:node"))
    with ThreadPoolExecutor(1) as pool:
        with Provider.run.turns.take(Progress("urn:another"), "alone"):
            waiting = pool.submit(manager.update, labels={"zone": "a"})
            assert pulumi_engine.shown.wait(10)
        waiting.result(timeout=10)

    assert ("urn:node", "waiting for its turn") == pulumi_engine.lines[0]


MOVED = lifecycle.overlay_spec(subnet="10.99.0.0/24", gateway="10.99.0.1")
THEIRS: Pairs = (("com.docker.stack.namespace", "shop"), ("team", "net"))
X = "com.example.x"


def with_more(sim: SimulatorState) -> SimulatorState:
    """The overlay with labels and an option that nobody declared."""
    return sim.agreed(
        networks=tuple(
            altered(net, labels=(*net.labels, *THEIRS), options=(*net.options, (X, "1"))) if net.name == "app" else net
            for net in sim.swarm.networks
        )
    )


def carried_over(hosts: SimulatedHosts) -> tuple[object, ...]:
    """The overlay's range, what nobody declared of it, what the file dropped; and what is left of the change."""
    actual = next(net for net in hosts.sim.swarm.networks if net.name == "app")
    labels = (actual.label(key) for key in ("com.docker.stack.namespace", "team"))
    left = tuple(key for key, _ in settings(hosts.sim).labels if key.startswith("swarmnet.former"))
    return actual.subnet, actual.option(X), *labels, left


def replace_overlay(desired: Spec, outputs: Props) -> None:
    """Do what Pulumi does in one run: diff, delete the old one if the state has it, create the new one."""
    provider = provider_of(desired)
    if outputs:
        provider.diff("overlay/app", outputs, to_props(desired))
        provider.delete("overlay/app", outputs)
    created(desired)


@pytest.mark.parametrize("remembered", [True, False], ids=["in the state", "a refresh found it gone"])
def test_replaced_overlay_keeps_it_wherever_its_run_was_cut(on, remembered):
    """The swarm has it noted until the new one is there: each run goes on from what it finds, the next one too."""
    running = lifecycle.running()
    outputs = known(SimulatedHosts(running), OVERLAY, labels={"team": "net"}).outputs
    desired = MOVED
    whole = on(with_more(running))
    replace_overlay(desired, outputs)
    found = set()
    for sim in (*whole.before, whole.sim):
        again = on(sim)
        gone = all(net.id != outputs["network_id"] for net in sim.swarm.networks)
        replace_overlay(desired, outputs if remembered or not gone else {})
        found.add(carried_over(again))

    assert {("10.99.0.0/24", "1", "shop", None, ())} == found


def test_replaced_overlay_that_somebody_else_made_keeps_what_nobody_declared(hosts):
    """It is forgotten first, and makes way once the new one is made."""
    hosts.sim = with_more(hosts.sim)
    outputs = known(hosts, OVERLAY, labels={"team": "net"}, adopted=True).outputs
    replace_overlay(MOVED, outputs)

    assert ("10.99.0.0/24", "1", "shop") == carried_over(hosts)[:3]
    assert () == carried_over(hosts)[-1]


def test_bridge_of_a_host_outside_any_swarm_keeps_what_nobody_declared(bare_hosts):
    """It has no entry to note it on: the run itself remembers."""
    theirs = create_network(
        host="m1",
        name="docker_gwbridge",
        driver="bridge",
        subnet="10.98.0.0/16",
        options=(("com.example.x", "1"),),
        labels=(("of", "others"),),
    )
    bare_hosts.sim = simulate.perform(bare_hosts.sim, theirs)
    spec = lifecycle.gwbridge_spec("m1", adopt="converge")
    outputs = created(spec).outputs
    actual = bare_hosts.sim.host("m1").network("docker_gwbridge")

    assert actual is not None
    assert (spec.subnet, "1", "others") == (actual.subnet, actual.option("com.example.x"), actual.label("of"))
    assert (["com.example.x"], False) == (outputs["kept"], outputs["adopted"])
