"""`swarmnet check`."""

import pytest
from typer.testing import CliRunner

from cli.__main__ import app

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
def check(tmp_path):
    """Run the command on two stacks, one of them wrong."""
    (tmp_path / "Pulumi.good.yaml").write_text(GOOD)
    (tmp_path / "Pulumi.bad.yaml").write_text(BAD)

    def run(*stacks):
        return CliRunner().invoke(app, ["check", "--dir", str(tmp_path), *stacks])

    return run


def test_good_stack_is_one_line(check):
    """A stack without a problem is summed up."""
    assert "good: 2 hosts, 1 overlay, no problem\n" == check("good").stdout


def test_good_stack_ends_well(check):
    """A stack without a problem is a success."""
    assert 0 == check("good").exit_code


def test_problems_are_one_line_each(check):
    """Each problem is a line with the name of its stack, brackets and all."""
    assert [
        "bad: order: lacks w1; each host has one place",
        "bad: overlays.app.subnet: 10.5.0.0/24 lies inside reserved[0] 10.5.0.0/16: "
        "hosts would no longer reach what is there; 10.4.255.0/24 is free",
    ] == check("bad").stdout.splitlines()


def test_problem_ends_badly(check):
    """A problem in any stack is a failure."""
    assert 1 == check("good", "bad").exit_code


def test_all_stacks_are_looked_at_where_none_is_named(check):
    """Without names, every stack file is checked."""
    assert ["bad", "bad", "good"] == [line.partition(":")[0] for line in check().stdout.splitlines()]


def test_unknown_stack_names_those_there_are(check):
    """A stack without a file is a problem that names the others."""
    assert check("nope").stdout.endswith("Pulumi.nope.yaml; stacks are bad, good\n")


def test_file_that_is_no_yaml_is_a_problem(check, tmp_path):
    """What cannot be read is one line as well."""
    (tmp_path / "Pulumi.torn.yaml").write_text("config: {")

    assert "torn: line 1: expected the node content, but found '<stream end>'\n" == check("torn").stdout


def test_directory_without_stack_files(tmp_path):
    """Nothing was checked, which is not well."""
    ended = CliRunner().invoke(app, ["check", "--dir", str(tmp_path / "nosuch")])

    assert (1, f"no stack files in {tmp_path}/nosuch\n") == (ended.exit_code, ended.stdout)


def test_directory_in_place_of_a_file(check, tmp_path):
    """What can't be opened is one line as well."""
    (tmp_path / "Pulumi.odd.yaml").mkdir()

    assert f"odd: {tmp_path}/Pulumi.odd.yaml can't be read: is a directory\n" == check("odd").stdout


def test_projects_own_stacks_are_the_default():
    """Without --dir, the files in stacks/ are checked."""
    assert "lab: 3 hosts, 2 overlays, no problem\n" == CliRunner().invoke(app, ["check", "lab"]).stdout


def test_range_that_two_stacks_share_is_an_information(check, tmp_path):
    """Stacks are looked at together; what they share does no harm by itself."""
    (tmp_path / "Pulumi.other.yaml").write_text(OTHER)
    ended = check("good", "other")

    assert (0, "good: information: overlays.app.subnet: 10.3.0.0/24 is the same as other's overlays.app.subnet") == (
        ended.exit_code,
        ended.stdout.splitlines()[-1].removesuffix(" 10.3.0.0/24"),
    )


def test_range_that_joined_stacks_share_is_a_problem(check, tmp_path):
    """A stack that reaches another has no range of it, also where only the other is looked at."""
    (tmp_path / "Pulumi.other.yaml").write_text(OTHER + "  swarmnet:connected_to: [good]\n")
    ended = check("good")
    line = "overlays.app.subnet: 10.3.0.0/24 is the same as good's overlays.app.subnet 10.3.0.0/24"

    assert (1, f"good: in other, {line}: connected_to joins") == (
        ended.exit_code,
        ended.stdout.partition(" the two")[0],
    )


def test_warning_is_no_failure(check, tmp_path):
    """A warning is a line of its own beside a good end."""
    (tmp_path / "Pulumi.warned.yaml").write_text(OTHER.replace("10.3.0.0/24", "172.17.3.0/24"))
    ended = check("warned")

    assert (0, "warned: warning: overlays.app.subnet: 172.17.3.0/24 lies inside") == (
        ended.exit_code,
        ended.stdout.splitlines()[1].partition(" the range")[0],
    )


def test_joined_stack_that_does_not_exist(check, tmp_path):
    """A name in connected_to without a file is a problem."""
    (tmp_path / "Pulumi.lonely.yaml").write_text(OTHER + "  swarmnet:connected_to: [god]\n")

    assert "lonely: connected_to[0]: there is no stack god; did you mean good?\n" == check("lonely").stdout


def test_range_named_as_free_is_not_a_joined_stacks(check, tmp_path):
    """Else taking it would lead to the next problem."""
    (tmp_path / "Pulumi.near.yaml").write_text(OTHER.replace("10.3.0.0", "10.4.255.0"))
    (tmp_path / "Pulumi.bad.yaml").write_text(BAD + "  swarmnet:connected_to: [near]\n")

    assert "10.4.254.0/24 is free" == check("bad").stdout.splitlines()[1].rpartition("; ")[2]


def test_joined_stack_that_cannot_be_read(check, tmp_path):
    """Nobody knows what a torn file has, so that nothing is said to be well."""
    (tmp_path / "Pulumi.torn.yaml").write_text("config: {")
    (tmp_path / "Pulumi.joined.yaml").write_text(OTHER + "  swarmnet:connected_to: [torn]\n")
    line = "torn's file can't be read: line 1: expected the node content, but found '<stream end>'"

    assert f"joined: connected_to[0]: {line}\n" == check("joined").stdout


def test_stacks_that_declare_the_same_of_one_swarm(check, tmp_path):
    """Each would undo what the other does, and both are told."""
    (tmp_path / "Pulumi.again.yaml").write_text(GOOD.replace("w1:", "w9:"))
    line = "overlays.app: stack {} declares it too, and hosts.m1 is in both: leave it out of one of the two"

    assert [f"again: {line.format('good')}", f"good: {line.format('again')}"] == [
        text for text in check("again", "good").stdout.splitlines() if "declares" in text
    ]
