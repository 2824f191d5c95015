"""Problems with hosts as a set, and with their order."""

import pytest

from providers.rules.checks.whole_file import verdict

MANAGERS = ("m1", "m2", "m3")


def disorder(hosts=None, **sections):
    """Return the problems of a stack of three managers and two workers, workers declared between the managers."""
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
            {"address": "A.example.com"},
            {"address": "a.example.com"},
            "address a.example.com port 22",
            id="name in another case",
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


MANY = {f"m{number}": {"address": f"10.9.0.{number}", "role": "manager"} for number in range(1, 10)}


def warnings(hosts, **sections):
    """The warnings about a stack with these hosts."""
    return verdict({"hosts": hosts, **sections}, "prod").warnings


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, []),
        (2, ["hosts: 2 managers survive the loss of none, as 1 would; make it 1 or 3"]),
        (3, []),
        (4, ["hosts: 4 managers survive the loss of 1, as 3 would; make it 3 or 5"]),
        (5, []),
        (6, ["hosts: 6 managers survive the loss of 2, as 5 would; make it 5 or 7"]),
        (7, []),
        (
            8,
            [
                "hosts: 8 managers survive the loss of 3, and each waits for more of the others at every change; "
                "7 at most are advised"
            ],
        ),
        (
            9,
            [
                "hosts: 9 managers survive the loss of 4, and each waits for more of the others at every change; "
                "7 at most are advised"
            ],
        ),
    ],
)
def test_number_of_managers_says_what_they_survive(number, expected):
    """A number that survives no more than a smaller one, or costs more than it gives, is a warning."""
    assert expected == warnings(dict(list(MANY.items())[:number]), swarm={})


def test_managers_of_a_swarm_that_others_keep_are_not_counted():
    """The roles stay as they are without the section `swarm`."""
    assert [] == warnings(dict(list(MANY.items())[:2]))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:2377", "lo", "[::1]:2377"])
def test_advertised_address_is_not_each_machine_itself(address):
    """Others would look for the host on themselves."""
    hosts = {"h1": {"address": "10.0.0.1", "role": "manager", "advertise_address": address}, "h2": {"address": "h2"}}
    shown = address.removesuffix(":2377").strip("[]")

    assert [f"hosts.h1.advertise_address: {shown} is each machine itself; write an address that others reach"] == (
        disorder(hosts)
    )


def test_host_that_is_alone_may_advertise_itself():
    """It works, and no other host could join."""
    hosts = {"h1": {"local": True, "role": "manager", "advertise_address": "127.0.0.1"}}
    expected = "hosts.h1.advertise_address: 127.0.0.1 is the machine itself: no other host could ever join"

    assert [expected] == warnings(hosts, swarm={})


def test_manager_reached_by_loopback_is_told_to_others():
    """Such as through a tunnel: what is advertised has to be said."""
    hosts = {"h1": {"address": "127.0.0.1", "role": "manager"}, "h2": {"address": "10.0.0.2"}}
    expected = (
        "hosts.h1.address: 127.0.0.1 is each machine itself, and members would be told it; "
        "write the host's address among them as advertise_address"
    )

    assert [expected] == disorder(hosts)


@pytest.mark.parametrize(
    "h1",
    [
        {"address": "127.0.0.1", "role": "manager", "advertise_address": "10.0.0.1"},
        {"address": "127.0.0.1", "role": "manager", "advertise_address": "eth1"},
        {"local": True, "role": "manager"},
    ],
    ids=["address", "interface", "local"],
)
def test_way_to_a_host_may_be_a_tunnel(h1):
    """A host may be reached through a tunnel: members use another address."""
    assert [] == disorder({"h1": h1, "h2": {"address": "10.0.0.2"}})


@pytest.mark.parametrize("name", ["h1", "h2", "web.internal"])
def test_advertised_address_is_not_a_hosts_name(name):
    """A word alone may be an interface, but not one that hosts are called by."""
    hosts = {"h1": {"address": "web.internal", "role": "manager", "advertise_address": name}, "h2": {"address": "h"}}
    expected = (
        f"hosts.h1.advertise_address: {name} is a name, which Engines do not look up; write the host's IP address"
    )

    assert [expected] == disorder(hosts)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        pytest.param(
            {"id": "clock", "host": "w9", "why": "so"},
            "doctor.ignore[0].host: w9 is not among hosts",
            id="unknown host",
        ),
        pytest.param({"id": "clock", "why": " "}, "doctor.ignore[0].why: is empty", id="no reason"),
        pytest.param({"id": "clocks", "why": "so"}, "; did you mean clock?", id="unknown id"),
        pytest.param({"id": "clock", "hots": "w1", "why": "so"}, "hots: unknown key; did you mean host?", id="a slip"),
        pytest.param({"check": "clock", "why": "so"}, "check: unknown key; did you mean id?", id="another word"),
    ],
)
def test_what_is_accepted_of_hosts(entry, problem):
    """An entry that accepts nothing is a mistake."""
    (said,) = disorder(doctor={"ignore": [entry]})

    assert problem in said
