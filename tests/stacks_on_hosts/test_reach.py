"""Every way to a host, tried with real sshd's: who is let in, what is believed of it, and the words if it fails.

Mostly by the connection alone, which `pulumi up` and `swarmnet plan` reach hosts by; the whole program comes last. What
needs no real sshd is tried in tests/hosts/ssh.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote

import pytest

from providers.hosts.engine_api.engine import Engine
from providers.hosts.privileges import JOBS
from providers.hosts.ssh.connection import Connection
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import HostError, HostKeyUnknown, LoginRefused, Unreachable
from tests.support import machines
from tests.support.doctor import IGNORES
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Group, Host
from tests.support.my_ssh import at_home
from tests.support.project import Project
from tests.support.what_hosts_show import is_bare, promised, shown, stack_of

pytestmark = pytest.mark.lab

MACHINE = "198.51.100.1"
LINK = "swarmnet-lab"  # the bridge that all hosts hang on
PHRASE = "hunter2"
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
def sshd(x1: Host) -> Iterator[Callable[..., int]]:
    """Starts a further sshd on x1, with these options; returns its port."""
    ports: list[int] = []

    def start(*options: str) -> int:
        port = 2201 + len(ports)
        words = [word for option in options for word in ("-o", option)]
        x1.start_sshd("-p", str(port), *words, pid_file=f"/run/sshd-{port}.pid")
        ports.append(port)
        return port

    yield start
    for port in ports:
        x1.end_sshd(f"/run/sshd-{port}.pid")


@pytest.fixture
def sudoers(x1: Host) -> Iterator[Callable[[str], None]]:
    """Gives deploy other rights on x1."""

    def write(line: str) -> None:
        x1.run("sh", "-c", f"echo '{line}' >/etc/sudoers.d/deploy")

    yield write
    write(DEPLOY)


@pytest.fixture
def known(tmp_path: Path) -> Callable[..., str]:
    """Writes a known_hosts of these lines."""

    def write(*lines: str) -> str:
        file = tmp_path / "known"
        file.write_text("".join(f"{line}\n" for line in lines))
        return str(file)

    return write


def keygen(*words: str | Path) -> str:
    """Run ssh-keygen and return its output."""
    return subprocess.run(["ssh-keygen", *words], check=True, capture_output=True, text=True).stdout


def new_key(folder: Path, name: str) -> Path:
    """A key pair."""
    keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name)
    return folder / name


def host_key(host: Host) -> str:
    """The host's public key, as the host itself has it."""
    return " ".join(host.run("ssh-keygen", "-y", "-f", "/etc/ssh/host_key").split()[:2])


def name_of(connection: Connection) -> str:
    """Return the name that a host has for itself."""
    return connection.run(["hostname"], as_root=False).strip()


def refusal(connection: Connection) -> HostError:
    """Return the error of a host that can't be used."""
    with pytest.raises(HostError) as caught:
        name_of(connection)
    return caught.value


# As whom, and with which key


def test_sudo_user(connect: Connect, x1: Host):
    """A user who needs sudo reaches the Engine by it."""
    assert "x1" == Engine(connect(x1, user="deploy", sudo=True)).read("/info", dict)["Name"]


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


def test_agent(connect: Connect, x1: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An encrypted key that only the agent can use lets in."""
    key = shutil.copy(KEY_FILE, tmp_path / "key")
    shutil.copy(f"{KEY_FILE}.pub", tmp_path / "key.pub")
    keygen("-q", "-p", "-P", "", "-N", PHRASE, "-f", key)
    ask = tmp_path / "ask"
    ask.write_text(f"#!/bin/sh\necho {PHRASE}\n")
    ask.chmod(0o700)
    socket = str(tmp_path / "agent")
    monkeypatch.setenv("SSH_AUTH_SOCK", socket)
    words = {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE) as agent:
        assert agent.stdout
        agent.stdout.readline()
        subprocess.run(["ssh-add", "-q", key], env=os.environ | words, check=True)
        assert "x1" == name_of(connect(x1, key_file=str(key)))
        agent.terminate()


# Whose host key


@pytest.mark.parametrize(
    ("principal", "kind"), [("{address}", None), ("elsewhere", HostKeyUnknown)], ids=["its name", "another's"]
)
def test_certificate(
    connect: Connect, x1: Host, sshd: Callable[..., int], tmp_path: Path, known: Callable[..., str], principal, kind
):
    """One line for the authority is enough if its certificate names the host, as it is for ssh."""
    authority = new_key(tmp_path, "ca")
    (tmp_path / "x1.pub").write_text(host_key(x1))
    names = principal.format(address=x1.address)
    keygen("-q", "-s", authority, "-I", "x1", "-h", "-n", names, "-V", "-1m:+1h", tmp_path / "x1.pub")
    certificate = (tmp_path / "x1-cert.pub").read_text()
    x1.run("sh", "-c", f"echo '{certificate}' >/etc/ssh/host_key-cert.pub")
    port = sshd("HostCertificate=/etc/ssh/host_key-cert.pub")
    file = known(f"@cert-authority * {authority.with_suffix('.pub').read_text()}")
    connection = connect(x1, port=port, known_hosts=file)
    by_ssh = ["ssh", "-F", "none", "-o", f"UserKnownHostsFile={file}", "-o", "BatchMode=yes", "-i", str(KEY_FILE)]
    judged = subprocess.run([*by_ssh, "-p", str(port), f"root@{x1.address}", "hostname"], capture_output=True)

    assert (judged.returncode == 0) == (kind is None)
    if kind is None:
        assert "x1" == name_of(connection)
    else:
        problem = refusal(connection)
        assert kind is type(problem)
        assert f"{file} line 1 that is for elsewhere, not for {x1.address}" in str(problem)


# Where it is


def test_ipv6(connect: Connect, x1: Host, known: Callable[..., str]):
    """An IPv6 address, here one that is only good on its link."""
    (own,) = [word for word in x1.run("ip", "-6", "-o", "addr", "show", "dev", "eth0").split() if "fe80" in word]
    address = f"{own.partition('/')[0]}%{LINK}"
    connection = connect(x1, address=address, known_hosts=known(f"{address} {host_key(x1)}"))

    assert "x1" == name_of(connection)
    assert f"x1 ([{address}]:22)" == connection.link.to.where


def test_bastion(connect: Connect, group: Group, x1: Host):
    """A connection through a bastion comes from the bastion."""
    connection = connect(group["x2"], bastion=f"deploy@{x1.address}")

    assert x1.address == connection.run(["sh", "-c", "echo $SSH_CLIENT"]).split()[0]


# Where nobody is, or no longer


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


def test_a_changed_address(group: Group, new_project: Callable[..., Project], sshd: Callable[..., int]):
    """Another host at the new address is refused before a write to it; another way to the same host is none. All by a
    user who needs sudo, and in the end through a bastion."""
    group.reset()
    sections = stack_of(group)
    sections["ssh"] |= {"user": "deploy", "sudo": True}
    spare = sections["hosts"].pop("x3")
    project = new_project()
    project.declare(sections)
    up = project.up()
    assert up.ok, up.told
    right = sections["hosts"]["x2"]
    for words in ((), ("--refresh",)):
        sections["hosts"]["x2"] = right | {"address": spare["address"]}
        project.declare(sections)
        refused = project.up(*words)
        assert not refused.ok
        assert f"x2: its address changed from {right['address']} port 22 to {spare['address']} port 22" in refused.told
        assert is_bare(group["x3"])
    sections["hosts"]["x2"] = right | {"bastion": group["x1"].address}
    project.declare(sections)

    moved = project.up()
    assert moved.ok, moved.told
    assert project.is_settled()
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


def shape(path: str) -> str:
    """Return a path without its ids and names: `/networks/{id}/connect`."""
    first, _, rest = path.strip("/").partition("/")
    second, _, third = rest.partition("/")
    if first in ("networks", "nodes", "services", "tasks", "containers") and second not in ("", "create", "json"):
        second = "{id}"
    return "/" + "/".join(filter(None, (first, second, third)))


def asked(group: Group, before: dict[str, int]) -> set[str]:
    """Return what Engines were asked since then, with `{id}` for each name."""
    found = (request for host in group for request in host.requests()[before[host.name] :])
    return {f"{method} {shape(path)}" for method, path in (each.split(" ", 1) for each in found)}


def test_key_that_may_only_read(group: Group, new_project: Callable[..., Project], tmp_path: Path):
    """It sees what a whole key sees, by no more than `swarmnet privileges` says, and changes nothing."""
    group.reset()
    sections = stack_of(group)
    sections["ssh"] |= {"user": "deploy", "sudo": True}
    sections["ssh"]["key_file"] = str(used := Path(shutil.copy(KEY_FILE, tmp_path / "used")))
    project, reader = new_project(), new_key(tmp_path, "reader")
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
