"""Members against what the stack file says of them, from the file and the hosts' words to the message."""

import pytest

from providers.rules.checks.members import DAY, refusals, warnings
from providers.rules.stack_file import model
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary.facts import Member
from providers.rules.vocabulary.network_options import MTU
from providers.rules.vocabulary.routes import Link, Surroundings
from providers.rules.vocabulary.snapshot import Certificate, HostReport
from tests.support.networks import a_network
from tests.support.stackfiles import stating

ENGINES = (
    "ingress.mtu: 1500, the Engine's choice, is more than the MTU of w1's link eth0, 1400: containers would get 1450, "
    "and their large packets be lost between hosts; use 1400, which gives them 1350"
)


def has(mtu):
    """The line about a link of w1 with another MTU than the file says."""
    return f"hosts.w1.mtu: 1500, and the link to the other members has {mtu}: write {mtu}"


def told(check, report, *keys):
    """Return what a check says of a report and a stack of m1 and w1 with these keys."""
    return list(check(resolve(model.parse(stating(*keys))), [report]))


def host(name="w1", address="10.99.0.2", mtu=1500, link="eth0", **given):
    """Return the report of a member known to others by an address that one of its own links has."""
    own = Member(host=name, state="active", node_id=f"id-{name}", node_address=address)
    around = Surroundings(links=(Link(name=link, mtu=mtu, addresses=(address,)),))
    return HostReport(**{"host": name, "member": own, "surroundings": around, **given})


def ingress(mtu=None):
    """The swarm's ingress, as a manager lists it."""
    options = ((MTU, str(mtu)),) if mtu else ()
    return a_network(id="i1", name="ingress", driver="overlay", scope="swarm", ingress=True, options=options)


# Addresses

KEEPS = (
    "w1 advertises 10.99.0.2, the file says 10.9.0.7 (advertise_address), and a member keeps what it joined with: "
    "take w1 out of the file, `pulumi up`, and put it back: it then joins with 10.9.0.7, its labels and role; "
    "or write advertise_address: 10.99.0.2"
)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("advertise_address 10.9.0.7", [KEEPS]),
        ("advertise_address 10.99.0.2:2377", []),
        ("advertise_address eth0", []),
        ("address 203.0.113.9", []),  # behind NAT, where the file leaves it to the join
    ],
)
def test_member_has_the_address_that_the_file_says(key, expected):
    """The member tells it itself; keys that only a join uses say nothing about a member."""
    assert expected == told(refusals, host(), f"hosts.w1.{key}")


def test_host_that_is_no_member_yet_joins_with_it():
    """There is nothing to compare."""
    outside = Member(host="w1", state="inactive")

    assert [] == told(refusals, host(member=outside), "hosts.w1.advertise_address 10.9.0.7")


# MTU

OURS = "ingress.subnet 10.11.0.0/16"


@pytest.mark.parametrize(
    ("refused", "warned", "actual", "keys"),
    [
        ([ENGINES], [], (), [OURS]),
        ([], [ENGINES], (ingress(),), [OURS]),
        ([ENGINES], [], (ingress(1350),), [OURS]),
        ([], [], (), [OURS, "ingress.mtu 1400"]),
        ([], [], (), []),
    ],
    ids=["lost", "lost, as it stands", "lost, by what is changed", "fits", "no network"],
)
def test_packets_that_do_not_fit_a_link_are_refused(refused, warned, actual, keys):
    """A new network is refused; one that has it already is only told of. The file's MTU of the link is wrong either
    way."""
    report = host(mtu=1400, networks=actual)

    assert (refused, [*warned, has(1400)]) == (told(refusals, report, *keys), told(warnings, report, *keys))


@pytest.mark.parametrize(
    ("expected", "keys", "report"),
    [
        pytest.param([], "{mtu: 9000}", host(mtu=9000), id="the same"),
        pytest.param([has(9000)], "{}", host(mtu=9000), id="more room than is said"),
        pytest.param([], "{}", host(surroundings=Surroundings()), id="behind NAT no link has the address"),
        pytest.param([], "{}", host(address="127.0.0.1", mtu=65536, link="lo"), id="a swarm of one host"),
        pytest.param([], "{data_path_address: eth1, mtu: 1400}", host(link="eth1", mtu=1400), id="by its name"),
        pytest.param([], "{data_path_address: 10.8.0.2}", host(mtu=1400), id="overlays go through another"),
    ],
)
def test_link_has_the_mtu_that_the_file_says(expected, keys, report):
    """The one that overlays go through."""
    assert expected == told(warnings, report, f"hosts.w1 {keys}")


def test_alike_links_are_told_in_one_line():
    """A hundred hosts have one network."""
    reports = [host("m1", "10.99.0.1", 9000), host(mtu=9000)]
    (line,) = warnings(resolve(model.parse(stating())), reports)

    assert "hosts.m1.mtu and hosts.w1.mtu: 1500, and the link to the other members has 9000" in line


# Certificates


@pytest.mark.parametrize(
    ("when", "left", "lasts"),
    [
        ("ends in 13 days", 13.5, 90),
        ("ends within two days", 1.5, 90),
        ("has ended", -3, 90),
        ("ends within two days", 0.005, 0.05),
        # Two weeks are enough, and one that lasts an hour has most of it left.
        ("", 14.1, 90),
        ("", 0.03, 0.05),
    ],
)
def test_certificate_that_ends_soon_is_told(when, left, lasts):
    """It should have been renewed in its time."""
    lines = told(warnings, host(certificate=Certificate(left=left * DAY, lasts=lasts * DAY)))

    assert [f"w1: its certificate as a member {when}"] * bool(when) == [line.partition(",")[0] for line in lines]
