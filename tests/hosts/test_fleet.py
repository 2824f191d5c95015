"""Hosts by name, all at once, and steps on them."""

from threading import Barrier

import pytest

from providers.hosts.engine_api.engine import LOOKS_FOR_INIT
from providers.hosts.fleet import Fleet, fleet_for
from providers.hosts.hosts_api import Hosts
from providers.hosts.observe import forbidden, placed
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import Conflict, NotFound, Unreachable
from providers.rules.vocabulary.facts import Node, UnreachableHost
from providers.rules.vocabulary.steps import RemoveNetwork, Step
from tests.support.fake_sshd import Ends
from tests.support.tables import cases


@pytest.fixture
def hosts(new_host):
    """Three hosts, of which one is away and one refuses."""
    hosts = {name: new_host(name) for name in ("m1", "w1", "w2")}
    hosts["m1"].engine.answer("GET /info", body={"Swarm": "m1"})
    hosts["w1"].close()
    return hosts


def test_each_asks_every_host(fleet):
    """Answers come by name, in the order in which the hosts are declared; errors do not take others' answers away."""
    answers = fleet.each(lambda engine: engine.read("/info", object)["Swarm"])

    assert [("m1", "m1"), ("w1", Unreachable), ("w2", NotFound)] == [
        (name, answer if isinstance(answer, str) else type(answer)) for name, answer in answers.items()
    ]


def test_each_asks_all_at_once(fleet):
    """No host waits for a silent one: all are being asked before one has answered."""
    all_asked = Barrier(3, timeout=10)

    assert {0, 1, 2} == set(fleet.each(lambda engine: all_asked.wait()).values())


def test_each_asks_the_named_hosts_alone(fleet):
    """Only the named hosts are asked."""
    assert {"w2": "w2"} == fleet.each(lambda engine: engine.name, ["w2"])


def test_each_does_not_hide_mistakes(fleet):
    """An error that is not the host's nor the Engine's is raised, and so is that for a host that is not declared."""
    with pytest.raises(ZeroDivisionError):
        fleet.each(lambda engine: 1 / 0)
    with pytest.raises(KeyError):
        fleet.engine("w9")


def test_fleet_is_shared(hosts):
    """The same hosts are the same fleet, and a host in two fleets is connected to once."""
    accesses = {name: host.access() for name, host in hosts.items()}

    assert fleet_for(accesses) is fleet_for(dict(accesses))
    assert fleet_for(accesses).engine("m1") is fleet_for({"m1": accesses["m1"]}).engine("m1")


MEMBERS = tuple(
    Node(id=each, hostname=name, role="worker", availability="active", state="ready", address=address)
    for each, name, address in (("n1", "somehost", "10.0.0.5"), ("n2", "other", "10.0.0.6"), ("n3", "w1", "10.0.0.7"))
)


@cases(
    "expected, address, advertised, remembered",
    {
        "by its address": ("n1", "10.0.0.5", None, {}),
        "by what it was": ("n2", "public.example.com", "10.0.0.5", {"w1": "n2"}),
        "by the address that it advertises": ("n1", "public.example.com", "10.0.0.5:2377", {}),
        "that has left since": ("n1", "10.0.0.5", None, {"w1": "gone"}),
        "by its name": ("n3", "public.example.com", None, {}),
    },
)
def test_an_unreachable_host_is_the_member_that_it_was(expected, address, advertised, remembered):
    """It is known whether the swarm counts on it, also if SSH goes to another address."""
    fleet = Fleet({"w1": HostAccess(name="w1", address=address, advertise_address=advertised)})
    fleet.node_ids.update(remembered)

    assert expected == placed(UnreachableHost(host="w1", why="cut off"), fleet, MEMBERS).node_id


def test_a_host_whose_sudo_can_not_be_asked_stops_no_other(hosts, fleet_of):
    """Each that lacks a right, or does not answer, has its line."""
    for host in hosts.values():
        host.commands[f"sh -c '{LOOKS_FOR_INIT}'"] = Ends()
        host.commands |= {f"sudo -n -l service docker {verb}": Ends() for verb in ("restart", "start")}
    hosts["w2"].commands["sudo -n -l service docker start"] = Ends(status=1)

    lacking, unreachable = forbidden(fleet_of(hosts, sudo=True), hosts)

    assert lacking.startswith("w2: sudo does not let root run `service docker start`: a restart of docker there may")
    assert unreachable.startswith("sudo's rules were not checked: w1 (")


# Steps


class Meeting(Hosts):
    """Hosts on which a step ends only once all the others are under way; one that removes `taken` is refused."""

    def __init__(self, steps: int) -> None:
        super().__init__({})
        self.barrier = Barrier(steps, timeout=20)

    def perform(self, step: Step) -> None:
        self.barrier.wait()
        if step == RemoveNetwork(id="taken"):
            raise Conflict("taken")


@pytest.mark.parametrize("ids", [("a",), ("a", "b", "c"), ("a", "taken", "c")])
def test_none_waits_for_another(ids: tuple[str, ...]):
    """They are under way together, whatever becomes of one, and what was refused comes back."""
    expected = ["taken"] if "taken" in ids else []

    assert expected == [str(problem) for problem in Meeting(len(ids)).perform_all([RemoveNetwork(id=i) for i in ids])]
