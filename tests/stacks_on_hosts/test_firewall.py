"""The rules of `swarmnet doctor` on hosts that drop by default: members reach each other, strangers nothing."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.support import machines
from tests.support.doctor import IGNORES, doctor, found
from tests.support.machines import Group, Host, eventually
from tests.support.project import Project
from tests.support.services import deploy
from tests.support.strangers import listening, member_sends, stranger_sends
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

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
    "ufw": (
        "dpkg --no-triggers --install /root/*.deb && ufw allow 22/tcp && ufw --force enable && "
        "ufw status | grep -q active"
    ),
    # Docker joins in when it starts: its bridges go into a zone of their own.
    "firewalld": (
        "for each in /root/*.deb; do dpkg-deb --fsys-tarfile $each | tar -xC / --keep-directory-symlink; done; "
        "cd /usr/share/polkit-1/actions && cp org.fedoraproject.FirewallD1.server.policy.choice "
        "org.fedoraproject.FirewallD1.policy && mkdir -p /run/dbus && dbus-daemon --system --fork && "
        "firewalld --nopid && timeout 30 sh -c 'until firewall-cmd --state; do sleep 0.2; done' 2>/dev/null && "
        "service docker restart"
    ),
}
PACKAGES = {
    "ufw": ("ufw", "ucf"),
    "firewalld": (
        *("firewalld", "python3-firewall", "python3-nftables", "python3-jsonschema", "python3-attr"),
        *("python3-pyrsistent", "gir1.2-nm-1.0", "libnm0"),
    ),
}
# A manager whose docker was restarted is reached from the other ingresses after 40 s to 66 s, by `doctor`'s packets
# (measurements.md#restart-of-docker).
WAY_BACK = 200.0
# Asked from the ingress's sandbox of a host: the way of the mesh but for IPVS, which the lab's kernel lacks.
ASKS = """
import sys, urllib.request
print(urllib.request.urlopen(f"http://{sys.argv[1]}/hostname", timeout=5).read().decode())
"""


@pytest.fixture(scope="module")
def group() -> Iterator[Group]:
    """Hosts of their own: their firewalls are changed."""
    yield machines.start("r", "28")
    machines.end("r")


@pytest.fixture(params=DROPPED)
def behind(request: pytest.FixtureRequest, group: Group, tmp_path: Path) -> tuple[str, Group]:
    """Bare hosts that drop by default, and which firewall does that. What comes in before shows that it is that which
    keeps strangers out."""
    group.reset()
    group.provide_image()
    packages = fetched(tmp_path, *PACKAGES.get(request.param, ()))
    for host in group:
        with listening(host) as came:
            stranger_sends(host, "a stranger")
            assert "a stranger\n" == came.readline()
        for package in packages:
            shutil.copy(package, f"/proc/{host.pid}/root/root")
    on_each(group, lambda host: host.run("sh", "-c", DROPPED[request.param]))
    return request.param, group


def fetched(folder: Path, *packages: str) -> list[Path]:
    """Packages of this machine's Debian, for hosts that reach no mirror."""
    if not packages:
        return []
    words = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{', '.join(packages)} can't be had from this machine's apt: {done.stderr.strip()}")
    return list(folder.glob("*.deb"))


def on_each(group: Group, does: Callable[[Host], object]) -> None:
    """Do something on all hosts at once."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(does, group))


def load(firewall: str, project: Project, host: Host) -> None:
    """Put the printed rules in force on a host, twice, as one may."""
    done = project.swarmnet("doctor", f"--rules={firewall}", f"--host={host.name}")
    assert (0, "") == (done.returncode, done.stderr)
    for _ in range(2):
        host.run("sh", "-c", done.stdout)


def test_swarm_forms_and_strangers_stay_outside(behind: tuple[str, Group], project: Project):
    """The stranger's datagram is sent before the member's, and never arrives; overlays carry packets, and every host's
    ingress reaches the task behind a published port."""
    firewall, hosts = behind
    sections = stack_of(hosts)
    project.declare({**sections, "doctor": IGNORES})
    on_each(hosts, partial(load, firewall, project))
    first, second, third = hosts

    with listening(first) as came:
        stranger_sends(first, "a stranger")
        member_sends(second, first, "a member")
        assert "a member\n" == came.readline()

    assert (formed := project.up()).ok, formed.told
    assert promised(sections) == shown(hosts)
    assert [] == found(doctor(project)[1])
    third.docker("run", "--detach", "--name=far", "--network=app", "busybox:lab")
    asks = ("run", "--rm", "--network=app", "busybox:lab", "ping", "-c", "1", "-w", "5", "far")
    eventually(lambda: "1 packets received" in first.docker(*asks, check=False))
    deploy(first, {"web": f"--publish 8080:80 --constraint node.hostname=={third.name} busybox:lab httpd -f -h /etc"})
    task = eventually(lambda: on_ingress(first))
    asks_task = ("nsenter", "--net=/run/docker/netns/ingress_sbox", "python3", "-c", ASKS, task)
    for host in hosts:
        eventually(partial(host.run, *asks_task, check=False))


@pytest.mark.parametrize("behind", ["firewalld"], indirect=True)
def test_bridge_in_another_zone_of_firewalld(behind: tuple[str, Group], project: Project):
    """It is found, and what doctor says to do mends it; a reload leaves all well."""
    firewall, hosts = behind
    first, *_ = hosts
    project.declare({**stack_of(hosts), "doctor": IGNORES})
    on_each(hosts, partial(load, firewall, project))
    assert (formed := project.up()).ok, formed.told

    first.run("firewall-cmd", "--reload")
    eventually(lambda: [] == found(doctor(project)[1]))
    first.run("firewall-cmd", "--zone=public", "--change-interface=docker_gwbridge")
    _, told = doctor(project)
    assert [("firewalld-zone", "failed", first.name, "")] == found(told)

    (row,) = (each for each in told["findings"] if each["id"] == "firewalld-zone")
    (move,) = re.findall(r"`firewall-cmd (.+?)`", row["remedy"])
    for when in ("", "--permanent "):
        first.run("sh", "-c", f"firewall-cmd {when}{move}")
    first.run("service", "docker", "restart")
    eventually(lambda: [] == found(doctor(project)[1]), WAY_BACK)


def on_ingress(manager: Host) -> str:
    """The address on the ingress of the one task of `web`, empty until it runs."""
    task = manager.docker("service", "ps", "--quiet", "--filter=desired-state=running", "web")
    found = json.loads(manager.docker("inspect", task, check=False) or "[]") if task else []
    attached = [
        each for one in found for each in one.get("NetworksAttachments") or () if one["Status"]["State"] == "running"
    ]
    ingress = [each for each in attached if each["Network"]["Spec"].get("Ingress")]
    return ingress[0]["Addresses"][0].partition("/")[0] if ingress else ""
