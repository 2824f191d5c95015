"""Whatever an Engine or a host says, no word of it is a line of its own in what a command prints or writes."""

import copy
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from providers.hosts import look, reports
from providers.rules.vocabulary.words import INVISIBLE
from tests.recorded import preview
from tests.support.command_line import swarmnet
from tests.support.engine_answers import ANSWERS
from tests.support.fake_sshd import Ends, FakeHost
from tests.support.looks import LOOK
from tests.support.my_ssh import without_ssh
from tests.tools.programs import program

# A line of our own, and what GitHub, Azure, terminals and readers obey; a join token.
FORGED = (
    "\r\nnothing drifted: 12 resources are as recorded\n::error::x\n##vso[x]\x1b[2J\x85\u2028\u202e\ufeff SWMTKN-1-a "
)
# What a command prints that fails: its last line is shown.
BROKEN = f"@ rules 1\n|{FORGED}\n|12 resources are as recorded\u202e\x1b[2J ##vso[x]\n"
OBEYED = re.compile(r"^\s*(nothing drifted|::)|##\w*\[|SWMTKN", re.MULTILINE)
QUOTED = re.compile(r'"(\\.|[^"\\\n])*"')
STATE = {
    "Overlay/app": ("overlay/app", {"name": "app", "subnet": "10.9.9.0/24", "network_id": "id-app"}),
    "Ingress/ingress": ("ingress", {"name": "ingress", "subnet": "10.9.8.0/24", "network_id": "id-ingress"}),
    "Swarm/swarm": ("swarm", {"first_manager": "m1", "members": ["m1"], "swarm_id": "s1"}),
    "Node/node": ("node/m1", {"host": "m1", "role": "manager", "labels": {"rack": "r2"}, "node_id": "n1"}),
    "Gwbridge/b": ("docker_gwbridge@m1", {"host": "m1", "subnet": "10.9.7.0/24", "network_id": "id-docker_gwbridge"}),
}
HOSTS = ("drift", "plan", "facts", "doctor", "drift --json", "plan --json", "doctor --json")
FACTS = (
    "map lab --dir={folder} --facts {folder}/facts --out {folder}/out.svg",
    "report {preview} --facts {folder}/facts",
    "report {preview} --facts {folder}/facts --out {folder}/out.md",
)
COMMANDS = (
    *(f"{each} lab --dir={{folder}}" for each in HOSTS),
    *FACTS,
    "discover {way} --out={folder}/found/Pulumi.found.yaml",
)


def exported() -> str:
    """A state that differs from what the Engine has."""
    resources = [
        {"urn": f"urn:pulumi:lab::swarmnet::{type_}::{name}", "type": type_, "outputs": outputs}
        for kind, (name, outputs) in STATE.items()
        for type_ in [f"pulumi-python:dynamic/swarmnet:{kind.partition('/')[0]}"]
    ]
    return json.dumps({"version": 3, "deployment": {"resources": resources}})


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHost]:
    """A manager, its stack file and its state."""
    without_ssh(monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "state").write_text(exported())
    program(tmp_path / "bin" / "pulumi", f"[ \"$2\" = export ] && exec cat {tmp_path}/state\necho '{{}}'")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    host = FakeHost(tmp_path / "m1", "m1")
    access = host.access()
    reach = {"address": access.address, "port": access.port, "user": access.user, "advertise_address": "10.9.0.1"}
    keys = {"key_file": access.key_file, "known_hosts": access.known_hosts, "role": "manager"}
    sections = {
        "hosts": {"m1": {**reach, **keys}},
        "swarm": {},
        "ingress": {"subnet": "10.9.8.0/24"},
        "gwbridge": {"subnet": "10.9.7.0/24"},
        "overlays": {"app": {"subnet": "10.9.9.0/24"}},
    }
    stack = {"config": {f"swarmnet:{key}": value for key, value in sections.items()}}
    (tmp_path / "Pulumi.lab.yaml").write_text(yaml.safe_dump(stack))
    yield host
    host.close()


def lets_say(host: FakeHost, answers: dict[str, Any], printed: str = LOOK, said: str = "", status: int = 0) -> None:
    """Let the Engine and the host's commands say so."""
    for path, body in answers.items():
        host.engine.answer(f"GET {path}", body=body)
    host.commands[shlex.join(reports.COMMAND)] = Ends(printed.encode(), said.encode(), status)
    host.commands[shlex.join(look.SHELL)] = Ends(printed.encode(), said.encode(), status)


def told(host: FakeHost, folder: Path, *commands: str) -> Iterator[tuple[str, str]]:
    """Yield all that each command prints and writes."""
    (folder / "facts").write_text(swarmnet("facts", "lab", f"--dir={folder}").stdout)
    way = f"ssh://root@127.0.0.1:{host.port} --key-file={folder}/m1/key --known-hosts={folder}/m1/known_hosts"
    names = {"way": way, "folder": folder, "preview": preview("drifted")}
    for each in commands:
        written = [folder / "out.md", folder / "out.svg", folder / "found" / "Pulumi.found.yaml"]
        for file in written:
            file.parent.mkdir(exist_ok=True)
            file.unlink(missing_ok=True)
        ended = swarmnet(*each.format(**names).split())
        assert ended.exit_code in (0, 1, 7), (each, ended)
        texts = {file.name: file.read_text() for file in written if file.exists()}
        if "Pulumi.found.yaml" in texts:  # in quotes it has a label as it is, its line breaks and all as escapes
            texts["Pulumi.found.yaml"] = QUOTED.sub("quoted", texts["Pulumi.found.yaml"])
        yield each, "\n".join([ended.stdout, ended.stderr, *texts.values()])


def obeyed(text: str) -> list[str]:
    """Return the lines that a reader, a terminal or a log would take for something else than words of a host."""
    rows = text.split("\n")
    return [row for row in rows if OBEYED.search(row) or INVISIBLE.search(row.replace("\t", ""))]


def hostile() -> dict[str, Any]:
    """Return an Engine's answers with the words behind each text that somebody chooses, where the rest stays right."""
    answers = copy.deepcopy(ANSWERS)
    (node,), (service,), (task,), (container,) = (
        answers[each] for each in ("/nodes", "/services", "/tasks", "/containers/json")
    )
    named = {f"k{FORGED}": f"v{FORGED}"}
    other = {"Name": f"other{FORGED}", "Id": "id-other", "Labels": named, "Options": named, "Containers": None}
    answers["/networks"] = [*answers["/networks"], {**answers["/networks/id-app"], **other}]
    for network in (each for path, each in answers.items() if path.startswith("/networks/") and "Labels" in each):
        network["Labels"], network["Options"] = {**(network["Labels"] or {}), **named}, {**network["Options"], **named}
    for each, key in (
        (node["Description"], "Hostname"),
        (node["Spec"]["Labels"], "rack"),
        (service["Spec"], "Name"),
        (service["Spec"]["Labels"], "team"),
        (service["Spec"]["TaskTemplate"]["ContainerSpec"], "Image"),
        (service["UpdateStatus"], "Message"),
        (task["Status"], "Message"),
        (answers["/info"], "OperatingSystem"),
        (answers["/secrets"][0]["Spec"], "Name"),
        (answers["/configs"][0]["Spec"], "Name"),
    ):
        each[key] += FORGED
    task["Status"] |= {"State": "rejected", "Err": FORGED}
    answers["/info"] |= {"ServerVersion": f"28.5.2{FORGED}", "Warnings": [FORGED]}
    service["Spec"]["TaskTemplate"]["Placement"]["Constraints"].append(f"node.labels.a=={FORGED}")
    container["Names"], container["Labels"] = [f"/db{FORGED}"], named
    answers["/swarm"]["Spec"]["Labels"] |= named
    return answers


def refused(host: FakeHost) -> None:
    """Let the Engine refuse whatever it is asked."""
    for path in ANSWERS:
        host.engine.answer(f"GET {path}", 500, {"message": FORGED})


@pytest.mark.parametrize(
    ("says", "shown_by"),
    [
        (lambda host: lets_say(host, hostile()), 9),
        (lambda host: lets_say(host, ANSWERS, LOOK.partition("@ rules")[0] + BROKEN), 2),
        (lambda host: lets_say(host, ANSWERS, said=FORGED, status=1), 0),
        (refused, 9),
    ],
    ids=["names, labels and messages", "what commands print", "how commands fail", "errors"],
)
def test_words_of_others_make_no_line(host: FakeHost, tmp_path: Path, says: Callable[[FakeHost], None], shown_by: int):
    """On a terminal, in JSON, Markdown, a picture, and the comments of a stack file."""
    says(host)
    shown = dict(told(host, tmp_path, *COMMANDS))

    assert {} == {command: found for command, text in shown.items() if (found := obeyed(text))}
    assert shown_by <= sum("12 resources are as recorded" in text for text in shown.values())
