"""What others do to a simulated swarm: by hand, by other tools, or by accident.

What they can do with one of our steps (remove a network, change a node, leave) they do with `perform`; hosts come
and go with `stop_docker`, `start_docker`, `cut` and `heal` of members.py.
"""

from dataclasses import replace

from providers.rules.vocabulary.errors import EngineError, NotFound
from providers.rules.vocabulary.facts import Endpoint
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.shape import Pairs
from providers.rules.vocabulary.steps import UpdateNode, UpdateService
from providers.simulate.answering import manager
from providers.simulate.bridges import plugged
from providers.simulate.containers import plug, with_container
from providers.simulate.perform import perform
from providers.simulate.services import numbered, orchestrate, refuse_ports, stop
from providers.simulate.workloads import Container, Service, read, text
from providers.simulate.world import World


def service_spec(
    name: str,
    *,
    ports: tuple[tuple[int, int], ...] = (),
    mode: str = "ingress",
    networks: tuple[str, ...] = (),
    replicas: int | None = 1,
    **more: object,
) -> str:
    """A service's spec as JSON. ports: pairs of published and target; replicas: None for one on every node."""
    published = [
        {"Protocol": "tcp", "TargetPort": target, "PublishedPort": number, "PublishMode": mode}
        for number, target in ports
    ]
    return text(
        {
            "Name": name,
            "Labels": {},
            "Mode": {"Global": {}} if replicas is None else {"Replicated": {"Replicas": replicas}},
            "TaskTemplate": {"Networks": [{"Target": each} for each in networks], "Placement": {}, "ForceUpdate": 0},
            "EndpointSpec": {"Ports": published},
            "UpdateConfig": {"Parallelism": 0, "FailureAction": "pause"},
            **more,
        }
    )


def create_service(world: World, spec: str) -> World:
    """Somebody creates a service. Raises EngineError as the Engine does (measurements.md#no-ingress)."""
    asked = manager(world)
    world, service_id = world.another_id("sv")
    service = Service(id=service_id, spec=spec)
    refuse_ports(world, asked, service)
    return orchestrate(numbered(world.agreed(services=(*world.swarm.services, service)), service_id))


def named(world: World, name: str) -> Service:
    """A service by its name."""
    return next(service for service in world.swarm.services if service.name == name)


def change_service(world: World, name: str, **changes: object) -> World:
    """Somebody changes top-level keys of a service's spec."""
    service = named(world, name)
    spec = text({**read(service.spec), **changes})
    return perform(world, UpdateService(service_id=service.id, version=service.version, spec=spec))


def break_service(world: World, name: str) -> World:
    """From now on the new tasks of an update of this service die at once."""
    return world.with_service(replace(named(world, name), failing=True))


def remove_service(world: World, name: str) -> World:
    """Somebody removes a service: its tasks stop by themselves, a while later (measurements.md#names-stay-taken)."""
    service = named(world, name)
    world = world.agreed(services=tuple(other for other in world.swarm.services if other.id != service.id))
    for task in world.swarm.tasks:
        world = stop(world, task) if task.service_id == service.id else world
    return world


def run_container(world: World, host: str, network_id: str) -> World:
    """Somebody runs a standalone container. Raises EngineError for a network that is not attachable."""
    network = world.host(host).network(network_id) or world.swarm.network(network_id)
    if network is None or (network.scope == "swarm" and not network.shape.attachable):
        raise EngineError(f"{host}: Could not attach to network {network_id}: not manually attachable")
    world, container_id = world.another_id("ct")
    container = Container(id=container_id, networks=(network.id,))
    return plug(world.with_host(with_container(world.host(host), container)), host, container)


def leave_endpoint(world: World, host: str) -> World:
    """A leave right after a restart left the ingress's endpoint on docker_gwbridge.

    measurements.md#endpoint-left-behind
    """
    stale = Endpoint(name="gateway_ingress-sbox", key="ep-0123456789ab")
    return world.with_host(plugged(world.host(host), GATEWAY_BRIDGE, stale))


def set_node(
    world: World, host: str, *, role: str | None = None, availability: str | None = None, labels: Pairs = ()
) -> World:
    """Somebody changes the member that a host is. Raises NotFound where it is none."""
    node = world.swarm.node(world.host(host).node_id)
    if node is None:
        raise NotFound(f"{host}: it is no member")
    update = UpdateNode(node_id=node.id, version=node.version, role=role, availability=availability, set_labels=labels)
    return perform(world, update)


def fail_kicks(world: World, host: str, times: int) -> World:
    """The next ingresses that come to this host fail to be set up there (measurements.md#kicks)."""
    return world.with_host(replace(world.host(host), failing_kicks=times))


def slow_down(world: World, host: str) -> World:
    """This host takes longer than the others (up to 4 s under load, measurements.md#removal)."""
    return world.with_host(replace(world.host(host), slow=True))


def keep_belongings(world: World, *belongings: str) -> World:
    """Somebody creates secrets or configs, such as `secret db`."""
    return world.agreed(belongings=belongings)
