"""Acts of others on a simulated swarm: by hand, by other tools, or by accident.

What they can do with one of our steps (remove a network, change a node, leave) they do with `perform`; hosts come and
go with `stop_docker`, `start_docker`, `cut` and `heal` of members.py.
"""

from dataclasses import replace

from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.errors import EngineError, NotFound
from providers.rules.vocabulary.facts import Endpoint
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import UpdateNode, UpdateService
from providers.simulate.answering import manager
from providers.simulate.bridges import plugged
from providers.simulate.containers import plug, with_container
from providers.simulate.orchestrator import forget, orchestrate, stop
from providers.simulate.perform import perform
from providers.simulate.services import numbered, refuse_ports
from providers.simulate.workloads import Container, Service, read, text
from providers.simulate.world import Happening, World


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


def create_service(world: World, spec: str, *, ends: str = "", stubborn: bool = False) -> World:
    """Somebody creates a service. Raises EngineError as the Engine does (measurements.md#no-ingress).

    ends: its tasks do by themselves, and end up `failed` or `complete`. stubborn: they have to be killed.
    """
    asked = manager(world)
    world, service_id = world.another_id("sv")
    service = Service(id=service_id, spec=spec, ends=ends, stubborn=stubborn)
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
        if task.service_id == service.id:
            world = stop(world, task) if task.state == "running" else forget(world, task)
    return world


def run_container(world: World, host: str, network_id: str, *, ends: bool = False) -> World:
    """Somebody runs a standalone container. Raises EngineError for a network that is not attachable.

    ends: its process runs to an end, and again each time it is started.
    """
    network = world.host(host).network(network_id) or world.swarm.network(network_id)
    if network is None or (network.scope == "swarm" and not network.attachable):
        raise EngineError(f"{host}: Could not attach to network {network_id}: not manually attachable")
    world, container_id = world.another_id("ct")
    container = Container(id=container_id, networks=(network.id,), ends=ends)
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
    """Somebody changes the member that a host is. Raises NotFound if it is none."""
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


def limit_starts(world: World, host: str, starts: int = 3) -> World:
    """This host's docker is a service of systemd, which starts it so often within a minute (Debian's: three times)."""
    return world.with_host(replace(world.host(host), start_limit=starts))


def reset_failed(world: World, host: str) -> World:
    """Somebody makes systemd forget how often it has started docker; a start after that works again."""
    left = tuple(due for due in world.pending if due.what != Happening("starts forgotten", host))
    return replace(world.with_host(replace(world.host(host), starts=0)), pending=left)
