"""The addresses of hosts, and machines that have no room for them."""

from pathlib import Path

import pytest

from lab import network
from lab.shell import LabError


def test_default_group_has_fixed_addresses() -> None:
    """h1, h2 and h3 have the addresses that stack files expect."""
    expected = {"h1": "198.51.100.11", "h2": "198.51.100.12", "h3": "198.51.100.13"}

    assert expected == network.addresses("h", 3, {})


def test_virtual_machines_have_fixed_addresses() -> None:
    """They are beyond those of the default group, in the middle of those that other groups take."""
    assert {"vm1": "198.51.100.51", "vm2": "198.51.100.52"} == network.addresses("vm", 2, {})


def test_other_groups_take_free_addresses() -> None:
    """A second group gets the next free addresses."""
    assert {"t1": "198.51.100.32", "t2": "198.51.100.34"} == network.addresses(
        "t", 2, {"a1": "198.51.100.31", "a2": "198.51.100.33"}
    )


def test_running_host_keeps_its_address() -> None:
    """Asking for a group again moves nobody."""
    assert {"t1": "198.51.100.40", "t2": "198.51.100.31"} == network.addresses("t", 2, {"t1": "198.51.100.40"})


def test_fixed_addresses_are_never_given_away() -> None:
    """Large groups beside those with fixed addresses leave these alone, also while none of them runs."""
    fixed = {address for group in ("h", "vm") for address in network.addresses(group, 20, {}).values()}
    first = network.addresses("t", 20, {})

    assert set() == fixed & {*first.values(), *network.addresses("u", 20, first).values()}


@pytest.mark.parametrize("group", ["", "H", "h1", "a-b", "ninechars"])
def test_group_names_are_letters(group: str) -> None:
    """A group's name fits into host names and, with a number, into an interface's 15 characters."""
    with pytest.raises(LabError, match=f"group {group}: not a name"):
        network.names(group, 3)


@pytest.mark.parametrize("count", [0, 21])
def test_group_size_is_bounded(count: int) -> None:
    """There are 20 fixed addresses, and no group of none."""
    with pytest.raises(LabError, match=f"{count} hosts: a group has 1 to 20"):
        network.names("h", count)


def test_longest_cable_fits_an_interface_name() -> None:
    """Linux allows 15 characters: https://man7.org/linux/man-pages/man7/netdevice.7.html."""
    assert 15 >= len(network.cable("eightchr20"))


def test_link_address_follows_the_address() -> None:
    """A host that is replaced has the link address of its predecessor."""
    assert "02:53:c6:33:64:01" == network.mac(network.GATEWAY)


@pytest.mark.parametrize("destination", ["198.51.100.128/25", "198.51.0.0/16", "198.51.102.254"])
def test_route_to_the_labs_addresses_clashes(destination: str) -> None:
    """A machine that routes them elsewhere is refused, and told which route it is."""
    assert destination == network.clash(["default", "192.0.2.0/24", destination])


def test_other_routes_do_not_clash() -> None:
    """The default route leads everywhere and is in nobody's way."""
    assert network.clash(["default", "192.0.2.0/24", "198.51.101.0/24"]) is None


@pytest.mark.parametrize(("expected", "hosts"), [("1024", [3, 20]), ("5000", [20, 40, 50])], ids=["few", "many"])
def test_many_hosts_know_each_other(tmp_path: Path, expected: str, hosts: list[int]) -> None:
    """The kernel has room for the neighbours of twenty-two; with more hosts the limit is raised, and comes back."""
    limit, kept = tmp_path / "limit", tmp_path / "kept"
    limit.write_text("1024\n")
    for number in hosts:
        network.make_room(number, kept, limit)
    raised = limit.read_text().strip()
    network.give_room_back(kept, limit)

    assert (expected, "1024") == (raised, limit.read_text().strip())
