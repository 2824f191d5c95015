"""Acts of others on a simulated swarm: by hand, by other tools, or by accident.

What they can do with one of our steps (remove a network, change a node, leave) they do with `perform`; hosts come and
go with `stop_docker` and `start_docker` of members.py, `cut` and `heal`.
"""

from dataclasses import replace

from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.errors import EngineError, NotFound
from providers.rules.vocabulary.facts import Endpoint, Network
from providers.rules.vocabulary.network_config import Pool
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import UpdateNode, UpdateService
from providers.simulate.answering import manager
from providers.simulate.bridges import plugged
from providers.simulate.containers import plug, with_container
from providers.simulate.members import back, elected, notice_later
from providers.simulate.orchestrator import forget, orchestrate, stop
from providers.simulate.perform import perform
from providers.simulate.services import numbered, refuse_ports
from providers.simulate.state import Happening, Host, SimulatorState, Timings
from providers.simulate.workloads import Container, Service, read, text


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


def create_service(sim: SimulatorState, spec: str, *, ends: str = "", stubborn: bool = False) -> SimulatorState:
    """Somebody creates a service. Raises EngineError as the Engine does (measurements.md#no-ingress).

    ends: its tasks do by themselves, and end up `failed` or `complete`. stubborn: they have to be killed.
    """
    asked = manager(sim)
    sim, service_id = sim.another_id("sv")
    service = Service(id=service_id, spec=spec, ends=ends, stubborn=stubborn)
    refuse_ports(sim, asked, service)
    return orchestrate(numbered(sim.agreed(services=(*sim.swarm.services, service)), service_id))


def named(sim: SimulatorState, name: str) -> Service:
    """A service by its name."""
    return next(service for service in sim.swarm.services if service.name == name)


def change_service(sim: SimulatorState, name: str, **changes: object) -> SimulatorState:
    """Somebody changes top-level keys of a service's spec."""
    service = named(sim, name)
    spec = text({**read(service.spec), **changes})
    return perform(sim, UpdateService(service_id=service.id, version=service.version, spec=spec))


def break_service(sim: SimulatorState, name: str) -> SimulatorState:
    """From now on the new tasks of an update of this service die at once."""
    return sim.with_service(replace(named(sim, name), failing=True))


def remove_service(sim: SimulatorState, name: str) -> SimulatorState:
    """Somebody removes a service: its tasks stop by themselves, a while later (measurements.md#names-stay-taken)."""
    service = named(sim, name)
    sim = sim.agreed(services=tuple(other for other in sim.swarm.services if other.id != service.id))
    for task in sim.swarm.tasks:
        if task.service_id == service.id:
            sim = stop(sim, task) if task.state == "running" else forget(sim, task)
    return sim


def run_container(sim: SimulatorState, host: str, network_id: str, *, ends: bool = False) -> SimulatorState:
    """Somebody runs a standalone container. Raises EngineError for a network that is not attachable.

    ends: its process runs to an end, and again each time it is started.
    """
    network = sim.host(host).network(network_id) or sim.swarm.network(network_id)
    if network is None or (network.scope == "swarm" and not network.attachable):
        raise EngineError(f"{host}: Could not attach to network {network_id}: not manually attachable")
    sim, container_id = sim.another_id("ct")
    container = Container(id=container_id, networks=(network.id,), ends=ends)
    return plug(sim.with_host(with_container(sim.host(host), container)), host, container)


def leave_endpoint(sim: SimulatorState, host: str) -> SimulatorState:
    """A leave right after a restart left the ingress's endpoint on docker_gwbridge.

    measurements.md#endpoint-left-behind
    """
    stale = Endpoint(name="gateway_ingress-sbox", key="ep-0123456789ab")
    return sim.with_host(plugged(sim.host(host), GATEWAY_BRIDGE, stale))


def set_node(
    sim: SimulatorState, host: str, *, role: str | None = None, availability: str | None = None, labels: Pairs = ()
) -> SimulatorState:
    """Somebody changes the member that a host is. Raises NotFound if it is none."""
    node = sim.swarm.node(sim.host(host).node_id)
    if node is None:
        raise NotFound(f"{host}: it is no member")
    update = UpdateNode(node_id=node.id, version=node.version, role=role, availability=availability, set_labels=labels)
    return perform(sim, update)


def fail_kicks(sim: SimulatorState, host: str, times: int) -> SimulatorState:
    """The next ingresses that come to this host fail to be set up there (measurements.md#kicks)."""
    return sim.with_host(replace(sim.host(host), failing_kicks=times))


def slow_down(sim: SimulatorState, host: str) -> SimulatorState:
    """This host takes longer than the others (up to 4 s under load, measurements.md#removal)."""
    return sim.with_host(replace(sim.host(host), slow=True))


def keep_belongings(sim: SimulatorState, *belongings: str) -> SimulatorState:
    """Somebody creates secrets or configs, such as `secret db`."""
    return sim.agreed(belongings=belongings)


def limit_starts(sim: SimulatorState, host: str, starts: int = 3) -> SimulatorState:
    """This host's docker is a service of systemd, which starts it so often within a minute (Debian's: three times)."""
    return sim.with_host(replace(sim.host(host), start_limit=starts))


def reset_failed(sim: SimulatorState, host: str) -> SimulatorState:
    """Somebody makes systemd forget how often it has started docker; a start after that works again."""
    left = tuple(due for due in sim.pending if due.what != Happening("starts forgotten", host))
    return replace(sim.with_host(replace(sim.host(host), starts=0)), pending=left)


AS_MEASURED = Timings()


def bare(*names: str, timings: Timings = AS_MEASURED) -> SimulatorState:
    """Hosts with nothing but what docker brings: docker0."""
    pool = Pool(subnet="172.17.0.0/16", gateway="172.17.0.1")
    docker0 = Network(id="docker0", scope="local", name="bridge", driver="bridge", pools=(pool,))
    hosts = (
        Host(name=name, address=f"198.51.100.{number}", networks=(docker0,)) for number, name in enumerate(names, 1)
    )
    return SimulatorState(hosts=tuple(hosts), timings=timings)


def cut(sim: SimulatorState, name: str) -> SimulatorState:
    """A host's link is cut: neither we nor the other members reach it."""
    return elected(sim, notice_later(sim.with_host(replace(sim.host(name), connected=False)), name))


def heal(sim: SimulatorState, name: str) -> SimulatorState:
    """A host's link is back; tasks that were to end, end. An ingress that was removed meanwhile stays, until its docker
    restarts (measurements.md#host-that-is-down)."""
    before, sim = sim, sim.with_host(replace(sim.host(name), connected=True))
    if sim.cluster is None:
        return sim
    for task in sim.swarm.tasks:
        if task.node_id == sim.host(name).node_id and task.desired == "shutdown":
            sim = sim.later(sim.timings.drop, Happening("task ends", task.id))
    for network in sim.host(name).networks:
        if network.scope == "swarm" and not network.ingress and sim.swarm.network(network.id) is None:
            sim = sim.later(sim.timings.drop, Happening("network dropped", name, network.id))
    return elected(before, back(sim, name))
