"""Commands of `prepare` in a stack file: which host has which, and how ssh is led to it."""

import pytest

from providers.rules.plan import plan_of
from providers.rules.vocabulary.errors import StackFileError

HOSTS = {"m1": {"address": "10.9.0.1", "role": "manager"}, "w1": {"address": "10.9.0.2"}}
DOCKER = {"name": "docker", "run": "apt-get install -y docker.io"}
RULES = {"name": "rules", "run": "nft -f /etc/nftables.conf", "undo": "nft flush ruleset", "when_changed": "2"}


def planned(w1=None, **sections):
    """The plan's commands."""
    hosts = {**HOSTS, "w1": {**HOSTS["w1"], **(w1 or {})}}
    return plan_of({"hosts": hosts, **sections}, "swarmnet/t").commands


def test_shared_commands_come_first():
    """Each host has them all, then its own, in the order of the file."""
    found = planned({"prepare": [{**DOCKER, "name": "last"}]}, prepare=[RULES, DOCKER])

    assert [
        ["prepare/m1/rules", "prepare/m1/docker"],
        ["prepare/w1/rules", "prepare/w1/docker", "prepare/w1/last"],
    ] == [[each.resource_name for each in host] for host in found]


def test_hosts_without_any_are_not_there():
    """There is nothing at all if no host has one."""
    assert [["prepare/w1/docker"]] == [[each.resource_name for each in host] for host in planned({"prepare": [DOCKER]})]
    assert () == planned()


def test_words_of_the_file_are_those_that_are_handed_on():
    """Each variable is there, also if it says nothing: a state keeps these names."""
    ((first, *_), *_) = planned(prepare=[RULES], ssh={"user": "deploy", "sudo": True, "host_key": None})

    assert {
        "host": "m1",
        "name": "rules",
        "run": "nft -f /etc/nftables.conf",
        "undo": "nft flush ruleset",
        "when_changed": "2",
        "sudo": "sudo -n",
        "host_key": "",
        "ssh_config": "Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\nHost *\n  User deploy\n",
    } == {key: value for key, value in first.environment.items() if key not in ("ran", "ssh")}


def test_variable_for_the_log_is_there_only_if_it_is_off():
    """Else states of 0.1.0 would show a change."""
    ((kept,),), ((out,),) = (planned({"prepare": [DOCKER]}, audit=audit) for audit in (True, False))

    assert {("swarmnet_audit", "off")} == out.environment.items() ^ kept.environment.items()


def test_this_machine_takes_no_ssh():
    """`local: true`."""
    ((here,),) = plan_of({"hosts": {"m1": {"local": True}}, "prepare": [DOCKER]}, "swarmnet/t").commands

    assert ("", "", "") == tuple(here.environment[key] for key in ("ssh", "ssh_config", "sudo"))


def test_lost_host_is_told_to_do_nothing():
    """It stays declared, so that nothing of it is undone either."""
    found = planned({"lost": True}, prepare=[DOCKER])

    assert {"m1": False, "w1": True} == {each.host: each.lost for host in found for each in host}


def test_script_that_is_too_long():
    """No more can be handed on; said before anything runs."""
    with pytest.raises(StackFileError, match="has 100001 bytes; 100000 at most can be handed on: run a file instead"):
        planned(prepare=[{**DOCKER, "run": "x" * 100001}])
