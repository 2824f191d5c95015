"""Hosts by name, all at once, and any good manager."""

import threading

import pytest

from providers.hosts.fleet import Fleet, fleet_for
from providers.rules.vocabulary.errors import NoQuorum, NoSwarm, NotAManager, NotFound, Unreachable
from tests.support.memberships import info, places

NO_LEADER = "The swarm does not have a leader."


def member(host, **word):
    """Have a host's Engine say this of its membership. It takes all three for managers, so that each one's own word
    decides here."""
    host.engine.answer("GET /info", body=info(host.name, places(("m1", "w1", "w2")), **word))


def go_silent(host):
    """Have a host take no more connections."""
    host.close()


@pytest.fixture
def hosts(new_host):
    """Three hosts: a manager, and two workers."""
    hosts = {name: new_host(name) for name in ("m1", "w1", "w2")}
    for name, host in hosts.items():
        member(host, control=name == "m1")
    return hosts


# All at once


def test_each_asks_every_host(fleet):
    """Answers come by name, in the order in which the hosts are declared."""
    assert [("m1", "m1"), ("w1", "w1"), ("w2", "w2")] == list(fleet.each(lambda engine: engine.name).items())


def test_each_asks_the_named_hosts_alone(fleet):
    """Only the named hosts are asked."""
    assert ["w2"] == list(fleet.each(lambda engine: engine.name, ["w2"]))


def test_each_returns_errors_as_values(hosts, fleet):
    """A host that is away, or refuses, does not take the others' answers away."""
    go_silent(hosts["w1"])
    hosts["w2"].engine.answer("GET /info", 404, {"message": "none"})
    answers = fleet.each(lambda engine: engine.get("/info")["Swarm"]["ControlAvailable"])

    assert [True, Unreachable, NotFound] == [answers["m1"], type(answers["w1"]), type(answers["w2"])]


def test_each_does_not_hide_mistakes(fleet):
    """An error that is not the host's nor the Engine's is raised."""
    with pytest.raises(ZeroDivisionError):
        fleet.each(lambda engine: 1 / 0)


def test_unknown_host_is_a_mistake(fleet):
    """Only declared hosts can be asked."""
    with pytest.raises(KeyError):
        fleet.engine("w9")


def test_fifty_hosts_of_which_one_is_down(new_host):
    """All others have answered before the one that does not is given up: it makes nobody wait."""
    host, down = new_host("m1"), "w7"
    member(host)
    names = [f"w{number}" for number in range(50)]
    fleet = Fleet({name: host.access(name=name, port=1 if name == down else host.port) for name in names})
    others = threading.Semaphore(0)

    def ask(engine):
        if engine.name == down:
            assert all(others.acquire(timeout=30) for _ in names[1:])
        answer = engine.info()["Swarm"]["LocalNodeState"]
        others.release()
        return answer

    answers = fleet.each(ask)
    silent = answers.pop(down)
    fleet.close()

    assert (["active"] * 49, Unreachable) == (list(answers.values()), type(silent))
    assert str(silent).startswith("w7 (127.0.0.1:1): connection refused")


# A good manager


def test_manager_can_answer_for_the_swarm(fleet):
    """A worker is never taken for a manager."""
    assert "m1" == fleet.manager().name


def test_manager_is_remembered(hosts, fleet):
    """One search serves the process."""
    for _ in range(3):
        fleet.manager()

    assert 1 == hosts["m1"].engine.requests.count("GET /v1.51/info")


def test_manager_that_fails_is_replaced(hosts, fleet):
    """After an answer that it could not give, another good manager is sought."""
    manager = fleet.manager()
    hosts["m1"].engine.answer("GET /nodes", 503, {"message": "This node is not a swarm manager."})
    with pytest.raises(NotAManager):
        manager.get("/nodes")
    member(hosts["m1"])
    member(hosts["w1"], control=True)

    assert "w1" == fleet.manager().name


def test_forgotten_manager_is_sought_again(hosts, fleet):
    """The search for a manager is done anew once it is told to forget the one it knows."""
    fleet.manager()
    member(hosts["m1"])
    member(hosts["w2"], control=True)
    fleet.forget_manager()

    assert "w2" == fleet.manager().name


def test_manager_without_leader_is_no_good(hosts, fleet):
    """A manager that says itself that the swarm has no leader cannot answer for it."""
    member(hosts["m1"], control=True, error=NO_LEADER)
    member(hosts["w1"], control=True)

    assert "w1" == fleet.manager().name


def test_slow_host_is_not_waited_for(hosts, fleet):
    """The search ends as soon as a good manager and one that names it have answered."""
    over = threading.Event()
    hosts["w1"].engine.does("GET /info", lambda: (200, over.wait(60)))

    assert "m1" == fleet.manager().name
    over.set()


def test_managers_are_all_that_answer(hosts, fleet):
    """All good managers, in the order in which the hosts are declared."""
    member(hosts["w2"], control=True)
    go_silent(hosts["w1"])

    assert ["m1", "w2"] == [engine.name for engine in fleet.managers()]


def test_manager_can_be_sought_while_asking(fleet):
    """A question to each host may need a manager itself."""
    assert {"m1": "m1", "w1": "m1", "w2": "m1"} == fleet.each(lambda engine: fleet.manager().name)


# No good manager


def test_no_manager_says_what_each_host_said(hosts, fleet):
    """One line, with every host."""
    member(hosts["m1"])
    member(hosts["w1"], state="inactive")
    member(hosts["w2"], state="locked")
    with pytest.raises(NotAManager) as caught:
        fleet.manager()

    assert "no declared host can answer for the swarm: m1: a worker; w1: in no swarm; w2: locked" == str(caught.value)


def test_no_swarm_is_told_where_every_host_says_so(hosts, fleet):
    """Each declared host answers that it is in no swarm: what was in one is gone."""
    for host in hosts.values():
        member(host, state="inactive")
    with pytest.raises(NoSwarm, match="m1: in no swarm; w1: in no swarm; w2: in no swarm"):
        fleet.manager()


def test_silent_host_might_be_in_a_swarm(hosts, fleet):
    """One silent host leaves open whether there is a swarm."""
    member(hosts["m1"], state="inactive")
    member(hosts["w1"], state="inactive")
    go_silent(hosts["w2"])
    with pytest.raises(Unreachable):
        fleet.manager()


def test_no_quorum_is_told(hosts, fleet):
    """A manager without quorum is its own kind of error."""
    member(hosts["m1"], control=True, error=NO_LEADER)
    go_silent(hosts["w1"])
    with pytest.raises(NoQuorum, match=rf"m1: {NO_LEADER}; w1 \(127.0.0.1:\d+\): connection refused"):
        fleet.manager()


def test_silent_host_might_be_the_manager(hosts, fleet):
    """The swarm is unreachable if a host is silent and no other is a manager."""
    go_silent(hosts["m1"])
    with pytest.raises(Unreachable, match=r"m1 \(127.0.0.1:\d+\): connection refused.*; w1: a worker"):
        fleet.manager()


# One process


def test_fleet_is_shared(hosts):
    """The same hosts are the same fleet, so that connections are shared."""
    accesses = {name: host.access() for name, host in hosts.items()}

    assert fleet_for(accesses) is fleet_for(dict(accesses))


def test_fleets_share_engines(hosts):
    """A host in two fleets is connected to once."""
    access = hosts["m1"].access()

    assert fleet_for({"m1": access}).engine("m1") is fleet_for({"m1": access, "w1": access}).engine("m1")
