"""`swarmnet privileges`: what commands ask of hosts, in words, as data, and as the program for a key."""

import json

import pytest

from providers.hosts.privileges import read_only_program
from tests.support.command_line import swarmnet

HOSTS = "{m1: {address: 192.0.2.1, role: manager, sudo: true}, w1: {address: 192.0.2.2}}"


@pytest.fixture
def privileges(tmp_path):
    """Runs the command on a stack of two hosts, of which one needs sudo."""
    (tmp_path / "Pulumi.prod.yaml").write_text(f"config:\n  swarmnet:hosts: {HOSTS}\n")
    return lambda *words: swarmnet("privileges", "prod", f"--dir={tmp_path}", *words)


def test_data_say_what_needs_root_and_where(privileges):
    """Each command as it comes to a host, and the hosts where sudo stands before those of root."""
    found = json.loads(privileges("--json").stdout)

    assert ["m1"] == found["sudo"]
    assert {"command": "docker system dial-stdio", "root": True} in found["jobs"]["drift"]["commands"]
    assert "POST /networks/create" in found["jobs"]["up"]["api"]
    assert [] == [each for each in found["jobs"]["plan"]["api"] if not each.startswith("GET ")]


def test_words_say_the_same(privileges):
    """A line for each, below its job."""
    said, jobs = privileges().stdout, json.loads(privileges("--json").stdout)["jobs"]

    assert [*jobs] == [row for row in said.splitlines() if not row.startswith(" ")]
    assert "  systemctl restart docker (root)" in said.splitlines()


def test_commands_of_prepare_need_a_shell(privileges, tmp_path):
    """Where `sudo: true` is, one of root; of no other job."""
    shell = {"command": "sh", "root": True}
    assert shell not in json.loads(privileges("--json").stdout)["jobs"]["up"]["commands"]
    with (tmp_path / "Pulumi.prod.yaml").open("a") as file:
        file.write("  swarmnet:prepare: [{name: docker, run: 'true'}]\n")
    jobs = json.loads(privileges("--json").stdout)["jobs"]

    assert ["up"] == [name for name, job in jobs.items() if shell in job["commands"]]


def test_filter_is_the_program(privileges):
    """To be written into a file as it is."""
    assert (0, read_only_program()) == (privileges("--filter").exit_code, privileges("--filter").stdout)
