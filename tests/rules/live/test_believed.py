"""The hosts that are believed on the swarm: the stack file's managers, or those named by others; none on its own
word."""

import pytest

from providers.rules.live.believed import witnesses
from providers.rules.stack_file.access import UNSAID, HostAccess, Roles
from providers.rules.vocabulary.facts import Member, Node

FILE = Roles(managers=frozenset({"m1"}))
MANAGERS = (("n-m1", "10.0.0.1"),)


def word(host, control=False, state="active", node_id=None, managers=MANAGERS):
    """Return what a host says about itself."""
    member = state == "active"
    own = (f"n-{host}" if node_id is None else node_id) if member else ""
    return Member(host=host, state=state, node_id=own, control=control, remote_managers=managers if member else ())


M1 = word("m1", control=True)
LIAR = word("w1", control=True)
CLAIMS_M1 = word("w1", control=True, node_id="n-m1")
W1, W2, OUTSIDE = word("w1"), word("w2"), word("w2", state="inactive")
NEW = word("w1", managers=(("", "10.0.0.1"),))  # it has just joined, and knows only where
ELSEWHERE = word("w1", managers=(("n-x1", "10.9.9.9"),))
TALL = (("n-m1", "192.168.0.1"),)  # an address that the stack file has for nobody


def at(*names, address="10.0.0.{}", **advertised):
    """Return how hosts are reached, and the addresses that the swarm knows them by."""
    return {
        name: HostAccess(name=name, address=address.format(number), advertise_address=advertised.get(name))
        for number, name in enumerate(names, 1)
    }


def proved(host, *said, silent=(), roles=UNSAID, accesses=None):
    """Tell whether a host is taken for a manager, with these answers and those hosts silent."""
    heard = {each.host: each for each in said}
    names = sorted({*heard, *silent}, key=lambda name: (name[0], name))
    known = witnesses(accesses or at(*names), roles)
    return known.proved(host, heard | dict.fromkeys(silent))


@pytest.mark.parametrize(
    ("expected", "host", "said", "silent"),
    [
        (True, "m1", [M1], []),
        (True, "m1", [M1, LIAR], []),
        (False, "w1", [M1, LIAR], []),
        (False, "w1", [LIAR], ["m1"]),
    ],
    ids=["it", "it, beside a liar", "a liar", "a liar, while it is silent"],
)
def test_with_roles_the_file_decides(expected, host, said, silent):
    """Its managers are managers if they say so too, and no other host is."""
    assert expected == proved(host, *said, silent=silent, roles=FILE)


def test_a_manager_of_the_file_may_be_none_yet():
    """It says itself that it is a worker."""
    assert not proved("m1", word("m1"), W1, roles=FILE)


@pytest.mark.parametrize(
    ("expected", "host", "said", "silent"),
    [
        (True, "m1", [M1, W1], ["w2"]),
        (True, "m1", [M1], []),
        (True, "m1", [M1, OUTSIDE], []),
        (False, "m1", [M1, OUTSIDE], ["w1"]),
        (False, "m1", [M1], ["w1"]),
        (False, "m1", [M1, NEW], []),
        (False, "m1", [M1, ELSEWHERE], []),
        (False, "w1", [LIAR, W2], ["m1"]),
        (False, "w1", [M1, LIAR, W2], []),
        (False, "w1", [CLAIMS_M1, W2], ["m1"]),
        (True, "m1", [M1, CLAIMS_M1, W2], []),
    ],
    ids=[
        "another names it",
        "it is the only host",
        "the others are in no swarm",
        "one that may be in the swarm is silent",
        "the only other one is silent",
        "the other has just joined",
        "the other is in another swarm",
        "nobody names it",
        "others name another",
        "it has another's address",
        "beside one that claims to be it",
    ],
)
def test_without_roles_the_others_decide(expected, host, said, silent):
    """They decide by node id and address; if no other host can tell, the host's own word is not enough."""
    assert expected == proved(host, *said, silent=silent)


@pytest.mark.parametrize(
    ("expected", "said", "silent"),
    [
        (True, [word("m1", control=True, managers=TALL), word("w1", managers=TALL)], []),
        (False, [word("m1", control=True, managers=TALL), word("w1", managers=TALL)], ["w2"]),
        (
            False,
            [
                word("m1", control=True, managers=TALL),
                word("w1", managers=TALL),
                word("w2", control=True, node_id="n-m1", managers=TALL),
            ],
            [],
        ),
    ],
    ids=["all answer", "the silent one may be it", "two say that they are it"],
)
def test_an_address_that_the_file_does_not_have(expected, said, silent):
    """The id decides if every other host says that it is another member."""
    assert expected == proved("m1", *said, silent=silent)


def test_the_advertised_address_tells():
    """A member is known by its advertised address if SSH uses a name or another way."""
    accesses = at("m1", "w1", "w2", address="far-{}", m1="192.168.0.1:2377")

    assert proved(
        "m1", word("m1", control=True, managers=TALL), word("w1", managers=TALL), silent=["w2"], accesses=accesses
    )


def test_hosts_that_are_not_asked_count_as_silent():
    """Hosts that were not asked count as silent."""
    assert not proved("m1", M1, roles=Roles(unasked=frozenset({"w1"})))


# In words


def why(host, *said, silent=(), roles=UNSAID, accesses=None):
    """Return the reason why a host is not believed."""
    heard = {each.host: each for each in said}
    known = witnesses(accesses or at(*heard, *silent), roles)
    return known.why_not(host, heard | dict.fromkeys(silent))


def test_a_worker_promoted_by_hand():
    """The edit that makes it a manager of the file."""
    assert (
        "w1: it says that it is a manager, and the stack file calls it a worker: if it is a manager (promoted by hand, "
        "or about to be replaced) write hosts.w1.role: manager; else bring back m1"
    ) == why("w1", LIAR, silent=["m1"], roles=FILE)


def test_a_worker_that_is_in_a_swarm_of_its_own():
    """It would be taken for the stack's own swarm before that is begun."""
    assert (
        "w1: it says that it is a manager, and those of the stack file are in no swarm: let it leave its own (`docker "
        "swarm leave --force` on it), or write hosts.w1.role: manager"
    ) == why("w1", LIAR, word("m1", state="inactive"), roles=FILE)


@pytest.mark.parametrize(
    ("expected", "silent"),
    [
        ("; declare a manager that the swarm has (role: manager) until m1, m2 is one", []),
        ("; bring a majority of m1, m2 back", ["m2"]),
    ],
)
def test_no_manager_of_the_file_is_one(expected, silent):
    """If all hosts answer, the swarm has another manager; else a silent one may be it."""
    said = {host: word(host) for host in ("m1", "m2", "w1") if host not in silent} | dict.fromkeys(silent)

    assert expected == witnesses(at("m1", "m2", "w1"), Roles(managers=frozenset({"m1", "m2"}))).advice(said)


def test_without_roles_there_is_no_advice():
    """Each host's own words say it."""
    assert "" == witnesses(at("m1"), UNSAID).advice({"m1": None})


@pytest.mark.parametrize(
    ("expected", "said", "silent"),
    [
        ("no other host that answers confirms it: bring back m1, w2", [LIAR], ["m1", "w2"]),
        ("no other host names it: see `docker info` there, or take w1 out of the stack file", [LIAR, M1, W2], []),
        ("others know that manager at the address of m1: see what runs on w1", [CLAIMS_M1, W2], ["m1"]),
        (
            "the stack file has no address for it at which others know that manager (192.168.0.1): if it is this "
            "host's, write hosts.w1.advertise_address: 192.168.0.1",
            [word("w1", control=True, node_id="n-m1", managers=TALL), word("w2", managers=TALL)],
            ["m1"],
        ),
    ],
    ids=["nobody is there", "others name another", "it claims to be another", "its address is not known"],
)
def test_without_roles_it_is_said_what_would_tell(expected, said, silent):
    """One line, with what to do."""
    accesses = at("m1", "w1", "w2")

    assert f"w1: it says that it is a manager, and {expected}" == why("w1", *said, silent=silent, accesses=accesses)


# The unlock key


def entry(hostname, role="manager", address="10.9.9.9"):
    """A member as a manager lists it."""
    return Node(id=f"n-{hostname}", hostname=hostname, role=role, availability="active", state="ready", address=address)


@pytest.mark.parametrize(
    ("expected", "listed", "roles", "known_as"),
    [
        (True, entry("m1"), UNSAID, ""),
        (True, entry("other", address="10.0.0.1"), UNSAID, ""),
        (True, entry("other"), UNSAID, "n-other"),
        (False, entry("other"), UNSAID, ""),
        (False, entry("m1", role="worker", address="10.0.0.1"), UNSAID, "n-m1"),
        (True, entry("m1"), FILE, ""),
        (False, entry("m1"), Roles(managers=frozenset({"m2"})), ""),
    ],
    ids=["by name", "by address", "by its member", "another's", "a worker", "a manager of the file", "a worker of it"],
)
def test_the_key_goes_to_who_is_listed_as_a_manager(expected, listed, roles, known_as):
    """Another manager has to list it, and the file too if it has roles."""
    assert expected == witnesses(at("m1", "w1"), roles).lists_as_manager("m1", (listed,), known_as)
