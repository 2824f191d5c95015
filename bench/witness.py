"""Counts by the hosts themselves: requests to their Engine, new SSH connections. The watched take no part in it."""

import re

from tests.support.machines import Group, Host

SSH = ("INPUT", "-p", "tcp", "--dport", "22", "--syn")


def watch(group: Group) -> None:
    """Let each host count from now on: its Engine logs requests, its firewall counts TCP connections to sshd."""
    for host in group:
        host.log_requests()
        host.run("iptables", "--insert", *SSH)


def requests(group: Group) -> int:
    """Return how many requests all Engines were sent so far."""
    return sum(len(host.requests()) for host in group)


def connections(group: Group) -> list[int]:
    """Return how many TCP connections each sshd was sent so far."""
    return [connected(host) for host in group]


def connected(host: Host) -> int:
    """Of one host."""
    rule = host.run("iptables", "--list-rules", "INPUT", "1", "--verbose")
    found = re.search(r"-c (\d+)", rule)
    assert found, rule
    return int(found[1])
