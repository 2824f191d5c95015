"""The first of many hosts in one wave that fails is the only one that was touched."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from providers.rules.vocabulary.errors import EngineError, SwarmnetError
from providers.rules.vocabulary.steps import RestartEngine, Step
from providers.simulate import bare
from tests.glue.stack import Known, known
from tests.support import lifecycle
from tests.support.simulated import SimulatedHosts

NAMES = ("m1", *(f"w{number}" for number in range(1, 20)))
FORMER, WANTED = "10.12.0.0/16", "10.66.0.0/16"


class WithoutRestart(SimulatedHosts):
    """Hosts whose docker does not come back."""

    def perform(self, step: Step) -> None:
        if isinstance(step, RestartEngine):
            raise EngineError(f"{step.host}: docker does not start")
        super().perform(step)


def test_exactly_one_of_twenty_hosts_is_touched(on):
    """Nineteen keep bridge and availability, and each says which failure it stands back from."""
    bridges = [lifecycle.gwbridge_spec(name) for name in NAMES]
    nodes = [lifecycle.node_spec(name, role="manager" if name == "m1" else "worker") for name in NAMES]
    hosts = on(lifecycle.made(bare(*NAMES), *bridges, lifecycle.swarm_spec(members=NAMES), *nodes), WithoutRestart)
    every = [known(hosts, spec) for spec in bridges]

    with ThreadPoolExecutor(len(every)) as pool:
        told = list(pool.map(told_of_update, every))

    ranges = [hosts.gwbridge(name).bridge.subnets[0] for name in NAMES]
    drained = [node for node in hosts.world.swarm.nodes if node.availability == "drain"]
    assert (19, 1, 1) == (ranges.count(FORMER), ranges.count(WANTED), len(drained))
    assert 19 == sum("nothing was begun, because another change failed in this run" in line for line in told)


def told_of_update(bridge: Known) -> str:
    """Return the error of an update of one host's bridge."""
    with pytest.raises(SwarmnetError) as caught:
        bridge.update(subnet=WANTED, gateway="10.66.0.1")
    return str(caught.value)
