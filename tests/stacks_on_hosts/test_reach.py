"""Ways to a host that real sshd's, sudo and cables decide, and the words if one fails.

Mostly by the connection alone, which `pulumi up` and `swarmnet plan` reach hosts by; the whole program comes last. What
needs no host is tried in tests/hosts/ssh: host keys and certificates before a real sshd, keys in a real agent.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote

import pytest

from providers.hosts.engine_api.engine import Engine
from providers.hosts.privileges import JOBS
from providers.hosts.ssh.connection import Connection
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import LoginRefused, Unreachable
from tests.support import machines
from tests.support.doctor import IGNORES
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Group, Host
from tests.support.my_ssh import at_home
from tests.support.project import Project
from tests.support.ssh_keys import key_pair
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

LINK = "swarmnet-lab"  # the bridge that all hosts hang on
DEPLOY = "deploy ALL=(ALL) NOPASSWD: ALL"
# What `sudo: true` asked for on a host with SysV's init before `service docker start` was needed as well.
LEAST = "deploy ALL=(root) NOPASSWD: /usr/bin/docker system dial-stdio, /usr/sbin/service docker restart"

Connect = Callable[..., Connection]


@pytest.fixture(scope="module")
def group() -> Iterator[Group]:
    """Three hosts of their own, since their sshd's and sudo are changed."""
    yield machines.start("x", "28")
    machines.end("x")


@pytest.fixture
def x1(group: Group) -> Host:
    """The host that most is tried with."""
    return group["x1"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, with neither keys nor agent nor known hosts."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    at_home(monkeypatch, folder)
    return folder


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens connections to a host, by the lab's key and known_hosts unless it is said otherwise."""
    opened: list[Connection] = []

    def connection(host: Host, **said: object) -> Connection:
        usual = {"name": host.name, "address": host.address, "key_file": str(KEY_FILE), "known_hosts": str(KNOWN_HOSTS)}
        opened.append(Connection(HostAccess.model_validate({**usual, "connect_timeout": 5, **said})))
        return opened[-1]

    yield connection
    for each in opened:
        each.close()


@pytest.fixture
def sudoers(x1: Host) -> Iterator[Callable[[str], None]]:
    """Gives deploy other rights on x1."""

    def write(line: str) -> None:
        x1.run("sh", "-c", f"echo '{line}' >/etc/sudoers.d/deploy")

    yield write
    write(DEPLOY)


def name_of(connection: Connection) -> str:
    """Return the name that a host has for itself."""
    return connection.run(["hostname"], as_root=False).strip()


# As whom


def test_user_without_rights(connect: Connect, x1: Host):
    """A user who may not read docker's socket is told what to set."""
    with pytest.raises(LoginRefused, match=r"x1: deploy may not use docker \(.*permission denied\): .* sudo: true$"):
        Engine(connect(x1, user="deploy")).info()


def test_sudo_that_asks_for_a_password(connect: Connect, x1: Host, sudoers: Callable[[str], None]):
    """There is nobody to type one: the message says what to allow."""
    sudoers("deploy ALL=(ALL) ALL")
    with pytest.raises(LoginRefused) as caught:
        Engine(connect(x1, user="deploy", sudo=True)).info()

    assert "x1: sudo refuses deploy (a password is required): allow it without a password (NOPASSWD in sudoers)" == str(
        caught.value
    )


def test_sudo_for_two_commands(connect: Connect, x1: Host, sudoers: Callable[[str], None]):
    """These two rights are enough, also for a restart of docker."""
    sudoers(LEAST)
    engine = Engine(connect(x1, user="deploy", sudo=True))
    before = x1.run("cat", "/run/docker.pid")
    engine.restart()

    assert "x1" == engine.read("/info", dict)["Name"]
    assert before != x1.run("cat", "/run/docker.pid")
    assert ["service docker start"] == engine.forbidden()


# Where it is


def test_ipv6(connect: Connect, x1: Host, tmp_path: Path):
    """An IPv6 address, here one that is only good on its link."""
    (own,) = [word for word in x1.run("ip", "-6", "-o", "addr", "show", "dev", "eth0").split() if "fe80" in word]
    address = f"{own.partition('/')[0]}%{LINK}"
    key = " ".join(x1.run("ssh-keygen", "-y", "-f", "/etc/ssh/host_key").split()[:2])
    (known := tmp_path / "known").write_text(f"{address} {key}\n")
    connection = connect(x1, address=address, known_hosts=str(known))

    assert "x1" == name_of(connection)
    assert f"x1 ([{address}]:22)" == connection.link.to.where


def test_bastion(connect: Connect, group: Group, x1: Host):
    """A connection through a bastion comes from the bastion."""
    connection = connect(group["x2"], bastion=f"deploy@{x1.address}")

    assert x1.address == connection.run(["sh", "-c", "echo $SSH_CLIENT"]).split()[0]


def test_host_that_the_bastion_does_not_reach(connect: Connect, x1: Host):
    """The message says that it is not reachable from there."""
    with pytest.raises(Unreachable, match=f"{x1.address} port 9: not reachable from there: "):
        name_of(connect(x1, name="w9", port=9, bastion=x1.address))


# Where nobody is any longer


@pytest.mark.parametrize(("fault", "command"), [("cable", "sleep 3600"), ("sshd", "sleep 3601")])
def test_dropped_in_the_middle(connect: Connect, group: Group, fault: str, command: str):
    """A command whose connection breaks ends with an error; the next one opens another, on the same host."""
    host = group["x3"]
    connection = connect(host, connect_timeout=2)
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(connection.run, command.split(), timeout=30)
        runs = machines.eventually(lambda: host.run("pgrep", "-n", "-f", f"{command}$", check=False))
        if fault == "cable":
            group.fault("x3", "cut")
        else:
            # That of this command: the one whose cable was cut may not know yet that nobody is there any more.
            host.run("kill", host.run("ps", "-o", "ppid=", "-p", runs).strip())
        problem = begun.exception()
    group.fault("x3", "heal")

    assert Unreachable is type(problem)
    assert f"x3 ({host.address}:22): the connection broke during {command}" == str(problem)
    assert "x3" == machines.eventually(lambda: name_of(connect(host)))
    host.run("pkill", "-f", f"{command}$", check=False)


# The whole program


def test_the_whole_job_by_ssh_config(group: Group, new_project: Callable[..., Project], home: Path):
    """Hosts by their names in ~/.ssh/config, one behind another; what the config says is in no state."""
    group.reset()
    sections = stack_of(group)
    (home / ".ssh" / "config").write_text(
        "".join(f"Host far-{host.name}\n  HostName {host.address}\n" for host in group)
        + "Host far-x2\n  ProxyJump far-x1\n"
        + f"Host far-*\n  User deploy\n  IdentityFile {KEY_FILE}\n  UserKnownHostsFile {KNOWN_HOSTS}\n"
    )
    sections["ssh"] = {"sudo": True}
    for host in group:
        sections["hosts"][host.name] |= {"address": f"far-{host.name}", "advertise_address": host.address}
    project = new_project()
    project.declare(sections)

    up = project.up()
    assert up.ok, up.told
    assert promised(sections) == shown(group)
    assert project.is_settled()
    assert [] == [word for word in ("User", "IdentityFile", str(KEY_FILE)) if word in str(project.state())]
    assert not {"user", "port", "key_file", "bastion"} & project.state()["node/x2"]["inputs"]["access"].keys()
    assert project.destroy().ok


# What takes the place of syslog, which no host of the lab has.
SYSLOG = """import os, socket
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
os.chmod("/dev/log", 0o666)
while True:
    with open("/var/log/messages", "ab") as file:
        file.write(log.recv(65536).rstrip(b"\\0\\n") + b"\\n")
"""


def test_steps_are_in_the_log_of_their_host(group: Group, new_project: Callable[..., Project]):
    """Each one's own, and those of the swarm on the manager that was asked; a user who needs sudo writes them too."""
    group.reset()
    for host in group:
        host.run("sh", "-c", f"setsid python3 -c {quote(SYSLOG)} </dev/null >/dev/null 2>&1 & sleep 1")
    sections = stack_of(group)
    sections["ssh"] |= {"user": "deploy", "sudo": True}
    project = new_project()
    project.declare(sections)
    up = project.up()
    assert up.ok, up.told

    logs = {host.name: host.run("cat", "/var/log/messages") for host in group}
    found = {host: re.findall(r"swarmnet: at=\S+Z host=(\S+) step=(\w+) .*resource=(\S+) stack=\S+/t commit=", log)
             for host, log in logs.items()}  # fmt: skip
    assert {(host, "JoinSwarm", f"node/{host}") for host in ("x2", "x3")} <= {
        row for rows in found.values() for row in rows
    }
    assert [("x1", "CreateNetwork", "ingress")] == [
        row for row in found["x1"] if row[1:] == ("CreateNetwork", "ingress")
    ]
    assert [host.name for host in group] == [host for host, rows in found.items() if {row[0] for row in rows} == {host}]
    assert "SWMTKN" not in "".join(logs.values())


# A colleague's or a job's key of the user who needs sudo, which keeps no variable of sshd's.
READS = 'restrict,command="sudo -n /usr/local/bin/swarmnet-read-only --probes -- \\"$SSH_ORIGINAL_COMMAND\\""'


def read_only(group: Group, project: Project, key: Path) -> None:
    """Let a key only read the hosts of a group, as docs/reach.md says."""
    program = project.shell("swarmnet privileges $STACK --filter").stdout
    line = f"{READS} {key.with_suffix('.pub').read_text().strip()}"
    for host in group:
        host.run("sh", "-c", 'printf %s "$1" >"$0" && chmod 755 "$0"', "/usr/local/bin/swarmnet-read-only", program)
        host.run("sh", "-c", f"echo {quote(line)} >>~deploy/.ssh/authorized_keys")


def config(path: str) -> str:
    """Return a path without its ids and names: `/networks/{id}/connect`."""
    first, _, rest = path.strip("/").partition("/")
    second, _, third = rest.partition("/")
    if first in ("networks", "nodes", "services", "tasks", "containers") and second not in ("", "create", "json"):
        second = "{id}"
    return "/" + "/".join(filter(None, (first, second, third)))


def asked(group: Group, before: dict[str, int]) -> set[str]:
    """Return what Engines were asked since then, with `{id}` for each name."""
    found = (request for host in group for request in host.requests()[before[host.name] :])
    return {f"{method} {config(path)}" for method, path in (each.split(" ", 1) for each in found)}


def test_key_that_may_only_read(group: Group, new_project: Callable[..., Project], tmp_path: Path):
    """It sees what a whole key sees, by no more than `swarmnet privileges` says, and changes nothing."""
    group.reset()
    sections = stack_of(group)
    sections["ssh"] |= {"user": "deploy", "sudo": True}
    sections["ssh"]["key_file"] = str(used := Path(shutil.copy(KEY_FILE, tmp_path / "used")))
    project, reader = new_project(), tmp_path / "reader"
    key_pair(reader)
    project.declare(sections)
    assert project.up().ok
    read_only(group, project, reader)
    for host in group:
        host.log_requests()
    sections["overlays"]["app"]["subnet"] = "10.202.8.0/24"
    project.declare({**sections, "doctor": IGNORES})
    commands = {
        "drift": "swarmnet drift $STACK --json",
        "plan": "swarmnet plan $STACK --json",
        "facts": "swarmnet facts $STACK | grep -v taken_at",
        "doctor": "swarmnet doctor $STACK --json",
    }
    seen: list[dict[str, tuple[int, str]]] = []
    for key in (KEY_FILE, reader):
        used.write_bytes(key.read_bytes())
        seen.append({})
        for job, command in commands.items():
            before = {host.name: len(host.requests()) for host in group}
            done = project.shell(command)
            seen[-1][job] = done.returncode, done.stdout
            assert set() == asked(group, before) - set(JOBS[job].api)

    assert seen[0] == seen[1]
    writes = [host.writes() for host in group]
    up = project.up()
    assert not up.ok
    assert "this key may only read: DELETE" in up.error
    assert writes == [host.writes() for host in group]
