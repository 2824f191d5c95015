"""After a migration a service's rollback goes to the overlay that is there, not to the twin that is gone."""

from providers.rules import migration
from providers.rules.facts import Network, OverlayFacts, SwarmService
from providers.rules.steps import UpdateService
from tests.rules.decisions import steps

TWIN = Network(id="twin", name="app-swarmnet-twin", driver="overlay", scope="swarm")


def facts(rollback_network: str) -> OverlayFacts:
    """A service on the new overlay whose former spec names this network."""
    service = SwarmService(
        id="s1", name="web", networks=("new",), rollback_networks=(rollback_network,), spec='{"Name": "web"}', version=7
    )
    return OverlayFacts(network=None, services=(service,))


def test_a_rollback_to_the_twin_is_replaced():
    """By one unchanged update."""
    decision = migration.renewed(facts("twin"), TWIN)

    assert decision is not None
    assert (UpdateService(service_id="s1", version=7, spec='{"Name": "web"}'),) == steps(decision)


def test_another_rollback_is_left():
    """It is the service's own affair."""
    assert migration.renewed(facts("new"), TWIN) is None
