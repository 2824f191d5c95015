"""The rules of `swarmnet doctor` on hosts that drop by default: members reach each other, strangers nothing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from tests.support import machines
from tests.support.machines import ROOT, Group, Host, eventually
from tests.support.project import Project
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

# What a careful operator has: nothing comes in but answers, pings and SSH.
DROPPED = {
    "nftables": (
        "nft add table inet filter && nft 'add chain inet filter input { type filter hook input priority filter; "
        "policy drop; }' && nft add rule inet filter input ct state established,related accept && "
        "nft add rule inet filter input iif lo accept && nft add rule inet filter input meta l4proto icmp accept && "
        "nft add rule inet filter input tcp dport 22 accept"
    ),
    "iptables": (
        "iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT && iptables -A INPUT -i lo -j ACCEPT "
        "&& iptables -A INPUT -p icmp -j ACCEPT && iptables -A INPUT -p tcp --dport 22 -j ACCEPT && "
        "iptables -P INPUT DROP"
    ),
}
LISTENS = """
import socket
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(("0.0.0.0", 4789))
print("listens", flush=True)
print(there.recvfrom(100)[0].decode(), flush=True)
"""
SENDS = """
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), (sys.argv[1], 4789))
"""


@pytest.fixture(scope="module")
def group() -> Iterator[Group]:
    """Hosts of their own: their firewalls are changed."""
    yield machines.start("r", "28")
    machines.end("r")


@pytest.fixture(params=DROPPED)
def behind(request: pytest.FixtureRequest, group: Group) -> tuple[str, Group]:
    """Bare hosts that drop by default, and which firewall does that."""
    group.reset()
    group.provide_image()
    for host in group:
        host.run("sh", "-c", DROPPED[request.param])
    return request.param, group


@contextmanager
def listening(host: Host) -> Iterator[IO[str]]:
    """What comes to the data path's port there, behind the firewall: the first datagram, as a line."""
    command = ["nsenter", "--all", f"--target={host.pid}", "--", "python3", "-c", LISTENS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "listens\n" == process.stdout.readline()
        try:
            yield process.stdout
        finally:
            process.kill()


def load(firewall: str, project: Project, host: Host) -> None:
    """Put the printed rules in force on a host."""
    command = [sys.executable, "-m", "cli", "doctor", project.stack, f"--dir={project.stack_file.parent}"]
    words = [*command, f"--rules={firewall}", f"--host={host.name}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    host.run("sh", "-c", done.stdout)


def test_swarm_forms_and_strangers_stay_outside(behind: tuple[str, Group], project: Project):
    """Loaded twice, as they may be. The stranger's datagram is sent before the member's, and never arrives."""
    firewall, hosts = behind
    sections = stack_of(hosts)
    project.declare(sections)
    for host in (*hosts, *hosts):
        load(firewall, project, host)
    first, second, third = hosts

    with listening(first) as came:
        subprocess.run([sys.executable, "-c", SENDS, first.address, "a stranger"], check=True)
        second.run("python3", "-c", SENDS, first.address, "a member")
        assert "a member\n" == came.readline()

    assert (formed := project.up()).ok, formed.told
    assert promised(sections) == shown(hosts)
    third.docker("run", "--detach", "--name=far", "--network=app", "busybox:lab")
    asks = ("run", "--rm", "--network=app", "busybox:lab", "ping", "-c", "1", "-w", "5", "far")
    eventually(lambda: "1 packets received" in first.docker(*asks, check=False))
