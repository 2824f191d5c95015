"""Stack files together: ranges that they share, and what two both declare of one swarm or one machine."""

import pytest

from providers.rules.checks.across_stacks import declared_twice, joined, shared, unknown
from providers.rules.stack_file import model
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary.errors import StackFileError
from tests.support.stackfiles import net, said

JOINED = "connected_to joins the two stacks, and neither would reach these addresses in the other"
APP = {"overlays": {"app": net("10.12.1.0/24")}}


def stack(address, **sections):
    """A stack of one host."""
    return said(hosts={"m1": {"address": address}}, **sections).resolved


def lines(joined, **stacks):
    """Return the lines on shared ranges, with the stack that each line is about."""
    return [(each.stack, each.line) for each in shared(stacks) if each.joined == joined]


def test_shared_range_is_an_information():
    """Two stacks that nothing joins may share ranges; it is told as an information."""
    expected = "overlays.app.subnet: 10.12.1.0/24 lies inside prod's ingress.subnet 10.12.0.0/16"
    prod = stack("prod.example", ingress=net("10.12.0.0/16"))

    assert [("dev", expected)] == lines(False, dev=stack("dev.example", **APP), prod=prod)


@pytest.mark.parametrize(
    ("app", "prod", "blamed", "words", "remedy"),
    [
        (
            "10.12.1.0/24",
            {"ingress": net("10.12.0.0/16")},
            "prod",
            "ingress.subnet: 10.12.0.0/16 contains dev's overlays.app.subnet 10.12.1.0/24",
            "10.13.0.0/16 is free",
        ),
        (
            "10.99.1.0/24",
            {},
            "dev",
            "overlays.app.subnet: 10.99.1.0/24 contains prod's hosts.m1.address 10.99.1.9/32",
            "10.99.2.0/24 is free",
        ),
        (
            "10.128.0.0/9",
            {"ingress": net("10.128.0.0/9"), "reserved": ["10.0.0.0/9", "172.16.0.0/12", "192.168.0.0/16"]},
            "prod",
            "ingress.subnet: 10.128.0.0/9 is the same as dev's overlays.app.subnet 10.128.0.0/9",
            "no /9 of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 is free: "
            "look at reserved[0] 10.0.0.0/9, reserved[1] 172.16.0.0/12 and reserved[2] 192.168.0.0/16",
        ),
    ],
    ids=["the stack that says so is blamed", "no host is blamed for its address", "nothing is free"],
)
def test_shared_range_of_joined_stacks_is_a_problem(app, prod, blamed, words, remedy):
    """If one stack names the other in `connected_to`, the line names both ranges and a free one."""
    dev = stack("dev.example", overlays={"app": net(app)})

    assert [(blamed, f"{words}: {JOINED}; {remedy}")] == lines(
        True, dev=dev, prod=stack("10.99.1.9", connected_to=["dev"], **prod)
    )


@pytest.mark.parametrize(
    ("prod", "expected"),
    [
        ({"reserved": ["10.12.2.0/23"]}, ["10.11.255.0/24"]),
        ({"pools": {"overlays": {"range": "10.20.0.0/16", "prefix": 24}}}, ["10.20.0.0/24"]),
        ({"ingress": net("10.12.0.0/24")}, ["10.12.2.0/24", "10.11.255.0/24"]),
    ],
    ids=["what it reserves", "its own pool", "another for each"],
)
def test_range_named_as_free_is_free(prod, expected):
    """The range named as free clashes neither with the other stacks nor with the file itself."""
    dev = stack("dev.example", ingress=net("10.12.0.0/24"), **APP)
    told = lines(True, dev=dev, prod=stack("prod.example", connected_to=["dev"], **APP, **prod))

    assert expected == [line.rpartition("; ")[2].removesuffix(" is free") for _, line in told]


def test_bridges_of_joined_stacks_may_be_the_same():
    """docker_gwbridge never leaves its host."""
    bridge = net("10.12.0.0/20")
    dev, prod = stack("dev.example", gwbridge=bridge), stack("p.example", gwbridge=bridge, connected_to=["dev"])

    assert [] == lines(True, dev=dev, prod=prod)


def test_what_a_stack_reserves_is_not_its_own():
    """Reserving another environment's ranges is what `reserved` is for."""
    dev, prod = stack("dev.example", **APP), stack("p.example", reserved=["10.12.0.0/16"], connected_to=["dev"])

    assert [] == shared({"dev": dev, "prod": prod})


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("stagin", "there is no stack stagin; did you mean staging?"),
        ("x", "there is no stack x; stacks are dev, staging"),
        ("prod", "prod is this stack itself"),
        ("staging", "staging's file can't be read: line 4: found a tab"),
    ],
)
def test_connected_to_what_is_not_there(name, problem):
    """A stack that does not exist, or whose ranges nobody knows, cannot be compared with."""
    naming, torn = stack("m1.example", connected_to=["dev", name]), {"staging": StackFileError(["line 4: found a tab"])}

    assert [f"connected_to[1]: {problem}"] == list(unknown("prod", naming, ["dev", "prod", "staging"], torn))


def test_joined_stacks():
    """It counts on either side."""
    named, naming, apart = stack("a.example"), stack("b.example", connected_to=["prod"]), stack("c.example")
    prod = stack("p.example", connected_to=["dev"])

    assert [named, naming] == joined("prod", {"prod": prod, "dev": named, "ops": naming, "lab": apart})


HOSTS = {"m1": {"address": "10.99.0.1", "role": "manager"}, "w1": {"address": "10.99.0.2"}}
SUBNET = {"subnet": "10.64.0.0/20"}
X1 = {"x1": {"address": "10.99.0.2", "gwbridge": SUBNET}}
OTHERS = {"m1": {"address": "10.98.0.1", "role": "manager"}}
BY_NAME = {"m": {"address": "swarm.example.com", "advertise_address": "10.99.0.1", "role": "manager"}}


def against(ours, theirs, here=HOSTS, actual=HOSTS):
    """Return what is refused of sections beside those of another stack."""
    own = resolve(model.parse({"hosts": here, **ours}))
    return declared_twice(own, {"other": resolve(model.parse({"hosts": actual, **theirs}))})


@pytest.mark.parametrize(
    ("ours", "theirs", "here", "actual", "words"),
    [
        # One line for each, however many hosts they share.
        *(
            ({key: SUBNET}, {key: SUBNET}, HOSTS, HOSTS, f"{key}: hosts.m1 is in both")
            for key in ("ingress", "gwbridge")
        ),
        ({"swarm": {}}, {"swarm": {}}, HOSTS, HOSTS, "swarm: hosts.m1 is in both"),
        # Case does not count in a swarm.
        (
            {"overlays": {"app": SUBNET}},
            {"overlays": {"App": SUBNET}},
            HOSTS,
            HOSTS,
            "overlays.app: hosts.m1 is in both",
        ),
        # A bridge is its host's own.
        ({}, {}, {**HOSTS, "w1": X1["x1"]}, X1, "hosts.w1.gwbridge: hosts.w1 here is hosts.x1 there"),
        # The address that members know it by is the same.
        ({"swarm": {}}, {"swarm": {}}, HOSTS, BY_NAME, "swarm: hosts.m1 here is hosts.m there"),
    ],
)
def test_what_both_declare(ours, theirs, here, actual, words):
    """The line names the section, and a machine that makes it the same."""
    path, _, why = words.partition(": ")
    expected = f"{path}: stack other declares it too, and {why}: leave it out of one of the two"

    assert [expected] == against(ours, theirs, here, actual)


@pytest.mark.parametrize(
    ("ours", "theirs", "here", "actual"),
    [
        ({"gwbridge": SUBNET}, {"gwbridge": SUBNET}, {"m1": HOSTS["m1"]}, {"w1": HOSTS["w1"]}),
        ({"swarm": {}, "overlays": {"app": SUBNET}}, {"overlays": {"data": SUBNET}}, HOSTS, HOSTS),
        ({"swarm": {}, "ingress": SUBNET}, {"swarm": {}, "ingress": SUBNET}, HOSTS, OTHERS),
    ],
    ids=["bridges never leave their hosts", "one has the swarm, another overlays in it", "different machines"],
)
def test_what_is_not_the_same(ours, theirs, here, actual):
    """Stacks may share a swarm, and stacks of different machines may declare anything."""
    assert [] == against(ours, theirs, here, actual)
