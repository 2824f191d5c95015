"""Where the swarm may start a service's tasks, by what service and node say."""

from providers.rules.live.placement import matches
from providers.rules.vocabulary.facts import Node
from tests.support.tables import cases

NODE = Node(
    id="n1",
    hostname="w1",
    role="worker",
    availability="active",
    state="ready",
    address="192.0.2.7",
    arch="x86_64",
    labels=(("zone", "A"),),
    engine_labels=(("disk", "ssd"),),
)


@cases(
    "expected, constraint",
    {
        "a hostname, in any case": (True, "node.hostname == W1"),
        "another one": (False, "node.hostname != w1"),
        "a label": (True, "node.labels.zone==a"),
        "a label's key has its case": (False, "node.labels.Zone==a"),
        "a label that is not there": (True, "node.labels.rack != 1"),
        "of the Engine": (True, "engine.labels.disk==ssd"),
        "an address": (True, "node.ip==192.0.2.7"),
        "a range": (False, "node.ip!=192.0.2.0/24"),
        "no address": (False, "node.ip != here"),
        "a processor": (True, "node.platform.arch==x86_64"),
        "an unknown key": (False, "node.colour != red"),
        "another form": (False, "node.role"),
    },
)
def test_constraints(expected: bool, constraint: str):
    """As swarmkit reads them."""
    assert expected == matches(NODE, (constraint,))
