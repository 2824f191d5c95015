"""The exploration sees what it is there to see: without any one of the safeguards it fails."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from providers import simulate
from providers.rules.live import bridge_swap, ingress_rollout, journal, maintenance, published_ports, quorum, safety
from providers.rules.resource_types import gwbridge, ingress
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.facts import IngressFacts, OverlayFacts, Task
from providers.rules.vocabulary.labels import JOURNAL
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import Blocked, Done, Step, Steps, UpdateNode, UpdateService, UpdateSwarm
from providers.simulate import SimulatorState
from tests.exploration.explore import PATIENCE, Exploration, Scene
from tests.exploration.scenes import NEW_BRIDGE, NEW_INGRESS, SMALL, UNTIDY, swap
from tests.support import others
from tests.support.lifecycle import id_of, make
from tests.support.simulated import SimulatedHosts

pytestmark = pytest.mark.exploration


def done(*_: Any, **__: Any) -> Done:
    """A decision that finds nothing to do."""
    return Done()


def nothing(*_: Any, **__: Any) -> None:
    """A safeguard that never says anything."""


def without_version(
    perform: Callable[[SimulatorState, Step], SimulatorState],
) -> Callable[[SimulatorState, Step], SimulatorState]:
    """Writes go through whatever has changed since the look."""

    def blind(sim: SimulatorState, step: Step) -> SimulatorState:
        match step:
            case UpdateService():
                service = sim.swarm.service(step.service_id)
                step = replace(step, version=service.version) if service else step
            case UpdateNode():
                entry = sim.swarm.node(step.node_id)
                step = replace(step, version=entry.version) if entry else step
            case UpdateSwarm():
                step = replace(step, version=sim.swarm.settings.version)
        return perform(sim, step)

    return blind


def without_journal(service: Any, found: Any) -> str:
    """The ports taken off by an update that does not say so."""
    spec = json.loads(ORIGINAL_STRIP(service, found))
    del spec["Labels"][JOURNAL]
    return json.dumps(spec)


ORIGINAL_STRIP = journal.stripped_spec


Change = tuple[Any, str, Any]
# Each with the scene that shows it, and what is changed.
MUTATIONS: dict[str, tuple[str, *tuple[Change, ...]]] = {
    "wait for tasks gone": ("swap", (published_ports, "empty_network", nothing)),
    "wait for the hosts' 404": ("swap, a host is slow", (ingress_rollout, "wait_for_removed_ingress", nothing)),
    "kick": ("swap", (ingress_rollout, "kick_hosts", nothing)),
    "fresh kick value": ("swap, a kick fails twice", (ingress_rollout, "kicks", lambda network, node: 0)),
    "force after a placement-only update": (
        "swap, placement changed before",
        (journal, "forced_spec", lambda text: text),
    ),
    "pause against rollback": ("swap, its tasks begin to fail", (journal, "MEANWHILE", {"Parallelism": 0})),
    "quorum guard": (
        "bridge of a manager",
        (maintenance, "restart_refusal", nothing),
        (quorum, "removal_refusal", nothing),
    ),
    "journal in the same update": ("swap, a port is added", (journal, "stripped_spec", without_journal)),
    "version check": ("migration", (simulate, "perform", without_version(simulate.perform))),
    "restart of the Engine": ("bridge", (bridge_swap, "restart_engine", nothing)),
    "repair of hosts that are stuck": ("swap, an old ingress is stuck", (ingress_rollout, "STALE", 1000.0)),
    "our labels away": ("swap", (published_ports, "finish_change", nothing)),
    "containers started again": ("bridge, a container", (maintenance, "stopped_on", lambda node: {})),
    "containers paused again": ("bridge, a paused container", (maintenance, "paused_on", lambda node: set())),
    "containers that have stopped": ("migration, a container has stopped", (OverlayFacts, "stopped_on", lambda *_: [])),
    "ports back where it turns round": ("swap", (ingress, "next_step_of_rollback", done)),
    "host back where it turns round": ("bridge", (gwbridge, "restore_host", done)),
    "tasks that no host takes": ("no place", (Task, "unplaced", False)),
    "tasks that wait where an ingress stays": (
        "swap, removed too early, tasks wait there",
        (IngressFacts, "keeping", frozenset()),
    ),
    "tasks that no Engine ends": (
        "swap, removed too early, tasks wait there",
        (ingress_rollout, "has_endless_tasks", lambda *_: False),
    ),
}
SCENES: dict[str, Callable[[], Scene]] = {
    **SMALL,
    **{name: partial(lambda sim: swap(sim()), sim) for name, sim in UNTIDY.items()},
}


@pytest.mark.parametrize("safeguard", MUTATIONS)
def test_without_it_something_breaks(safeguard: str, monkeypatch: pytest.MonkeyPatch):
    """The harm that a safeguard is there for happens if it alone is taken out."""
    scene, *changes = MUTATIONS[safeguard]
    for module, name, instead in changes:
        monkeypatch.setattr(module, name, instead)
    assert [] != Exploration(SCENES[scene]()).run().report()


@pytest.mark.parametrize(
    ("part", "sim"),
    [("_stranded", "global, a node is paused"), ("_halted", "a paused rollout"), ("_ended", "ended for good")],
)
def test_without_a_part_of_the_safety_check_the_change_begins(part: str, sim: str, monkeypatch: pytest.MonkeyPatch):
    """A change that would get stuck or lose something begins, instead of being refused."""
    scene = SCENES[sim]()
    facts = replace(scene.observe(scene.start), unchanged_for=PATIENCE)
    assert isinstance(scene.decide(facts), Blocked)
    monkeypatch.setattr(safety, part, lambda *_: ())
    assert isinstance(scene.decide(facts), Steps)


def ended(sim: SimulatorState, spec: Spec) -> str:
    """Return how one run ends: the simulations of these safeguards have too many states to be explored."""
    hosts = SimulatedHosts(sim)
    try:
        make(hosts, spec, known=id_of(sim, spec))
    except SwarmnetError as error:
        return type(error).__name__
    return "done" if all(host.docker for host in hosts.sim.hosts) else "docker is down"


def never_attached() -> SimulatorState:
    """Docker on w1 may start three times in a minute, and its ingress does not come back."""
    sim = others.limit_starts(UNTIDY["a container that ends"](), "w1")
    return replace(sim, timings=replace(sim.timings, ingress_back=1000))


RUNS: dict[str, tuple[Change, Spec, Callable[[], SimulatorState], tuple[str, str]]] = {
    "stop first": (
        (journal, "MEANWHILE", {key: value for key, value in journal.MEANWHILE.items() if key != "Order"}),
        *(NEW_INGRESS, UNTIDY["start first on full nodes"], ("done", "DeadlineExceeded")),
    ),
    "two restarts at most": (
        (maintenance, "MOST_RESTARTS", 9),
        *(NEW_BRIDGE, never_attached, ("Blocked", "Unreachable")),
    ),
}


@pytest.mark.parametrize("safeguard", RUNS)
def test_without_it_a_run_ends_otherwise(safeguard: str, monkeypatch: pytest.MonkeyPatch):
    """With it a run ends as promised; without it all ports stay off, or docker stays down."""
    change, spec, sim, ends = RUNS[safeguard]
    first = ended(sim(), spec)
    monkeypatch.setattr(*change)
    assert ends == (first, ended(sim(), spec))
