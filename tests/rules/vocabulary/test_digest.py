"""The digest of what a stack file wants: the same for the same networks, whatever is said of how they come about."""

from typing import Any

from providers.rules.plan import plan_of
from providers.rules.vocabulary.digest import digest_of
from tests.support.tables import cases

OVERLAYS = {"app": {"subnet": "10.3.0.0/24"}, "data": {"subnet": "10.3.1.0/24"}}
RAW: dict[str, Any] = {
    "hosts": {"m1": {"address": "10.9.0.1", "role": "manager"}, "w1": {"address": "10.9.0.2"}},
    "swarm": {},
    "gwbridge": {"subnet": "10.1.0.0/20"},
    "ingress": {"subnet": "10.2.0.0/20"},
    "overlays": OVERLAYS,
}
DIGEST = "733ee0cba10e"


def digest(raw):
    """Return the digest of what a stack file wants."""
    return digest_of(plan_of(raw, "swarmnet/test").specs)


def test_it_is_stable():
    """It stands in a label of users' swarms: every version, and every machine, makes the same of the same file."""
    assert DIGEST == digest(RAW)


@cases(
    "changes",
    {
        "time and adoption": {"timeouts": {"ingress": 900}, "adopt": "converge"},
        "treatment": {"gwbridge": {"subnet": "10.1.0.0/20", "disturb": True, "protect": True}},
        "order": {"overlays": dict(reversed(OVERLAYS.items()))},
        "how hosts are reached": {"ssh": {"user": "deploy"}},
    },
)
def test_how_it_comes_about_counts_for_nothing(changes):
    """After a cut somebody may give it more time, or another login, and go on."""
    assert DIGEST == digest(RAW | changes)


@cases(
    "changes",
    {
        "range": {"ingress": {"subnet": "10.4.0.0/20"}},
        "name": {"ingress": {"subnet": "10.2.0.0/20", "name": "mesh"}},
        "label": {"gwbridge": {"subnet": "10.1.0.0/20", "labels": {"team": "net"}}},
        "one overlay less": {"overlays": {"app": OVERLAYS["app"]}},
    },
)
def test_another_wish_is_another_digest(changes):
    """Everything that a network has counts."""
    assert DIGEST != digest(RAW | changes)


def test_all_networks_of_a_plan_carry_it():
    """It is neither input nor output, so that nothing of it is in anybody's state."""
    plan = plan_of(RAW, "swarmnet/test")
    networks = [spec for spec in plan.specs if hasattr(spec, "subnet")]

    assert (5, {DIGEST}) == (len(networks), {spec.digest for spec in networks})
    assert [] == [spec for spec in networks if "digest" in spec.model_dump()]
