"""docker_gwbridge: what counts as a difference, and what is done about it."""

from dataclasses import replace
from typing import Any

import pytest

from providers.rules.resource_types import gwbridge
from providers.rules.vocabulary.facts import Endpoint, GwbridgeFacts, Member, Network, Swarm
from providers.rules.vocabulary.network_options import NEUTRAL
from providers.rules.vocabulary.steps import Decision, DisconnectEndpoint, Done, RemoveNetwork, Step, UnlockSwarm
from tests.support.decisions import reason, steps, todo, waits_for
from tests.support.lifecycle import OTHER_OWNER, OTHERS, OURS, OWNER, gwbridge_spec
from tests.support.networks import a_network, altered, create_network
from tests.support.swarms import a_swarm
from tests.support.tables import cases

ICC = "com.docker.network.bridge.enable_icc"
MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
NAME = "com.docker.network.bridge.name"
MTU = "com.docker.network.driver.mtu"
OPTIONS = {ICC: "false", MASQUERADE: "true", NAME: "docker_gwbridge"}
LEFTOVER = Endpoint(name="gateway_ingress-sbox", key="ep-0123456789ab")
CONTAINER = Endpoint(name="gateway_5f2c1b9e0d3a", key="c0ffee" * 10)
REMOVED = (RemoveNetwork(host="m1", id="b" * 64),)


def bridge(*without: str, options: dict[str, str] | None = None, **given: Any) -> Network:
    """A docker_gwbridge just as `gwbridge_spec()` wants it, made by nobody in particular."""
    kept = {key: value for key, value in OPTIONS.items() if key not in without}
    right = a_network(
        id="b" * 64,
        name="docker_gwbridge",
        driver="bridge",
        scope="local",
        subnets=("10.12.0.0/16",),
        gateways=("10.12.0.1",),
        options=tuple(sorted({**kept, **(options or {})}.items())),
    )
    return altered(right, **given)


DEFAULT = bridge(subnets=("172.18.0.0/16",), gateways=("172.18.0.1",))
DRIFT = {
    "subnet": bridge(subnets=("10.13.0.0/16",)),
    "gateway": bridge(gateways=("10.12.0.254",)),
    "mtu": bridge(options={MTU: "1400"}),
    "icc": bridge(options={ICC: "true"}),
    "masquerade": bridge(options={MASQUERADE: "false"}),
    "bridge_name": bridge(options={NAME: "gwb0"}),
    "settled": bridge(internal=True),
}


def facts(found: Network | None, state: str = "inactive", **given: Any) -> GwbridgeFacts:
    """Return a host's report of its bridge."""
    return GwbridgeFacts(member=Member(host="m1", state=state), bridge=found, **given)


def decided(found: Network | None, state: str = "inactive", *, known: bool = True, **given: Any) -> Decision:
    """Return the next decision on a host with this bridge; `given` is declared."""
    return gwbridge.next_step(gwbridge_spec(**given), facts(found, state), known=known)


def test_missing_one_is_created():
    """A bare host takes one step: all that is wanted, said outright."""
    expected = create_network(
        host="m1",
        name="docker_gwbridge",
        driver="bridge",
        subnet="10.12.0.0/16",
        gateway="10.12.0.1",
        options=tuple(sorted({**OPTIONS, **NEUTRAL["bridge"], MTU: "1400"}.items())),
        labels=(("site", "b"), ("swarmnet.owner", OWNER)),
    )
    assert (expected,) == steps(decided(None, known=False, mtu=1400, labels={"site": "b"}))


@cases(
    "found, given",
    {
        "as wanted": (bridge(labels=OURS), {}),
        "as wanted, on a member": (bridge(labels=OURS), {"state": "active"}),
        "ours from a cut run": (bridge(labels=OURS), {"known": False, "adopt": "refuse"}),
        "ours from a cut run, on a member": (bridge(labels=OURS), {"known": False, "state": "active"}),
        "somebody's, and identical": (bridge(), {"known": False, "adopt": "identical"}),
        "somebody's, with an option that stays": (bridge(options={"x": "y"}), {"known": False, "adopt": "converge"}),
        "a label that nobody declared": (bridge(labels=(("site", "b"), *OURS)), {}),
    },
)
def test_right_one_needs_nothing(found: Network, given: dict[str, Any]):
    """A bridge that is as wanted takes no step, and is taken over without one."""
    assert Done() == decided(found, **given)


@cases(
    "found, given",
    {
        **{name: (altered(found, labels=OURS), {}) for name, found in DRIFT.items()},
        "a declared label": (bridge(labels=OURS), {"labels": {"site": "b"}}),
        "the Engine's default, whatever adopt says": (DEFAULT, {"known": False, "adopt": "refuse"}),
        "somebody's that may be changed": (DRIFT["mtu"], {"known": False, "adopt": "converge"}),
    },
)
def test_difference_is_repaired(found: Network, given: dict[str, Any]):
    """The bridge is removed, to be made again, whatever differs."""
    assert REMOVED == steps(decided(found, **given))


@cases(
    "subnet, expected",
    {
        "of its pool": ("172.18.0.0/16", True),
        "the last of its pool": ("172.31.0.0/16", True),
        "of the other pool": ("192.168.240.0/20", True),
        "smaller": ("172.18.0.0/24", False),
        "larger": ("192.168.0.0/16", False),
        "outside": ("10.11.0.0/16", False),
        "IPv6": ("fd00:1::/64", False),
        "none": ("", False),
    },
)
def test_engine_default_has_a_range_of_the_engine(subnet: str, expected: bool):
    """A range that the Engine would not choose was chosen by somebody."""
    assert expected == gwbridge.is_engine_default(altered(DEFAULT, subnets=(subnet,)))


def test_leftover_endpoints_go_first():
    """An endpoint that a leave left behind is disconnected before its bridge is removed.

    measurements.md#endpoint-left-behind
    """
    expected = DisconnectEndpoint(host="m1", network="b" * 64, endpoint="gateway_ingress-sbox")
    assert (expected,) == steps(decided(altered(DRIFT["mtu"], endpoints=(LEFTOVER,))))


INCOMPLETE = "its network list may be incomplete"


@cases(
    "expected, found, given",
    {
        "a running container": (CONTAINER.name, altered(DRIFT["subnet"], endpoints=(LEFTOVER, CONTAINER)), {}),
        # On a member it changes only while somebody answers for its swarm, since it has to be drained first.
        "a member without a manager": ("no manager among the hosts answers", DRIFT["mtu"], {"state": "active"}),
        "missing on such a member": ("no manager among the hosts answers", None, {"state": "active"}),
        # A locked or half-joined Engine does not show all of its networks: nothing is called missing there.
        "locked, and no manager answers": (f"a locked manager: {INCOMPLETE}: unlock it", None, {"state": "locked"}),
        "broken": (f"its membership of a swarm is broken: {INCOMPLETE}", None, {"state": "error"}),
        "refuse": ("adopt is refuse", DRIFT["subnet"], {"known": False, "adopt": "refuse"}),
        "not identical": ("mtu: 1400, desired None", DRIFT["mtu"], {"known": False, "adopt": "identical"}),
        "plain but chosen": ("desired 10.12.0.0/16", DRIFT["subnet"], {"known": False, "adopt": "identical"}),
        "a default in use": ("172.18.0.0/16", altered(DEFAULT, endpoints=(CONTAINER,)), {"known": False}),
        "another stack's": (OTHER_OWNER, bridge(labels=OTHERS), {"known": False, "adopt": "converge"}),
        "another stack took it over": (OTHER_OWNER, altered(DRIFT["mtu"], labels=OTHERS), {}),
    },
)
def test_it_is_left_alone(expected: str, found: Network | None, given: dict[str, Any]):
    """A bridge that is in use, in doubt or somebody else's stays, and it is said why."""
    assert expected in reason(decided(found, **given))


LOCKED_SWARM = a_swarm(autolock=True, labels=OURS)  # as another manager shows it
# It was taken over, and carries no label of ours but that of the change.
TAKEN_OVER = replace(LOCKED_SWARM, labels=(*OTHERS, ("swarmnet.change", OWNER)))


@cases("swarm", {"ours": LOCKED_SWARM, "in a change of ours": TAKEN_OVER})
def test_a_manager_that_a_cut_run_left_locked(swarm: Swarm):
    """It is unlocked in a swarm of ours: what hangs on the bridge shows only then. It takes its turn, since it may have
    to be taken out of service."""
    found = facts(None, "locked", swarm=swarm)

    assert (UnlockSwarm(host="m1"),) == steps(gwbridge.next_step(gwbridge_spec(), found, known=True))
    assert gwbridge.is_disruptive(gwbridge_spec(), found)
    theirs = replace(found, swarm=replace(LOCKED_SWARM, labels=OTHERS))
    assert "unlock it" in reason(gwbridge.next_step(gwbridge_spec(), theirs, known=True))


def test_a_member_gets_a_moment_to_come_back():
    """After a restart of its Engine it is pending for a while."""
    pending = facts(None, "pending")

    assert "m1 to be a member again" == waits_for(gwbridge.next_step(gwbridge_spec(), pending, known=True))
    assert f"still joining a swarm: {INCOMPLETE}" in reason(
        gwbridge.next_step(gwbridge_spec(), replace(pending, unchanged_for=30), known=True)
    )


@cases(
    "found, property_name, expected",
    {
        "a gateway not shown yet": (bridge(gateways=("",)), "gateway", "10.12.0.1"),
        "icc is on by default": (bridge(ICC), "icc", True),
        "FALSE": (bridge(options={ICC: "FALSE"}), "icc", False),
        "0": (bridge(options={ICC: "0"}), "icc", False),
        "masquerade is on": (bridge(MASQUERADE), "masquerade", True),
        "mtu 0 is none": (bridge(options={MTU: "0"}), "mtu", None),
        "no name": (bridge(NAME), "bridge_name", f"br-{'b' * 12}"),
    },
)
def test_live_values(found: Network, property_name: str, expected: object):
    """Each spelling of the Engine's comes out as the one canonical value."""
    assert expected == getattr(gwbridge.live_spec(gwbridge_spec(), found), property_name)


# Its section is taken away


def removal(found: Network | None, state: str = "inactive", on_remove: str = "restore_default") -> Decision:
    """Return the next decision of its removal; the state knows `bbb…`."""
    return gwbridge.next_step_of_removal(gwbridge_spec(on_remove=on_remove), facts(found, state), "b" * 64)


@cases(
    "expected, found, given",
    {
        # The Engine makes its own at the next join: gone is as good as default.
        "restored": (REMOVED, bridge(), {}),
        "kept": ((), bridge(), {"on_remove": "keep"}),
        "kept on a member": ((), bridge(), {"on_remove": "keep", "state": "active"}),
        "gone already": ((), None, {}),
        "another one has its place": ((), bridge(id="a" * 64), {}),
    },
)
def test_removal(expected: tuple[Step, ...], found: Network | None, given: dict[str, str]):
    """Only `restore_default` removes anything, and only the one that the state names."""
    assert expected == todo(removal(found, **given))


@pytest.mark.parametrize("state", ["active", "pending", "locked"])
def test_removal_from_a_member_blocks(state: str):
    """Its bridge stays as long as the host may be in a swarm."""
    assert "can't become the Engine's default again" in reason(removal(bridge(), state))


# A changed address


def moved(found: Network | None, *, to: str = "10.0.0.2") -> str | None:
    """Return the objection to the host at an address; the state knows 10.0.0.1 and the bridge `bbb…`."""
    known = {"access": {"name": "m1", "address": "10.0.0.1"}, "network_id": "b" * 64}
    return gwbridge.other_machine_refusal(gwbridge_spec(access={"name": "m1", "address": to}), facts(found), known)


def test_same_host():
    """The bridge's id tells the machine, and counts only at a changed address: elsewhere drift is repaired."""
    assert (None, None) == (moved(bridge()), moved(bridge(id="c" * 64), to="10.0.0.1"))


@cases(
    "found, told",
    {
        "another bridge": (bridge(id="c" * 64), "the one with docker_gwbridge cccccccccccc"),
        "none": (None, "one without docker_gwbridge"),
    },
)
def test_another_host_at_the_new_address(found: Network | None, told: str):
    """Another host at the new address is left alone, whatever it looks like."""
    assert (
        "m1: its address changed from 10.0.0.1 port 22 to 10.0.0.2 port 22, but a different machine answers there: "
        f"found {told}, the state has the one with docker_gwbridge bbbbbbbbbbbb"
    ) in (moved(found) or "")
