"""`swarmnet check`."""

import json
import re
from pathlib import Path

import pytest

from cli.check import annotation
from cli.stack_files import Line
from providers.rules.stack_file.positions import Position
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


def test_good_stack_is_one_line(check):
    """A stack without a problem is summed up."""
    assert "good: 2 hosts, 1 overlay, no problem\n" == check("good").stdout


def test_good_stack_ends_well(check):
    """A stack without a problem is a success."""
    assert 0 == check("good").exit_code


def test_problems_are_one_line_each(check):
    """Each problem is a line with its file, line and column, in the order of the file."""
    assert [
        "Pulumi.bad.yaml:7:11: overlays.app.subnet: 10.5.0.0/24 lies inside reserved[0] 10.5.0.0/16: "
        "hosts would no longer reach what is there; 10.4.255.0/24 is free",
        "Pulumi.bad.yaml:9:3: order: lacks w1; each host has one place",
    ] == check("bad").stdout.splitlines()


def test_problem_ends_badly(check):
    """A problem in any stack is a failure."""
    assert 1 == check("good", "bad").exit_code


def test_all_stacks_are_looked_at_where_none_is_named(check):
    """Every stack file is checked if no name is given."""
    assert ["Pulumi.bad.yaml", "Pulumi.bad.yaml", "good"] == [
        line.partition(":")[0] for line in check().stdout.splitlines()
    ]


def test_unknown_stack_names_those_there_are(check):
    """A stack without a file is a problem that names the others."""
    assert check("nope").stdout.endswith("Pulumi.nope.yaml; stacks are bad, good\n")


def test_file_that_is_no_yaml_is_a_problem(check, tmp_path):
    """A file that can't be parsed is told in one line."""
    (tmp_path / "Pulumi.torn.yaml").write_text("config: {")

    assert "Pulumi.torn.yaml:1:10: a value is missing here: write one, or take the key away\n" == check("torn").stdout


def test_directory_without_stack_files(tmp_path):
    """Nothing was checked, which is not well."""
    ended = swarmnet("check", "--dir", str(tmp_path / "nosuch"))

    assert (1, f"no stack files in {tmp_path}/nosuch\n") == (ended.exit_code, ended.stdout)


def test_directory_in_place_of_a_file(check, tmp_path):
    """A file that can't be opened is told in one line."""
    (tmp_path / "Pulumi.odd.yaml").mkdir()

    assert f"odd: {tmp_path}/Pulumi.odd.yaml can't be read: is a directory\n" == check("odd").stdout


def test_range_that_two_stacks_share_is_an_information(check, tmp_path):
    """Stacks are looked at together; what they share does no harm by itself."""
    (tmp_path / "Pulumi.other.yaml").write_text(OTHER)
    ended = check("good", "other")

    line = "information: overlays.app.subnet: 10.3.0.0/24 is the same as other's overlays.app.subnet"

    assert (0, f"Pulumi.good.yaml:7:11: {line}") == (
        ended.exit_code,
        ended.stdout.splitlines()[-1].removesuffix(" 10.3.0.0/24"),
    )


def test_range_that_joined_stacks_share_is_a_problem(check, tmp_path):
    """A stack has no range of one that it reaches; its file is told so also if only the other is looked at."""
    (tmp_path / "Pulumi.other.yaml").write_text(OTHER + "  swarmnet:connected_to: [good]\n")
    ended = check("good")
    line = "overlays.app.subnet: 10.3.0.0/24 is the same as good's overlays.app.subnet 10.3.0.0/24"

    assert (1, f"Pulumi.other.yaml:7:11: {line}: connected_to joins") == (
        ended.exit_code,
        ended.stdout.partition(" the two")[0],
    )


def test_warning_is_no_failure(check, tmp_path):
    """A warning is a line of its own beside a good end."""
    (tmp_path / "Pulumi.warned.yaml").write_text(OTHER.replace("10.3.0.0/24", "172.17.3.0/24"))
    ended = check("warned")

    assert (0, "Pulumi.warned.yaml:7:11: warning: overlays.app.subnet: 172.17.3.0/24 lies inside") == (
        ended.exit_code,
        ended.stdout.splitlines()[1].partition(" the range")[0],
    )


def test_joined_stack_that_does_not_exist(check, tmp_path):
    """A name in connected_to without a file is a problem."""
    (tmp_path / "Pulumi.lonely.yaml").write_text(OTHER + "  swarmnet:connected_to: [god]\n")

    assert (
        "Pulumi.lonely.yaml:8:27: connected_to[0]: there is no stack god; did you mean good?\n"
        == check("lonely").stdout
    )


def test_range_named_as_free_is_not_a_joined_stacks(check, tmp_path):
    """A range of a joined stack is not named: taking it would be the next problem."""
    (tmp_path / "Pulumi.near.yaml").write_text(OTHER.replace("10.3.0.0", "10.4.255.0"))
    (tmp_path / "Pulumi.bad.yaml").write_text(BAD + "  swarmnet:connected_to: [near]\n")

    assert "10.4.254.0/24 is free" == check("bad").stdout.splitlines()[0].rpartition("; ")[2]


def test_joined_stack_that_cannot_be_read(check, tmp_path):
    """A torn file may have any range, so nothing is said to be well."""
    (tmp_path / "Pulumi.torn.yaml").write_text("config: {")
    (tmp_path / "Pulumi.joined.yaml").write_text(OTHER + "  swarmnet:connected_to: [torn]\n")
    line = "torn's file can't be read: line 1, column 10: a value is missing here: write one, or take the key away"

    assert f"Pulumi.joined.yaml:8:27: connected_to[0]: {line}\n" == check("joined").stdout


def test_stacks_that_declare_the_same_of_one_swarm(check, tmp_path):
    """Each would undo what the other does, and both are told."""
    (tmp_path / "Pulumi.again.yaml").write_text(GOOD.replace("w1:", "w9:"))
    line = "overlays.app: stack {} declares it too, and hosts.m1 is in both: leave it out of one of the two"

    assert [f"Pulumi.again.yaml:7:5: {line.format('good')}", f"Pulumi.good.yaml:7:5: {line.format('again')}"] == [
        text for text in check("again", "good").stdout.splitlines() if "declares" in text
    ]


def test_file_elsewhere_is_named_in_full(check, tmp_path, monkeypatch):
    """A path that leads there from the current folder, else the whole one."""
    monkeypatch.chdir("/")

    assert check("bad").stdout.startswith(f"{str(tmp_path)[1:]}/Pulumi.bad.yaml:7:11: ")


def test_annotations_of_a_pull_request(check, tmp_path):
    """GitHub shows each on its line of the file; what is well is not said."""
    (tmp_path / "Pulumi.warned.yaml").write_text(OTHER.replace("10.3.0.0/24", "172.17.3.0/24"))
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
    """The same as JSON, with a number that says which form it is."""
    ended = check("--format", "json", "good", "bad")
    found = json.loads(ended.stdout)
    order = {
        "stack": "bad",
        "file": "Pulumi.bad.yaml",
        "line": 9,
        "column": 3,
        "level": "error",
        "path": "order",
        "message": "order: lacks w1; each host has one place",
    }

    assert (1, 1, ["good", "bad"], 2, order) == (
        ended.exit_code,
        found["schema"],
        found["stacks"],
        len(found["findings"]),
        found["findings"][1],
    )


def test_json_of_a_stack_without_a_file(check):
    """A stack without a file has no place in the JSON."""
    (found,) = json.loads(check("--format", "json", "nope").stdout)["findings"]

    assert {"stack": "nope", "file": None, "line": None, "column": None} == {
        key: found[key] for key in ("stack", "file", "line", "column")
    }


def test_the_page_of_the_stack_file_shows_a_real_run(tmp_path, monkeypatch):
    """The page shows what the command really says of its example."""
    page = (ROOT / "docs" / "stack-file.md").read_text()
    ((text, shown),) = re.findall(r"```text\n(config:.*?)```.*?\$ swarmnet check prod\n(.*?)```", page, re.DOTALL)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)

    assert shown == swarmnet("check", "--dir", "stacks", "prod").stdout
