"""Problems with hosts as a set, and with their order."""

import pytest

from tests.support.stackfiles import merged, problems, said, stating

ELSEWHERE = {"address": "10.0.0.2"}
# Three managers and two workers, workers declared between the managers.
FIVE = [
    f"hosts.{name} {{address: 10.0.0.{number}, role: {'manager' if name[0] == 'm' else 'worker'}}}"
    for number, name in enumerate(("m1", "w1", "m2", "w2", "m3"), start=1)
]


def disorder(*keys):
    """Return the problems of a stack with these keys."""
    return problems(**merged({"swarm": {}}, stating(*keys)))


def of_two(h2=ELSEWHERE, **h1):
    """Return the problems of a stack of two hosts, of which h1 is the manager."""
    return problems(swarm={}, hosts={"h1": {"role": "manager", **h1}, "h2": h2})


def test_good_stack_has_no_problem():
    """A stack that names each host once and has a manager is in order."""
    assert [] == disorder(*FIVE, "order [[w1, w2], [m1, m2, m3]]")


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("order [[w1, w2, m1, m2], [m3, m4]]", "order[1][1]: m4 is not among hosts"),
        ("order [[w1, w2, m1], [m2, m3, m1]]", "order[1][2]: m1 comes a second time; each host has one place"),
        ("order [[w1, m1], [m3]]", "order: lacks m2, w2; each host has one place"),
        ("swarm.first_manager m9", "swarm.first_manager: m9 is not among hosts; managers are m1, m2, m3"),
        ("swarm.first_manager w1", "swarm.first_manager: w1 is a worker; managers are m1, m2, m3"),
        ("swarm.first_manager m2; hosts.m2.lost true", "swarm.first_manager: m2 is lost; write one of m1, m3"),
        (
            "hosts.w1.address M1.LAN; hosts.m1.address m1.lan.",
            "hosts.w1: has the same address m1.lan port 22 as hosts.m1; each machine is one host",
        ),
        (
            "hosts.w1.bastion 10.0.0.4; hosts.w2.bastion 10.0.0.3; hosts.m2.bastion 10.0.0.2",
            "hosts.w1.bastion: goes in a circle (w1 -> w2 -> m2 -> w1): one of them needs another way",
        ),
        (
            "hosts.m1.address localhost",
            "hosts.m1.address: localhost is each machine itself, and members would be told it; "
            "write the host's address among them as advertise_address",
        ),
    ],
)
def test_order_that_cannot_be(key, problem):
    """Each problem with hosts and their order names the host and what is there instead."""
    assert problem == disorder(*FIVE, *key.split("; "))[0]


@pytest.mark.parametrize(
    ("keys", "warning"),
    [
        (
            ["order [[w1, w2], [m1, m2, m3]]", "gwbridge.subnet 10.64.0.0/20"],
            "order[1]: has all managers; put one of them into a wave of its own, to try it there first",
        ),
        (
            ["order [[w1, w2, m1, m2], [m3]]"],
            "order: is that of docker_gwbridge, and no host has a section gwbridge: nothing is done in it",
        ),
        (
            [f"hosts.{name}.availability drain" for name in ("m1", "m2", "m3", "w1", "w2")],
            "hosts: availability is drain on all of them: no service would run anywhere",
        ),
    ],
)
def test_what_makes_no_sense_as_a_whole_is_a_warning(keys, warning):
    """It harms nobody, and nobody means it."""
    assert warning == said(**merged({"swarm": {}}, stating(*FIVE, *keys))).warnings[-1]


def test_local_host_has_no_way_by_ssh():
    """Keys that would do nothing there are refused."""
    told = problems(hosts={"h1": {"local": True, "user": "deploy", "bastion": "b1"}})
    assert ["hosts.h1: is local, where no SSH goes, so that bastion, user would change nothing: leave it out"] == told


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("hosts.m1.role worker", "swarm: needs a manager, and no host has role: manager"),
        ("hosts.m1.lost true", "swarm: needs a manager, and m1 is lost"),
    ],
)
def test_swarm_needs_a_manager(key, problem):
    """It begins on one that is not lost."""
    assert [problem] == disorder(key)


def test_stack_needs_a_host():
    """Without one there is nothing to do."""
    assert ["hosts: is empty; a stack needs at least one"] == problems(swarm={}, hosts={})


GATE = {"address": "gate", "port": 2201, "advertise_address": "10.0.0.1"}
SIX = {"address": "h1", "advertise_address": "[fd00::1]:2377"}


@pytest.mark.parametrize(
    ("one", "other", "mark"),
    [
        ({"address": "10.0.0.1"}, {"address": "10.0.0.1"}, "address 10.0.0.1 port 22"),
        ({"local": True}, {"local": True}, "local: true"),
        (GATE, {**GATE, "port": 2202}, "advertise_address 10.0.0.1"),
        ({"address": "A.example.com"}, {"address": "a.example.com"}, "address a.example.com port 22"),
        (
            {"address": "10.0.0.1"},
            {"address": "h2", "advertise_address": "10.0.0.1:2377"},
            "advertise_address 10.0.0.1",
        ),
        (SIX, {"address": "h2", "advertise_address": "fd00:0::1"}, "advertise_address fd00::1"),
    ],
    ids=["address", "local", "advertised", "another case", "advertised with a port", "advertised, spelled otherwise"],
)
def test_two_hosts_are_one_machine(one, other, mark):
    """Two hosts with the same way to them, or the same address among members, are a slip of the pen."""
    assert [f"hosts.h2: has the same {mark} as hosts.h1; each machine is one host"] == of_two(other, **one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"address": "gate", "port": 2201}, {"address": "gate", "port": 2202}),
        ({"address": "lan1", "bastion": "gate1"}, {"address": "lan1", "bastion": "gate2"}),
        ({"address": "h1", "advertise_address": "eth0"}, {"address": "h2", "advertise_address": "eth0"}),
    ],
    ids=["port", "bastion", "interface"],
)
def test_two_hosts_only_look_alike(one, other):
    """The same name behind another port, bastion or interface is another machine."""
    assert [] == of_two(other, **one)


def warnings(number, **sections):
    """The warnings about a stack of so many managers."""
    hosts = {f"m{each}": {"address": f"10.9.0.{each}", "role": "manager"} for each in range(1, number + 1)}
    return said(hosts=hosts, **sections).warnings


TOO_MANY = "and each waits for more of the others at every change; 7 at most are advised"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (2, "none, as 1 would; make it 1 or 3"),
        (4, "1, as 3 would; make it 3 or 5"),
        (6, "2, as 5 would; make it 5 or 7"),
        (8, f"3, {TOO_MANY}"),
        (9, f"4, {TOO_MANY}"),
    ],
)
def test_number_of_managers_says_what_they_survive(number, words):
    """A number that survives no more than a smaller one, or costs more than it gives, is a warning."""
    assert [f"hosts: {number} managers survive the loss of {words}"] == warnings(number, swarm={})


@pytest.mark.parametrize("number", [1, 3, 5, 7])
def test_number_of_managers_that_is_as_advised(number):
    """An odd number up to seven is no warning."""
    assert [] == warnings(number, swarm={})


def test_managers_of_a_swarm_that_others_keep_are_not_counted():
    """The roles stay as they are without the section `swarm`."""
    assert [] == warnings(2)


def test_host_that_is_alone_may_advertise_itself():
    """It works, and no other host could join."""
    hosts = {"h1": {"local": True, "role": "manager", "advertise_address": "127.0.0.1"}}
    expected = "hosts.h1.advertise_address: 127.0.0.1 is the machine itself: no other host could ever join"

    assert [expected] == said(hosts=hosts, swarm={}).warnings


ITSELF = "is each machine itself; write an address that others reach"
IS_A_NAME = "is a name, which Engines do not look up; write the host's IP address"
TOLD = "members would be told it; write the host's address among them as advertise_address"


@pytest.mark.parametrize(
    ("address", "advertised", "problem"),
    [
        *(("10.0.0.1", each, f"advertise_address: {each} {ITSELF}") for each in ("127.0.0.1", "lo")),
        ("10.0.0.1", "127.0.0.1:2377", f"advertise_address: 127.0.0.1 {ITSELF}"),
        ("10.0.0.1", "[::1]:2377", f"advertise_address: ::1 {ITSELF}"),
        *(("web.lan", each, f"advertise_address: {each} {IS_A_NAME}") for each in ("h1", "h2", "web.lan")),
        ("127.0.0.1", None, f"address: 127.0.0.1 is each machine itself, and {TOLD}"),
    ],
)
def test_address_at_which_no_other_member_finds_it(address, advertised, problem):
    """Others would look on themselves, or for a name; a word may be an interface, but not one that hosts have."""
    keys = {"advertise_address": advertised} if advertised else {}

    assert [f"hosts.h1.{problem}"] == of_two(address=address, **keys)


@pytest.mark.parametrize(
    "h1", [{"address": "127.0.0.1", "advertise_address": each} for each in ("10.0.0.1", "eth1")] + [{"local": True}]
)
def test_way_to_a_host_may_be_a_tunnel(h1):
    """A host may be reached through a tunnel: members use another address."""
    assert [] == of_two(**h1)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"id": "clock", "host": "w9", "why": "so"}, "doctor.ignore[0].host: w9 is not among hosts"),
        ({"id": "clock", "why": " "}, "doctor.ignore[0].why: ' ' should be the reason"),
        ({"id": "clocks", "why": "so"}, "; did you mean clock?"),
        ({"id": "clock", "hots": "w1", "why": "so"}, "hots: unknown key; did you mean host?"),
    ],
    ids=["unknown host", "no reason", "unknown id", "a slip"],
)
def test_what_is_accepted_of_hosts(entry, problem):
    """An entry that accepts nothing is a mistake."""
    (line,) = problems(swarm={}, doctor={"ignore": [entry]})

    assert problem in line
