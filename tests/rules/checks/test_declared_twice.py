"""Things that two stacks both declare of one swarm or one machine."""

import pytest

from providers.rules.checks.declared_twice import claimed_twice
from providers.rules.stack_file import model
from providers.rules.stack_file.resolved import resolve

HOSTS = {"m1": {"address": "10.99.0.1", "role": "manager"}, "w1": {"address": "10.99.0.2"}}
SUBNET = {"subnet": "10.64.0.0/20"}
SAME = "leave it out of one of the two"


def against(ours, theirs, here=HOSTS, there=HOSTS):
    """Return what is refused of sections beside those of another stack."""
    own = resolve(model.parse({"hosts": here, **ours}))
    return claimed_twice(own, {"other": resolve(model.parse({"hosts": there, **theirs}))})


@pytest.mark.parametrize("section", ["swarm", "ingress", "gwbridge"])
def test_section_that_both_have(section):
    """One line for each, however many hosts they share."""
    keys = {section: {} if section == "swarm" else SUBNET}

    assert [f"{section}: stack other declares it too, and hosts.m1 is in both: {SAME}"] == against(keys, keys)


def test_overlay_that_both_have():
    """Case does not count in a swarm."""
    line = f"overlays.app: stack other declares it too, and hosts.m1 is in both: {SAME}"

    assert [line] == against({"overlays": {"app": SUBNET}}, {"overlays": {"App": SUBNET}})


def test_bridge_of_one_host():
    """It is the host's own."""
    here = HOSTS | {"w1": {"address": "10.99.0.2", "gwbridge": SUBNET}}
    there = {"x1": {"address": "10.99.0.2", "gwbridge": SUBNET}}
    line = f"hosts.w1.gwbridge: stack other declares it too, and hosts.w1 here is hosts.x1 there: {SAME}"

    assert [line] == against({}, {}, here, there)


def test_bridges_of_different_hosts_of_one_swarm():
    """A bridge never leaves its host."""
    one, two = ({name: HOSTS[name]} for name in HOSTS)

    assert [] == against({"gwbridge": SUBNET}, {"gwbridge": SUBNET}, one, two)


def test_stacks_that_share_a_swarm_and_declare_different_things():
    """The one has the swarm, another some overlays in it."""
    ours = {"swarm": {}, "ingress": SUBNET, "overlays": {"app": SUBNET}}

    assert [] == against(ours, {"overlays": {"data": SUBNET}})


def test_stacks_of_different_machines():
    """They may declare anything."""
    there = {"m1": {"address": "10.98.0.1", "role": "manager"}}

    assert [] == against({"swarm": {}, "ingress": SUBNET}, {"swarm": {}, "ingress": SUBNET}, there=there)


def test_machine_that_is_reached_in_two_ways():
    """The address that members know it by is the same."""
    there = {"m": {"address": "swarm.example.com", "advertise_address": "10.99.0.1", "role": "manager"}}
    line = f"swarm: stack other declares it too, and hosts.m1 here is hosts.m there: {SAME}"

    assert [line] == against({"swarm": {}}, {"swarm": {}}, there=there)
