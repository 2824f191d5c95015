"""A section taken away after its change was cut: what it promised to put back is put back before it is removed from the
state.

`pulumi up --refresh` has told the state that the work is unfinished.
"""

from functools import cache, partial

import pytest

from providers.rules.resource_types import gwbridge, ingress, overlay
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, Spec
from providers.simulate import SimulatorState, overlay_facts
from providers.simulate.state import NO_TASKS
from tests.exploration.checks import all_of, containers_run, no_trace, nothing_lost, specs_as_before
from tests.rules.live.test_changes_under_services import NEW_BRIDGE, NEW_INGRESS, NEW_OVERLAY, in_a_change, sim
from tests.support.decisions import reason
from tests.support.lifecycle import id_of, ingress_spec, make
from tests.support.simulated import SimulatedHosts, cuts, elapsed

INGRESS, BRIDGE, OVERLAY = range(3)
CHANGES: tuple[Spec, ...] = (NEW_INGRESS.model_copy(update={"dynamic_ports": "renumber"}), NEW_BRIDGE, NEW_OVERLAY)


@cache
def begun(at: int) -> list[SimulatorState]:
    """Return the simulations left by a change killed after each of its steps, each a while later."""
    spec = CHANGES[at]
    sims = cuts(sim(), lambda hosts: make(hosts, spec, id_of(sim(), spec)))
    return [elapsed(60)(each) for each in sims[1:]]


def removed_from_state(start: SimulatorState, spec: Spec) -> SimulatorState:
    """After what is done before a resource is removed from the state whose work the state knows to be unfinished."""
    hosts = SimulatedHosts(start)
    match spec:
        case IngressSpec():
            hosts.work("ingress", 300, hosts.progress.append, hosts.ingress, partial(ingress.finish_cut_change, spec))
        case GwbridgeSpec():
            observe = partial(hosts.gwbridge, spec.host)
            hosts.work("bridge", 300, hosts.progress.append, observe, partial(gwbridge.finish_cut_change, spec))
    hosts.elapse(60)
    return hosts.sim


@pytest.mark.parametrize("at", [INGRESS, BRIDGE], ids=["ingress", "docker_gwbridge"])
def test_nothing_is_left_wherever_it_was_cut(at: int):
    """Ports, availability and specs are as before, and no label of ours is left."""
    check = all_of(nothing_lost(sim()), specs_as_before(sim()), no_trace, containers_run(sim()))
    sims = begun(at)
    assert [None] * len(sims) == [check(removed_from_state(each, CHANGES[at])) for each in sims]
    assert [] != sims


def test_what_is_missing_in_the_middle_is_not_gone():
    """Cut between the old one and the new one, there is still work to do."""
    hosts = SimulatedHosts(next(each for each in begun(INGRESS) if not each.swarm.ingress))
    going = "the swarm is in the middle of a change (label swarmnet.change: infra/prod)"
    off = "ports of dynamic, everywhere, web are unpublished and must be restored"
    assert f"it is gone in the middle of a change; {off}; {going}" == ingress.describe_missing(hosts.ingress())

    hosts = SimulatedHosts(next(each for each in begun(BRIDGE) if not each.host("w1").network("docker_gwbridge")))
    assert f"it is gone in the middle of a change; {going}" == gwbridge.describe_missing(hosts.gwbridge("w1"))


def test_a_label_that_only_says_that_a_change_goes_on_is_unfinished_work():
    """Cut before the host was drained: every other stack would wait for it."""
    hosts = SimulatedHosts(begun(BRIDGE)[0])

    assert "the swarm is in the middle of a change (label swarmnet.change: infra/prod)" == gwbridge.describe_unfinished(
        NEW_BRIDGE, hosts.gwbridge("w1")
    )


def test_a_migration_whose_overlay_goes_leaves_no_label():
    """Cut after the note of what moves, and then neither its users nor the overlay are wanted any more."""
    start = begun(OVERLAY)[2]
    known = id_of(sim(), NEW_OVERLAY)
    hosts = SimulatedHosts(start.agreed(services=(), tasks=NO_TASKS))

    hosts.work(
        "overlay",
        60,
        hosts.progress.append,
        lambda: overlay_facts(hosts.sim, NEW_OVERLAY.name, known, thorough=True),
        partial(overlay.next_step_of_removal, NEW_OVERLAY),
    )

    assert (None, []) == (
        no_trace(hosts.sim),
        [net.name for net in hosts.sim.swarm.networks if net.name.startswith(NEW_OVERLAY.name)],
    )


def test_another_stacks_change_is_not_overwritten():
    """Giving the default back asks who is changing the swarm, as every change does."""
    start = in_a_change(sim())
    spec = ingress_spec(on_remove="restore_default")
    decision = ingress.next_step_of_removal(spec, SimulatedHosts(start).ingress(), id_of(start, spec))

    assert "infra/staging is in the middle of a change" in reason(decision)
