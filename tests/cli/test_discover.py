"""`swarmnet discover`, against a host whose Engine says what the test wants."""

import shlex

import pytest

from providers.hosts.reports import COMMAND
from tests.support.command_line import swarmnet
from tests.support.fake_sshd import Ends, FakeHost
from tests.support.my_ssh import at_home, without_ssh
from tests.support.swarms import SPEC

INFO = {"LocalNodeState": "active", "NodeID": "n1", "NodeAddr": "127.0.0.1", "ControlAvailable": True, "Error": ""}
SWARM = {"ID": "s1", "Version": {"Index": 9}, "DataPathPort": 4789, "SubnetSize": 24, "Spec": SPEC}
BRIDGE = {
    "com.docker.network.bridge.name": "docker_gwbridge",
    "com.docker.network.bridge.enable_icc": "false",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
}


def node(node_id, hostname, address, role="manager"):
    """A member as the Engine lists it."""
    return {
        "ID": node_id,
        "Version": {"Index": 9},
        "Spec": {"Role": role, "Availability": "active", "Labels": {}},
        "Description": {"Hostname": hostname},
        "Status": {"State": "ready", "Addr": address},
        "ManagerStatus": {"Leader": True, "Reachability": "reachable"} if role == "manager" else None,
    }


def network(name, driver, scope, subnet, **more):
    """A network as the Engine lists and inspects it."""
    config = [{"Subnet": subnet, "Gateway": subnet.replace("0/", "1/").partition("/")[0]}]
    return {"Id": f"id-{name}", "Name": name, "Driver": driver, "Scope": scope, "IPAM": {"Config": config}, **more}


NETWORKS = [
    network("docker_gwbridge", "bridge", "local", "172.18.0.0/16", Options=BRIDGE),
    network(
        "ingress",
        "overlay",
        "swarm",
        "10.0.0.0/24",
        Ingress=True,
        Containers={"ingress-sbox": {"Name": "ingress-endpoint"}},
    ),
    network("app", "overlay", "swarm", "10.64.0.0/24", Attachable=True),
]
NETWORKS[0]["Containers"] = {"ingress-sbox": {"Name": "gateway_ingress-sbox"}}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """The one manager of a swarm of two; the other member has no address that leads anywhere."""
    without_ssh(monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    host = FakeHost(tmp_path / "m1", "m1")
    host.commands[shlex.join(COMMAND)] = Ends(
        stdout=b"2: eth0: <UP> mtu 9000 qdisc x\n    inet 127.0.0.1/8 scope host\n"
    )
    nodes = [node("n1", "m1", "127.0.0.1"), node("n2", "w1.invalid", "0.0.0.0", role="worker")]
    answers = {"info": {"Swarm": INFO}, "swarm": SWARM, "nodes": nodes, "networks": NETWORKS}
    for path, body in (answers | {"services": [], "tasks": [], "containers/json": []}).items():
        host.engine.answer(f"GET /{path}", body=body)
    for each in NETWORKS:
        host.engine.answer(f"GET /networks/{each['Id']}", body=each)
        host.engine.answer(f"GET /networks/{each['Name']}", body=each)
    yield host
    host.close()


@pytest.fixture
def discover(host, tmp_path):
    """Run the command; how it ended, and the text of the file."""
    (tmp_path / "stacks").mkdir()
    out = tmp_path / "stacks" / "Pulumi.prod.yaml"

    def run(*words, manager=f"ssh://root@127.0.0.1:{host.port}", out=out):
        keys = [f"--key-file={host.folder / 'key'}", f"--known-hosts={host.folder / 'known_hosts'}"]
        ended = swarmnet("discover", manager, f"--out={out}", *keys, *words)
        return ended, out.read_text() if out.exists() else ""

    return run


TEXT = """\
config:
  swarmnet:hosts:
    m1: {{address: 127.0.0.1, role: manager, mtu: 9000}}
  swarmnet:ssh: {{user: root, port: {port}, key_file: ~/m1/key, known_hosts: ~/m1/known_hosts}}
  swarmnet:swarm: {{}}
"""


def test_stack_file_is_written(discover, host):
    """Comments and sections."""
    ended, text = discover()

    assert 0 == ended.exit_code, ended.output
    sections = "".join(f"{line}\n" for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert sections.startswith(TEXT.format(port=host.port))


def test_routes_of_hosts_are_written_as_ranges_to_reserve(discover, host):
    """They are comments: a person knows which of them nothing may meet."""
    printed = b"2: eth0: <UP> mtu 1500 qdisc x\n    inet 127.0.0.1/8 scope host\n172.18.0.0/16 via 10.9.9.9 dev eth0\n"
    host.commands[shlex.join(COMMAND)] = Ends(stdout=printed)

    assert "  # swarmnet:reserved:\n  #   - 172.18.0.0/16 # the route by eth0 of m1\n" in discover()[1]


def test_member_that_was_not_reached_is_a_comment(discover, host):
    """The comment has the reason."""
    line = (
        f"# not seen: w1: {{address: w1.invalid, role: worker}} (ready) was not reached: w1 (w1.invalid:{host.port}): "
    )

    assert line in discover()[1]


@pytest.mark.parametrize("where", ["address", "hostname"])
def test_place_that_is_a_command(discover, host, tmp_path, monkeypatch, where):
    """An address from a hostile manager is not run, even if ~/.ssh/config hands addresses to commands."""
    at_home(monkeypatch, tmp_path)
    ran = tmp_path / "ran"
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text('Match host "*[!a-z0-9.:]*" exec "echo %h"\n')
    places = ["$(touch {})", "-oProxyCommand=touch {}", "fe80::1%$(touch {})", "w1;touch {}", "`touch {}`"]
    nodes = [node("n1", "m1", "127.0.0.1")]
    for number, place in enumerate(places, 2):
        known = {"address": "0.0.0.0", "hostname": f"w{number}.invalid"} | {where: place.format(ran)}
        nodes.append(node(f"n{number}", **known, role="worker"))
    host.engine.answer("GET /nodes", body=nodes)

    ended, text = discover()

    assert (0, False) == (ended.exit_code, ran.exists()), ended.output
    assert len(places) == text.count("# not seen: ")


def test_nothing_is_written_to_the_host(discover, host):
    """All requests are GET."""
    discover()

    assert {"GET"} == {request.partition(" ")[0] for request in host.engine.requests}


def test_written_file_has_no_problem(discover, tmp_path):
    """`swarmnet check` finds no problem in it."""
    discover()

    assert 0 == swarmnet("check", "--dir", str(tmp_path / "stacks")).exit_code


def test_remarks_are_told(discover):
    """They are told with the file and what comes next."""
    lines = discover()[0].stdout.splitlines()

    assert ("hosts, swarm, gwbridge, ingress, overlays", True) == (
        lines[0].partition("yaml: ")[2],
        any(line.startswith("not seen: w1") for line in lines),
    )
    assert "next: `pulumi stack init prod`, `pulumi preview --stack prod`: it shows only creates" == lines[-1]


def test_file_that_is_there_is_left_alone(discover, tmp_path):
    """It is written over only with --force."""
    out = tmp_path / "stacks" / "Pulumi.prod.yaml"
    out.write_text("config: {}\n")
    ended, text = discover()

    assert (1, "config: {}\n") == (ended.exit_code, text)
    assert f"{out}: is there already: choose another name, or --force to write in its place\n" == ended.stderr


def test_what_others_wrote_into_a_file_is_kept(discover, tmp_path):
    """Pulumi's own salt, and keys of other namespaces."""
    out = tmp_path / "stacks" / "Pulumi.prod.yaml"
    out.write_text("encryptionsalt: v1:abc\nconfig:\n  aws:region: eu\n  swarmnet:hosts: {x: {local: true}}\n")
    _, text = discover("--force")

    assert [True, True, False] == [part in text for part in ('encryptionsalt: "v1:abc"', '"aws:region": eu', "local")]


def test_what_another_stack_file_declares_is_left_out(discover, host, tmp_path):
    """Two stacks that claim the same swarm would undo what the other does."""
    hosts = f"m1: {{address: 127.0.0.1, port: {host.port}, role: manager}}"
    other = f"config:\n  swarmnet:hosts: {{{hosts}}}\n  swarmnet:swarm: {{}}\n"
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(other)
    _, text = discover()

    assert "swarmnet:swarm:" not in text
    assert "# not managed: swarm: stack dev declares it too, and hosts.m1 is in both" in text


def test_what_up_would_mend_is_left_out(discover, host):
    """The ingress has no way out here: a trial on a simulated copy finds what would be written."""
    lame = NETWORKS[0] | {"Containers": {}}
    for name in ("id-docker_gwbridge", "docker_gwbridge"):
        host.engine.answer(f"GET /networks/{name}", body=lame)

    _, text = discover()

    assert "# unusual: `pulumi up` would not take ingress over as it is (bring the ingress to m1; " in text
    assert ("swarmnet:ingress:" in text, "swarmnet:gwbridge:" in text) == (False, True)


@pytest.mark.parametrize(
    "manager", ["10.0.0.1", "http://m1", "ssh://", "ssh://root:secret@m1", "ssh://m1/path", "ssh://m1:x"]
)
def test_manager_that_is_not_said_clearly(discover, manager):
    """One line, which never shows what could be a password."""
    ended, text = discover(manager=manager)

    assert (1, "") == (ended.exit_code, text)
    assert "MANAGER: should be ssh://[USER@]HOST[:PORT] without a password, or local:\n" == ended.stderr


def test_file_that_pulumi_would_not_find(discover, tmp_path):
    """It has the stack's name in its own."""
    ended, _ = discover(out=tmp_path / "prod.yaml")

    assert 1 == ended.exit_code
    assert "should be Pulumi.STACK.yaml in a folder that is there, such as stacks/\n" in ended.stderr


def test_host_that_is_no_manager(discover, host, tmp_path):
    """It is said what to do, and nothing is written."""
    host.engine.answer("GET /info", body={"Swarm": INFO | {"ControlAvailable": False}})
    ended, text = discover()

    assert (1, "") == (ended.exit_code, text)
    assert "manager: it is a worker, and only a manager can tell of the swarm: name a manager\n" == ended.stderr


def test_file_that_somebody_wrote_meanwhile_is_left_alone(discover, host, tmp_path):
    """A file that appears while the hosts are read is not written over."""
    out = tmp_path / "stacks" / "Pulumi.prod.yaml"

    def answer():
        out.write_text("theirs")
        return 200, []

    host.engine.does("GET /services", answer)
    ended, text = discover()

    assert (1, f"{out}: file exists\n", "theirs") == (ended.exit_code, ended.stderr, text)


def test_written_file_is_its_owners(discover, tmp_path):
    """It names hosts and how they are reached."""
    discover()

    assert 0o600 == (tmp_path / "stacks" / "Pulumi.prod.yaml").stat().st_mode & 0o777


def test_file_whose_aliases_grow_without_end_is_left_alone(discover, tmp_path):
    """It is left alone with --force too, since what others wrote into it can't be kept."""
    out = tmp_path / "stacks" / "Pulumi.prod.yaml"
    lines = [f"x{at + 1}: &x{at + 1} [{', '.join([f'*x{at}'] * 9)}]" for at in range(50)]
    out.write_text("\n".join(["x0: &x0 [a]", *lines, ""]))
    ended, _ = discover("--force")

    assert (1, f"{out}: is not a stack file, so it is not overwritten: choose another name\n") == (
        ended.exit_code,
        ended.stderr,
    )
