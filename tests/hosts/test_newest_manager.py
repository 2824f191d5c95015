"""Services go through the manager with the newest API: an older one drops settings without a word."""

import pytest

from providers.hosts.observe import from_manager
from providers.hosts.perform import perform
from providers.rules.vocabulary.errors import NoQuorum, NotAManager
from providers.rules.vocabulary.steps import UpdateService
from tests.support.memberships import info, places

VERSIONS = {"m1": "1.45", "m2": "1.51", "m3": "1.41"}


def manages(host, control=True):
    """Have a host's Engine say whether it can answer for the swarm."""
    host.engine.answer("GET /info", body=info(host.name, places(VERSIONS), control=control))


@pytest.fixture
def hosts(new_host):
    """Three managers with an Engine of another age each."""
    hosts = {name: new_host(name) for name in VERSIONS}
    for name, host in hosts.items():
        host.engine.api_version = VERSIONS[name]
        manages(host)
    return hosts


def test_newest_api_counts(fleet):
    """The good manager with the newest API is asked; numbers are compared, not letters."""
    assert "m2" == fleet.newest_manager().name


def test_newest_manager_is_remembered(hosts, fleet):
    """One search serves the process."""
    for _ in range(3):
        fleet.newest_manager()

    assert 1 == hosts["m2"].engine.requests.count("GET /v1.51/info")


def test_newest_manager_that_fails_is_replaced(hosts, fleet):
    """The next newest takes its place."""
    hosts["m2"].engine.answer("GET /services", 503, {"message": "This node is not a swarm manager."})
    with pytest.raises(NotAManager):
        fleet.newest_manager().get("/services")
    manages(hosts["m2"], control=False)

    assert "m1" == fleet.newest_manager().name


def test_without_any_manager_it_is_said_why(hosts, fleet):
    """The error is that for any manager."""
    for host in hosts.values():
        host.engine.answer("GET /info", body=info(host.name, places(VERSIONS), control=True, error="no leader"))

    with pytest.raises(NoQuorum, match="no leader"):
        fleet.newest_manager()


@pytest.mark.parametrize("read_on", ["m2", "m3"])
def test_services_are_written_where_they_were_read(hosts, fleet, read_on):
    """Another manager that answers by then is not used."""
    hosts[read_on].engine.answer("POST /services/s1/update", body={})

    perform(fleet, UpdateService(service_id="s1", version=7, spec="{}", read_on=read_on))

    assert f"POST /v{VERSIONS[read_on]}/services/s1/update?version=7" in hosts[read_on].engine.requests


def test_services_are_read_there(fleet):
    """Services are read from the newest manager, since their specs are written back whole."""
    assert "m2" == from_manager(fleet, lambda engine: engine.name, newest=True)
