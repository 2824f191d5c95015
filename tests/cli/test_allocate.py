"""`swarmnet allocate`."""

import shutil

import pytest

from tests.support.command_line import swarmnet
from tests.support.stackfiles import STACKS

STACK = """\
config:
  swarmnet:hosts:
    m1: {address: 10.9.0.1, role: manager}
  swarmnet:pools:
    overlays: {range: 10.20.0.0/14, prefix: 24}
  swarmnet:overlays:
    app: {subnet: auto} # asked for in spring
"""


@pytest.fixture
def allocate(tmp_path):
    """Run the command on a file; how it ended, and the file after it."""

    def run(text=STACK):
        path = tmp_path / "Pulumi.prod.yaml"
        path.write_bytes(text.encode())
        ended = swarmnet("allocate", "--dir", str(tmp_path), "prod")
        return ended, path.read_bytes().decode()

    return run


def test_range_is_written_into_the_file_and_told(allocate):
    """A reviewer sees a number, and the comment beside it."""
    ended, text = allocate()

    assert ("prod: overlays.app.subnet: 10.20.0.0/24\n", STACK.replace("auto", "10.20.0.0/24")) == (ended.stdout, text)


def test_second_run_has_nothing_to_do(allocate):
    """The file stays as it is if it has no `auto`."""
    text = STACK.replace("auto", "10.20.0.0/24").replace("\n", "\r\n")

    assert ("prod: no overlay has subnet: auto\n", text) == (allocate(text)[0].stdout, allocate(text)[1])


def test_file_with_a_problem_is_left_alone(allocate):
    """Nothing is written beside what may be wrong."""
    text = STACK + "  swarmnet:adopt: perhaps\n"

    assert (1, text) == (allocate(text)[0].exit_code, allocate(text)[1])


def test_ranges_of_other_stacks_are_passed_over(allocate, tmp_path):
    """A range that a neighbour's file has is not taken."""
    other = STACK.replace("auto", "10.20.0.0/24").replace("10.9.0.1", "10.9.0.2")
    (tmp_path / "Pulumi.dev.yaml").write_text(other)

    assert "prod: overlays.app.subnet: 10.20.1.0/24\n" == allocate()[0].stdout


def test_ranges_of_samples_are_free(allocate, tmp_path):
    """They are nobody's networks: a file of one's own beside them has the plan for itself."""
    shutil.copytree(STACKS / "samples", tmp_path / "samples", symlinks=True)
    ended, _ = allocate(STACK.replace("10.20.0.0/14", "10.72.0.0/14"))

    assert "prod: overlays.app.subnet: 10.72.0.0/24\n" == ended.stdout


def test_nothing_is_chosen_beside_a_file_that_cannot_be_read(allocate, tmp_path):
    """A range is not chosen while a neighbour's file is torn: that file might have the same range."""
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {")
    ended, text = allocate()
    line = "dev's file can't be read: line 1, column 10: a value is missing here: write one, or take the key away"

    assert (1, f"prod: {line}: correct it first: its ranges count\n", STACK) == (ended.exit_code, ended.stderr, text)
