"""The unlock key of a swarm goes to a manager that another manager lists, however that is known to be this host."""

import pytest

from providers.hosts.fleet import Fleet
from providers.hosts.perform import perform, unlock_key
from providers.rules.stack_file.access import UNSAID, Roles
from providers.rules.vocabulary.errors import EngineError
from providers.rules.vocabulary.steps import UnlockSwarm
from tests.support.memberships import info, node_id, places

NAMES = ("m1", "m2", "w1")
KNOWN = {"m1": "10.0.0.1", "m2": "10.0.0.2"}
ROLES = [UNSAID, Roles(managers=frozenset({"m1", "m2"}))]


def entry(name, hostname, address):
    """A manager as another one lists it."""
    return {
        "ID": node_id(name),
        "Version": {"Index": 1},
        "Spec": {"Role": "manager", "Availability": "active"},
        "Status": {"State": "ready", "Addr": address},
        "Description": {"Hostname": hostname},
    }


@pytest.fixture
def hosts(new_host):
    """Two managers, of which the second is locked, and a worker."""
    hosts = {name: new_host(name) for name in NAMES}
    for name, host in hosts.items():
        host.engine.answer("GET /info", body=info(name, KNOWN, control=name in KNOWN))
    hosts["m1"].engine.answer("GET /swarm/unlockkey", body={"UnlockKey": "SWMKEY-1-x"})
    hosts["m2"].engine.answer("POST /swarm/unlock", body={})
    return hosts


@pytest.fixture(params=ROLES, ids=["without swarm", "with swarm"])
def fleet(hosts, request):
    """The fleet of a stack file without roles, and of one with them."""
    known_at = places(NAMES)
    accesses = {name: host.access(advertise_address=known_at[name]) for name, host in hosts.items()}
    found = Fleet(accesses, request.param)
    yield found
    found.close()


def lock(host):
    """Make it say that it is locked, and no longer which member it is."""
    host.engine.answer("GET /info", body=info(host.name, KNOWN, state="locked"))


@pytest.mark.parametrize(("hostname", "address"), [("m2", "10.9.9.9"), ("other", "10.0.0.2")], ids=["name", "address"])
def test_a_locked_manager_gets_it(hosts, fleet, hostname, address):
    """Listed by its name, or at its address."""
    lock(hosts["m2"])
    hosts["m1"].engine.answer("GET /nodes", body=[entry("m2", hostname, address)])

    perform(fleet, UnlockSwarm(host="m2"))

    assert {"UnlockKey": "SWMKEY-1-x"} == hosts["m2"].engine.bodies[-1]


def test_a_manager_that_will_be_locked_gets_it(hosts, fleet):
    """The key is in hand before the restart, when the host says which member it is and others confirm that."""
    hosts["m1"].engine.answer("GET /nodes", body=[entry("m2", "other", "10.9.9.9")])

    assert "SWMKEY-1-x" == unlock_key(fleet, "m2")


def test_nobody_else_is_meant(hosts, fleet):
    """A manager that is another host does not make this one a manager."""
    lock(hosts["m2"])
    hosts["m1"].engine.answer("GET /nodes", body=[entry("m3", "m3", "10.0.0.3")])

    with pytest.raises(EngineError, match="since m1 lists no manager of its name"):
        perform(fleet, UnlockSwarm(host="m2"))

    assert "POST /v1.51/swarm/unlock" not in hosts["m2"].engine.requests
