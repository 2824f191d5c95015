"""The address plan for Mermaid."""

import re

import pytest

from providers.explain.report.changes import changes
from providers.explain.report.networks import rows
from providers.explain.report.picture import BLOCKS, BOXES, BOXES_OF_BLOCK, picture
from providers.rules.checks.ranges import Range
from tests.explain.report.previews import bridge, overlay, planned, preview, step

HOSTS = {"m1": {"address": "10.9.0.1", "role": "manager"}}


def drawn(*steps, reserved=(), plan=None):
    """The picture of some changes, without its styles."""
    lines = picture(rows(changes(preview(*steps), plan), plan), reserved)
    return [line.strip() for line in lines if not re.match(" *(?:classDef|class|direction) ", line)]


def test_ranges_lie_in_their_blocks():
    """They lie there by address; a range that is larger than a block has one to itself."""
    assert [
        "flowchart LR",
        'subgraph b0["10.3.0.0/16"]',
        'n0_0["overlay app (new)<br>10.3.0.0/24"]:::new',
        "end",
        'subgraph b1["172.16.0.0/12"]',
        'n1_0["reserved<br>172.16.0.0/12"]:::reserved',
        "end",
        "b0 ~~~ b1",
    ] == drawn(step("create", after=overlay()), reserved=[Range("reserved", "reserved[0]", "172.16.0.0/12")])


def test_what_is_reserved_by_name_is_called_by_it():
    """Reviewers see whose range it is."""
    lines = drawn(step("create", after=overlay()), reserved=[Range("reserved", "reserved.vpn", "172.16.0.0/12")])

    assert 'n1_0["vpn<br>172.16.0.0/12"]:::reserved' in lines


def test_a_change_of_range_is_drawn_twice():
    """A network that gets another range is drawn at its old and at its new range."""
    found = drawn(step("replace", overlay(), overlay(where="d")))

    assert 'n0_0["overlay app (until now)<br>10.3.0.0/24"]:::gone' in found
    assert 'n1_0["overlay app (from now on)<br>10.4.0.0/24"]:::new' in found


@pytest.mark.parametrize(
    ("expected", "hosts"), [("w1, w2, w3", ["w1", "w2", "w3"]), ("4 hosts", ["w1", "w2", "w3", "w4"])]
)
def test_bridges_of_the_same_range_are_one_box(expected, hosts):
    """Named, while they are few."""
    found = drawn(*(step("delete", bridge(host, on_remove="restore_default")) for host in hosts))

    assert f'n0_0["docker_gwbridge of {expected} (removed)<br>10.1.0.0/24"]:::gone' in found


def test_what_stays_becomes_one_box_where_there_is_too_much():
    """Unchanged networks share one box if there are too many; changed ones keep their names."""
    many = {f"n{at}": {"subnet": f"10.8.{at}.0/24"} for at in range(BOXES)}
    plan = planned(hosts=HOSTS, overlays=many)
    found = drawn(step("create", after=overlay()), plan=plan)

    assert f's1["{BOXES} more that stay"]:::same' in found
    assert 'n0_0["overlay app (new)<br>10.3.0.0/24"]:::new' in found


def test_too_many_changes_are_counted():
    """Two hundred boxes can't be looked at."""
    ranges = [{"subnet": f"10.8.{at}.0/24", "gateway": f"10.8.{at}.1"} for at in range(200)]
    found = drawn(*(step("create", after=overlay(f"n{at}", **each)) for at, each in enumerate(ranges)))

    assert f'm0_new["{200 - BOXES_OF_BLOCK} more that come or change"]:::new' in found


def test_what_goes_is_counted_apart():
    """It is counted in its own colours."""
    ranges = [{"subnet": f"10.8.{at}.0/24", "gateway": f"10.8.{at}.1"} for at in range(200)]
    found = drawn(*(step("delete", overlay(f"n{at}", **each)) for at, each in enumerate(ranges)))

    assert f'm0_gone["{200 - BOXES_OF_BLOCK} more that go"]:::gone' in found


def test_many_ranges_lie_in_larger_blocks():
    """Only so many blocks stand beside each other."""
    ranges = [{"subnet": f"10.{at}.0.0/24", "gateway": f"10.{at}.0.1"} for at in range(BLOCKS + 1)]
    found = drawn(*(step("create", after=overlay(f"n{at}", **each)) for at, each in enumerate(ranges)))

    assert ['subgraph b0["10.0.0.0/12"]'] == [line for line in found if line.startswith("subgraph")]


def test_without_ranges_there_is_no_picture():
    """An empty diagram is an error to Mermaid."""
    assert [] == drawn()
