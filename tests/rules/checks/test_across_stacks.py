"""Stack files together: shared ranges are information, or problems if `connected_to` joins the stacks."""

import pytest

from providers.rules.checks.across_stacks import joined, shared, unknown
from tests.support.stackfiles import net, said

JOINED = "connected_to joins the two stacks, and neither would reach what is there in the other"
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
    naming, torn = stack("m1.example", connected_to=["dev", name]), {"staging": "line 4: found a tab", "other": "x"}

    assert [f"connected_to[1]: {problem}"] == list(unknown("prod", naming, ["dev", "prod", "staging"], torn))


def test_joined_stacks():
    """It counts on either side."""
    named, naming, apart = stack("a.example"), stack("b.example", connected_to=["prod"]), stack("c.example")
    prod = stack("p.example", connected_to=["dev"])

    assert [named, naming] == joined("prod", {"prod": prod, "dev": named, "ops": naming, "lab": apart})
