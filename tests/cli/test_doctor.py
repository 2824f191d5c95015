"""`swarmnet doctor`: what is printed, and how it ends."""

import json
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from cli.doctor_report import as_data, lines, show, waiting
from providers.rules.doctor.diagnosis import Diagnosis, diagnosis
from providers.rules.vocabulary.diagnosis import Result, Room
from providers.rules.vocabulary.facts import Network
from tests.cli.one_manager import INFO, manages, way
from tests.support.command_line import swarmnet
from tests.support.examined import host, seen, swarm, wants
from tests.support.fake_sshd import FakeHost

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "doctor.md").read_text()
KEYS = PAGE.partition("## For programs")[2].partition("## ")[0]
PAIR = (host("w1", live_restore=True), host("w2", "29.1.3"))
APP = Network(id="o1", scope="swarm", name="app", driver="overlay")
HOSTS = {"m1": {"address": "10.9.0.1", "role": "manager"}, "w1": {"address": "10.9.0.2"}}
RESULTS = (
    Result(sender="m1", receiver="w1", channel="gossip-tcp", outcome="open", port=7946),
    Result(sender="w1", receiver="m1", channel="managers", outcome="closed", port=2377, why="no answer"),
    Result(sender="w1", receiver="m1", channel="data-path", outcome="unknown", why="it has ended"),
)


@pytest.fixture
def doctor(tmp_path):
    """Runs the command on a stack named prod."""

    def run(*words, stack="prod", **sections):
        written = {f"swarmnet:{key}": value for key, value in {"hosts": HOSTS, **sections}.items()}
        (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": written}))
        return swarmnet("doctor", stack, f"--dir={tmp_path}", *words)

    return run


@pytest.mark.parametrize(("hosts", "words"), [(["# m1", "# w1"], ()), (["# w1"], ("--host=w1",))])
def test_rules_are_printed_for_each_host_or_one(doctor, hosts, words):
    """The output has the rules and nothing else, and can be piped to that host."""
    done = doctor("--rules=ufw", *words)

    assert (0, "") == (done.exit_code, done.stderr)
    assert hosts == [line for line in done.stdout.splitlines() if line.startswith("#")]


@pytest.mark.parametrize(
    ("words", "stack"),
    [
        ("--rules=pf", "prod"),
        ("--rules=ufw --host=w9", "prod"),
        ("--rules=ufw", "ssh://m1"),  # roles, addresses and ports are a stack file's own, and no manager's
        ("--only=clocks", "prod"),
        ("--skip=clocks", "prod"),
        ("--host=m1", "prod"),
        ("--sudo", "prod"),
    ],
)
def test_wrong_usage_ends_with_2(doctor, words, stack):
    """Nothing is printed that could be piped, and no host is asked."""
    done = doctor(*words.split(), stack=stack)

    assert (2, "") == (done.exit_code, done.stdout)


# What is found


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A host in no swarm, by SSH."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = FakeHost(tmp_path / "m1", "m1")
    says(found)
    yield found
    found.close()


def says(machine, **more):
    """Let the host's Engine say so of itself."""
    usual = {"ServerVersion": "28.5.2", "SystemTime": "2026-11-26T10:57:50Z", "Swarm": {"LocalNodeState": "inactive"}}
    machine.engine.answer("GET /info", body={**usual, **more})


def declared(machine):
    """The host as a section of a stack file."""
    access = machine.access()
    ways = {"address": access.address, "port": access.port, "user": access.user}
    return {"m1": {**ways, "key_file": access.key_file, "known_hosts": access.known_hosts}}


def test_host_that_is_not(doctor, machine):
    """A line for each finding, then the end."""
    says(machine, LiveRestoreEnabled=True)
    done = doctor(hosts=declared(machine))

    assert 7 == done.exit_code
    assert ["failed: live-restore: m1: live-restore is enabled", "something is wrong"] == [
        line.partition(",")[0] for line in done.stdout.splitlines()
    ]
    assert 0 == doctor("--skip=live-restore", hosts=declared(machine)).exit_code


def test_host_that_does_not_answer_is_unknown(doctor, machine):
    """It is unknown whatever else was to be looked at."""
    machine.close()
    done = doctor("--only=clock", hosts=declared(machine))

    assert 1 == done.exit_code
    assert ["unknown: host-answers: m1", "unknown: swarm-answers"] == [
        ": ".join(line.split(": ")[: 3 - at]) for at, line in enumerate(done.stdout.splitlines()[:2])
    ]


def test_json_is_for_programs(doctor, machine):
    """The same exit status."""
    says(machine, LiveRestoreEnabled=True)
    done = doctor("--json", hosts=declared(machine))
    data = json.loads(done.stdout)

    assert (7, 1, "prod", "wrong") == (done.exit_code, data["schema"], data["stack"], data["status"])
    assert [["id", "status", "host", "peer", "fact", "remedy"]] == [list(row) for row in data["findings"]]


def test_page_shows_what_is_printed():
    """Word by word."""
    found = diagnosis(seen(*PAIR), wants(encrypted=True), skip=["clock"])
    (shown,) = re.findall(r"^\$ swarmnet doctor prod\n(failed:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert shown.splitlines() == [line.plain for line in lines(found, rows=True)]


def test_page_names_each_key():
    """The object as it is printed, and each column of its rows; the matrix has each result, also those that are
    open."""
    rooms = (Room(network="app", subnet="10.202.0.0/24", used=12, left=244),)
    found = diagnosis(seen(*PAIR, swarm=swarm(networks=(APP,), rooms=rooms)), wants())
    data = as_data("prod", replace(found, results=RESULTS))

    assert list(data) == re.findall(r"^\| `(\w+)` \|", KEYS, re.MULTILINE)
    rows = (data["findings"][0], data["networks"][0], data["matrix"][1])
    assert [] == [key for row in rows for key in row if f"`{key}`" not in KEYS]
    closed = {"from": "w1", "to": "m1", "channel": "managers", "port": 2377, "status": "closed", "why": "no answer"}
    assert (3, closed) == (len(data["matrix"]), data["matrix"][1])


def test_room_of_each_network_is_told():
    """It is told also if all is well."""
    room = Room(network="app", subnet="10.202.0.0/24", used=12, left=244)
    told, end = (line.plain for line in lines(Diagnosis(findings=(), rooms=(room,)), rows=False))

    assert ("addresses of app, 10.202.0.0/24: 12 used, 244 left", "well") == (told, end)
    assert f"`{told}`" in PAGE


def on_terminal(found):
    """A report as a terminal shows it."""
    console = Console(force_terminal=True, width=200, record=True, highlight=False)
    show(console, found)
    return console.export_text()


def test_tables_on_a_terminal():
    """Findings with hosts and peers in one column; a row for each sender, with what is closed to whom."""
    found = diagnosis(seen(*PAIR), wants(encrypted=True))
    text = on_terminal(Diagnosis(findings=found.findings, results=RESULTS))

    assert re.search(r"failed\s+│ engine-release\s+│ w2, m1\s+│", text)
    assert re.search(r"m1\s+│\s+│ ok\s+│", text)
    assert re.search(r"w1\s+│ closed: managers\s+│", text)
    assert "something is wrong" in text.splitlines()[-1]


def test_nothing_but_the_end_where_all_is_well():
    """No empty table."""
    assert "well\n" == on_terminal(Diagnosis(findings=()))


# Without a stack file


@pytest.fixture
def begun(machine):
    """Runs the command on the manager by its address."""
    return lambda *words: swarmnet("doctor", *way(machine), *words)


def test_other_members_are_found(begun, machine):
    """One that is not reached is unknown, by the name that the swarm has for it."""
    says(machine, Swarm=INFO)
    manages(machine)
    done = begun("--only=advertised-address")

    assert 7 == done.exit_code, done.output
    assert ["unknown: host-answers: w1", "failed: advertised-address: m1"] == [
        ": ".join(line.split(": ")[:3]) for line in done.stdout.splitlines()[:2]
    ]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"LiveRestoreEnabled": True}, "failed: live-restore: 127.0.0.1: "),
        ({"SecurityOptions": ["name=rootless"]}, "failed: engine-kind: 127.0.0.1: its docker is rootless"),
    ],
    ids=["in no swarm", "no swarm works there"],
)
def test_host_that_knows_no_members_is_looked_at_alone(begun, machine, told, line):
    """It is named by its address."""
    says(machine, **told)
    done = begun()

    assert (7, True) == (done.exit_code, f"\n{line}" in f"\n{done.stdout}"), done.output


# What passes between hosts


def test_matrix_while_it_is_waited_for():
    """It has a dot for each pair, which goes again; there is none if nobody looks."""
    console = Console(force_terminal=True, width=100, record=True, highlight=False)
    with waiting(console, ["m1", "w1"]):
        pass
    with waiting(Console(file=(silent := StringIO())), ["m1", "w1"]):
        pass

    assert re.search(r"w1\s+│ …\s+│", console.export_text())
    assert "" == silent.getvalue()
