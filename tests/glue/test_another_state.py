"""What the glue does so that no state destroys what another, or another name in it, has on the hosts."""

from providers.resource import Provider
from providers.rules.vocabulary.labels import CHANGE
from providers.rules.vocabulary.steps import UpdateSwarm
from tests.glue.stack import INGRESS, known
from tests.support.lifecycle import OWNER


def test_a_change_carries_the_digest_of_the_stack_file(hosts):
    """Before anything is touched the swarm is told whose change goes on, and what its stack file wants."""
    known(hosts, INGRESS).update(subnet="10.31.0.0/24", gateway="10.31.0.1")
    written = [dict(step.set_labels) for step in hosts.steps if isinstance(step, UpdateSwarm) and step.set_labels]

    assert f"{OWNER} {Provider.run.wish(INGRESS).wish}" == written[0][CHANGE]
    assert 12 == len(Provider.run.wish(INGRESS).wish)
