"""What creations of overlays share: which names and ranges were taken, after the last write of ours but creations."""

from collections import Counter

import pytest

from providers.loop.reconcile import Clock, Work, reconcile
from providers.rules.nouns.table import OVERLAY
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import OWNER, TWIN, former_label
from providers.rules.vocabulary.steps import RemoveNetwork
from tests.support.engine_answers import network
from tests.support.lifecycle import overlay_spec
from tests.support.manager_of_overlays import NAMES, OURS, SWARM, door_to, has_overlays, subnet
from tests.support.memberships import info, places

TAKEN = (409, {"message": "network with name app1 already exists"})


def overlay(name, owner=OURS, **more):
    """An overlay as the swarm has it."""
    return network(name, subnet(name), **{"Labels": {OWNER: owner}, **more})


@pytest.fixture
def there():
    """The networks of the swarm, by id."""
    return {}


@pytest.fixture
def manager(new_host, there):
    """The manager of a swarm without overlays, where networks can be made."""
    host = new_host("m1")
    engine = host.engine

    def made():
        name = engine.bodies[-1]["Name"]
        if any(net["Name"] == name for net in there.values()):
            return TAKEN
        there[f"id-{name}"] = overlay(name)
        return 201, {"Id": f"id-{name}"}

    engine.answer("GET /info", body=info("m1", places({"m1": host}), control=True))
    has_overlays(engine, there)
    engine.does("POST /networks/create", made)
    return host


@pytest.fixture
def new_door(manager):
    """Gives a door for each creation, as the plugin has it."""
    yield door_to({"m1": manager})
    door_to({"m1": manager})().fleet.close()


def create(door, name):
    """Make one, on a clock that stands unless it is waited for."""
    spec = overlay_spec(name, owner=OURS, subnet=subnet(name), gateway=f"{subnet(name)[:-4]}1")
    waited = [0.0]
    job = Work(name, 60, lambda line: None, Clock(lambda: sum(waited), waited.append))
    return reconcile(job, lambda: OVERLAY.look(door, spec, {}), OVERLAY.decide(spec, {}), door.perform_all)


def asked(host):
    """Requests by kind."""
    return Counter(request.partition("?")[0].replace("/v1.51", "") for request in host.engine.requests)


def test_two_requests_for_each(manager, new_door):
    """It is made, and the manager asked whether it has its addresses; what is taken is asked once for all of them."""
    for name in NAMES:
        assert f"id-{name}" == create(new_door(), name).network.id

    found = asked(manager)
    assert len(NAMES) == found["POST /networks/create"]
    assert [1] * len(NAMES) == [found[f"GET /networks/id-{name}"] for name in NAMES]
    assert [1, 1] == [found[f"GET /{what}"] for what in ("networks", "swarm")]


def test_a_name_that_somebody_took_meanwhile_is_refused(manager, new_door, there):
    """The Engine refuses it, and a look of its own finds whose it is: nothing of theirs is taken for ours."""
    create(new_door(), "app0")
    there["id-app1"] = overlay("app1", owner="p/other")

    with pytest.raises(Blocked, match="p/other"):
        create(new_door(), "app1")
    assert "p/other" == there["id-app1"]["Labels"][OWNER]


def test_after_a_refusal_it_is_asked_anew(manager, new_door, there):
    """Others write there too."""
    create(new_door(), "app0")
    there["id-app1"] = overlay("app1", owner="p/other")
    with pytest.raises(Blocked):
        create(new_door(), "app1")
    before = asked(manager)
    create(new_door(), "app2")

    assert {"GET /networks", "GET /swarm", "POST /networks/create", "GET /networks/id-app2"} == set(
        asked(manager) - before
    )


def test_after_another_write_of_ours_it_is_asked_anew(manager, new_door):
    """A removal frees a name and a range."""
    create(new_door(), "app0")
    before = asked(manager)
    new_door().perform(RemoveNetwork(id="id-app0"))
    create(new_door(), "app0")

    assert 1 == (asked(manager) - before)["GET /networks"]


@pytest.mark.parametrize("trace", ["another case", "twin", "note"])
def test_what_a_change_left_takes_a_look_of_its_own(manager, new_door, there, trace):
    """So does a name that differs by case alone: of none of these the shared look says that it is free."""
    match trace:
        case "another case":
            there["id-x"] = {**overlay("app0"), "Name": "APP0", "Id": "id-x"}
        case "twin":
            there["id-x"] = {**overlay("app0", owner="p/other"), "Name": "x", "Id": "id-x"}
            there["id-x"]["Labels"][TWIN] = "app0"
        case "note":
            manager.engine.answer(
                "GET /swarm", body={**SWARM, "Spec": {"Name": "default", "Labels": {former_label("app0"): "{}"}}}
            )
    door = new_door()

    assert door.in_short("app0", "") is None
    assert door.in_short("app1", "") is not None


def test_one_without_addresses_is_taken_away_again(manager, new_door, there):
    """Somebody took its range after the look that all share: the swarm gives it none."""
    create(new_door(), "app0")
    manager.engine.does("GET /networks/id-app1", lambda: (200, overlay("app1", Driver="", IPAM={"Config": []})))

    with pytest.raises(Blocked, match="gave it no addresses"):
        create(new_door(), "app1")
    assert "id-app1" not in there
