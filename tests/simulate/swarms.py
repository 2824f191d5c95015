"""Small simulated swarms, what is done to them, and what is seen of them."""

from typing import Any

from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import InitSwarm, JoinSwarm
from providers.simulate import SimulatorState, elapse, perform
from providers.simulate.workloads import Placed, read
from tests.support import others
from tests.support.networks import create_network
from tests.support.others import bare, change_service, named, service_spec

HOSTS = ("m1", "w1", "w2")
APP = create_network(name="app", driver="overlay", subnet="10.20.0.0/24", gateway="10.20.0.1", attachable=True)


def swarm(*managers: str) -> SimulatorState:
    """A swarm of three, at rest; m1 is always a manager."""
    sim = perform(bare(*HOSTS), InitSwarm(host="m1"))
    for host in HOSTS[1:]:
        sim = perform(elapse(sim, 1), JoinSwarm(host=host, role="manager" if host in managers else "worker"))
    return elapse(sim, 40)


def with_app(sim: SimulatorState | None = None) -> tuple[SimulatorState, str]:
    """A swarm with an overlay, and the overlay's id."""
    sim = elapse(perform(sim or swarm(), APP), 1)
    return sim, network(sim, "app").id


def with_container() -> tuple[SimulatorState, str]:
    """A swarm with a container on an overlay on w1, and the container's id."""
    sim, app = with_app()
    sim = others.run_container(sim, "w1", app)
    return sim, sim.host("w1").containers[0].id


def network(sim: SimulatorState, name: str) -> Network:
    """A network of the cluster by its name."""
    return next(net for net in sim.swarm.networks if net.name == name)


def bridge_of(sim: SimulatorState, host: str) -> Network:
    """A host's docker_gwbridge."""
    return next(net for net in sim.host(host).networks if net.name == GATEWAY_BRIDGE)


def web(
    replicas: int | None = 3,
    *,
    ports: tuple[tuple[int, int], ...] = ((8080, 80),),
    order: str = "stop-first",
    at_once: int = 0,
    **template: Any,  # any JSON
) -> str:
    """The spec of a service that publishes a port, with more in its template."""
    return service_spec(
        "web",
        ports=ports,
        replicas=replicas,
        TaskTemplate={"Networks": [], "Placement": {}, "ForceUpdate": 0, **template},
        UpdateConfig={"Parallelism": at_once, "Order": order, "FailureAction": "pause"},
    )


def without_ports(sim: SimulatorState) -> SimulatorState:
    """The ports taken off web."""
    return change_service(sim, "web", EndpointSpec={"Ports": []})


def forced(sim: SimulatorState) -> SimulatorState:
    """The tasks of web moved whatever they are."""
    template = read(named(sim, "web").spec)["TaskTemplate"]
    return change_service(sim, "web", TaskTemplate={**template, "ForceUpdate": 1})


def status(sim: SimulatorState) -> str:
    """Return the state of the last update of web."""
    return named(sim, "web").status


def on_ingress(sim: SimulatorState) -> list[Placed]:
    """The tasks with an address on the ingress."""
    ingress = sim.swarm.ingress
    return [task for task in sim.swarm.tasks if ingress and ingress.id in task.networks]
