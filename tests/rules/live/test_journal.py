"""Ports taken off a service and put back: what must come back does, to the letter."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from providers.rules.live import journal
from providers.rules.vocabulary.answers import pairs
from providers.rules.vocabulary.facts import SwarmService
from providers.rules.vocabulary.labels import copy_label
from providers.rules.vocabulary.service_spec import read_spec
from tests.support.swarms import a_swarm
from tests.support.tables import cases

FIRST_DYNAMIC = 30000

ports = st.builds(
    lambda protocol, target, published, mode: {
        "Protocol": protocol,
        "TargetPort": target,
        **({"PublishedPort": published} if published else {}),
        "PublishMode": mode,
    },
    st.sampled_from(["tcp", "udp", "sctp"]),
    st.integers(1, 3),
    st.sampled_from([0, 8080, 9090]),
    st.sampled_from(["ingress", "host"]),
)


def as_the_api_takes_it(port: dict[str, Any], left_out: set[str]) -> dict[str, Any]:
    """A port without what the API lets one leave out, which the docker command always writes."""
    return {key: value for key, value in port.items() if key not in left_out}


specs = st.fixed_dictionaries(
    {
        "Name": st.just("web"),
        "Labels": st.dictionaries(st.text("ab", min_size=1), st.text(max_size=2), max_size=2),
        "TaskTemplate": st.fixed_dictionaries({"ForceUpdate": st.integers(0, 2), "Runtime": st.just("container")}),
        "EndpointSpec": st.fixed_dictionaries({"Mode": st.just("vip"), "Ports": st.lists(ports, max_size=4)}),
    },
    optional={
        "UpdateConfig": st.fixed_dictionaries(
            {"Parallelism": st.integers(0, 3), "FailureAction": st.sampled_from(["pause", "continue", "rollback"])},
            optional={"Order": st.sampled_from(["stop-first", "start-first"])},
        )
    },
)


def service(spec: dict[str, Any], **given: Any) -> SwarmService:
    """A service with this spec, whose dynamic ports have numbers."""
    found = spec["EndpointSpec"].get("Ports") or []
    numbers = [
        {**port, "PublishedPort": port.get("PublishedPort") or FIRST_DYNAMIC + at} for at, port in enumerate(found)
    ]
    texts = {"spec": json.dumps(spec), "endpoint": json.dumps(numbers)}
    shown = {"ports": read_spec(texts["spec"]).ports, "labels": pairs(spec["Labels"])}
    return SwarmService(**{"id": "s1", "name": "web", **shown, **texts, **given})


def stripped(before: SwarmService) -> SwarmService:
    """The service after the update that takes its ports off."""
    return service(json.loads(journal.stripped_spec(before, journal.journal_to_strip(before, "old"))))


def carried(found: SwarmService) -> journal.Journal:
    """The journal that the service carries."""
    opened = journal.journal_on(found)
    assert opened is not None
    return opened


def put_back(found: SwarmService, *, pin: bool = True) -> SwarmService:
    """The service with all ports of its journal that are missing."""
    missing = [port for port, _ in journal.absent(found, carried(found), (), pin=pin)]
    return service(json.loads(journal.refilled_spec(found, carried(found), missing, pin=pin)))


def there_and_back(spec: dict[str, Any], *, pin: bool) -> dict[str, Any]:
    """The spec after its ports were taken off, put back, and the journal closed."""
    without = stripped(service(spec))
    refilled = put_back(without, pin=pin)
    result: dict[str, Any] = json.loads(journal.restored_spec(refilled, carried(refilled)))
    return result


@given(spec=specs)
def test_no_port_through_the_ingress_is_left(spec: dict[str, Any]):
    """Those of other modes stay as they are."""
    left = json.loads(stripped(service(spec)).spec)["EndpointSpec"]["Ports"]
    assert [port for port in spec["EndpointSpec"]["Ports"] if port["PublishMode"] == "host"] == left


@given(spec=specs)
def test_a_spec_comes_back_to_the_letter(spec: dict[str, Any]):
    """Nothing at all differs if dynamic ports are left dynamic; pinning is about them alone."""
    fixed = all(port.get("PublishedPort") for port in spec["EndpointSpec"]["Ports"])
    assert spec == there_and_back(spec, pin=False)
    assert not fixed or spec == there_and_back(spec, pin=True)


@given(spec=specs)
def test_the_update_is_safe_meanwhile(spec: dict[str, Any]):
    """All tasks at once, and no rollback of the swarm's own in the middle."""
    update = json.loads(stripped(service(spec)).spec)["UpdateConfig"]
    assert (0, "pause") == (update["Parallelism"], update["FailureAction"])


DYNAMIC = {"Protocol": "tcp", "TargetPort": 80, "PublishMode": "ingress"}
FIXED = {**DYNAMIC, "TargetPort": 81, "PublishedPort": 8080}
ADDED = {**FIXED, "TargetPort": 443, "PublishedPort": 8443}


def spec_with(*found: dict[str, Any]) -> dict[str, Any]:
    """A spec with these ports."""
    return {"Name": "web", "Labels": {}, "TaskTemplate": {"ForceUpdate": 0}, "EndpointSpec": {"Ports": list(found)}}


def journaled(*found: dict[str, Any]) -> journal.Journal:
    """The journal of a service whose ports are taken off."""
    return journal.journal_to_strip(service(spec_with(*found)), "old")


def test_a_dynamic_port_keeps_its_number():
    """Pinned, it comes back with the number that it had."""
    found = there_and_back(spec_with(DYNAMIC, FIXED), pin=True)["EndpointSpec"]["Ports"]
    assert [{**DYNAMIC, "PublishedPort": FIRST_DYNAMIC}, FIXED] == found


def test_a_port_that_somebody_added_stays():
    """It stays beside those that come back, and a second strip adds it to the journal, which forgets nothing."""
    without = stripped(service(spec_with(FIXED)))
    with_more = service({**json.loads(without.spec), "EndpointSpec": {"Ports": [ADDED]}})
    assert [FIXED, ADDED] == json.loads(put_back(with_more).spec)["EndpointSpec"]["Ports"]
    assert [FIXED, ADDED] == [json.loads(port) for port in journal.journal_to_strip(with_more, "old").ports]


def test_a_dynamic_port_that_is_back_with_its_number_is_no_other():
    """A change that turned round has pinned it, and is begun again: the journal stays as it is."""
    back = put_back(stripped(service(spec_with(DYNAMIC, FIXED))))
    assert [DYNAMIC, FIXED] == [json.loads(port) for port in journal.journal_to_strip(back, "old").ports]


def test_a_counter_moves_tasks():
    """Forced, a spec differs in its counter alone."""
    spec = spec_with(FIXED)
    assert {**spec, "TaskTemplate": {"ForceUpdate": 1}} == json.loads(journal.forced_spec(json.dumps(spec)))


ON_HOSTS = {**FIXED, "PublishMode": "host"}


@cases(
    "expected, other, port",
    {
        "the same number": ("alien", FIXED, FIXED),
        "the number that the swarm chose": ("alien", DYNAMIC, {**FIXED, "PublishedPort": FIRST_DYNAMIC}),
        "through the ingress, the other on hosts": ("alien", ON_HOSTS, FIXED),
        "on hosts, the other through the ingress": ("alien", FIXED, ON_HOSTS),
        "both on hosts": (None, ON_HOSTS, ON_HOSTS),
        "another protocol": (None, {**FIXED, "Protocol": "udp"}, FIXED),
        "another number": (None, {**FIXED, "PublishedPort": 8081}, FIXED),
        "no number": (None, FIXED, DYNAMIC),
    },
)
def test_a_taken_port(expected: str | None, other: dict[str, Any], port: dict[str, Any]):
    """The service that publishes the number meanwhile is found, as the Engine would find it."""
    found = journal.holder(port, [service(spec_with(other), id="s2", name="alien")])
    assert expected == (found.name if found else None)


def test_the_swarm_has_a_copy():
    """A rollback takes a service's labels away, not the swarm's."""
    opened = journaled(FIXED)
    swarm = a_swarm(labels=((copy_label("s1"), opened.text()), ("swarmnet.owner", "infra/prod")))
    assert {"s1": opened} == journal.copies(swarm)


ROLLBACK, START_FIRST, THREE = {"FailureAction": "rollback"}, {"Order": "start-first"}, {"Parallelism": 3}


@cases(
    "before, edited, expected",
    {
        "nothing": (None, {}, None),
        "what the Engine fills in": (None, {"Order": "stop-first", "MaxFailureRatio": 0}, None),
        "a key that was not there": ({"Parallelism": 2}, START_FIRST, {"Parallelism": 2, **START_FIRST}),
        "a key that we had changed too": ({"Parallelism": 2, **ROLLBACK}, THREE, {**THREE, **ROLLBACK}),
    },
)
def test_what_somebody_changed_of_its_way_of_updating_stays(before: Any, edited: Any, expected: Any):
    """All else of it comes back as it was."""
    spec = spec_with(FIXED) | ({} if before is None else {"UpdateConfig": before})
    without = stripped(service(spec))
    present = json.loads(without.spec)
    changed = service({**present, "UpdateConfig": {**present["UpdateConfig"], **edited}})

    assert expected == json.loads(journal.restored_spec(changed, carried(without))).get("UpdateConfig")


@cases(
    "expected, port",
    {
        "as it was": ([], FIXED),
        "under another number": ([FIXED], {**FIXED, "PublishedPort": 8081}),
        "another one": ([FIXED], {**FIXED, "TargetPort": 443}),
    },
)
def test_a_fixed_port_is_back_with_its_number(expected: list[dict[str, Any]], port: dict[str, Any]):
    """A port that somebody published to the same target under another number is not the fixed one."""
    found = journal.absent(service(spec_with(port)), journaled(FIXED), (), pin=True)
    assert [(each, None) for each in expected] == found


def test_another_number_will_do_while_somebody_has_that_of_a_fixed_port():
    """The service's owner has given it another."""
    alien = service(spec_with(FIXED), id="s2", name="alien")
    moved = service(spec_with({**FIXED, "PublishedPort": 8081}))

    assert [] == journal.absent(moved, journaled(FIXED), [alien], pin=True)
    assert [(FIXED, alien)] == journal.absent(service(spec_with()), journaled(FIXED), [alien], pin=True)


@given(found=st.lists(st.builds(as_the_api_takes_it, ports, st.sets(st.sampled_from(["Protocol", "PublishMode"])))))
def test_whatever_the_api_takes_comes_back(found: list[dict[str, Any]]):
    """No number is given twice, and each port through the ingress has one that it had."""
    found = [port for at, port in enumerate(found) if not port.get("PublishedPort") or not twice(port, found[:at])]
    before = service(spec_with(*found))
    after = put_back(stripped(before))

    had = [
        (*journal.number(port), port["TargetPort"]) for port in json.loads(before.endpoint) if journal.by_ingress(port)
    ]
    has = [port for port in json.loads(after.spec)["EndpointSpec"]["Ports"] if journal.by_ingress(port)]
    assert sorted(had) == sorted((*journal.number(port), port["TargetPort"]) for port in has)


def twice(port: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    """Whether one of the others has the same number, which the Engine refuses."""
    return journal.number(port) in map(journal.number, others)


def test_old_tasks_make_room_before_new_ones_start_while_ports_are_away():
    """A start-first update never ends if each host is full."""
    before = service({**spec_with(), "EndpointSpec": {}, "UpdateConfig": START_FIRST})
    away = stripped(before)
    assert "stop-first" == json.loads(away.spec)["UpdateConfig"]["Order"]
    assert START_FIRST == json.loads(journal.restored_spec(away, carried(away)))["UpdateConfig"]
