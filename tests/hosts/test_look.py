"""A host's kernel, firewall and log of its Engine: commands that write nothing, and answers that are not trusted."""

import re
import subprocess
from pathlib import Path

import pytest

from providers.hosts.look import SCRIPT, script, with_answers
from providers.hosts.probe import engine_log
from providers.hosts.probe.session import BOOT, SANDBOX
from providers.rules.doctor.probes import INGRESS
from providers.rules.vocabulary.diagnosis import EngineLog, Way
from providers.rules.vocabulary.routes import Link
from tests.support.examined import host
from tests.support.looks import LOOK
from tests.tools.programs import program

pytestmark = pytest.mark.usefixtures("my_ssh")

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "doctor.md").read_text()


SENSELESS = "invalid answer from the host"
NO_SUDO = "sudo: a password is required"


def answers(subject="none", text="", status=0):
    """The recorded answer, with another in the place of that to one subject."""
    told = f"@ {subject} {status}\n" + "".join(f"|{each}\n" for each in text.splitlines())
    kept = re.sub(rf"(^@ {subject} \d+\n(\|.*\n)*)+", told.replace("\\", r"\\"), LOOK, flags=re.MULTILINE)
    return with_answers(host("m1"), kept)


def test_recorded_answer_is_read():
    """All of it."""
    found = answers()

    assert ({}, {}, {"vxlan": True, "ip_vs": True, "esp4": True}) == (found.unread, found.daemon, found.modules)
    assert Link("eth0", 1500, ("10.9.0.1",)) == found.own_link
    assert Way(to="10.9.0.2", device="eth0", source="10.9.0.1") == found.way_to(host("w1"))
    assert (True, frozenset(), 73702128) == (found.forwarding, found.strict, found.room)
    assert (0, "") == (found.legacy, found.zone)
    assert ["10.9.0.0/24", "172.18.0.0/16"] == [each.subnet for each in found.surroundings.routes]
    assert ["-j DOCKER-USER", "-j DOCKER-FORWARD"] == list(found.of_chain("filter", "FORWARD"))


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the script here, as whoever runs the tests."""
    return subprocess.run(["sh", "-s"], input=script(*words), capture_output=True, text=True, check=False, cwd=cwd)


def test_script_runs_in_any_shell():
    """Without a word of its own on stderr. Each question has an answer, whatever it is."""
    look, log = run("look", "", "/", "127.0.0.1"), run("log", "")
    found = with_answers(host("m1"), look.stdout)

    assert [(0, "", "@ ")] * 2 == [(done.returncode, done.stderr, done.stdout[:2]) for done in (look, log)]
    assert ["lo"] == [each.name for each in found.surroundings.links if "127.0.0.1" in each.addresses]
    assert "the host does not answer" not in found.unread.values()


@pytest.mark.parametrize(
    "text", ["$(touch ran)", "`touch ran`", "'; touch ran; '", "x\ntouch ran", "a b; touch ran", "*"]
)
def test_what_a_host_or_file_says_is_not_run(text, tmp_path):
    """Neither as the folder of the Engine nor as an address, though addresses are looked at before."""
    run("look", "", text, f"fe80::1%{text}", text, cwd=tmp_path)

    assert not (tmp_path / "ran").exists()


def test_only_what_the_page_lists_is_run_as_root():
    """Each with sudo, none without."""
    run = set(re.findall(r"\$sudo ([^|)&;}\n]+?)(?: 2>&1|\)|;|$)", SCRIPT.read_text(), re.MULTILINE))
    listed = re.findall(r"NOPASSWD: /usr/s?bin/(.+)", PAGE.partition("## What is run")[2].partition("## ")[0])

    probes = {f"nsenter --net={SANDBOX}{each} {' '.join(BOOT[:2])} *" for each in (INGRESS, "lb_*")}
    assert {each.replace("\\", "").removesuffix(' ""') for each in listed} == {each.strip() for each in run} | probes


@pytest.mark.parametrize(
    ("subject", "status", "said", "why"),
    [
        ("rules", 127, "iptables-save", "there is no iptables-save: install the package iptables"),
        ("rules", 1, NO_SUDO, f"{NO_SUDO}: log in as root or let sudo run it (docs/doctor.md)"),
        ("rules", 4, "", "no error message: look there by hand"),
        ("rules", 0, "", "iptables-save shows no table: look at `nft list ruleset`"),
        ("links", 0, "2: eth0: <UP> mtu much", SENSELESS),
        ("routes", 0, "[" * 100_000, SENSELESS),
        ("routes", 0, '[{"gateway": "10.9.0.1"}]', SENSELESS),
        ("daemon", 0, '{"iptables": ', SENSELESS),
        ("modules", 0, "vxlan perhaps", SENSELESS),
        ("room", 0, "much", SENSELESS),
        ("forwarding", "", "", "the host does not answer"),
        ("offload", 0, "driver eth0 vmxnet3", "eth0: install the package ethtool"),
    ],
)
def test_what_can_not_be_read_has_its_reason(subject, status, said, why):
    """All else is read."""
    assert {subject: why} == answers(subject, said, status).unread


FLAGS = "dockerd\n--iptables=false\n--default-network-opt=overlay=a=1"
STRICT = "/proc/sys/net/ipv4/conf/all/rp_filter:0\n/proc/sys/net/ipv4/conf/eth1/rp_filter:1"


@pytest.mark.parametrize(
    ("key", "subject", "said", "value"),
    [
        ("daemon", "daemon", '{"iptables": false, "proxies": {"http-proxy": "x"}}', {"iptables": "false"}),
        ("daemon", "daemon", FLAGS, {"iptables": "false", "default-network-opts": "overlay=a=1"}),
        ("legacy", "legacy", "*filter\n:INPUT DROP [0:0]\n-A INPUT -j DROP\nCOMMIT", 1),
        # No line of an answer is taken for another, such as a comment of a rule.
        ("legacy", "legacy", '*filter\n-A INPUT -m comment --comment "\n@ forwarding 0\n|0" -j DROP', 1),
        ("modules", "modules", "vxlan yes\nip_vs forbidden", {"vxlan": True, "ip_vs": False}),
        ("forbidden", "modules", "vxlan yes\nip_vs forbidden", frozenset({"ip_vs"})),
        ("zone", "zone", "public", "public"),
        ("strict", "routes", STRICT, frozenset({"eth1"})),
    ],
)
def test_settings_are_read(key, subject, said, value):
    """They are read as they are, and only those that are judged."""
    assert value == getattr(answers(subject, said), key)


def test_offload_is_of_its_link():
    """It is told with the driver."""
    found = answers("offload", "driver eth0 vmxnet3\noffload eth0 on").surroundings

    assert [("lo", "", None), ("eth0", "vmxnet3", True)] == [
        (each.name, each.driver, each.offloads) for each in found.links
    ]


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        pytest.param("forbidden", "install /bin/false numdummies=0", id="with the module's options behind"),
        pytest.param("forbidden", "install /bin/true", id="bare"),
        pytest.param("yes", "insmod /lib/modules/6.1.0/kernel/net/no_such.ko", id="a module"),
    ],
)
def test_module_that_is_kept_from_being_loaded(tmp_path: Path, expected: str, said: str):
    """By what modprobe would do; told to be quiet it says nothing of it (kmod 30)."""
    program(tmp_path / "modprobe", f'case $1 in *q*) ;; *) echo "{said}" ;; esac')

    asks = SCRIPT.read_text().partition("\nif [ ")[0] + "\nmodule no_such NO_SUCH"
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    ended = subprocess.run(
        ["sh", "-c", asks, "sh", "look", "", "/"], env=path, capture_output=True, text=True, check=True
    )

    assert f"no_such {expected}\n" == ended.stdout


# The log of an Engine, on gossip over UDP

NOW = 1795704295  # 2026-11-26T14:44:55Z
JOINED = 'time="2026-11-26T14:00:00.500000000Z" level=info msg="Node fe85ebe32050/10.9.0.2, joined gossip cluster"'
MISSED = (
    'time="2026-11-26T14:44:50.5Z" level=warning msg="memberlist: Was able to connect to {} over TCP but UDP probes '
    'failed, network may be misconfigured"'
)
# Engines 20.10 and 28, and 29; both kinds of log.
REFUSED = (
    'time="2026-11-26T14:44:44.862904504Z" level=warning msg="memberlist: Decrypt packet failed: Unsupported '
    'encryption version 77 from=10.9.0.2:41494"'
)
REFUSED_29 = (
    '{"level":"warning","msg":"memberlist: Decrypt packet failed: unsupported encryption version 77 '
    'from=10.9.0.3:41495","time":"2026-11-26T14:44:49.914134410Z"}'
)


def answered(*lines, status=0, now=NOW):
    """The script's output."""
    return f"@ log {status}\n" + "".join(f"|{each}\n" for each in (now, *lines))


def test_members_that_did_not_answer():
    """They are told by address, if the Engine has said whose name it is."""
    said = answered(JOINED, MISSED.format("fe85ebe32050"), MISSED.format("0123"))

    assert EngineLog(unanswered=frozenset({"10.9.0.2", "0123"})) == engine_log.parsed(said)


def test_datagrams_that_it_could_not_read():
    """They are told with address and port of the sender, for the last minute."""
    assert EngineLog(refused=frozenset({("10.9.0.2", 41494), ("10.9.0.3", 41495)})) == engine_log.parsed(
        answered(REFUSED, REFUSED_29)
    )
    assert EngineLog() == engine_log.parsed(answered(REFUSED, now=NOW + 60))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (f"@ log 1\n|{NO_SUDO}\n", f"{NO_SUDO}: log in as root or let sudo run it "),
        (answered(MISSED.format("a"), now="soon"), "invalid answer from the host: look there by hand"),
        (answered('time="soon" nsupported encryption version'), SENSELESS),
        ("", SENSELESS),
    ],
)
def test_log_that_can_not_be_read(said, why):
    """The reason, then what to do."""
    told = engine_log.parsed(said)

    assert isinstance(told, str)
    assert told.startswith(why)
