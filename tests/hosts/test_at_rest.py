"""Looks share their answers if nothing is written after them: they ask little, and no write ever rests on a shared
one."""

import json
import threading
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.hosts.door import Hosts
from providers.loop.reconcile import work
from providers.rules.nouns.table import OVERLAY
from providers.rules.stack_file.access import Roles
from providers.rules.vocabulary.errors import NoQuorum
from providers.rules.vocabulary.steps import RemoveNetwork
from tests.support.engine_answers import ANSWERS, network
from tests.support.lifecycle import overlay_spec
from tests.support.memberships import info, places

MANY = 40
NAMES = [f"app{number}" for number in range(MANY)]
OURS = {"swarmnet.owner": "p/s"}


def lists(host, networks):
    """Have a manager know these networks and no others."""
    host.engine.answer("GET /networks", body=networks)
    for name in NAMES:
        host.engine.answer(f"GET /networks/id-{name}", 404, {"message": f"network id-{name} not found"})
    for net in networks:
        if net["Containers"] is None:
            host.engine.answer(f"GET /networks/{net['Id']}", body=net)


def overlay(name, **more):
    """An overlay of ours."""
    number = NAMES.index(name)
    return network(name, f"10.1.{number}.0/24", Labels=OURS, **more)


@pytest.fixture
def host(new_host):
    """A manager of a swarm with many overlays of ours."""
    host = new_host("m1")
    host.engine.answer("GET /info", body=info("m1", places(["m1"]), control=True))
    host.engine.answer("GET /nodes", body=[])
    swarm = {"ID": "s1", "Version": {"Index": 7}, "Spec": {"Name": "default"}}
    host.engine.answer("GET /swarm", body=swarm)
    for what in ("services", "tasks"):
        host.engine.answer(f"GET /{what}", body=[])
    lists(host, [overlay(name) for name in NAMES])
    return host


@pytest.fixture
def door(host):
    """The one host, which the stack file calls a manager."""
    door = Hosts({"m1": host.access(advertise_address="10.0.0.1")}, Roles(managers=frozenset({"m1"})))
    yield door
    for fleet in (door.fleet, door.at_rest().fleet):
        fleet.close()


def looked(door, names=NAMES):
    """Return the network of each name by its id, as a refresh asks for it."""
    return [door.overlay(name, f"id-{name}", thorough=True).network for name in names]


def asked(host):
    """Requests by kind."""
    return Counter(request.partition("?")[0].replace("/v1.51", "") for request in host.engine.requests)


def test_one_list_answers_for_all(host, door):
    """Framed by two answers to `GET /nodes`, so that what it lacks is gone."""
    there = looked(door.at_rest())

    assert NAMES == [net.name for net in there]
    assert {"GET /_ping": 1, "GET /info": 1, "GET /nodes": 2, "GET /networks": 1} == asked(host)
    assert 1 == host.logins


def test_all_read_as_many_bytes_as_one(host, door):
    """The members twice and the list once; no service and no task, of which a swarm has megabytes."""
    engine = host.engine
    for what in ("services", "tasks"):
        engine.answer(f"GET /{what}", body=[{"Spec": "x" * 100_000}])
    ping_and_info = len(json.dumps("OK")) + len(json.dumps(engine.answers["GET /v1.51/info"][1]))
    listed = len(json.dumps(engine.answers["GET /v1.51/networks"][1]))
    looked(door.at_rest())

    assert ping_and_info + 2 * len("[]") + listed == engine.sent


def test_what_it_lacks_is_absent(host, door):
    """It is absent without another request."""
    lists(host, [overlay(name) for name in NAMES[1:]])

    assert [None, f"id-{NAMES[1]}"] == [net and net.id for net in looked(door.at_rest(), NAMES[:2])]
    assert 1 == asked(host)["GET /networks"]


def test_no_list_without_its_frame(host, door):
    """A manager that has lost its quorum lists what it knew, and proves nothing."""
    host.engine.answer("GET /nodes", 503, {"message": "The swarm does not have a leader."})

    with pytest.raises(NoQuorum):
        looked(door.at_rest())


def test_what_a_manager_only_has_a_copy_of_is_absent(host, door):
    """It lists its own copy with a table of containers, the swarm's without, and asks about the former."""
    copy = overlay("app0", Containers={})
    lists(host, [copy, *(overlay(name) for name in NAMES[1:])])

    assert [None, f"id-{NAMES[1]}"] == [net and net.id for net in looked(door.at_rest(), NAMES[:2])]
    assert 1 == asked(host)["GET /networks/id-app0"]


def test_one_of_that_name_is_found_beside_a_copy_of_its_forerunner(host, door):
    """The id is another's by now."""
    lists(host, [overlay("app0", Containers={}), overlay("app0", Id="id-new")])

    assert ["id-new"] == [net.id for net in looked(door.at_rest(), ["app0"])]


def test_where_an_engine_lists_no_containers_each_is_asked_for(host, door):
    """Nothing tells the swarm's from a copy there."""
    bare = [{key: value for key, value in overlay(name).items() if key != "Containers"} for name in NAMES]
    host.engine.answer("GET /networks", body=bare)

    assert NAMES == [net.name for net in looked(door.at_rest())]
    assert [1] * MANY == [asked(host)[f"GET /networks/id-{name}"] for name in NAMES]


def test_after_a_write_of_ours_it_is_asked_anew(host, door):
    """The door that the write went through does not matter."""
    looked(door.at_rest())
    host.engine.answer("DELETE /networks/id-app0", 204)
    door.perform(RemoveNetwork(id="id-app0"))
    lists(host, [overlay(name) for name in NAMES[1:]])

    assert [None, "id-app1"] == [net and net.id for net in looked(door.at_rest(), NAMES[:2])]


def test_no_write_rests_on_what_was_shared(host, door):
    """Somebody takes the network away and makes another of its name, after the list and before our removal: what the
    state names is gone, and the other stays, though whoever only reads still gets the list."""
    spec, known = overlay_spec("app0", owner="p/s"), {"network_id": "id-app0"}
    seen = looked(door.at_rest())
    lists(host, [network("app0", "10.9.0.0/24", Id="id-theirs")])
    removal = OVERLAY.decide_removal(spec, known, lost=False)
    assert removal

    work(door, "app0", 60, lambda line: None, lambda: OVERLAY.look(door, spec, known, leaving=True), removal)

    assert not [request for request in asked(host) if request.startswith("DELETE")]
    assert seen == looked(door.at_rest())


def test_a_survey_asks_for_no_network_alone(host, door):
    """The list tells which are the swarm's; a host has a copy of its own if a container is attached to one."""
    host.engine.answer("GET /containers/json", body=[container("app1")])
    there = [each.name for each in door.survey().swarm.networks]
    alone = {request for request in asked(host) if request.startswith("GET /networks/")}

    assert (sorted(NAMES), {"GET /networks/id-app1"}) == (sorted(there), alone)


def test_a_survey_without_marks_asks_for_many_at_once(host, door):
    """Four at a time, on each host and of the swarm."""
    together = threading.Barrier(4, timeout=30)
    bare = [{key: value for key, value in overlay(name).items() if key != "Containers"} for name in NAMES[:4]]
    host.engine.answer("GET /networks", body=bare)
    host.engine.answer("GET /containers/json", body=[])
    for net in bare:
        host.engine.does(f"GET /networks/{net['Id']}", lambda net=net: (together.wait() and 0) or (200, net))

    assert NAMES[:4] == [each.name for each in door.survey().swarm.networks]


@pytest.mark.parametrize(
    ("expected", "stopped"), [(None, True), (["ready", "running", "complete", "remove"], False)], ids=["all", "lasting"]
)
def test_a_survey_may_leave_out_tasks_that_stop(host, door, expected, stopped):
    """All that have ended are among them; those that are there only until their service is removed are not."""
    host.engine.answer("GET /containers/json", body=[])
    door.survey(stopped=stopped)
    (path,) = {request.partition(" ")[2] for request in host.engine.requests if "/tasks" in request}

    assert expected == json.loads(parse_qs(urlsplit(path).query)["filters"][0]).get("desired-state")


def container(name):
    """One that hangs on an overlay."""
    attached = {name: {"NetworkID": f"id-{name}"}}
    return {"Id": "c1", "Names": ["/x"], "State": "running", "NetworkSettings": {"Networks": attached}}


@pytest.fixture
def four(new_host):
    """A manager and three workers, with docker_gwbridge and the ingress."""
    names = ("m1", "w1", "w2", "w3")
    hosts = {name: new_host(name) for name in names}
    for name, each in hosts.items():
        for path, body in ANSWERS.items():
            each.engine.answer(f"GET {path}", body=body)
        each.engine.answer("GET /info", body=info(name, {"m1": "10.0.0.1"}, control=name == "m1"))
    return hosts


@pytest.fixture
def door_to_four(four):
    """Provide the door to four hosts, one of which the stack file calls a manager."""
    known_at = places(four)
    accesses = {name: host.access(advertise_address=known_at[name]) for name, host in four.items()}
    door = Hosts(accesses, Roles(managers=frozenset({"m1"})))
    yield door.at_rest()
    door.at_rest().fleet.close()


def test_each_host_says_each_thing_once(four, door_to_four):
    """The number of resources does not matter. Tasks, which are the most to read, are not asked for."""
    for name in four:
        door_to_four.gwbridge(name)
        door_to_four.node(name)
    door_to_four.ingress()

    # Who the manager is takes a word more, and its own copy of the ingress is not the swarm's.
    twice = Counter(["GET /info", "GET /networks/id-ingress"])
    most = {name: max((asked(host) - twice).values()) for name, host in four.items()}
    assert ({name: 1 for name in four}, 0) == (most, sum(asked(host)["GET /tasks"] for host in four.values()))
    assert [1] * 4 == [host.logins for host in four.values()]


def test_who_looks_at_a_second_host_asks_all_at_once(four, door_to_four):
    """Pulumi's plugin and `swarmnet drift` look at four resources at a time; hosts need not be asked four at a time."""
    door_to_four.gwbridge("m1")
    together = threading.Barrier(3, timeout=30)
    for name in ("w1", "w2", "w3"):
        word = info(name, {"m1": "10.0.0.1"})
        four[name].engine.does("GET /info", lambda word=word: (together.wait() and 0) or (200, word))

    assert "w1" == door_to_four.gwbridge("w1").member.host


def test_who_looks_at_one_host_asks_no_other(four, door_to_four):
    """`pulumi refresh --target` does so; a swarm is asked of its managers."""
    door_to_four.gwbridge("w1")
    door_to_four.node("w1")

    assert [0, 0] == [len(four[name].engine.requests) for name in ("w2", "w3")]
