"""Counts by the hosts themselves: requests to their Engine, new SSH connections. The watched take no part in it."""

import re
from collections import Counter
from dataclasses import dataclass

from tests.support.machines import Group, Host

# `GET /networks/app` and `GET /networks/data` are one kind of request.
NAMED = re.compile(r"^(\S+ /(?:networks|nodes|services|tasks|containers))/(?!create|json|prune)[^/]+")
SSH = ("INPUT", "-p", "tcp", "--dport", "22", "--syn")


@dataclass(frozen=True)
class Counts:
    """One host's counts."""

    requests: Counter[str]
    connections: int


def watch(group: Group) -> None:
    """Let each host count from now on: its Engine logs requests, its firewall counts TCP connections to sshd."""
    for host in group:
        host.log_requests()
        host.run("iptables", "--insert", *SSH)


def counts(group: Group) -> dict[str, Counts]:
    """Return what each host has counted."""
    return {host.name: Counts(kinds(host), connections(host)) for host in group}


def kinds(host: Host) -> Counter[str]:
    """Return the Engine's requests by kind: `GET /networks/{id}`."""
    return Counter(NAMED.sub(r"\1/{id}", request) for request in host.requests())


def connections(host: Host) -> int:
    """TCP connections to sshd."""
    rule = host.run("iptables", "--list-rules", "INPUT", "1", "--verbose")
    found = re.search(r"-c (\d+)", rule)
    assert found, rule
    return int(found[1])
