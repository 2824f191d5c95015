"""States with values that no stack file may have: what a refresh found on a host, and what another version wrote.

New inputs are validated strictly, old ones never: what makes no sense differs, and for a removal the id is enough.
"""

from contextlib import suppress
from dataclasses import replace

import pytest

from providers.rules.resource_types.resource_type import to_props
from providers.rules.vocabulary.errors import Blocked, SwarmnetError
from providers.rules.vocabulary.specs import Spec
from providers.run.resource import Props
from providers.simulate import SimulatorState
from tests.glue.stack import (
    GOING,
    GWBRIDGE,
    INGRESS_GOING,
    NODE,
    OVERLAY,
    Known,
    id_output,
    known,
    provider_of,
    resource_type,
)
from tests.support import lifecycle
from tests.support.networks import altered
from tests.support.simulated import SimulatedHosts

# As Engine 20.10 shows a range that somebody asked for so, and one that no swarm network can use.
ODD_RANGES = {"host bits": ("10.77.0.5/20", "10.77.0.1"), "ipv6": ("fd00:77::/64", "fd00:77::1"), "none": ("", "")}
networks = pytest.mark.parametrize("spec", [GWBRIDGE, INGRESS_GOING, OVERLAY], ids=resource_type)
odd = pytest.mark.parametrize("found", ODD_RANGES.values(), ids=ODD_RANGES)
each = pytest.mark.parametrize("spec", GOING, ids=resource_type)


def with_range(sim: SimulatorState, network_id: str, found: tuple[str, str]) -> SimulatorState:
    """The hosts on which a network has another range, wherever it is shown."""
    subnet, gateway = found
    changes = {"subnets": (subnet,) if subnet else (), "gateways": (gateway,)}

    def changed(nets):
        return tuple(altered(net, **changes) if net.id == network_id else net for net in nets)

    for host in sim.hosts:
        sim = sim.with_host(replace(host, networks=changed(host.networks)))
    return replace(sim, cluster=replace(sim.swarm, networks=changed(sim.swarm.networks)))


def refreshed(on, hosts: SimulatedHosts, spec: Spec, found: tuple[str, str]) -> tuple[SimulatedHosts, Known]:
    """The hosts with such a network, and the resource as a refresh has written it into the state."""
    resource = known(hosts, spec)
    actual = on(with_range(hosts.sim, resource.outputs[id_output(spec)], found))
    return actual, Known(spec, resource.read()[1])


@networks
@odd
def test_odd_range_is_drift(on, hosts, spec, found):
    """A refresh writes it down as it is; another one reads that state, and a preview shows it, protected or not."""
    spec = spec.model_copy(update={"protect": True})
    _, drifted = refreshed(on, hosts, spec, found)
    provider, (_, outputs, inputs) = provider_of(spec), drifted.read()

    assert (found[0], found[0]) == (outputs.get("subnet", ""), inputs.get("subnet", ""))
    assert [] == provider.check(inputs, to_props(spec)).failures
    assert None is provider.diff(spec.resource_name, outputs, to_props(spec)).changes
    assert False is provider.diff(spec.resource_name, outputs, inputs).changes


@pytest.mark.parametrize("spec", [GWBRIDGE, INGRESS_GOING], ids=resource_type)
@pytest.mark.parametrize("found", [ODD_RANGES["host bits"], ODD_RANGES["ipv6"]], ids=["host bits", "ipv6"])
def test_odd_range_is_brought_back(on, hosts, spec, found):
    """An `up` makes it as it is declared."""
    _, drifted = refreshed(on, hosts, spec, found)
    mended = drifted.update()

    assert (True, spec.subnet) == (mended.read()[2]["settled"], mended.read()[1]["subnet"])


ANOTHER_VERSIONS = {
    "a key of another version": {"colour": "blue"},
    "a value of another kind": {"labels": ["team"], "timeout": "long", "mtu": "jumbo", "members": 3, "autolock": "?"},
    "a word of another version": {"on_remove": "archive", "adopt": "always", "role": "witness", "on_in_use": "ask"},
    "nothing that is needed": {"subnet": None, "gateway": None, "owner": None, "host": None, "name": None},
}


@each
@pytest.mark.parametrize("strange", ANOTHER_VERSIONS.values(), ids=ANOTHER_VERSIONS)
def test_state_of_another_version_is_worked_on(hosts, spec, strange):
    """It is read, compared and checked without a complaint, and the next `up` writes it down as it is declared."""
    resource = known(hosts, spec)
    state = Known(spec, {key: value for key, value in (resource.outputs | strange).items() if value is not None})
    provider, news = provider_of(spec), to_props(spec)
    inputs = {key: value for key, value in state.outputs.items() if key not in (id_output(spec), "adopted")}

    assert [] == provider.check(inputs, news).failures
    assert provider.diff(spec.resource_name, state.outputs, news).changes in (None, False)
    assert spec.resource_name == state.read()[0]
    assert resource.outputs == state.update().outputs


@pytest.mark.parametrize("spec", [NODE, INGRESS_GOING, OVERLAY], ids=resource_type)
@pytest.mark.parametrize("range_", [{}, {"subnet": "10.77.0.5/20", "gateway": "fd00:77::1"}], ids=["none", "odd"])
def test_an_id_is_enough_for_a_removal(hosts, spec, range_):
    """Names are not asked for, nor ranges, odd as they may be; a node's host is named by the resource's id."""
    props: Props = {id_output(spec): lifecycle.id_of(hosts.sim, spec), "on_remove": "restore_default", **range_}
    provider_of(spec).delete(spec.resource_name, props)

    assert props[id_output(spec)] != lifecycle.id_of(hosts.sim, spec)


def test_without_an_id_nothing_goes(hosts):
    """A name alone may be another's."""
    sim = hosts.sim
    provider_of(OVERLAY).delete("overlay/app", to_props(OVERLAY))

    assert sim == hosts.sim


def test_host_that_nobody_says_how_to_reach(hosts):
    """The state had it in a form that makes no sense here: one line, and nothing is written."""
    state = known(hosts, NODE, access={"where": "there"})
    provider_of(NODE).run.settings.accesses.pop("w1")
    with pytest.raises(Blocked, match="w1: the state does not say how it is reached: put it back into the stack file"):
        state.delete()

    assert [] == hosts.steps


@each
@pytest.mark.parametrize("odd", [["a"], {"a": 1}, 5, [5]], ids=["texts", "mapping", "number", "numbers"])
def test_outputs_that_make_no_sense_are_none(hosts, spec, odd):
    """An id that is no text, and names of options that are none: nothing goes, and a refresh ends in our words."""
    state = known(hosts, spec, kept=odd)
    state.outputs[id_output(spec)] = odd
    sim = hosts.sim
    with suppress(SwarmnetError):
        state.read()
    state.delete()

    assert sim == hosts.sim
