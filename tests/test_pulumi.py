"""The real CLI on the program and the plugin, with hosts that nobody needs to reach."""

import json
from pathlib import Path

import pytest

from tests.support.project import Project

SECTIONS = {
    "hosts": {"m1": {"address": "127.0.0.1", "port": 1, "role": "manager"}},
    "swarm": {},
    "ingress": {"subnet": "10.4.0.0/20"},
    "overlays": {"app": {"subnet": "10.3.0.0/24"}},
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A stack whose one host answers nobody."""
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project", tmp_path / "home")
    project.declare(SECTIONS)
    return project


@pytest.mark.parametrize("words", [("--exclude", "**"), ("--continue-on-error",)], ids=lambda words: words[0])
def test_outputs_of_a_partial_run_have_no_unknowns(project: Project, words: tuple[str, ...]):
    """What was not made is not there, for readers in other programs and for `docker stack deploy`."""
    project.up(*words)
    outputs = json.loads(project.run("stack", "output", "--json").text)

    assert {"compose": "networks: {}", "swarmnet": {"schema": 1, "gwbridge": {}, "networks": {}}} == outputs
