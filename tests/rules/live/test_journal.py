"""Ports taken off a service and put back: what must come back does, to the letter."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.live import journal
from providers.rules.vocabulary.facts import Port, SwarmService
from providers.rules.vocabulary.labels import copy_label
from providers.rules.vocabulary.shape import pairs
from tests.support.swarms import a_swarm

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


def service(spec: dict[str, Any]) -> SwarmService:
    """A service with this spec, whose dynamic ports have numbers."""
    found = spec["EndpointSpec"].get("Ports") or []
    numbers = [
        {**port, "PublishedPort": port.get("PublishedPort") or FIRST_DYNAMIC + at} for at, port in enumerate(found)
    ]
    return SwarmService(
        id="s1",
        name="web",
        ports=tuple(
            Port(
                protocol=port["Protocol"],
                target=port["TargetPort"],
                published=port.get("PublishedPort", 0),
                mode=port["PublishMode"],
            )
            for port in found
        ),
        labels=pairs(spec["Labels"]),
        spec=json.dumps(spec),
        endpoint=json.dumps(numbers),
    )


def stripped(before: SwarmService) -> SwarmService:
    """The service after the update that takes its ports off."""
    return service(json.loads(journal.stripped(before, journal.to_strip(before, "old"))))


def carried(found: SwarmService) -> journal.Journal:
    """The journal that the service carries."""
    opened = journal.journal_on(found)
    assert opened is not None
    return opened


def there_and_back(spec: dict[str, Any], *, pin: bool) -> dict[str, Any]:
    """The spec after its ports were taken off, put back, and the journal closed."""
    without = stripped(service(spec))
    refilled = service(json.loads(journal.refilled(without, carried(without), pin=pin)))
    result: dict[str, Any] = json.loads(journal.closed(refilled, carried(refilled)))
    return result


@given(spec=specs)
def test_no_port_through_the_ingress_is_left(spec: dict[str, Any]):
    """Those of other modes stay as they are."""
    left = json.loads(stripped(service(spec)).spec)["EndpointSpec"]["Ports"]
    assert [port for port in spec["EndpointSpec"]["Ports"] if port["PublishMode"] == "host"] == left


@given(spec=specs)
def test_a_spec_comes_back_to_the_letter(spec: dict[str, Any]):
    """Nothing at all differs if dynamic ports are left dynamic."""
    assert spec == there_and_back(spec, pin=False)


@given(spec=specs.filter(lambda spec: all(port.get("PublishedPort") for port in spec["EndpointSpec"]["Ports"])))
def test_fixed_ports_come_back_to_the_letter(spec: dict[str, Any]):
    """Pinning is about dynamic ports alone."""
    assert spec == there_and_back(spec, pin=True)


@given(spec=specs)
def test_the_update_is_safe_meanwhile(spec: dict[str, Any]):
    """All tasks at once, and no rollback of the swarm's own in the middle."""
    update = json.loads(stripped(service(spec)).spec)["UpdateConfig"]
    assert (0, "pause") == (update["Parallelism"], update["FailureAction"])


@given(spec=specs)
def test_the_journal_can_be_read_back(spec: dict[str, Any]):
    """The label holds exactly what was taken off."""
    written = journal.to_strip(service(spec), "old")
    assert written == journal.opened("s1", written.text())


DYNAMIC = {"Protocol": "tcp", "TargetPort": 80, "PublishMode": "ingress"}
FIXED = {**DYNAMIC, "TargetPort": 81, "PublishedPort": 8080}


def spec_with(*found: dict[str, Any]) -> dict[str, Any]:
    """A spec with these ports."""
    return {"Name": "web", "Labels": {}, "TaskTemplate": {"ForceUpdate": 0}, "EndpointSpec": {"Ports": list(found)}}


def test_a_dynamic_port_keeps_its_number():
    """Pinned, it comes back with the number that it had."""
    found = there_and_back(spec_with(DYNAMIC, FIXED), pin=True)["EndpointSpec"]["Ports"]
    assert [{**DYNAMIC, "PublishedPort": FIRST_DYNAMIC}, FIXED] == found


def test_a_port_that_somebody_added_stays():
    """A port published while the others are away stays beside them."""
    without = stripped(service(spec_with(FIXED)))
    added = {**FIXED, "TargetPort": 443, "PublishedPort": 8443}
    spec = json.loads(without.spec)
    with_more = service({**spec, "EndpointSpec": {"Ports": [added]}})
    refilled = json.loads(journal.refilled(with_more, carried(with_more), pin=True))
    assert [FIXED, added] == refilled["EndpointSpec"]["Ports"]


def test_a_journal_is_not_written_over():
    """A second strip adds to the journal what was added since, and forgets nothing."""
    without = stripped(service(spec_with(FIXED)))
    added = {**FIXED, "TargetPort": 443, "PublishedPort": 8443}
    again = service({**json.loads(without.spec), "EndpointSpec": {"Ports": [added]}})
    assert [FIXED, added] == [json.loads(port) for port in journal.to_strip(again, "old").ports]


def test_a_counter_moves_tasks():
    """Forced, a spec differs in its counter alone."""
    spec = spec_with(FIXED)
    assert {**spec, "TaskTemplate": {"ForceUpdate": 1}} == json.loads(journal.forced(json.dumps(spec)))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(FIXED, 8080, id="the same number"),
        pytest.param({**FIXED, "Protocol": "udp"}, None, id="another protocol"),
        pytest.param({**FIXED, "PublishMode": "host"}, None, id="not through the ingress"),
        pytest.param({**FIXED, "PublishedPort": 8081}, None, id="another number"),
    ],
)
def test_a_taken_port(other: dict[str, Any], expected: int | None):
    """The service that publishes the number meanwhile is found."""
    opened = journal.to_strip(service(spec_with(FIXED)), "old")
    alien = replace(service(spec_with(other)), id="s2", name="alien")
    found = journal.taken(opened, [alien], pin=True)
    assert expected == (found[1] if found else None)


def test_the_swarm_has_a_copy():
    """A rollback takes a service's labels away, not the swarm's."""
    opened = journal.to_strip(service(spec_with(FIXED)), "old")
    swarm = a_swarm(id="s", labels=((copy_label("s1"), opened.text()), ("swarmnet.owner", "infra/prod")))
    assert {"s1": opened} == journal.copies(swarm)


@pytest.mark.parametrize(
    ("before", "edited", "expected"),
    [
        (None, {}, None),
        (None, {"Order": "stop-first", "MaxFailureRatio": 0}, None),
        ({"Parallelism": 2}, {"Order": "start-first"}, {"Parallelism": 2, "Order": "start-first"}),
        (
            {"Parallelism": 2, "FailureAction": "rollback"},
            {"Parallelism": 3},
            {"Parallelism": 3, "FailureAction": "rollback"},
        ),
    ],
    ids=["nothing", "what the Engine fills in", "a key that was not there", "a key that we had changed too"],
)
def test_what_somebody_changed_of_its_way_of_updating_stays(before: Any, edited: Any, expected: Any):
    """All else of it comes back as it was."""
    spec = spec_with(FIXED) | ({} if before is None else {"UpdateConfig": before})
    without = stripped(service(spec))
    present = json.loads(without.spec)
    changed = service({**present, "UpdateConfig": {**present["UpdateConfig"], **edited}})

    assert expected == json.loads(journal.closed(changed, carried(without))).get("UpdateConfig")


@pytest.mark.parametrize(
    ("expected", "port"),
    [(True, FIXED), (False, {**FIXED, "PublishedPort": 8081}), (False, {**FIXED, "TargetPort": 443})],
    ids=["as it was", "under another number", "another one"],
)
def test_a_fixed_port_is_back_with_its_number(expected: bool, port: dict[str, Any]):
    """A port that somebody published to the same target under another number is not the fixed one."""
    opened = journal.to_strip(service(spec_with(FIXED)), "old")

    assert expected == journal.ports_back(service(spec_with(port)), opened)


def test_old_tasks_make_room_before_new_ones_start_while_ports_are_away():
    """A start-first update never ends if each host is full."""
    update = {"Order": "start-first"}
    full = {"Name": "web", "Labels": {}, "TaskTemplate": {}, "EndpointSpec": {}, "UpdateConfig": update}
    before = service(full)
    found = journal.to_strip(before, "n1")
    away = json.loads(journal.stripped(before, found))
    assert "stop-first" == away["UpdateConfig"]["Order"]
    assert update == json.loads(journal.closed(service(away), found))["UpdateConfig"]
