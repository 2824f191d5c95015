"""What removals of overlays share: who used which network, after the last write of ours that could give one a user."""

from collections import Counter

import pytest

from providers.loop.reconcile import work
from providers.rules.nouns.table import OVERLAY
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import TWIN, former_label, twin_name
from providers.rules.vocabulary.steps import UpdateNode
from tests.support.engine_answers import network
from tests.support.lifecycle import overlay_spec
from tests.support.manager_of_overlays import NAMES, NODE, OURS, SWARM, door_to, has_overlays, subnet
from tests.support.memberships import info, places

SERVICE = {
    **{"ID": "web", "Version": {"Index": 3}, "Endpoint": {}},
    "Spec": {"Name": "web", "TaskTemplate": {"Networks": [{"Target": "id-app0"}]}},
}


def overlay(name, **more):
    """An overlay of ours."""
    return network(name, subnet(name), Labels={"swarmnet.owner": OURS}, **more)


@pytest.fixture
def hosts(new_host):
    """A manager and a worker of a swarm with many overlays of ours, which nobody uses. What is removed is gone."""
    hosts = {name: new_host(name) for name in ("m1", "w1")}
    known_at = {"m1": places(hosts)["m1"]}
    for name, host in hosts.items():
        host.engine.answer("GET /info", body=info(name, known_at, control=name == "m1"))
        host.engine.answer("GET /networks", body=[])
    has_overlays(hosts["m1"].engine, {f"id-{name}": overlay(name) for name in NAMES})
    return hosts


@pytest.fixture
def new_door(hosts):
    """Gives a door for each removal, as the plugin has it."""
    yield door_to(hosts)
    door_to(hosts)().fleet.close()


def removed(door, name):
    """Take one away."""
    spec, known = overlay_spec(name, owner=OURS), {"network_id": f"id-{name}"}
    decide = OVERLAY.decide_removal(spec, known, lost=False)
    assert decide
    return work(door, name, 60, lambda line: None, lambda: OVERLAY.look(door, spec, known, leaving=True), decide)


def asked(host):
    """Requests by kind."""
    return Counter(request.partition("?")[0].replace("/v1.51", "") for request in host.engine.requests)


def writes(host):
    """What was written, in its order."""
    return [request.replace("/v1.51", "") for request in host.engine.requests if not request.startswith("GET")]


def test_two_requests_for_each(hosts, new_door):
    """It is removed, and the manager asked whether it is gone; who uses what is asked once for all of them, in a frame
    that proves absences, and each worker once what it has copies of."""
    for name in NAMES:
        removed(new_door(), name)

    found = asked(hosts["m1"])
    alone = {request: count for request, count in found.items() if "/id-" in request}
    assert dict.fromkeys([f"{word} /networks/id-{name}" for name in NAMES for word in ("DELETE", "GET")], 1) == alone
    assert [2, 1, 1, 1, 1] == [found[f"GET /{what}"] for what in ("nodes", "networks", "services", "tasks", "swarm")]
    assert 1 == asked(hosts["w1"])["GET /networks"]


def test_one_that_came_into_use_stays(hosts, new_door):
    """The Engine refuses it, though it was unused when a removal looked last; then it is looked at alone."""
    removed(new_door(), "app1")
    hosts["m1"].engine.answer("DELETE /networks/id-app0", 400, {"message": "network id-app0 is in use by service web"})
    hosts["m1"].engine.answer("GET /services", body=[SERVICE])

    with pytest.raises(Blocked, match="used by service web"):
        removed(new_door(), "app0")
    assert "GET /networks/id-app0" in asked(hosts["m1"])


def test_one_that_was_in_use_is_looked_at_alone(hosts, new_door):
    """Whoever used it may be gone by now."""
    hosts["m1"].engine.answer("GET /services", body=[SERVICE])
    removed(new_door(), "app1")
    hosts["m1"].engine.answer("GET /services", body=[])
    removed(new_door(), "app0")

    assert ["DELETE /networks/id-app1", "DELETE /networks/id-app0"] == writes(hosts["m1"])


def test_a_copy_on_a_worker_is_waited_for(hosts, new_door):
    """A host that has a copy keeps the name when the swarm has let go of it."""
    copies = [[overlay("app0", Containers={})], [overlay("app0", Containers={})], []]
    hosts["w1"].engine.does("GET /networks", lambda: (200, copies.pop(0) if len(copies) > 1 else []))

    assert "" == removed(new_door(), "app0").name_held_by
    assert 3 <= asked(hosts["w1"])["GET /networks"]


def test_a_copy_on_the_manager_is_waited_for(hosts, new_door):
    """The manager that took it away lists its own copy from then on."""
    answers = [(200, overlay("app0", Containers={})), (404, {"message": "network id-app0 not found"})]
    hosts["m1"].engine.does("GET /networks/id-app0", lambda: answers.pop(0) if len(answers) > 1 else answers[0])

    assert "" == removed(new_door(), "app0").name_held_by
    assert 2 == asked(hosts["m1"])["GET /networks/id-app0"]


def test_a_removal_that_finds_nothing_proves_nothing(hosts, new_door):
    """A manager without a quorum answers 404 to it: absence takes two answers to `GET /nodes`."""
    removed(new_door(), "app1")
    engine = hosts["m1"].engine
    engine.answer("DELETE /networks/id-app0", 404, {"message": "network id-app0 not found"})
    engine.answer("GET /networks/id-app0", 404, {"message": "network id-app0 not found"})
    engine.answer("GET /networks", body=[])
    removed(new_door(), "app0")

    assert 4 == asked(hosts["m1"])["GET /nodes"]


def test_after_a_write_that_may_give_it_a_user_it_is_asked_anew(hosts, new_door):
    """Such as a member that comes back into service."""
    removed(new_door(), "app0")
    hosts["m1"].engine.answer("GET /nodes/n-m1", body=NODE)
    hosts["m1"].engine.answer("POST /nodes/n-m1/update", body={})
    new_door().perform(UpdateNode(node_id="n-m1", version=5, availability="active"))
    removed(new_door(), "app1")

    assert 2 == asked(hosts["m1"])["GET /tasks"]


def test_a_twin_is_looked_at(hosts, new_door):
    """It stands in for the overlay in a change that was cut, and goes with it."""
    twin = network(twin_name("app0"), "10.2.0.0/24", Labels={"swarmnet.owner": OURS, TWIN: "app0"})
    there = {net["Id"]: net for net in (overlay("app0"), twin)}
    engine = hosts["m1"].engine
    engine.does("GET /networks", lambda: (200, list(there.values())))
    for key in list(there):
        gone = (404, {"message": "not found"})
        engine.does(f"GET /networks/{key}", lambda key=key, gone=gone: (200, there[key]) if key in there else gone)
        engine.does(f"DELETE /networks/{key}", lambda key=key: (204, there.pop(key) and None))
    removed(new_door(), "app0")

    assert ["DELETE /networks/id-app0", f"DELETE /networks/{twin['Id']}"] == writes(hosts["m1"])


def test_a_note_of_a_cut_change_goes_too(hosts, new_door):
    """Nobody else would take it away."""
    engine, labels = hosts["m1"].engine, {former_label("app0"): "{}"}

    def updated():
        labels.clear()
        return 200, None

    engine.does("GET /swarm", lambda: (200, {**SWARM, "Spec": {"Name": "default", "Labels": dict(labels)}}))
    engine.does("POST /swarm/update", updated)
    removed(new_door(), "app0")

    assert ["DELETE /networks/id-app0", "POST /swarm/update?version=7"] == writes(hosts["m1"])
