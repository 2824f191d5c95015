"""The hosts that are trusted on the swarm: the stack file's managers, or those named by others; none on its own
word."""

from providers.rules.live.trust import evidence_of
from providers.rules.stack_file.access import UNSAID, HostAccess, Roles
from providers.rules.vocabulary.facts import Member, Node
from tests.support.tables import cases

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
TALL_M1, TALL_W1 = word("m1", control=True, managers=TALL), word("w1", managers=TALL)
TALL_LIAR = word("w2", control=True, node_id="n-m1", managers=TALL)


def at(*names, address="10.0.0.{}", **advertised):
    """Return how hosts are reached, and the addresses that the swarm knows them by."""
    return {
        name: HostAccess(name=name, address=address.format(number), advertise_address=advertised.get(name))
        for number, name in enumerate(names, 1)
    }


def is_verified(host, *self_reports, unreachable=(), roles=UNSAID, accesses=None):
    """Tell whether a host is taken for a manager, with these answers and those hosts unreachable."""
    heard = {each.host: each for each in self_reports}
    names = sorted({*heard, *unreachable}, key=lambda name: (name[0], name))
    known = evidence_of(accesses or at(*names), roles)
    return known.is_verified(host, heard | dict.fromkeys(unreachable))


@cases(
    "expected, host, self_reports, unreachable",
    {
        "it": (True, "m1", [M1], []),
        "it, beside a liar": (True, "m1", [M1, LIAR], []),
        "a liar": (False, "w1", [M1, LIAR], []),
        "a liar, while it is unreachable": (False, "w1", [LIAR], ["m1"]),
        "it is none yet": (False, "m1", [word("m1"), W1], []),
    },
)
def test_with_roles_the_file_decides(expected, host, self_reports, unreachable):
    """Its managers are managers if they say so too, and no other host is."""
    assert expected == is_verified(host, *self_reports, unreachable=unreachable, roles=FILE)


@cases(
    "expected, host, self_reports, unreachable",
    {
        "another names it": (True, "m1", [M1, W1], ["w2"]),
        "it is the only host": (True, "m1", [M1], []),
        "the others are in no swarm": (True, "m1", [M1, OUTSIDE], []),
        "one that may be in the swarm is unreachable": (False, "m1", [M1, OUTSIDE], ["w1"]),
        "the only other one is unreachable": (False, "m1", [M1], ["w1"]),
        "the other has just joined": (False, "m1", [M1, NEW], []),
        "the other is in another swarm": (False, "m1", [M1, ELSEWHERE], []),
        "nobody names it": (False, "w1", [LIAR, W2], ["m1"]),
        "others name another": (False, "w1", [M1, LIAR, W2], []),
        "it has another's address": (False, "w1", [CLAIMS_M1, W2], ["m1"]),
        "beside one that claims to be it": (True, "m1", [M1, CLAIMS_M1, W2], []),
        # If the file lacks its address, the id decides if every other host says that it is another member.
        "at another address, and all answer": (True, "m1", [TALL_M1, TALL_W1], []),
        "at another address, and the unreachable one may be it": (False, "m1", [TALL_M1, TALL_W1], ["w2"]),
        "at another address, and two say that they are it": (False, "m1", [TALL_M1, TALL_W1, TALL_LIAR], []),
    },
)
def test_without_roles_the_others_decide(expected, host, self_reports, unreachable):
    """They decide by node id and address; if no other host can tell, the host's own word is not enough."""
    assert expected == is_verified(host, *self_reports, unreachable=unreachable)


def test_the_advertised_address_tells():
    """A member is known by its advertised address if SSH uses a name or another way."""
    accesses = at("m1", "w1", "w2", address="far-{}", m1="192.168.0.1:2377")

    assert is_verified("m1", TALL_M1, TALL_W1, unreachable=["w2"], accesses=accesses)


def test_hosts_that_are_not_asked_count_as_unreachable():
    """One of them may be the manager."""
    assert not is_verified("m1", M1, roles=Roles(unasked=frozenset({"w1"})))


MAJORITY = Roles(managers=frozenset({"m1", "m2"}))


@cases(
    "expected, unreachable, roles",
    {
        # The swarm has another manager.
        "all answer": ("; declare a manager that the swarm has (role: manager) until m1, m2 is one", [], MAJORITY),
        "one may be it": ("; bring a majority of m1, m2 back", ["m2"], MAJORITY),
        # Each host's own words say it.
        "without roles": ("", ["m2"], UNSAID),
    },
)
def test_no_manager_of_the_file_is_one(expected, unreachable, roles):
    """If all hosts answer, another one has to be declared; else an unreachable one may be it."""
    self_reports = {host: word(host) for host in ("m1", "m2", "w1") if host not in unreachable} | dict.fromkeys(
        unreachable
    )

    assert expected == evidence_of(at("m1", "m2", "w1"), roles).advice(self_reports)


@cases(
    "expected, self_reports, unreachable, roles",
    {
        # The edit that makes it a manager of the file.
        "a worker promoted by hand": (
            "the stack file calls it a worker: if it is a manager (promoted by hand, or about to be replaced) write "
            "hosts.w1.role: manager; else bring back m1",
            [LIAR],
            ["m1"],
            FILE,
        ),
        # It would be taken for the stack's own swarm before that is begun.
        "a worker in a swarm of its own": (
            "those of the stack file are in no swarm: let it leave its own (`docker swarm leave --force` on it), or "
            "write hosts.w1.role: manager",
            [LIAR, word("m1", state="inactive")],
            [],
            FILE,
        ),
        # Without roles it is said what would tell.
        "nobody is there": ("no other host that answers confirms it: bring back m1, w2", [LIAR], ["m1", "w2"], UNSAID),
        "others name another": (
            "no other host names it: see `docker info` there, or take w1 out of the stack file",
            [LIAR, M1, W2],
            [],
            UNSAID,
        ),
        "it claims to be another": (
            "others know that manager at the address of m1: see what runs on w1",
            [CLAIMS_M1, W2],
            ["m1"],
            UNSAID,
        ),
        "its address is not known": (
            "the stack file has no address for it at which others know that manager (192.168.0.1): if it is this "
            "host's, write hosts.w1.advertise_address: 192.168.0.1",
            [word("w1", control=True, node_id="n-m1", managers=TALL), word("w2", managers=TALL)],
            ["m1"],
            UNSAID,
        ),
    },
)
def test_why_a_claim_is_not_trusted(expected, self_reports, unreachable, roles):
    """One line, with what to do."""
    heard = {each.host: each for each in self_reports} | dict.fromkeys(unreachable)
    known = evidence_of(at("m1", "w1", "w2") if roles == UNSAID else at(*heard), roles)

    assert f"w1: it says that it is a manager, and {expected}" == known.trust_refusal("w1", heard)


def entry(hostname, role="manager", address="10.9.9.9"):
    """A member as a manager lists it."""
    return Node(id=f"n-{hostname}", hostname=hostname, role=role, availability="active", state="ready", address=address)


@cases(
    "expected, listed, roles, known_as",
    {
        "by name": (True, entry("m1"), UNSAID, ""),
        "by address": (True, entry("other", address="10.0.0.1"), UNSAID, ""),
        "by its member": (True, entry("other"), UNSAID, "n-other"),
        "another's": (False, entry("other"), UNSAID, ""),
        "a worker": (False, entry("m1", role="worker", address="10.0.0.1"), UNSAID, "n-m1"),
        "a manager of the file": (True, entry("m1"), FILE, ""),
        "a worker of it": (False, entry("m1"), Roles(managers=frozenset({"m2"})), ""),
    },
)
def test_the_key_goes_to_who_is_listed_as_a_manager(expected, listed, roles, known_as):
    """Another manager has to list it, and the file too if it has roles."""
    assert expected == evidence_of(at("m1", "w1"), roles).lists_as_manager("m1", (listed,), known_as)
