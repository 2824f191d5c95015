"""The address plan for Mermaid."""

import re

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


def test_what_is_reserved_by_name_is_called_by_it():
    """Reviewers see whose range it is; a range that is larger than a block has one to itself."""
    lines = drawn(step("create", after=overlay()), reserved=[Range("reserved", "reserved.vpn", "172.16.0.0/12")])

    assert ['subgraph b1["172.16.0.0/12"]', 'n1_0["vpn<br>172.16.0.0/12"]:::reserved', "end", "b0 ~~~ b1"] == lines[4:]


def test_bridges_of_the_same_range_are_one_box():
    """Counted, if they are not few."""
    found = drawn(*(step("delete", bridge(host, on_remove="restore_default")) for host in ("w1", "w2", "w3", "w4")))

    assert 'n0_0["docker_gwbridge of 4 hosts (removed)<br>10.1.0.0/24"]:::gone' in found


def test_what_stays_becomes_one_box_where_there_is_too_much():
    """Unchanged networks share one box if there are too many; changed ones keep their names."""
    many = {f"n{at}": {"subnet": f"10.8.{at}.0/24"} for at in range(BOXES)}
    plan = planned(hosts=HOSTS, overlays=many)
    found = drawn(step("create", after=overlay()), plan=plan)

    assert f's1["{BOXES} more that stay"]:::same' in found
    assert 'n0_0["overlay app (new)<br>10.3.0.0/24"]:::new' in found


def test_too_many_changes_are_counted():
    """What goes is counted apart, in its own colours: two hundred boxes can't be looked at."""
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
