"""Stack files together: shared ranges are information, or problems if `connected_to` joins the stacks."""

import pytest

from providers.rules.checks.across_stacks import joined, shared, unknown
from tests.support.stackfiles import net, said

JOINED = "connected_to joins the two stacks, and neither would reach what is there in the other"


def stack(address, **sections):
    """A stack of one host."""
    return said(hosts={"m1": {"address": address}}, **sections).resolved


def lines(joined, **stacks):
    """Return the lines on shared ranges, with the stack that each line is about."""
    return [(each.stack, each.line) for each in shared(stacks) if each.joined == joined]


def test_shared_range_is_an_information():
    """Two stacks that nothing joins may share ranges; it is told as an information."""
    expected = "overlays.app.subnet: 10.12.1.0/24 lies inside prod's ingress.subnet 10.12.0.0/16"

    assert [("dev", expected)] == lines(
        False,
        dev=stack("dev.example", overlays={"app": net("10.12.1.0/24")}),
        prod=stack("prod.example", ingress=net("10.12.0.0/16")),
    )


@pytest.mark.parametrize(
    ("dev", "prod", "expected"),
    [
        pytest.param(
            {"overlays": {"app": net("10.12.1.0/24")}},
            {"ingress": net("10.12.0.0/16"), "connected_to": ["dev"]},
            (
                "prod",
                "ingress.subnet: 10.12.0.0/16 contains dev's overlays.app.subnet 10.12.1.0/24: "
                f"{JOINED}; 10.13.0.0/16 is free",
            ),
            id="the stack that says so is blamed",
        ),
        pytest.param(
            {"overlays": {"app": net("10.99.1.0/24")}},
            {"connected_to": ["dev"]},
            (
                "dev",
                "overlays.app.subnet: 10.99.1.0/24 contains prod's hosts.m1.address 10.99.1.9/32: "
                f"{JOINED}; 10.99.2.0/24 is free",
            ),
            id="no host is blamed for its address",
        ),
        pytest.param(
            {"overlays": {"app": net("10.128.0.0/9")}},
            {
                "ingress": net("10.128.0.0/9"),
                "connected_to": ["dev"],
                "reserved": ["10.0.0.0/9", "172.16.0.0/12", "192.168.0.0/16"],
            },
            (
                "prod",
                "ingress.subnet: 10.128.0.0/9 is the same as dev's overlays.app.subnet 10.128.0.0/9: "
                f"{JOINED}; no /9 of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 is free: look at reserved[0] "
                "10.0.0.0/9, dev's overlays.app.subnet 10.128.0.0/9, reserved[1] 172.16.0.0/12 and reserved[2] "
                "192.168.0.0/16",
            ),
            id="nothing is free",
        ),
    ],
)
def test_shared_range_of_joined_stacks_is_a_problem(dev, prod, expected):
    """If one stack names the other in `connected_to`, the line names both ranges and a free one."""
    assert [expected] == lines(True, dev=stack("dev.example", **dev), prod=stack("10.99.1.9", **prod))


@pytest.mark.parametrize(
    ("prod", "expected"),
    [
        pytest.param({"reserved": ["10.12.2.0/23"]}, ["10.11.255.0/24"], id="what it reserves"),
        pytest.param(
            {"pools": {"overlays": {"range": "10.20.0.0/16", "prefix": 24}}}, ["10.20.0.0/24"], id="its own pool"
        ),
        pytest.param(
            {"ingress": net("10.12.0.0/24"), "overlays": {"app": net("10.12.1.0/24")}},
            ["10.12.2.0/24", "10.11.255.0/24"],
            id="another for each",
        ),
    ],
)
def test_range_named_as_free_is_free(prod, expected):
    """The range named as free clashes neither with the other stacks nor with the file itself."""
    dev = stack("dev.example", ingress=net("10.12.0.0/24"), overlays={"app": net("10.12.1.0/24")})
    own = {"overlays": {"app": net("10.12.1.0/24")}, "connected_to": ["dev"], **prod}
    told = lines(True, dev=dev, prod=stack("prod.example", **own))

    assert expected == [line.rpartition("; ")[2].removesuffix(" is free") for _, line in told]


def test_bridges_of_joined_stacks_may_be_the_same():
    """docker_gwbridge never leaves its host."""
    bridge = net("10.12.0.0/20")

    assert [] == lines(
        True, dev=stack("dev.example", gwbridge=bridge), prod=stack("p.example", gwbridge=bridge, connected_to=["dev"])
    )


def test_what_a_stack_reserves_is_not_its_own():
    """Reserving another environment's ranges is what `reserved` is for."""
    assert [] == shared(
        {
            "dev": stack("dev.example", ingress=net("10.12.0.0/16")),
            "prod": stack("prod.example", reserved=["10.12.0.0/16"], connected_to=["dev"]),
        }
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("stagin", "connected_to[0]: there is no stack stagin; did you mean staging?"),
        ("x", "connected_to[0]: there is no stack x; stacks are dev, staging"),
        ("prod", "connected_to[0]: prod is this stack itself"),
    ],
)
def test_connected_to_what_is_not_there(name, problem):
    """A stack that does not exist cannot be compared with."""
    assert [problem] == list(unknown("prod", stack("m1.example", connected_to=[name]), ["dev", "prod", "staging"], {}))


def test_joined_stacks():
    """It counts on either side."""
    named, naming, apart = stack("a.example"), stack("b.example", connected_to=["prod"]), stack("c.example")
    prod = stack("p.example", connected_to=["dev"])

    assert [named, naming] == joined("prod", {"prod": prod, "dev": named, "ops": naming, "lab": apart})


def test_connected_to_what_cannot_be_read():
    """A stack whose ranges nobody knows is not free of clashes."""
    joined = stack("m1.example", connected_to=["dev", "staging"])

    assert ["connected_to[1]: staging's file can't be read: line 4: found a tab"] == list(
        unknown("prod", joined, ["dev", "prod", "staging"], {"staging": "line 4: found a tab", "other": "line 1: x"})
    )
