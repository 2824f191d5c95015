"""No host becomes a member before its docker_gwbridge is as declared: it would keep the one that it joins with."""

import pytest

from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.specs import NodeSpec, Spec, SwarmSpec
from providers.rules.vocabulary.steps import InitSwarm, JoinSwarm, RemoveNetwork
from providers.simulate import World, bare, perform
from tests.support.lifecycle import HOSTS, gwbridge_spec, made, make, node_spec, swarm_spec
from tests.support.networks import create_network
from tests.support.simulated import SimulatedHosts

SUBNET = gwbridge_spec().subnet
SWARM = swarm_spec(gwbridge=SUBNET)
# Each with its own host, and the step that makes that a member.
MEMBERS: dict[str, tuple[str, Spec, type]] = {
    "init": ("m1", SWARM, InitSwarm),
    "join": ("w1", node_spec("w1", gwbridge=SUBNET), JoinSwarm),
}
each = pytest.mark.parametrize("becoming", MEMBERS)


def ready_for(spec: Spec) -> World:
    """Hosts with their bridges, and the swarm if there has to be one."""
    bridges = [gwbridge_spec(host) for host in HOSTS]
    return made(bare(*HOSTS), *bridges, *([SWARM] if isinstance(spec, NodeSpec) else []))


def pruned(world: World, host: str) -> World:
    """Somebody ran `docker network prune` on a host."""
    bridge = world.host(host).network(GATEWAY_BRIDGE)
    assert bridge is not None
    return perform(world, RemoveNetwork(host=host, id=bridge.id))


def of_other_hands(world: World, host: str) -> World:
    """Somebody made another one in its place."""
    step = create_network(host=host, name=GATEWAY_BRIDGE, driver="bridge", subnet="10.77.0.0/16", gateway=None)
    return perform(pruned(world, host), step)


def subnet_on(world: World, host: str) -> str:
    """Return the subnet of a host's docker_gwbridge, empty if it has none."""
    bridge = world.host(host).network(GATEWAY_BRIDGE)
    return bridge.subnet if bridge else ""


@each
def test_host_with_its_bridge_becomes_a_member(becoming: str):
    """It keeps its bridge."""
    host, spec, step = MEMBERS[becoming]
    hosts = SimulatedHosts(ready_for(spec))
    make(hosts, spec)

    assert step in {type(done) for done in hosts.steps}
    assert SUBNET == subnet_on(hosts.world, host)


@each
@pytest.mark.parametrize(
    ("spoil", "why"),
    [(pruned, "is gone, wanted 10.12.0.0/16"), (of_other_hands, "is 10.77.0.0/16, wanted 10.12.0.0/16")],
)
def test_host_without_it_stays_outside(becoming: str, spoil, why: str):
    """The run stops before the host is a member, and says what to do."""
    host, spec, _ = MEMBERS[becoming]
    hosts = SimulatedHosts(spoil(ready_for(spec), host))

    with pytest.raises(Blocked) as refusal:
        make(hosts, spec)
    assert f"{host}: docker_gwbridge {why}" in str(refusal.value)
    assert "run `pulumi up --refresh`" in str(refusal.value)
    assert ([], "inactive") == (hosts.steps, hosts.world.host(host).state)


@each
def test_what_the_stack_does_not_declare_is_the_engines_affair(becoming: str):
    """An Engine makes its own bridge without a section `gwbridge`."""
    host, spec, step = MEMBERS[becoming]
    assert isinstance(spec, NodeSpec | SwarmSpec)
    hosts = SimulatedHosts(pruned(ready_for(spec), host))
    make(hosts, spec.model_copy(update={"gwbridge": None}))

    assert step in {type(done) for done in hosts.steps}


@each
def test_bridge_made_again_lets_it_in(becoming: str):
    """`pulumi up --refresh` does so."""
    host, spec, _ = MEMBERS[becoming]
    world = made(pruned(ready_for(spec), host), gwbridge_spec(host), spec)

    assert ("active", SUBNET) == (world.host(host).state, subnet_on(world, host))
