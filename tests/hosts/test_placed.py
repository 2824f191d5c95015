"""A silent host is the member that it was when it last answered, or the member at its address."""

import pytest

from providers.hosts.fleet import Fleet
from providers.hosts.observe import placed
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.facts import Node, Silent

MEMBERS = (
    Node(id="n1", hostname="somehost", role="worker", availability="active", state="ready", address="10.0.0.5"),
    Node(id="n2", hostname="other", role="worker", availability="active", state="ready", address="10.0.0.6"),
)


@pytest.mark.parametrize(
    ("expected", "address", "remembered"),
    [
        ("n1", "10.0.0.5", {}),
        ("n2", "public.example.com", {"w1": "n2"}),
        ("n1", "public.example.com", {}),
        ("n1", "10.0.0.5", {"w1": "gone"}),
    ],
    ids=["by its address", "by what it was", "by the address that it advertises", "that has left since"],
)
def test_a_silent_host_is_the_member_that_it_was(expected: str, address: str, remembered: dict[str, str]):
    """It is known whether the swarm counts on it, also if SSH goes to another address."""
    fleet = Fleet({"w1": HostAccess(name="w1", address=address, advertise_address="10.0.0.5:2377")})
    fleet.node_ids.update(remembered)

    assert expected == placed(Silent(host="w1", why="cut off"), fleet, MEMBERS).node_id
