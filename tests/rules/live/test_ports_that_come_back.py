"""Ports come back one by one: one that somebody has taken keeps no other away, and whatever the API took returns."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import JOURNAL
from providers.rules.vocabulary.service_spec import Port
from providers.rules.vocabulary.steps import CreateNetwork, RemoveNetwork, Step, UpdateService
from providers.simulate import SimulatorState, elapse
from providers.simulate.workloads import read
from tests.support.lifecycle import id_of, ingress_spec, make, running
from tests.support.others import change_service, create_service, named, remove_service, service_spec
from tests.support.simulated import SimulatedHosts

NEW_INGRESS = ingress_spec(subnet="10.111.0.0/16", gateway="10.111.0.1")


class Meanwhile(SimulatedHosts):
    """Hosts on which somebody does something after the first step of a kind: by then ports are off."""

    coming: tuple[type[Step], Callable[[SimulatorState], SimulatorState]] | None = None

    def perform(self, step: Step) -> None:
        super().perform(step)
        if self.coming and isinstance(step, self.coming[0]):
            self.sim, self.coming = self.coming[1](self.sim), None


def at_work(*specs: str) -> SimulatorState:
    """The whole stack with these services, at rest."""
    sim = running()
    for spec in specs:
        sim = elapse(create_service(sim, spec), 20)
    return sim


def changed(sim: SimulatorState, other: str, after: type[Step] = UpdateService) -> tuple[SimulatedHosts, str]:
    """After a change of the ingress, with another service that comes in the middle; and how it was refused."""
    hosts = Meanwhile(sim)
    hosts.coming = after, partial(create_service, spec=other)
    return hosts, finished(hosts)


def finished(hosts: SimulatedHosts) -> str:
    """Let the ingress be brought about, and say how that was refused."""
    try:
        make(hosts, NEW_INGRESS, id_of(hosts.sim, NEW_INGRESS))
    except Blocked as refusal:
        return str(refusal)
    return ""


def ports(hosts: SimulatedHosts, name: str = "web") -> list[tuple[int, str]]:
    """What a service publishes now."""
    return [(port.published, port.mode) for port in named(hosts.sim, name).numbers]


WEB = service_spec("web", ports=((8443, 443), (8444, 444)), replicas=2)


@pytest.mark.parametrize(("mode", "after"), [("host", UpdateService), ("ingress", CreateNetwork)])
def test_what_nobody_took_comes_back(mode: str, after: type[Step]):
    """The one that was taken is named once, with both services and what to type; the note of it stays."""
    hosts, refusal = changed(at_work(WEB), service_spec("thief", ports=((8444, 80),), mode=mode), after)

    assert [(8443, "ingress")] == ports(hosts)
    assert 1 == refusal.count(
        "service web: its port 8444 can't be published again: service thief now publishes it: remove it "
        "from thief or give web "
        "another, then run again"
    )
    assert JOURNAL in dict(named(hosts.sim, "web").labels)


def test_a_second_run_writes_nothing_until_the_port_is_free():
    """It says the same; then it brings the rest, and the spec is as it was to the letter."""
    start = at_work(WEB)
    hosts, first = changed(start, service_spec("thief", ports=((8444, 80),), mode="host"))
    steps = len(hosts.steps)

    second = finished(hosts)
    assert (True, steps) == (bool(second) and first.startswith(second), len(hosts.steps))
    hosts.sim = remove_service(hosts.sim, "thief")
    assert "" == finished(hosts)
    assert read(named(start, "web").spec) == read(named(hosts.sim, "web").spec)


def test_on_hosts_two_services_may_have_a_number():
    """A port in mode host keeps none of the same kind away."""
    both = [{"TargetPort": 80, "PublishedPort": number, "PublishMode": mode} for number, mode in MIXED]
    hosts, refusal = changed(
        at_work(service_spec("web", EndpointSpec={"Ports": both})),
        service_spec("other", ports=((9001, 80),), mode="host"),
    )

    assert ("", sorted(MIXED)) == (refusal, sorted(ports(hosts)))


MIXED = [(9000, "ingress"), (9001, "host")]
# As only the API writes them: without protocol and number, twice.
ANY: dict[str, Any] = {"TargetPort": 80}


@pytest.mark.parametrize("treatment", ["pin", "renumber"])
def test_two_dynamic_ports_to_one_target(treatment: str):
    """Each comes back with a number of its own; pinned, with the one that it had."""
    hosts = SimulatedHosts(at_work(service_spec("web", EndpointSpec={"Ports": [ANY, ANY]})))
    before = ports(hosts)
    spec = NEW_INGRESS.model_copy(update={"dynamic_ports": treatment})
    make(hosts, spec, id_of(hosts.sim, spec))

    assert 2 == len(set(ports(hosts)))
    assert treatment == "renumber" or before == ports(hosts)


def test_numbers_of_one_protocol_do_not_count_for_another():
    """A fixed port of UDP with the number that the swarm gave one of TCP."""
    fixed = {"Protocol": "udp", "TargetPort": 53, "PublishedPort": 30000}
    hosts = SimulatedHosts(at_work(service_spec("web", EndpointSpec={"Ports": [fixed, ANY]})))

    assert ("", {Port(protocol="udp", target=53, published=30000, mode="ingress")}) == (
        finished(hosts),
        {port for port in named(hosts.sim, "web").numbers if port.protocol == "udp"},
    )
    assert 2 == len(ports(hosts))


# What replaces labels: a deployment writes the whole spec, other tools only these, around what they find.
DEPLOYED = {"Labels": {"team": "net"}, "EndpointSpec": {}, "UpdateConfig": {"Parallelism": 1, "Order": "stop-first"}}
RELABELLED = {"Labels": {"team": "net"}}


@pytest.mark.parametrize(
    ("expected", "written"), [([], DEPLOYED), ([(8080, "ingress")], RELABELLED)], ids=["deployed", "relabelled"]
)
@pytest.mark.parametrize("after", [UpdateService, RemoveNetwork, CreateNetwork])
def test_the_last_word_on_ports_is_their_owners(expected: list[Any], written: dict[str, Any], after: type[Step]):
    """A spec without ports that was written as a whole stays so; if only our label went, the port comes back."""
    hosts = Meanwhile(at_work(service_spec("web", ports=((8080, 80),), replicas=2)))
    hosts.coming = after, partial(change_service, name="web", **written)

    assert ("", expected) == (finished(hosts), ports(hosts))
    assert {"team": "net"} == dict(named(hosts.sim, "web").labels)
