"""Looks share their answers if nothing is written after them: they ask little, and no write ever rests on a shared
one."""

import json
import threading
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.hosts import observe
from providers.loop.reconcile import work
from providers.rules.resource_types.table import OVERLAY
from providers.rules.vocabulary.errors import NoQuorum
from providers.rules.vocabulary.steps import RemoveNetwork
from tests.support.engine_answers import ANSWERS, network
from tests.support.lifecycle import overlay_spec
from tests.support.manager_of_overlays import NAMES, OURS, api_to, has_overlays, overlay
from tests.support.memberships import info, places
from tests.support.tables import cases

IDS = [f"id-{name}" for name in NAMES]


def bare(names):
    """Overlays of ours as an Engine lists them that says nothing of containers."""
    return [{key: value for key, value in overlay(name).items() if key != "Containers"} for name in names]


@pytest.fixture
def actual():
    """The networks of the swarm by id: many overlays of ours."""
    return {f"id-{name}": overlay(name) for name in NAMES}


@pytest.fixture
def host(new_host, actual):
    """A manager of that swarm."""
    host = new_host("m1")
    host.engine.answer("GET /info", body=info("m1", places(["m1"]), control=True))
    has_overlays(host.engine, actual)
    return host


@pytest.fixture
def api(host, ended):
    """The one host, which the stack file calls a manager."""
    api = api_to({"m1": host})()
    ended(api.fleet)
    ended(api.at_rest().fleet)
    return api


def looked(api, names=NAMES):
    """Return the id that the network of each name has, as a refresh asks for it; None if there is none."""
    found = [api.overlay(name, f"id-{name}", thorough=True).network for name in names]
    return [net and net.id for net in found]


def test_one_list_answers_for_all(host, api):
    """Framed by two answers to `GET /nodes`, so that what it lacks is gone."""
    assert IDS == looked(api.at_rest())
    once = {"GET /_ping": 1, "GET /info": 1, "GET /networks": 1, "GET /swarm": 1}
    assert {**once, "GET /nodes": 2} == host.engine.asked()
    assert 1 == host.logins


@pytest.mark.parametrize("copies", [[], [overlay("app0", Containers={})]], ids=["not listed", "but a copy"])
def test_what_the_swarm_lacks_is_absent(host, api, actual, copies):
    """A manager lists its own copy with a table of containers, the swarm's without, and is asked about the former."""
    del actual["id-app0"]
    host.engine.answer("GET /networks", body=[*copies, *actual.values()])

    assert [None, IDS[1]] == looked(api.at_rest(), NAMES[:2])
    assert (1, len(copies)) == (host.engine.asked()["GET /networks"], host.engine.asked()["GET /networks/id-app0"])


def test_no_list_without_its_frame(host, api):
    """A manager that has lost its quorum lists what it knew, and proves nothing."""
    host.engine.answer("GET /nodes", 503, {"message": "The swarm does not have a leader."})

    with pytest.raises(NoQuorum):
        looked(api.at_rest())


def test_one_of_that_name_is_found_beside_a_copy_of_its_forerunner(host, api, actual):
    """The id is another's by now."""
    actual["id-new"] = overlay("app0", Id="id-new")
    copy = actual.pop("id-app0") | {"Containers": {}}
    host.engine.answer("GET /networks", body=[copy, *actual.values()])

    assert ["id-new"] == looked(api.at_rest(), ["app0"])


def test_where_an_engine_lists_no_containers_each_is_asked_for(host, api):
    """Nothing tells the swarm's from a copy there."""
    host.engine.answer("GET /networks", body=bare(NAMES))

    assert IDS == looked(api.at_rest())
    assert [1] * len(NAMES) == [host.engine.asked()[f"GET /networks/id-{name}"] for name in NAMES]


def test_after_a_write_of_ours_it_is_asked_anew(api):
    """The hosts API that the write went through does not matter."""
    looked(api.at_rest())
    api.perform(RemoveNetwork(id="id-app0"))

    assert [None, IDS[1]] == looked(api.at_rest(), NAMES[:2])


def test_no_write_rests_on_what_was_shared(host, api, actual):
    """Somebody takes the network away and makes another of its name, after the list and before our removal: what the
    state names is gone, and the other stays, though whoever only reads still gets the list."""
    spec, known = overlay_spec("app0", owner=OURS), {"network_id": "id-app0"}
    seen = looked(api.at_rest())
    actual.clear()
    actual["id-theirs"] = overlay("app0", owner="p/other", Id="id-theirs")
    host.engine.answer("GET /networks/id-theirs", body=actual["id-theirs"])
    removal = OVERLAY.decide_removal(spec, known, lost=False)
    assert removal

    work(api, "app0", 60, lambda line: None, lambda: OVERLAY.observe(api, spec, known, leaving=True), removal)

    assert not [request for request in host.engine.asked() if request.startswith("DELETE")]
    assert seen == looked(api.at_rest())


def test_a_survey_asks_for_no_network_alone(host, api, actual):
    """The list shows the host's own, and which are the swarm's; a host has a copy of one if a container is attached."""
    actual["id-own"] = network("own", "172.18.0.0/16", Scope="local", Driver="bridge")
    attached = {"app1": {"NetworkID": "id-app1"}}
    one = {"Id": "c1", "Names": ["/x"], "State": "running", "NetworkSettings": {"Networks": attached}}
    host.engine.answer("GET /containers/json", body=[one])
    names = [each.name for each in api.snapshot().swarm.networks]
    alone = {request for request in host.engine.asked() if request.startswith("GET /networks/")}

    assert (sorted(NAMES), {"GET /networks/id-app1"}) == (sorted(names), alone)


def test_a_survey_without_marks_asks_for_many_at_once(host, api):
    """Four at a time, on each host and of the swarm."""
    together = threading.Barrier(4, timeout=30)
    host.engine.answer("GET /networks", body=bare(NAMES[:4]))
    for net in bare(NAMES[:4]):
        host.engine.does(f"GET /networks/{net['Id']}", lambda net=net: (together.wait() and 0) or (200, net))

    assert NAMES[:4] == [each.name for each in api.snapshot().swarm.networks]


@cases("expected, stopped", {"all": (None, True), "lasting": (["ready", "running", "complete", "remove"], False)})
def test_a_survey_may_leave_out_tasks_that_stop(host, api, expected, stopped):
    """All that have ended are among them; those that are there only until their service is removed are not."""
    api.snapshot(stopped=stopped)
    (path,) = {request.partition(" ")[2] for request in host.engine.requests if "/tasks" in request}

    assert expected == json.loads(parse_qs(urlsplit(path).query)["filters"][0]).get("desired-state")


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
def api_to_four(four, ended):
    """Provide the hosts API to four hosts, one of which the stack file calls a manager."""
    api = api_to(four)().at_rest()
    ended(api.fleet)
    return api


def test_each_host_says_each_thing_once(four, api_to_four):
    """The number of resources does not matter. Tasks, which are the most to read, are not asked for."""
    for name in four:
        api_to_four.gwbridge(name)
        api_to_four.node(name)
    api_to_four.ingress()

    # Who the manager is takes a word more, and its own copy of the ingress is not the swarm's.
    twice = Counter(["GET /info", "GET /networks/id-ingress"])
    most = {name: max((host.engine.asked() - twice).values()) for name, host in four.items()}
    assert ({name: 1 for name in four}, 0) == (most, sum(host.engine.asked()["GET /tasks"] for host in four.values()))
    assert [1] * 4 == [host.logins for host in four.values()]


def test_who_looks_at_a_second_host_asks_all_at_once(four, api_to_four):
    """Pulumi's plugin and `swarmnet drift` look at four resources at a time; hosts need not be asked four at a time."""
    api_to_four.gwbridge("m1")
    together = threading.Barrier(3, timeout=30)
    for name in ("w1", "w2", "w3"):
        word = info(name, {"m1": "10.0.0.1"})
        four[name].engine.does("GET /info", lambda word=word: (together.wait() and 0) or (200, word))

    assert "w1" == api_to_four.gwbridge("w1").member.host


def test_who_looks_at_one_host_asks_no_other(four, api_to_four):
    """`pulumi refresh --target` does so; a swarm is asked of its managers."""
    api_to_four.gwbridge("w1")
    api_to_four.node("w1")

    assert [0, 0] == [len(four[name].engine.requests) for name in ("w2", "w3")]


def test_containers_that_are_looked_at_alone(host, api):
    """Those that are no tasks, if they run or were stopped by us: a host keeps any number of others."""
    task = {"com.docker.swarm.task": ""}
    states = {"c1": ("running", {}), "c2": ("exited", {}), "c3": ("exited", {}), "t1": ("running", task)}
    listed = [{"Id": each, "State": state, "Labels": labels} for each, (state, labels) in states.items()]
    host.engine.answer("GET /containers/json", body=listed)
    observe.containers(api.fleet.engine("m1"), {"c3"})

    alone = {request for request in host.engine.asked() if request.startswith("GET /containers/")}
    assert {"GET /containers/json", "GET /containers/c1/json", "GET /containers/c3/json"} == alone
