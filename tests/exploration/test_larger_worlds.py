"""Simulations too large to explore, drawn: up to 7 hosts, 10 services, one change of them, and what befalls it on its
way.

A story is all that is drawn: small and plain values, so that one that fails shrinks to few hosts, services and events.
It is lived through by the real loop with the measured times of real hosts. What others did is done to a second
simulation as well, which the change never touches: what has to hold is said by that one.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.rules.resource_types import ingress
from providers.rules.vocabulary.errors import Blocked, DeadlineExceeded, EngineError, SwarmnetError
from providers.rules.vocabulary.service_spec import read_spec
from providers.rules.vocabulary.steps import Step
from providers.simulate import SimulatorState, elapse, members
from providers.simulate.workloads import Service, read, text
from tests.exploration import deeds
from tests.exploration.checks import BY_HAND, all_of, breaks_quorum, ports_of, specs_as_before, unpinned
from tests.exploration.explore import REST, Act, Check, Scene, attempt, written_over
from tests.exploration.scenes import DISTURBING, NEW_INGRESS, NEW_OVERLAY, bridge, migration, stack, swap
from tests.support import others
from tests.support.lifecycle import id_of, overlay_spec
from tests.support.others import create_service, named, service_spec
from tests.support.simulated import Killed, SimulatedHosts

pytestmark = pytest.mark.exploration

HOSTS = ("m1", "h2", "h3", "h4", "h5", "h6", "h7")
CUT, LOSS = "cut", "loss"
# So many looks and steps later a lost host is back: the managers have given it up by then, if somebody waits for it.
AWAY = 50
BACK = 30
# The Engine's answer to a step before which others acted after the look that led to it: another run goes on.
TOO_LATE = EngineError
SECONDS = 300.0

# By name, the plainest first. None: the spec says nothing.
UPDATES: dict[str, dict[str, object] | None] = {
    "all at once": {"Parallelism": 0, "FailureAction": "pause"},
    "unsaid": None,
    "one by one": {"Parallelism": 1, "FailureAction": "continue"},
    "rolls back": {"Parallelism": 0, "FailureAction": "rollback"},
    "start first": {"Parallelism": 0, "FailureAction": "pause", "Order": "start-first"},
}
PLACES: dict[str, dict[str, object]] = {
    "anywhere": {},
    "bound": {"Constraints": ["node.hostname == h2"]},
    "one each": {"MaxReplicas": 1},
}
RESTARTS: dict[str, dict[str, object]] = {
    "any": {},
    "on failure": {"RestartPolicy": {"Condition": "on-failure"}},
    "none": {"RestartPolicy": {"Condition": "none"}},
}
FIRST = 8000  # of ten numbers for the ports of the first service
# By name: ports as the Engine's API takes them, which is more than its command writes.
PORTS: dict[str, list[dict[str, Any]]] = {
    "fixed": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": FIRST, "PublishMode": "ingress"}],
    "second": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8001, "PublishMode": "ingress"}],
    "dynamic": [{"Protocol": "tcp", "TargetPort": 81, "PublishedPort": 0, "PublishMode": "ingress"}],
    "host": [{"Protocol": "tcp", "TargetPort": 82, "PublishedPort": 8002, "PublishMode": "host"}],
    "same number": [{"Protocol": "udp", "TargetPort": 80, "PublishedPort": FIRST, "PublishMode": "ingress"}],
    "both ways": [
        {"Protocol": "sctp", "TargetPort": 83, "PublishedPort": 8003, "PublishMode": "ingress"},
        {"Protocol": "sctp", "TargetPort": 83, "PublishedPort": 8004, "PublishMode": "host"},
    ],
    "twice": [{"TargetPort": 84}, {"TargetPort": 84}],
    "unsaid": [{"TargetPort": 85, "Name": "metrics"}],
    "host, unsaid": [{"TargetPort": 86, "PublishMode": "host"}],
}
# By name: the part of a spec with its ports.
ENDPOINTS: dict[str, Callable[[list[dict[str, Any]]], dict[str, Any]]] = {
    "ports": lambda ports: {"EndpointSpec": {"Ports": ports}},
    "mode": lambda ports: {"EndpointSpec": {"Mode": "vip", **({"Ports": ports} if ports else {})}},
    "nothing": lambda ports: {"EndpointSpec": {"Ports": ports}} if ports else {},
    "null": lambda ports: {"EndpointSpec": {"Ports": ports or None}},
}


@dataclass(frozen=True)
class HostConfig:
    """One host: how many ingresses fail to be set up on it at first, whether it takes long to drop one, and whether
    somebody has paused it."""

    failing_kicks: int = 0
    slow: bool = False
    paused: bool = False


@dataclass(frozen=True)
class ServiceConfig:
    """One service. replicas: 0 for one on every node. moved: an update of nothing but its placement is behind it.
    where, restarts, endpoint: its placement, its restart policy and the form of its ports, by name."""

    ports: tuple[str, ...] = ()
    replicas: int = 1
    on_overlay: bool = False
    moved: bool = False
    update: str = "all at once"
    where: str = "anywhere"
    restarts: str = "any"
    endpoint: str = "ports"


@dataclass(frozen=True)
class Event:
    """One event, so many looks and steps after the one before it. which: the number of a service or host, or the
    seconds until the next run after a cut."""

    what: str
    after: int = 0
    which: int = 0


@dataclass(frozen=True)
class Story:
    """A simulation, its change, and what befalls it. subject: the number of the host whose bridge changes."""

    hosts: tuple[HostConfig, ...]
    managers: int
    services: tuple[ServiceConfig, ...]
    change: str
    subject: int
    pin: bool
    events: tuple[Event, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its hosts."""
        return HOSTS[: len(self.hosts)]

    @property
    def host(self) -> str:
        """The host whose bridge changes."""
        return self.names[self.subject % len(self.names)]

    @property
    def may_be_refused(self) -> bool:
        """Tell whether something in it may forbid the change before its first write."""
        return any(host.paused for host in self.hosts) or any(
            service.restarts != "any" or service.update == "start first" or service.where != "anywhere"
            for service in self.services
        )


# What is drawn

# Few choices to each thing, so that it can be left out as a whole where a failing story shrinks.
host_shapes = st.sampled_from(
    [HostConfig(kicks, slow, paused) for paused, kicks, slow in product((False, True), (0, 1, 2), (False, True))]
)
service_shapes = st.builds(
    lambda config, ports, endpoint: replace(config, ports=ports, endpoint=endpoint),
    st.sampled_from(
        [
            ServiceConfig((), replicas, overlay, moved, update, where, restarts)
            for restarts, where, update, moved, overlay, replicas in product(
                RESTARTS, PLACES, UPDATES, (False, True), (False, True), (1, 2, 3, 0)
            )
        ]
    ),
    st.sampled_from([ports for count in range(4) for ports in permutations(PORTS, count)]),
    st.sampled_from([*ENDPOINTS]),
)


@st.composite
def stories(draw: st.DrawFn, change: str) -> Story:
    """A story of one change, whatever befalls it."""
    what = st.sampled_from((CUT, *DEEDS, LOSS))
    happening = st.builds(Event, what=what, after=st.integers(0, 60), which=st.integers(0, 9))
    hosts = tuple(draw(st.lists(host_shapes, min_size=1, max_size=len(HOSTS))))
    return Story(
        hosts=hosts,
        managers=draw(st.sampled_from([number for number in (1, 3, 5) if number <= len(hosts)])),
        services=tuple(draw(st.lists(service_shapes, max_size=10))),
        change=change,
        subject=draw(st.integers(0, len(hosts) - 1)) if change == "bridge" else 0,
        pin=draw(st.booleans()) if change == "swap" else True,
        events=tuple(draw(st.lists(happening, max_size=4))),
    )


# Where it starts


def begun(story: Story) -> SimulatorState:
    """The simulation of a story, at rest."""
    sim = stack(managers=story.names[: story.managers], hosts=story.names)
    overlay = id_of(sim, overlay_spec())
    for number, config in enumerate(story.services):
        sim = create_service(sim, spec_of(number, config, overlay))
    sim = elapse(sim, 20)
    for number, config in enumerate(story.services):
        if config.moved:
            template = read(named(sim, name_of(number)).spec)["TaskTemplate"]
            also = template["Placement"].get("Constraints", [])
            moved = {**template, "Placement": {**template["Placement"], "Constraints": ["node.role != x", *also]}}
            sim = others.change_service(sim, name_of(number), TaskTemplate=moved)
    sim = elapse(sim, 20)
    for name, luck in zip(story.names, story.hosts, strict=True):
        sim = sim.with_host(replace(sim.host(name), failing_kicks=luck.failing_kicks, slow=luck.slow))
        sim = others.set_node(sim, name, availability="pause") if luck.paused else sim
    return elapse(sim, 5)


def name_of(number: int) -> str:
    """The name of a service by its number."""
    return f"service{number}"


def spec_of(number: int, config: ServiceConfig, overlay: str) -> str:
    """The spec of a service: each has numbers of its own for its ports."""
    spec = read(
        service_spec(
            name_of(number),
            networks=(overlay,) if config.on_overlay else (),
            replicas=config.replicas or None,
            UpdateConfig=UPDATES[config.update],
        )
    )
    ports = [
        {**port, "PublishedPort": port["PublishedPort"] + 10 * number} if port.get("PublishedPort") else port
        for kind in config.ports
        for port in PORTS[kind]
    ]
    said = {key: value for key, value in spec.items() if value is not None and key != "EndpointSpec"}
    template = {**spec["TaskTemplate"], "Placement": PLACES[config.where], **RESTARTS[config.restarts]}
    return text({**said, "TaskTemplate": template, **ENDPOINTS[config.endpoint](ports)})


# What others do


@dataclass(frozen=True)
class Deed:
    """An act of others on a service, a host or the swarm: by name, or by a number.

    lasts: it stands in the simulation as others want it. undoes: it may undo what the change did, and nothing else.
    ends: how the change may end for it without being done.
    """

    act: Callable[[Any], Act]
    to: str = "service"
    lasts: bool = True
    undoes: bool = False
    ends: tuple[type[SwarmnetError], ...] = ()


DEEDS: dict[str, Deed] = {
    "scale": Deed(partial(deeds.scaled, replicas=2)),
    "image": Deed(deeds.another_image),
    "placement": Deed(deeds.another_placement),
    "port": Deed(partial(deeds.another_port, port=9999)),
    "no ports": Deed(deeds.unpublished),
    "removal": Deed(deeds.removed),
    "rollback": Deed(deeds.rolled_back, lasts=False, undoes=True),
    "failure": Deed(deeds.failing, ends=(Blocked, DeadlineExceeded)),
    "alien": Deed(lambda number: deeds.created(7171), "swarm", lasts=False),
    "rival": Deed(lambda number: deeds.created(FIRST + 10 * number), "swarm", lasts=False, ends=(Blocked,)),
    "rival on hosts": Deed(
        lambda number: deeds.created(8002 + 10 * number, "host"), "swarm", lasts=False, ends=(Blocked,)
    ),
    "late user": Deed(lambda number: deeds.used(), "swarm", lasts=False),
    "pause": Deed(deeds.paused, "host", ends=(Blocked,)),
    "drain": Deed(deeds.drained, "host", ends=(Blocked,)),
    "label": Deed(deeds.labelled, "host"),
    "promotion": Deed(partial(deeds.given_role, role="manager"), "host", ends=(Blocked,)),
    "demotion": Deed(partial(deeds.given_role, role="worker"), "host", ends=(Blocked,)),
}


# What has to hold


def scene_of(story: Story, theirs: SimulatorState) -> Scene:
    """The change, and what has to hold while it goes on. theirs: the simulation as others want it."""
    always = just_these_ports(theirs)
    # Not what goes with a host that is lost, nor what a swarm forgets that is written to while any host is drained
    # (measurements.md#forgotten-tasks).
    apart = {LOSS, *(name for name, deed in DEEDS.items() if deed.to == "service" and story.change == "bridge")}
    run = all_of() if apart & {event.what for event in story.events} else tasks_run(theirs)
    match story.change:
        case "swap":
            spec = NEW_INGRESS.model_copy(update={"dynamic_ports": "pin" if story.pin else "renumber"})
            scene = swap(theirs, harm=breaks_quorum, decide=partial(ingress.next_step, spec, known=True))
            when_done = specs_as_before(theirs, by_hand=True)
        case "bridge":
            scene = bridge(theirs, DISTURBING.model_copy(update={"host": story.host}))
            when_done = specs_as_before(theirs, by_hand=True)
        case _:
            scene, when_done = migration(theirs), specs_on_the_new_overlay(theirs)
    return replace(
        scene,
        always=all_of(scene.always, always),
        when_done=all_of(scene.when_done, scene.always, when_done, run),
        when_ended=all_of(scene.when_ended, run),
    )


def tasks_run(theirs: SimulatorState) -> Check:
    """Every service has as many tasks, some time later, as it would have without the change, but for those on hosts
    that somebody has paused meanwhile."""

    def check(sim: SimulatorState) -> str | None:
        by_others = {node.id for node in theirs.swarm.nodes if node.label(BY_HAND)}
        desired, found = running(theirs, apart=by_others), running(sim)
        most = {each.name: read_spec(each.spec).replicas for each in theirs.swarm.services}  # fewer, once scaled
        due = {name: min(count, most[name] or count) for name, count in desired.items()}
        less = {name: (count, found[name]) for name, count in due.items() if found[name] < count}
        return f"tasks are lost: {less}" if less else None

    return check


def running(sim: SimulatorState, apart: Collection[str] = ()) -> Counter[str]:
    """The number of tasks of each service that run after a while, without those on these nodes."""
    later = elapse(sim, REST)
    names = {service.id: service.name for service in later.swarm.services if not service.failing}
    tasks = (
        task for task in later.swarm.tasks if task.state == task.desired == "running" and task.node_id not in apart
    )
    return Counter(names[task.service_id] for task in tasks if task.service_id in names)


def just_these_ports(theirs: SimulatorState) -> Check:
    """No service publishes, or will publish again, a port that nobody wanted, or has lost one that somebody did."""
    before = {service.name: ports_of(theirs, service) for service in theirs.swarm.services}
    numbers = {
        service.name: {(port.protocol, port.target, port.published) for port in service.numbers}
        for service in theirs.swarm.services
    }

    def check(sim: SimulatorState) -> str | None:
        for service in sim.swarm.services:
            found = ports_of(sim, service)
            desired = before.get(service.name, found)
            # What is only on the swarm's label may be that of a service that was deployed without it since.
            more = ports_of(sim, service, copies=False) - desired - numbers.get(service.name, set())
            less = desired - unpinned(found)
            if more or less:
                return f"{service.name} has ports too many: {sorted(more)}; too few: {sorted(less)}"
        return None

    return check


def specs_on_the_new_overlay(theirs: SimulatorState) -> Check:
    """Every spec is as others want it, with the new overlay in the place of the old one."""
    old = id_of(theirs, NEW_OVERLAY)

    def check(sim: SimulatorState) -> str | None:
        new = id_of(sim, NEW_OVERLAY)
        services = (replace(each, spec=each.spec.replace(old, new)) for each in theirs.swarm.services)
        return specs_as_before(theirs.agreed(services=tuple(services)), by_hand=True)(sim)

    return check


# What comes of it


class Wrong(AssertionError):
    """Something that has to hold does not."""


def wrong(problem: str | None) -> None:
    """Raise what is wrong, if something is."""
    if problem:
        raise Wrong(problem)


@dataclass
class Witness(SimulatedHosts):
    """Hosts on which a story is lived through: every state is looked at, and events happen at their time.

    begun: the simulation at its start. theirs: the simulation as others want it.
    """

    story: Story = field(kw_only=True)
    begun: SimulatorState = field(init=False)
    theirs: SimulatorState = field(init=False)
    scene: Scene = field(init=False)
    events: list[Event] = field(init=False)
    happened: list[Deed] = field(default_factory=list)
    moments: int = 0  # looks and steps since the last event
    away: dict[str, int] = field(default_factory=dict)  # the host that was lost, and how many of them it stays away
    killed: bool = False
    touched: bool = False  # by a step of ours
    until_next_run: int = 0
    seen: tuple[object, object] = (None, None)
    facts: Any = None

    def __post_init__(self) -> None:
        self.begun = self.theirs = self.sim
        self.events = list(self.story.events)
        self.scene = scene_of(self.story, self.theirs)

    # The run

    def live(self) -> None:
        """Go on until it is done, or blocked by what others did. Raises Wrong if something does not hold."""
        while not self.ended():
            self.killed = True
            self.elapse(self.until_next_run)
        wrong(self.scene.always(elapse(self.sim, REST)))

    def ended(self) -> bool:
        """One run: whether nothing is left to do after it."""
        self.killed, self.steps, self.facts = False, [], None
        acts = len(self.happened)
        try:
            self.work("it", SECONDS, lambda line: None, self.observe, self.scene.decide, self.scene.rollbacks)
        except Killed:
            return False
        except SwarmnetError as problem:
            if self.come_back():
                return False
            if isinstance(problem, TOO_LATE) and len(self.happened) > acts:
                return False
            by_others = any(isinstance(problem, deed.ends) for deed in self.happened)
            # In the middle, what others or a loss changed may be what forbids it now.
            changed = self.happened or any(event.what == LOSS for event in self.story.events)
            refused = isinstance(problem, Blocked) and self.story.may_be_refused and (changed or not self.touched)
            wrong(None if by_others or refused else f"{type(problem).__name__}: {problem}")
            wrong(self.scene.when_ended(self.sim))
            return True
        wrong(self.scene.when_done(self.sim) or self.scene.when_done(elapse(self.sim, REST)))
        return not self.come_back()

    def observe(self) -> Any:
        """Return what the run sees; it is read anew only if something has changed."""
        now = (self.sim.hosts, self.sim.cluster)
        if self.facts is None or not same(now, self.seen):
            self.facts, self.seen = self.scene.observe(self.sim), now
        return self.facts

    def perform(self, step: Step) -> None:
        """Take a step, if it may be taken in this state."""
        wrong(self.scene.harm(self.sim, step))
        self.touched = True
        super().perform(step)
        wrong(self.scene.always(self.sim))

    def elapse(self, seconds: float) -> None:
        """Let time pass, and happen what is due."""
        before = (self.sim.hosts, self.sim.cluster)
        super().elapse(seconds)
        if not same(before, (self.sim.hosts, self.sim.cluster)):
            wrong(self.scene.always(self.sim))
        self.befall()

    # What befalls it

    def befall(self) -> None:
        """A host that was lost comes back, and the next event happens, if they are due."""
        self.moments += 1
        self.away = {host: left - 1 for host, left in self.away.items()}
        if 0 in self.away.values():
            self.come_back()
        if self.events and self.events[0].after < self.moments:
            self.moments = 0
            self.happen(self.events.pop(0))

    def happen(self, event: Event) -> None:
        """Something befalls the simulation, or the run if there is one."""
        if event.what == LOSS:
            self.lose(self.story.names[event.which % len(self.story.names)])
        elif event.what in DEEDS:
            self.others_act(DEEDS[event.what], event.which)
        elif not self.killed:
            self.killed, self.until_next_run = True, event.which
            raise Killed
        wrong(self.scene.always(self.sim))

    def lose(self, host: str) -> None:
        """Docker stops on a host, once in a story."""
        if not self.away:
            self.away = {host: AWAY}
            self.sim = members.stop_docker(self.sim, host)

    def come_back(self) -> bool:
        """Bring back a host that was away, and tell whether there was one."""
        host = next((host for host in self.away if not self.sim.host(host).docker), None)
        if host is None:
            return False
        self.sim, self.until_next_run = members.start_docker(self.sim, host), BACK
        return True

    def others_act(self, deed: Deed, which: int) -> None:
        """Let somebody act, if the swarm allows it; a lasting act is what they want from now on."""
        services = [
            service.name
            for service in self.theirs.swarm.services
            if not service.failing and (keeps_its_numbers(service) or not deed.undoes)
        ]
        actual = {"service": services, "host": self.story.names, "swarm": range(10)}[deed.to]
        if not actual:
            return
        act = deed.act(actual[which % len(actual)])
        changed, desired = attempt(act, self.sim), attempt(act, self.theirs) or self.theirs
        if changed is None or changed == self.sim:
            return
        lasting = desired != self.theirs
        if deed.undoes and lasting:
            return
        if deed.lasts and (not lasting or nowhere_to_run(desired)):
            return
        self.sim, self.happened = changed, [*self.happened, deed]
        self.theirs = desired if deed.lasts else self.theirs
        scene = scene_of(self.story, self.theirs)
        self.scene = replace(scene, always=all_of(scene.always, partial(written_over, self.begun, self.theirs)))


def keeps_its_numbers(service: Service) -> bool:
    """Tell whether a rollback that brings its ports back gives none of them another number."""
    return all(port.published for port in service.ports)


def nowhere_to_run(sim: SimulatorState) -> bool:
    """Tell whether no host takes tasks any more, so that removed ports and tasks can't come back."""
    return all(node.availability != "active" for node in sim.swarm.nodes)


def same(these: tuple[object, ...], those: tuple[object, ...]) -> bool:
    """Tell whether all pairs are the very same objects: most of a simulation is, from one moment to the next."""
    return all(this is that for this, that in zip(these, those, strict=True))


# Whatever befalls a change


@pytest.mark.parametrize("change", ["swap", "bridge", "migration"])
@settings(derandomize=True)  # so that what fails is this change's own
@given(data=st.data())
def test_a_change(change: str, data: st.DataObject):
    """All invariants hold in every state, and it is done in the end, or blocked by what others did."""
    story = data.draw(stories(change))
    Witness(begun(story), story=story).live()
