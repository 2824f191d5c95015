"""Things that two stacks both declare of one swarm or one machine."""

import pytest

from providers.rules.checks.across_stacks import claimed_twice
from providers.rules.stack_file import model
from providers.rules.stack_file.resolved import resolve

HOSTS = {"m1": {"address": "10.99.0.1", "role": "manager"}, "w1": {"address": "10.99.0.2"}}
SUBNET = {"subnet": "10.64.0.0/20"}
X1 = {"x1": {"address": "10.99.0.2", "gwbridge": SUBNET}}
OTHERS = {"m1": {"address": "10.98.0.1", "role": "manager"}}
BY_NAME = {"m": {"address": "swarm.example.com", "advertise_address": "10.99.0.1", "role": "manager"}}


def against(ours, theirs, here=HOSTS, there=HOSTS):
    """Return what is refused of sections beside those of another stack."""
    own = resolve(model.parse({"hosts": here, **ours}))
    return claimed_twice(own, {"other": resolve(model.parse({"hosts": there, **theirs}))})


@pytest.mark.parametrize(
    ("ours", "theirs", "here", "there", "words"),
    [
        # One line for each, however many hosts they share.
        *(
            ({key: SUBNET}, {key: SUBNET}, HOSTS, HOSTS, f"{key}: hosts.m1 is in both")
            for key in ("ingress", "gwbridge")
        ),
        ({"swarm": {}}, {"swarm": {}}, HOSTS, HOSTS, "swarm: hosts.m1 is in both"),
        # Case does not count in a swarm.
        (
            {"overlays": {"app": SUBNET}},
            {"overlays": {"App": SUBNET}},
            HOSTS,
            HOSTS,
            "overlays.app: hosts.m1 is in both",
        ),
        # A bridge is its host's own.
        ({}, {}, {**HOSTS, "w1": X1["x1"]}, X1, "hosts.w1.gwbridge: hosts.w1 here is hosts.x1 there"),
        # The address that members know it by is the same.
        ({"swarm": {}}, {"swarm": {}}, HOSTS, BY_NAME, "swarm: hosts.m1 here is hosts.m there"),
    ],
)
def test_what_both_declare(ours, theirs, here, there, words):
    """The line names the section, and a machine that makes it the same."""
    path, _, why = words.partition(": ")
    expected = f"{path}: stack other declares it too, and {why}: leave it out of one of the two"

    assert [expected] == against(ours, theirs, here, there)


@pytest.mark.parametrize(
    ("ours", "theirs", "here", "there"),
    [
        ({"gwbridge": SUBNET}, {"gwbridge": SUBNET}, {"m1": HOSTS["m1"]}, {"w1": HOSTS["w1"]}),
        ({"swarm": {}, "overlays": {"app": SUBNET}}, {"overlays": {"data": SUBNET}}, HOSTS, HOSTS),
        ({"swarm": {}, "ingress": SUBNET}, {"swarm": {}, "ingress": SUBNET}, HOSTS, OTHERS),
    ],
    ids=["bridges never leave their hosts", "one has the swarm, another overlays in it", "different machines"],
)
def test_what_is_not_the_same(ours, theirs, here, there):
    """Stacks may share a swarm, and stacks of different machines may declare anything."""
    assert [] == against(ours, theirs, here, there)
