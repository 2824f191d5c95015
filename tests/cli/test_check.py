"""`swarmnet check`."""

import json
import re
from pathlib import Path

import pytest

from cli.check import annotation
from cli.stack_files import Line
from providers.rules.stack_file.yaml_text import Position
from tests.support.command_line import swarmnet

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
config:
  swarmnet:hosts:
    m1: {address: 10.9.0.1, role: manager}
    w1: {address: 10.9.0.2}
  swarmnet:overlays:
    app: {subnet: 10.3.0.0/24}
"""
OTHER = GOOD.replace("10.9.", "10.8.")  # other hosts, the same range
BAD = (
    OTHER.replace("10.8.", "10.7.").replace("10.3.", "10.5.")
    + "  swarmnet:reserved: [10.5.0.0/16]\n  swarmnet:order: [[m1]]\n"
)


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Run the command on two stacks of the current folder, one of them wrong."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.good.yaml").write_text(GOOD)
    (tmp_path / "Pulumi.bad.yaml").write_text(BAD)

    def run(*stacks):
        return swarmnet("check", "--dir", str(tmp_path), *stacks)

    return run


TORN = "a value is missing here: write one, or remove the key"
TWICE = "overlays.app: stack {} declares it too, and hosts.m1 is in both: leave it out of one of the two"
SAME = "overlays.app.subnet: 10.3.0.0/24 is the same as"
WARNED = OTHER.replace("10.3.0.0/24", "172.17.3.0/24")
POOL = "  swarmnet:pools: {overlays: {range: 10.3.0.0/16, prefix: 24}}\n"
AGAIN = GOOD.replace("w1:", "w9:")


def joined(stack, text=OTHER):
    """A stack that reaches another."""
    return f"{text}  swarmnet:connected_to: [{stack}]\n"


# What is beside the two stacks, the stacks that are named, how it ends, and how one of the lines begins.
CASES = {
    "good": ({}, "good", 0, "good: 2 hosts, 1 overlay, no problem"),
    "one of two is bad": ({}, "good bad", 1, "good: 2 hosts"),
    "unknown": ({}, "nope", 1, "nope: there is no file {folder}/Pulumi.nope.yaml; stacks are bad, good"),
    "no YAML": ({"torn": "config: {"}, "torn", 1, f"Pulumi.torn.yaml:1:10: {TORN}"),
    "directory": ({"odd": None}, "odd", 1, "odd: {folder}/Pulumi.odd.yaml can't be read: is a directory"),
    "warning": (
        {"warned": WARNED},
        "warned",
        0,
        "Pulumi.warned.yaml:7:11: warning: overlays.app.subnet: 172.17.3.0/24 lies inside",
    ),
    "range that two share": (
        {"other": OTHER},
        "good other",
        0,
        f"Pulumi.good.yaml:7:11: information: {SAME} other's overlays.app.subnet 10.3.0.0/24",
    ),
    "range that joined stacks share": (
        {"other": joined("good")},
        "good",
        1,
        f"Pulumi.other.yaml:7:11: {SAME} good's overlays.app.subnet 10.3.0.0/24: connected_to joins",
    ),
    "joined with none": (
        {"lonely": joined("god")},
        "lonely",
        1,
        "Pulumi.lonely.yaml:8:27: connected_to[0]: there is no stack god; did you mean good?",
    ),
    "joined with what may have any range": (
        {"torn": "config: {", "joined": joined("torn")},
        "joined",
        1,
        f"Pulumi.joined.yaml:8:27: connected_to[0]: torn's file can't be read: line 1, column 10: {TORN}",
    ),
    "range to be chosen, which is no other stack's": (
        {"auto": GOOD.replace("10.9.", "10.6.").replace("10.3.0.0/24", "auto") + POOL},
        "auto",
        1,
        "Pulumi.auto.yaml:7:11: overlays.app.subnet: is auto: write 10.3.1.0/24, which is free",
    ),
    "same of one swarm": ({"again": AGAIN}, "again good", 1, f"Pulumi.again.yaml:7:5: {TWICE.format('good')}"),
    "same, told of both": ({"again": AGAIN}, "again good", 1, f"Pulumi.good.yaml:7:5: {TWICE.format('again')}"),
}


@pytest.mark.parametrize(("files", "named", "code", "begins"), CASES.values(), ids=CASES)
def test_stacks_are_looked_at_together(check, tmp_path, files, named, code, begins):
    """A problem in any stack is a failure; a warning, and a range that stacks share unjoined, is none."""
    for stack, text in files.items():
        path = tmp_path / f"Pulumi.{stack}.yaml"
        path.mkdir() if text is None else path.write_text(text)
    ended = check(*named.split())
    begins = begins.replace("{folder}", str(tmp_path))

    assert (code, [begins]) == (
        ended.exit_code,
        [line[: len(begins)] for line in ended.stdout.splitlines() if line.startswith(begins)],
    ), ended.stdout


def test_directory_without_stack_files(tmp_path):
    """Nothing was checked, which is not well."""
    ended = swarmnet("check", "--dir", str(tmp_path / "nosuch"))

    assert (1, f"no stack files in {tmp_path}/nosuch\n") == (ended.exit_code, ended.stdout)


def test_annotations_of_a_pull_request(check, tmp_path):
    """GitHub shows each on its line of the file; what is well is not said."""
    (tmp_path / "Pulumi.warned.yaml").write_text(WARNED)
    shown = [line[:60] for line in check("--format", "github", "good", "bad", "warned", "nope").stdout.splitlines()]

    assert [
        "::error file=Pulumi.bad.yaml,line=7,col=11::overlays.app.subnet: 10.5"[:60],
        "::error file=Pulumi.bad.yaml,line=9,col=3::order: lacks w1; each host"[:60],
        "::warning file=Pulumi.warned.yaml,line=7,col=11::overlays.app"[:60],
        f"::error::nope: there is no file {tmp_path}/Pulumi.nope.yaml"[:60],
    ] == shown


def test_annotation_is_escaped_as_github_wants():
    """Line ends and % in a message, commas and colons in a file's name too: else they end it, or mean another thing."""
    line = Line("a,b:c%.yaml", Position(3, 5), "information", "x", "", "50 %\r\n::error::x, y")

    assert "::notice file=a%2Cb%3Ac%25.yaml,line=3,col=5::50 %25%0D%0A::error::x, y" == annotation(line)


def test_lines_for_programs(check):
    """The same as JSON, with a number that says which form it is; a stack without a file has no place in it."""
    ended = check("--format", "json", "good", "bad", "nope")
    found = json.loads(ended.stdout)
    order = {
        "stack": "bad",
        "file": "Pulumi.bad.yaml",
        "line": 9,
        "column": 3,
        "level": "error",
        "path": "order",
        "message": "order: lacks w1; list each host once",
    }
    nope = {"stack": "nope", "file": None, "line": None, "column": None}

    assert (1, 1, ["good", "bad", "nope"]) == (ended.exit_code, found["schema"], found["stacks"])
    assert (3, order, nope) == (
        len(found["findings"]),
        found["findings"][1],
        {key: found["findings"][2][key] for key in nope},
    )


def test_the_page_of_the_stack_file_shows_a_real_run(tmp_path, monkeypatch):
    """The page shows what the command really says of its example."""
    page = (ROOT / "docs" / "stack-file.md").read_text()
    ((text, shown),) = re.findall(r"```text\n(config:.*?)```.*?\$ swarmnet check prod\n(.*?)```", page, re.DOTALL)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)

    assert shown == swarmnet("check", "--dir", "stacks", "prod").stdout
