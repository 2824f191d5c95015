"""The facts file: what `swarmnet facts` found on the hosts, for explaining a change without reaching them.

A published format, versioned by `schema`: keys may be added under the same number, and readers pass over keys that they
do not know; any other change takes the next number. It has no secret, no join token, no service's spec and no clock of
its own: the caller says when the facts were taken.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from providers.explain.forecast import Forecast, published
from providers.rules.vocabulary.facts import Member, Network, Node, UnreachableHost
from providers.rules.vocabulary.field_mappings import shown
from providers.rules.vocabulary.keys import OverlayFlags
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.snapshot import HostSnapshot, Snapshot, SwarmSnapshot
from providers.rules.vocabulary.words import data, reason

SCHEMA: Final = 1


class NoFacts(ValueError):
    """A text is no facts file, or one of another version; the message says which, in one line."""


class _Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Bridge(_Part):
    """A host's docker_gwbridge."""

    subnet: str
    gateway: str = ""


class HostFacts(_Part):
    """A host of the stack, or one that only the state still knows.

    silent: why it could not be asked, empty if it was. state: its own word on its membership (inactive, pending,
    active, locked, error). role, availability: as the managers list them. tasks: how many run on it, by the name of
    their service. Empty is what is not known.
    """

    silent: str = ""
    state: str = ""
    role: str = ""
    availability: str = ""
    bridge: Bridge | None = None
    tasks: Mapping[str, int] = {}


class Attached(_Part):
    """A service on a network.

    ports: those that it publishes through the ingress, as `8080/tcp` or `a dynamic port to 80/tcp`. tasks: how many
    of it run or are about to.
    """

    name: str
    ports: tuple[str, ...] = ()
    tasks: int = 0


class _Range(_Part):
    id: str
    ingress: bool = False
    subnet: str = ""
    gateway: str = ""


class NetworkFacts(OverlayFlags, _Range):
    """A network of the swarm, declared or not.

    services: those attached; of the ingress, those that publish through it. containers: those on it that run and are
    no tasks, as `name on host`.
    """

    services: tuple[Attached, ...] = ()
    containers: tuple[str, ...] = ()


class FactsFile(_Part):
    """The facts found. `forecast` is what the next `pulumi up --refresh` would do, in its order, as `swarmnet plan`
    says it: which ports and tasks of which service it disturbs, hosts that are drained, seconds, and what blocks.

    state: `known`, or why Pulumi's state was not; the forecast then takes all as new. networks: by name.
    """

    schema_: Literal[1] = Field(alias="schema")
    stack: str
    taken_at: AwareDatetime
    state: str = "known"
    hosts: Mapping[str, HostFacts]
    networks: Mapping[str, NetworkFacts]
    forecast: tuple[Forecast, ...]

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Return the facts in a file's text. Raises NoFacts."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, problem["loc"])) or "it"
            message = f"{where}: {reason(problem['msg']).lower()}"
            raise NoFacts(f"not facts of schema {SCHEMA} as `swarmnet facts` writes them: {message}") from error

    def text(self) -> str:
        """Return the file's text."""
        return data(self.model_dump(mode="json", by_alias=True)) + "\n"


def facts_file(
    stack: str, taken_at: datetime, snapshot: Snapshot, forecast: Iterable[Forecast], state: str = "known"
) -> FactsFile:
    """Return the facts of a stack, of what was read and foretold."""
    nodes = {node.id: node for node in snapshot.swarm.nodes} if snapshot.swarm else {}
    running = _running(snapshot.swarm) if snapshot.swarm else {}
    networks = sorted(snapshot.swarm.networks, key=lambda net: net.name) if snapshot.swarm else ()
    return FactsFile(
        schema=SCHEMA,
        stack=stack,
        taken_at=taken_at,
        state=state,
        hosts={_word(each).host: _host(each, nodes, running) for each in snapshot.hosts},
        networks={each.name: _network(each, snapshot, running) for each in networks},
        forecast=tuple(forecast),
    )


def _running(swarm: SwarmSnapshot) -> dict[str, Counter[str]]:
    """Count the running tasks of each service by name, by node id."""
    names = {service.id: service.name for service in swarm.services}
    found = defaultdict[str, Counter[str]](Counter)
    for task in swarm.tasks:
        if task.service_id in names and task.desired == "running" and task.alive:
            found[task.node_id][names[task.service_id]] += 1
    return found


def _word(read: HostSnapshot | UnreachableHost) -> Member | UnreachableHost:
    return read if isinstance(read, UnreachableHost) else read.member


def _host(
    read: HostSnapshot | UnreachableHost, nodes: Mapping[str, Node], running: Mapping[str, Mapping[str, int]]
) -> HostFacts:
    own = _word(read)
    networks = () if isinstance(read, UnreachableHost) else read.networks
    node = nodes.get(own.node_id)
    bridge = next((net for net in networks if net.name == GATEWAY_BRIDGE), None)
    return HostFacts(
        silent=own.why if isinstance(own, UnreachableHost) else "",
        state="" if isinstance(own, UnreachableHost) else own.state,
        role=node.role if node else "",
        availability=node.availability if node else "",
        bridge=Bridge(subnet=bridge.subnet, gateway=bridge.gateway) if bridge else None,
        tasks=dict(sorted(running.get(own.node_id, {}).items())) if own.node_id else {},
    )


def _network(network: Network, snapshot: Snapshot, running: Mapping[str, Mapping[str, int]]) -> NetworkFacts:
    services = sorted(snapshot.swarm.services if snapshot.swarm else (), key=lambda service: service.name)
    asked = [host for host in snapshot.hosts if isinstance(host, HostSnapshot)]
    return NetworkFacts(
        id=network.id,
        ingress=network.ingress,
        subnet=network.subnet,
        gateway=network.gateway,
        **shown(OverlayFlags, network),
        services=tuple(
            Attached(
                name=each.name,
                ports=tuple(published(each)),
                tasks=sum(tasks.get(each.name, 0) for tasks in running.values()),
            )
            for each in services
            if (each.publishes_ingress if network.ingress else network.id in each.networks)
        ),
        containers=tuple(
            sorted(
                f"{each.name} on {host.member.host}"
                for host in asked
                for each in host.containers
                if each.running and network.id in each.networks
            )
        ),
    )
