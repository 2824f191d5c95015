"""`swarmnet doctor`: what is printed, and how it ends."""

import pytest
import yaml
from typer.testing import CliRunner

from cli.__main__ import app

HOSTS = {"m1": {"address": "10.9.0.1", "role": "manager"}, "w1": {"address": "10.9.0.2"}}


@pytest.fixture
def doctor(tmp_path):
    """Runs the command on a stack named prod."""

    def run(*words, **sections):
        written = {f"swarmnet:{key}": value for key, value in {"hosts": HOSTS, **sections}.items()}
        (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": written}))
        return CliRunner().invoke(app, ["doctor", "prod", f"--dir={tmp_path}", *words])

    return run


def test_rules_are_printed_for_each_host(doctor):
    """And nothing else."""
    done = doctor("--rules=ufw")

    assert (0, "") == (done.exit_code, done.stderr)
    assert ["# m1", "# w1"] == [line for line in done.stdout.splitlines() if line.startswith("#")]


def test_rules_of_one_host(doctor):
    """To be piped to it."""
    assert ["# w1"] == [line for line in doctor("--rules=ufw", "--host=w1").stdout.splitlines() if line[0] == "#"]


@pytest.mark.parametrize("words", [("--rules=pf",), ("--rules=ufw", "--host=w9")])
def test_wrong_usage_ends_with_2(doctor, words):
    """Nothing is printed that could be piped."""
    done = doctor(*words)

    assert (2, "") == (done.exit_code, done.stdout)


def test_rules_need_addresses(doctor):
    """One line for each host that has none, on stderr."""
    done = doctor("--rules=ufw", hosts={**HOSTS, "w1": {"address": "w1.example"}})

    assert (1, "") == (done.exit_code, done.stdout)
    assert (
        "prod: hosts.w1.advertise_address: is required for rules: write the IP address that the other members see\n"
    ) == done.stderr
