"""Ranges that hosts have already: refused before the first write, by name; and what stands is no clash with itself."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import machines
from tests.support.machines import Group
from tests.support.project import Project
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

CONTAINERS = "containers there would not reach what is there"
# What an operator has on a host, how it is made, and what is said of a range that meets it.
OBSTACLES = {
    "a VPN's route": (
        ("ip", "route", "add", "10.202.0.0/25", "via", "198.51.100.1"),
        f"overlays.app.subnet: 10.202.0.0/24 contains 10.202.0.0/25, the route by eth0 of {{host}}: {CONTAINERS}",
    ),
    "a link that is down": (
        ("sh", "-c", "ip link add vpn0 type bridge && ip addr add 10.201.3.1/24 dev vpn0"),
        f"ingress.subnet: 10.201.0.0/20 contains 10.201.3.1/32, the address of vpn0 of {{host}}: {CONTAINERS}",
    ),
    "another bridge": (
        ("sh", "-c", "ip link add virbr7 type bridge && ip addr add 10.200.1.1/24 dev virbr7 && ip link set virbr7 up"),
        "gwbridge.subnet: 10.200.0.0/20 contains 10.200.1.0/24, the route by virbr7 of {host}: hosts would no longer "
        "reach what is there",
    ),
    "a network made by hand": (
        ("docker", "network", "create", "--subnet=10.200.0.0/16", "shop"),
        "gwbridge.subnet: 10.200.0.0/20 lies inside 10.200.0.0/16, the docker network shop of {host}: an Engine "
        "refuses two such networks",
    ),
    "a resolver": (
        ("sh", "-c", "echo nameserver 10.202.1.53 >>/etc/resolv.conf"),
        "overlays.monitoring.subnet: 10.202.1.0/24 contains 10.202.1.53/32, a resolver of {host}: name lookups in "
        "containers there would fail",
    ),
}


@pytest.fixture(params=["28", pytest.param("20.10", marks=pytest.mark.every_engine)])
def bare(request: pytest.FixtureRequest) -> Iterator[Group]:
    """New hosts of an old and of a newer Engine, which log what they are asked."""
    hosts = machines.start("p", request.param)
    for host in hosts:
        host.log_requests()
    yield hosts
    machines.end("p")


def with_free_ranges(sections: dict[str, Any], said: str) -> dict[str, Any]:
    """The sections with the ranges that are named as free in place of those that are blamed."""
    changed = copy.deepcopy(sections)
    for place, free in re.findall(r"(\S+)\.subnet: .*; (\S+) is free", said):
        section = changed
        for step in place.split("."):
            section = section[step]
        section["subnet"] = free
    return changed


def test_what_hosts_have_is_found_before_the_first_write(bare: Group, project: Project):
    """A line for each names the key, both ranges, the host, and a range that is free; with those `up` goes through."""
    *_, last = bare
    for made, _ in OBSTACLES.values():
        last.run(*made)
    actual = last.writes()
    sections = stack_of(bare)
    project.declare(sections)

    refused = project.up()

    assert not refused.ok
    (said,) = (line for name, line in refused.errors.items() if name and "no changes were made: see " not in line)
    assert [] == [line for _, line in OBSTACLES.values() if line.format(host=last.name) not in said]
    assert [[], [], actual] == [host.writes() for host in bare]
    mended = with_free_ranges(sections, said)
    assert ["gwbridge", "ingress", "overlays"] == [key for key in sections if sections[key] != mended[key]]
    project.declare(mended)
    assert (up := project.up()).ok, up.told
    assert promised(mended) == shown(bare)
