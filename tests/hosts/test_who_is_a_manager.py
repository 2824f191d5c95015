"""If no believed manager answers, one line tells the edit or the command to make."""

import pytest

from providers.hosts.fleet import Fleet
from providers.rules.stack_file.access import UNSAID, Roles
from providers.rules.vocabulary.errors import NotAManager, Unproved, Unreachable
from tests.support.memberships import info, places

NAMES = ("m1", "m2", "w1")


@pytest.fixture
def hosts(new_host):
    """Three members that know m1 as their only manager."""
    hosts = {name: new_host(name) for name in NAMES}
    for name in NAMES:
        says(hosts[name], control=name == "m1")
    return hosts


@pytest.fixture
def declared(hosts):
    """The fleet of a stack file that has these managers, None for one that does not say."""
    fleets = []

    def with_managers(*managers):
        roles = UNSAID if managers == (None,) else Roles(managers=frozenset(managers))
        known_at = places(NAMES)
        fleets.append(Fleet({name: hosts[name].access(advertise_address=known_at[name]) for name in NAMES}, roles))
        return fleets[-1]

    yield with_managers
    for fleet in fleets:
        fleet.close()


def says(host, **word):
    """Have a host's Engine say this of its membership."""
    host.engine.answer("GET /info", body=info(host.name, {"m1": "10.0.0.1"}, **word))


def words(kind, fleet):
    """Return the reason why there is no manager."""
    with pytest.raises(kind) as caught:
        fleet.manager()
    assert kind is type(caught.value)
    return str(caught.value)


def test_a_worker_that_was_promoted_by_hand(hosts, declared):
    """It could answer while the manager is away: the line says what to write for that."""
    says(hosts["w1"], control=True)
    hosts["m1"].close()

    assert words(Unproved, declared("m1")).endswith(
        "w1: it says that it is a manager, and the stack file calls it a worker: if it is a manager (promoted by hand, "
        "or about to be replaced) write hosts.w1.role: manager; else bring back m1"
    )


def test_a_worker_that_was_promoted_by_hand_beside_the_manager(hosts, declared):
    """It is not asked."""
    says(hosts["w1"], control=True)

    assert ("m1", ["m1"]) == (declared("m1").manager().name, [each.name for each in declared("m1").managers()])


def test_a_worker_that_was_promoted_by_hand_where_roles_are_not_declared(hosts, declared):
    """It is a manager as soon as another host knows it as one."""
    hosts["m1"].close()
    for name in ("m2", "w1"):
        hosts[name].engine.answer("GET /info", body=info(name, places(NAMES), control=name == "w1"))

    assert "w1" == declared(None).manager().name


def test_a_manager_that_is_replaced(declared):
    """The new one is none yet: the old one has to stay a manager of the file until then."""
    assert (
        "no declared host can answer for the swarm: m1: it says that it is a manager, and the stack file calls it a "
        "worker: if it is a manager (promoted by hand, or about to be replaced) write hosts.m1.role: manager; else "
        "bring back m2; m2: a worker; w1: a worker"
    ) == words(Unproved, declared("m2"))


def test_a_manager_that_was_replaced_and_taken_out(hosts, declared):
    """No declared host is a manager."""
    says(hosts["m1"])

    assert words(NotAManager, declared("m2")).endswith(
        "w1: a worker; declare a manager that the swarm has (role: manager) until m2 is one"
    )


def test_all_managers_are_down(hosts, declared):
    """Each by its own words, and what to bring back."""
    for name in ("m1", "m2"):
        hosts[name].close()

    line = words(Unreachable, declared("m1", "m2"))

    assert ["m1 (127.0.0.1:", "m2 (127.0.0.1:", "w1: a worker"] == [
        part for part in ("m1 (127.0.0.1:", "m2 (127.0.0.1:", "w1: a worker") if part in line
    ]
    assert line.endswith("; bring a majority of m1, m2 back")


def test_all_managers_are_down_where_roles_are_not_declared(hosts, declared):
    """No other host is taken for one."""
    hosts["m1"].close()

    assert "m2: a worker; w1: a worker" in words(Unreachable, declared(None))


def test_nobody_but_managers_is_asked(hosts, declared):
    """If the stack file names the managers, only they are asked."""
    declared("m1").manager()

    assert [0, 0] == [hosts[name].logins for name in ("m2", "w1")]


def test_a_manager_stays_proved(hosts, declared):
    """A proved manager stays proved while the hosts that confirmed it are away."""
    fleet = declared(None)
    fleet.manager()
    for name in ("m2", "w1"):
        hosts[name].close()
    fleet.forget_manager()

    assert "m1" == fleet.manager().name


def test_a_host_stays_proved_as_that_member_only(hosts, declared):
    """It left and says that it is another one."""
    fleet = declared(None)
    fleet.manager()
    for name in ("m2", "w1"):
        hosts[name].close()
    fleet.forget_manager()
    says(hosts["m1"], control=True, claims="another")

    assert "m1: it says that it is a manager, and no other host that answers confirms it" in words(Unproved, fleet)
