"""`swarmnet discover`, against a host whose Engine says what the test wants."""

import shlex
from pathlib import Path

import pytest

from providers.hosts.reports import COMMAND
from providers.rules.resource_types.gwbridge import ENGINE_DEFAULT
from tests.cli.one_manager import INFO, manages, node, way
from tests.support.command_line import swarmnet
from tests.support.engine_answers import APP, BRIDGE, INGRESS
from tests.support.fake_sshd import Ends, FakeHost
from tests.support.my_ssh import at_home, without_ssh

NETWORKS = [BRIDGE | {"Options": ENGINE_DEFAULT}, INGRESS, APP]


@pytest.fixture
def host(tmp_path, monkeypatch):
    """The one manager of a swarm of two; the other member has no address that leads anywhere."""
    without_ssh(monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    host = FakeHost(tmp_path / "m1", "m1")
    host.commands[shlex.join(COMMAND)] = Ends(
        stdout=b"2: eth0: <UP> mtu 9000 qdisc x\n    inet 127.0.0.1/8 scope host\n"
    )
    host.engine.answer("GET /info", body={"Swarm": INFO})
    manages(host, NETWORKS)
    for each in NETWORKS:
        host.engine.answer(f"GET /networks/{each['Id']}", body=each)
        host.engine.answer(f"GET /networks/{each['Name']}", body=each)
    yield host
    host.close()
    assert {"GET"} >= {request.partition(" ")[0] for request in host.engine.requests}  # nothing is written to it


@pytest.fixture
def out(tmp_path):
    """The stack file that the command writes."""
    (tmp_path / "stacks").mkdir()
    return tmp_path / "stacks" / "Pulumi.prod.yaml"


@pytest.fixture
def discover(host, out):
    """Run the command; how it ended, and the text of the file."""

    def run(*words, manager="", out=out):
        place, *keys = way(host)
        ended = swarmnet("discover", manager or place, f"--out={out}", *keys, *words)
        return ended, out.read_text() if out.exists() else ""

    return run


TEXT = """\
config:
  swarmnet:hosts:
    m1: {{address: 127.0.0.1, role: manager, mtu: 9000}}
  swarmnet:ssh: {{user: root, port: {port}, key_file: ~/m1/key, known_hosts: ~/m1/known_hosts}}
  swarmnet:swarm: {{}}
"""


def test_stack_file_is_written(discover, host, out):
    """Comments and sections, in which `swarmnet check` finds no problem; it is its owner's, since it names hosts."""
    ended, text = discover()

    assert 0 == ended.exit_code, ended.output
    sections = "".join(f"{line}\n" for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert sections.startswith(TEXT.format(port=host.port))
    assert 0 == swarmnet("check", "--dir", str(out.parent)).exit_code
    assert 0o600 == out.stat().st_mode & 0o777


def test_manager_that_is_no_member_of_its_swarm(discover, host):
    """It is one line."""
    host.engine.answer("GET /info", body={"Swarm": {**INFO, "NodeID": "n9"}})
    ended, text = discover()

    assert (1, "") == (ended.exit_code, text)
    assert ended.stderr.endswith(": it is not a member of the swarm that it reports: name another manager\n")


def test_routes_of_hosts_are_written_as_ranges_to_reserve(discover, host):
    """They are comments: a person knows which of them nothing may meet."""
    printed = b"2: eth0: <UP> mtu 1500 qdisc x\n    inet 127.0.0.1/8 scope host\n172.18.0.0/16 via 10.9.9.9 dev eth0\n"
    host.commands[shlex.join(COMMAND)] = Ends(stdout=printed)

    assert "  # swarmnet:reserved:\n  #   - 172.18.0.0/16 # the route by eth0 of m1\n" in discover()[1]


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


def test_remarks_are_told(discover, host):
    """They are told with the file and what comes next, and are comments in it, such as why a member was not reached."""
    ended, text = discover()
    lines = ended.stdout.splitlines()
    why = f"was not reached: w1 (w1.invalid:{host.port}): "

    assert "hosts, swarm, gwbridge, ingress, overlays" == lines[0].partition("yaml: ")[2]
    assert any(line.startswith("not seen: w1") for line in lines)
    assert f"# not seen: w1: {{address: w1.invalid, role: worker}} (ready) {why}" in text
    assert "next: `pulumi stack init prod`, `pulumi preview --stack prod`: it shows only creates" == lines[-1]


def test_what_others_wrote_into_a_file_is_kept(discover, out):
    """Pulumi's own salt, and keys of other namespaces."""
    out.write_text("encryptionsalt: v1:abc\nconfig:\n  aws:region: eu\n  swarmnet:hosts: {x: {local: true}}\n")
    _, text = discover("--force")

    assert [True, True, False] == [part in text for part in ('encryptionsalt: "v1:abc"', '"aws:region": eu', "local")]


def test_what_up_would_mend_is_left_out(discover, host):
    """The ingress has no way out here: a trial on a simulated copy finds what would be written."""
    lame = NETWORKS[0] | {"Containers": {}}
    for name in ("id-docker_gwbridge", "docker_gwbridge"):
        host.engine.answer(f"GET /networks/{name}", body=lame)

    _, text = discover()

    assert "# unusual: `pulumi up` would not take ingress over as it is (bring the ingress to m1; " in text
    assert ("swarmnet:ingress:" in text, "swarmnet:gwbridge:" in text) == (False, True)


ALIASES = "x0: &x0 [a]\n" + "".join(f"x{at + 1}: &x{at + 1} [{', '.join([f'*x{at}'] * 9)}]\n" for at in range(50))
UNCLEAR = "MANAGER: should be ssh://[USER@]HOST[:PORT] without a password, or local:"
MANAGERS = ["10.0.0.1", "http://m1", "ssh://", "ssh://root:secret@m1", "ssh://m1/path", "ssh://m1:x"]


@pytest.mark.parametrize(
    ("before", "words", "given", "line"),
    [
        *(("", "", {"manager": manager}, UNCLEAR) for manager in MANAGERS),
        (
            "",
            "",
            {"out": Path("prod.yaml")},
            "prod.yaml: should be Pulumi.STACK.yaml in a folder that is there, such as stacks/",
        ),
        ("config: {}\n", "", {}, "{out}: is there already: choose another name, or --force to write in its place"),
        (ALIASES, "--force", {}, "{out}: is not a stack file, so it is not overwritten: choose another name"),
    ],
)
def test_whatever_cannot_be_written_is_one_line(discover, out, before, words, given, line):
    """What is there stays, with --force too if what others wrote can't be kept; a password is not repeated."""
    if before:
        out.write_text(before)
    ended, _ = discover(*words.split(), **given)

    assert (1, f"{line.replace('{out}', str(out))}\n") == (ended.exit_code, ended.stderr)
    assert before == (out.read_text() if out.exists() else "")


def test_file_that_somebody_wrote_meanwhile_is_left_alone(discover, host, out):
    """A file that appears while the hosts are read is not written over."""

    def answer():
        out.write_text("theirs")
        return 200, []

    host.engine.does("GET /services", answer)
    ended, text = discover()

    assert (1, f"{out}: file exists\n", "theirs") == (ended.exit_code, ended.stderr, text)
