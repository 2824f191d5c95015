"""Odd answers of an Engine: every reader gives facts, or one error of that host, for answers of any shape."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from providers.explain.facts_file import facts_file
from providers.hosts import observe, overlays, perform, snapshot
from providers.hosts.engine_api.engine import Asked, Engine
from providers.hosts.fleet import Fleet
from providers.hosts.shared_answers import AtOnce
from providers.rules.vocabulary.errors import EngineError, NotFound
from providers.rules.vocabulary.facts import Member
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.snapshot import Snapshot
from providers.rules.vocabulary.steps import CreateNetwork, InitSwarm, JoinSwarm, Step, UpdateNode, UpdateSwarm
from providers.simulate.from_snapshot import copied
from tests.support.engine_answers import ANSWERS

Json = Any
READ: dict[str, Callable[[Engine], object]] = {
    "member": observe.member,
    "nodes": observe.nodes,
    "networks": observe.networks,
    "services": observe.services,
    "tasks": observe.tasks,
    "settings": observe.settings,
    "belongings": observe.belongings,
    "containers": lambda engine: observe.containers(engine, {"c1"}),
    "bridge": lambda engine: observe.local_network(engine, GATEWAY_BRIDGE),
    "swarm's network": lambda engine: observe.swarm_network(engine, "net1"),
    "overlays": overlays.listing,
    "ingress": lambda engine: observe.host_ingress(engine, Member(host="w1", state="active")),
    "host survey": snapshot.host_snapshot,
    "swarm survey": snapshot.swarm_snapshot,
    "seconds": lambda engine: [task.seconds for task in observe.tasks(engine) if task.since],
}
CONFIG = NetworkConfig(name="app", driver="overlay")
DONE: tuple[Step, ...] = (
    CreateNetwork(host="w1", config=CONFIG),
    InitSwarm(host="w1"),
    JoinSwarm(host="w1", role="worker"),
    UpdateSwarm(version=7, set_labels=(("a", "b"),), autolock=True, task_history_limit=3),
    UpdateNode(node_id="n1", version=7, role="manager"),
)
HUGE = 10**30
# Of each kind 2,000 in all of `make test`, 50 in `make check`.
AT_ONCE = max(5, settings().max_examples // 5)
# To make a failing example of so many answers smaller takes minutes.
AS_FOUND = settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [-1, 2**63, HUGE, 0.5, "", "..", "a/../b", "\x1b[2J", "10.0.0.0/33", "::/0", "9" * 5000, "\U0001f600"]
    )
    | st.text(max_size=5)
)
NAMES = sorted({"Id", "ID", "Name", "Spec", "Version", "Index", "Labels", "Swarm", "IPAM", "Config", "Status", "Ports"})
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner),
    max_leaves=12,
)


class Told(Engine):
    """An Engine whose answers a test gives, by path; it takes whatever is posted."""

    def __init__(self, answers: dict[str, Json]) -> None:
        self.name, self.answers, self.restart_took = "w1", answers, 0.0
        self.shared = AtOnce()
        self.connection = self  # type: ignore[assignment]
        self.access = self
        self.listen_address = self.advertise_address = self.data_path_address = None

    def _answer(self, asked: Asked) -> bytearray:
        json.dumps(asked.body)
        if asked.path not in self.answers and asked.method == "GET":
            raise NotFound(f"w1: {asked.path}")
        return bytearray(json.dumps(self.answers.get(asked.path)).encode())


class One(Fleet):
    """A fleet of one host, which is its manager."""

    def __init__(self, engine: Engine) -> None:
        self.one = engine

    def engine(self, name: str) -> Engine:
        return self.one

    def manager(self) -> Engine:
        return self.one

    def forget_manager(self) -> None:
        """It stays."""


def tried(answers: dict[str, Json]) -> list[str]:
    """Return the errors of all readers and performers that fail; only our own kinds may occur."""
    engine, said = Told(answers), []
    for act in (*READ.values(), *(lambda _, step=step: perform.perform(One(engine), step) for step in DONE)):
        try:
            act(engine)
        except EngineError as error:
            said.append(str(error))
    with suppress(EngineError):
        seen = Snapshot(hosts=(snapshot.host_snapshot(engine),), swarm=snapshot.swarm_snapshot(engine))
        facts_file("prod", datetime(2026, 11, 24, tzinfo=UTC), seen, ()).text()
        copied(seen)
    return said


def places(value: Json, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of each value in some JSON."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*here, key))


PLACES = [place for place in places(ANSWERS) if place]


def with_other(place: tuple[Any, ...], value: Json, *, gone: bool) -> dict[str, Json]:
    """The real answers with another value at a place, or none."""
    *above, last = place
    answers = inside = dict(ANSWERS)
    for step in above:
        inside[step] = copy.copy(inside[step])
        inside = inside[step]
    if gone:
        del inside[last]
    else:
        inside[last] = value
    return answers


def test_real_answers_are_read():
    """No reader finds anything wrong with them."""
    assert [] == tried(ANSWERS)


@AS_FOUND
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANY, st.booleans()), min_size=AT_ONCE, max_size=AT_ONCE))
def test_a_value_that_is_something_else(changed):
    """The error says whose it is, at any place of a real answer."""
    for place, value, gone in changed:
        said = tried(with_other(place, value, gone=gone))

        assert all(line.startswith("w1: ") and len(line) < 500 for line in said)


@AS_FOUND
@given(st.lists(ANY, min_size=AT_ONCE, max_size=AT_ONCE))
def test_an_answer_of_any_shape(answers):
    """It may stand in the place of all answers."""
    for answer in answers:
        said = tried(dict.fromkeys(ANSWERS, answer))

        assert all(line.startswith("w1: ") for line in said)


def test_one_garbled_host_stops_no_other(hosts, fleet):
    """The other hosts are read, and the garbled one is told with the reason."""
    for host in hosts.values():
        host.engine.answer("GET /info", body={"Swarm": {"LocalNodeState": "inactive"}})
    hosts["w1"].engine.answer("GET /info", body={"Swarm": ["inactive"]})
    found, unreachable = observe.answers(fleet, observe.member, fleet.names)

    assert ["m1", "w2"] == [each.host for each in found]
    assert ["w1: invalid response from the Engine: GET /info: Swarm: input should be an object"] == [
        each.why for each in unreachable
    ]


@pytest.fixture
def hosts(new_host):
    """A manager and two workers."""
    return {name: new_host(name) for name in ("m1", "w1", "w2")}
