"""What creations and removals of overlays share: which names and ranges were taken, and who used which network, after
the last write of ours that could change that."""

import pytest

from providers.loop.reconcile import Clock, Work, reconcile, work
from providers.rules.resource_types.table import OVERLAY
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import OWNER, TWIN, former_label, twin_name
from providers.rules.vocabulary.steps import UpdateNode
from tests.support.lifecycle import overlay_spec
from tests.support.manager_of_overlays import NAMES, NODE, OURS, SWARM, api_to, has_overlays, overlay, subnet
from tests.support.memberships import info, places
from tests.support.tables import cases

TAKEN = (409, {"message": "network with name app1 already exists"})
NOT_FOUND = (404, {"message": "network id-app0 not found"})
SERVICE = {
    **{"ID": "web", "Version": {"Index": 3}, "Endpoint": {}},
    "Spec": {"Name": "web", "TaskTemplate": {"Networks": [{"Target": "id-app0"}]}},
}


@pytest.fixture
def actual():
    """The networks of the swarm, by id."""
    return {}


@pytest.fixture
def hosts(new_host, actual):
    """A manager and a worker of a swarm without overlays, where networks can be made. What is removed is gone."""
    hosts = {name: new_host(name) for name in ("m1", "w1")}
    known_at = {"m1": places(hosts)["m1"]}
    for name, host in hosts.items():
        host.engine.answer("GET /info", body=info(name, known_at, control=name == "m1"))
        for what in ("networks", "containers/json"):
            host.engine.answer(f"GET /{what}", body=[])
    engine = hosts["m1"].engine

    def made():
        name = engine.bodies[-1]["Name"]
        if any(net["Name"] == name for net in actual.values()):
            return TAKEN
        actual[f"id-{name}"] = overlay(name)
        return 201, {"Id": f"id-{name}"}

    has_overlays(engine, actual)
    engine.does("POST /networks/create", made)
    return hosts


@pytest.fixture
def manager(hosts):
    """The manager's Engine."""
    return hosts["m1"].engine


@pytest.fixture
def new_api(hosts, ended):
    """Gives an API to hosts for each resource, as the plugin has it."""
    ended(api_to(hosts)().fleet)
    return api_to(hosts)


@pytest.fixture
def create(new_api):
    """Makes one, on a clock that stands unless it is waited for."""

    def create(name):
        api, waited = new_api(), [0.0]
        spec = overlay_spec(name, owner=OURS, subnet=subnet(name), gateway=f"{subnet(name)[:-4]}1")
        job = Work(name, 60, lambda line: None, Clock(lambda: sum(waited), waited.append))
        return reconcile(job, lambda: OVERLAY.observe(api, spec, {}), OVERLAY.decide(spec, {}), api.perform_all)

    return create


@pytest.fixture
def remove(new_api, actual):
    """Takes one away of many, which nobody uses."""
    actual |= {f"id-{name}": overlay(name) for name in NAMES}

    def remove(name):
        api, spec, known = new_api(), overlay_spec(name, owner=OURS), {"network_id": f"id-{name}"}
        decide = OVERLAY.decide_removal(spec, known, lost=False)
        assert decide
        return work(api, name, 60, lambda line: None, lambda: OVERLAY.observe(api, spec, known, leaving=True), decide)

    return remove


def writes(engine):
    """What was written, in its order."""
    return [request.replace("/v1.51", "") for request in engine.requests if not request.startswith("GET")]


# Creations


def test_two_requests_for_each_creation(manager, create):
    """It is made, and the manager asked whether it has its addresses; what is taken is asked once for all of them."""
    assert [f"id-{name}" for name in NAMES] == [create(name).network.id for name in NAMES]

    found = manager.asked()
    assert len(NAMES) == found["POST /networks/create"]
    assert [1] * len(NAMES) == [found[f"GET /networks/id-{name}"] for name in NAMES]
    assert [1, 1] == [found[f"GET /{what}"] for what in ("networks", "swarm")]


def test_a_name_that_somebody_took_meanwhile_is_refused(manager, create, actual):
    """The Engine refuses it, and a look of its own finds whose it is: nothing of theirs is taken for ours. Others write
    there too, so that it is asked anew then."""
    create("app0")
    actual["id-app1"] = overlay("app1", owner="p/other")
    with pytest.raises(Blocked, match="p/other"):
        create("app1")
    before = manager.asked()
    create("app2")

    assert "p/other" == actual["id-app1"]["Labels"][OWNER]
    assert {"GET /networks", "GET /swarm", "POST /networks/create", "GET /networks/id-app2"} == set(
        manager.asked() - before
    )


@cases(
    "labels, traces",
    {
        "another case": ({}, {"id-x": overlay("app0", Name="APP0", Id="id-x")}),
        "twin": ({}, {"id-x": overlay("app0", Name="x", Id="id-x", Labels={OWNER: "p/other", TWIN: "app0"})}),
        "note": ({former_label("app0"): "{}"}, {}),
    },
)
def test_what_a_change_left_takes_a_look_of_its_own(manager, new_api, actual, labels, traces):
    """So does a name that differs by case alone: of none of these the shared look says that it is free."""
    actual |= traces
    manager.answer("GET /swarm", body={**SWARM, "Spec": {"Name": "default", "Labels": labels}})
    api = new_api()

    assert api.in_short("app0", "") is None
    assert api.in_short("app1", "") is not None


# Removals


def test_two_requests_for_each_removal(hosts, manager, remove):
    """It is removed, and the manager asked whether it is gone; who uses what is asked once for all of them, in a frame
    that proves absences, each worker once what it has copies of, and each host once for its stopped containers."""
    for name in NAMES:
        remove(name)

    found = manager.asked()
    alone = {request: count for request, count in found.items() if "/id-" in request}
    assert dict.fromkeys([f"{word} /networks/id-{name}" for name in NAMES for word in ("DELETE", "GET")], 1) == alone
    assert [2, 1, 1, 1, 1] == [found[f"GET /{what}"] for what in ("nodes", "networks", "services", "tasks", "swarm")]
    of_hosts = [host.engine.asked() for host in hosts.values()]
    assert [1, 1, 1] == [of_hosts[1]["GET /networks"], *(asked["GET /containers/json"] for asked in of_hosts)]


def test_one_that_came_into_use_stays(manager, remove):
    """The Engine refuses it, though it was unused when a removal looked last; then it is looked at alone."""
    remove("app1")
    manager.answer("DELETE /networks/id-app0", 400, {"message": "network id-app0 is in use by service web"})
    manager.answer("GET /services", body=[SERVICE])

    with pytest.raises(Blocked, match="used by service web"):
        remove("app0")
    assert "GET /networks/id-app0" in manager.asked()


def test_one_that_a_stopped_container_remembers_stays(hosts, remove):
    """Only its host knows of it. What is left of a task does not count."""
    on_it = {"State": "exited", "NetworkSettings": {"Networks": {"app0": {"NetworkID": "id-app0"}}}}
    batch = {"Id": "c1", "Names": ["/batch"], "Labels": {}, **on_it}
    task = {"Id": "c2", "Names": ["/web.1.t1"], "Labels": {"com.docker.swarm.task": ""}, **on_it}
    hosts["w1"].engine.answer("GET /containers/json", body=[batch, task])

    with pytest.raises(Blocked, match=r"used by container batch on w1 \(stopped\): detach"):
        remove("app0")


def test_a_copy_on_a_worker_is_waited_for(hosts, remove):
    """A host that has a copy keeps the name when the swarm has let go of it."""
    worker, copies = hosts["w1"].engine, [[overlay("app0", Containers={})], [overlay("app0", Containers={})], []]
    worker.does("GET /networks", lambda: (200, copies.pop(0) if len(copies) > 1 else []))

    assert "" == remove("app0").name_held_by
    assert 3 <= worker.asked()["GET /networks"]


def test_a_copy_on_the_manager_is_waited_for(manager, remove):
    """The manager that took it away lists its own copy from then on."""
    answers = [(200, overlay("app0", Containers={})), NOT_FOUND]
    manager.does("GET /networks/id-app0", lambda: answers.pop(0) if len(answers) > 1 else answers[0])

    assert "" == remove("app0").name_held_by
    assert 2 == manager.asked()["GET /networks/id-app0"]


def test_a_removal_that_finds_nothing_proves_nothing(manager, remove):
    """A manager without a quorum answers 404 to it: absence takes two answers to `GET /nodes`."""
    remove("app1")
    for word in ("DELETE", "GET"):
        manager.answer(f"{word} /networks/id-app0", *NOT_FOUND)
    manager.answer("GET /networks", body=[])
    remove("app0")

    assert 4 == manager.asked()["GET /nodes"]


def test_after_a_write_that_may_give_it_a_user_it_is_asked_anew(manager, remove, new_api):
    """Such as a member that comes back into service."""
    remove("app0")
    manager.answer("GET /nodes/n-m1", body=NODE)
    manager.answer("POST /nodes/n-m1/update", body={})
    new_api().perform(UpdateNode(node_id="n-m1", version=5, availability="active"))
    remove("app1")

    assert 2 == manager.asked()["GET /tasks"]


def test_a_twin_is_looked_at(manager, remove, actual):
    """It stands in for the overlay in a change that was cut, and goes with it."""
    actual["id-app1"] = overlay("app1", Name=twin_name("app0"), Labels={OWNER: OURS, TWIN: "app0"})
    remove("app0")

    assert ["DELETE /networks/id-app0", "DELETE /networks/id-app1"] == writes(manager)
