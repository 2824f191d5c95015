"""The addresses of hosts, and machines that have no room for them."""

from pathlib import Path

import pytest

from lab import network
from lab.shell import LabError


@pytest.mark.parametrize(
    ("expected", "group", "running"),
    [
        ({"h1": "198.51.100.11", "h2": "198.51.100.12", "h3": "198.51.100.13"}, "h", {}),
        ({"vm1": "198.51.100.51", "vm2": "198.51.100.52"}, "vm", {}),
        ({"t1": "198.51.100.32", "t2": "198.51.100.34"}, "t", {"a1": "198.51.100.31", "a2": "198.51.100.33"}),
        ({"t1": "198.51.100.40", "t2": "198.51.100.31"}, "t", {"t1": "198.51.100.40"}),
    ],
    ids=["fixed, as stack files expect", "fixed, of virtual machines", "the next free ones", "nobody is moved"],
)
def test_addresses(expected: dict[str, str], group: str, running: dict[str, str]) -> None:
    """Two groups have fixed ones, others what is free; a host that runs keeps its own."""
    assert expected == network.addresses(group, len(expected), running)


def test_fixed_addresses_are_never_given_away() -> None:
    """Large groups beside those with fixed addresses leave these alone, also while none of them runs."""
    fixed = {address for group in ("h", "vm") for address in network.addresses(group, 20, {}).values()}
    first = network.addresses("t", 20, {})

    assert set() == fixed & {*first.values(), *network.addresses("u", 20, first).values()}


@pytest.mark.parametrize(
    ("error", "group", "count"),
    [
        *((f"group {group}: not a name", group, 3) for group in ("", "H", "h1", "a-b", "ninechars")),
        *((f"{count} hosts: a group has 1 to 20", "h", count) for count in (0, 21)),
    ],
)
def test_group_is_letters_and_bounded(error: str, group: str, count: int) -> None:
    """Its name fits into host names and, with a number, into an interface's 15 characters; there are 20 fixed
    addresses."""
    with pytest.raises(LabError, match=error):
        network.names(group, count)


def test_longest_cable_fits_an_interface_name() -> None:
    """Linux allows 15 characters: https://man7.org/linux/man-pages/man7/netdevice.7.html."""
    assert 15 >= len(network.cable("eightchr20"))


def test_link_address_follows_the_address() -> None:
    """A host that is replaced has the link address of its predecessor."""
    assert "02:53:c6:33:64:01" == network.mac(network.GATEWAY)


@pytest.mark.parametrize("destination", ["198.51.100.128/25", "198.51.0.0/16", "198.51.102.254", None])
def test_route_to_the_labs_addresses_clashes(destination: str | None) -> None:
    """A machine that routes them elsewhere is refused, and told which route it is; the default route is in nobody's
    way."""
    others = ["default", "192.0.2.0/24", "198.51.101.0/24"]

    assert destination == network.clash([*others, destination] if destination else others)


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
