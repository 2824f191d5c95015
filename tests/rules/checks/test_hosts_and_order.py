"""What is wrong with hosts as a set and with their order."""

import pytest

from providers.rules.checks.whole_file import verdict

MANAGERS = ("m1", "m2", "m3")
WORKERS = ("w1", "w2")


def disorder(hosts=None, **sections):
    """What is said of a stack of three managers and two workers, workers declared between the managers."""
    declared = {
        name: {"address": f"10.0.0.{number}", "role": "manager" if name in MANAGERS else "worker"}
        for number, name in enumerate(("m1", "w1", "m2", "w2", "m3"), start=1)
    }
    raw = {"hosts": declared if hosts is None else hosts, "swarm": {}, **sections}
    return verdict(raw, "prod").problems


def test_good_stack_has_no_problem():
    """A stack that names each host once and has a manager is in order."""
    assert [] == disorder(order=[["w1", "w2"], ["m1", "m2", "m3"]])


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"order": [["w1", "w2", "m1", "m2"], ["m3", "m4"]]},
            "order[1][1]: m4 is not among hosts",
            id="unknown host",
        ),
        pytest.param(
            {"order": [["w1", "w2", "m1"], ["m2", "m3", "m1"]]},
            "order[1][2]: m1 comes a second time; each host has one place",
            id="host twice",
        ),
        pytest.param(
            {"order": [["w1", "m1"], ["m3"]]}, "order: lacks m2, w2; each host has one place", id="hosts left out"
        ),
        pytest.param(
            {"swarm": {"first_manager": "m9"}},
            "swarm.first_manager: m9 is not among hosts; managers are m1, m2, m3",
            id="unknown first manager",
        ),
        pytest.param(
            {"swarm": {"first_manager": "w1"}},
            "swarm.first_manager: w1 is a worker; managers are m1, m2, m3",
            id="worker as first manager",
        ),
        pytest.param(
            {"hosts": {"w1": {"address": "10.0.0.1"}}},
            "swarm: needs a manager, and no host has role: manager",
            id="no manager",
        ),
        pytest.param(
            {"hosts": {"m1": {"address": "m1", "role": "manager", "lost": True}, "w1": {"address": "w1"}}},
            "swarm: needs a manager, and m1 is lost",
            id="lost manager",
        ),
        pytest.param({"hosts": {}}, "hosts: is empty; a stack needs at least one", id="no host"),
    ],
)
def test_order_that_cannot_be(sections, problem):
    """Each problem with hosts and their order names the host and what is there instead."""
    assert [problem] == disorder(**sections)


@pytest.mark.parametrize(
    ("one", "other", "mark"),
    [
        pytest.param({"address": "10.0.0.1"}, {"address": "10.0.0.1"}, "address 10.0.0.1 port 22", id="address"),
        pytest.param({"local": True}, {"local": True}, "local: true", id="local"),
        pytest.param(
            {"address": "gate", "port": 2201, "advertise_address": "10.0.0.1"},
            {"address": "gate", "port": 2202, "advertise_address": "10.0.0.1"},
            "advertise_address 10.0.0.1",
            id="advertised address",
        ),
        pytest.param(
            {"address": "10.0.0.1"},
            {"address": "h2", "advertise_address": "10.0.0.1:2377"},
            "advertise_address 10.0.0.1",
            id="advertised address with a port",
        ),
        pytest.param(
            {"address": "h1", "advertise_address": "[fd00::1]:2377"},
            {"address": "h2", "advertise_address": "fd00:0::1"},
            "advertise_address fd00::1",
            id="advertised address spelled otherwise",
        ),
    ],
)
def test_two_hosts_are_one_machine(one, other, mark):
    """Two hosts with the same way to them, or the same address among members, are a slip of the pen."""
    expected = f"hosts.h2: has the same {mark} as hosts.h1; each machine is one host"

    assert [expected] == disorder({"h1": one | {"role": "manager"}, "h2": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"address": "gate", "port": 2201}, {"address": "gate", "port": 2202}, id="ports of a gateway"),
        pytest.param(
            {"address": "lan1", "bastion": "gate1"}, {"address": "lan1", "bastion": "gate2"}, id="behind bastions"
        ),
        pytest.param(
            {"address": "h1", "advertise_address": "eth0"},
            {"address": "h2", "advertise_address": "eth0"},
            id="interfaces",
        ),
    ],
)
def test_two_hosts_only_look_alike(one, other):
    """The same name behind another port, bastion or interface is another machine."""
    assert [] == disorder({"h1": one | {"role": "manager"}, "h2": other})
