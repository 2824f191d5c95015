"""Record what a script tells about a swarm while it runs on it: answers, and pictures of the swarm at rest.

Times are no part of it. A swarm is at rest when it looks as the other one did there; one that never does is told as it
is when patience ends, and so disagrees.
"""

from collections.abc import Callable, Sequence
from json import dumps, loads
from typing import Any

from providers.rules.vocabulary.errors import Conflict, EngineError, HostError
from providers.rules.vocabulary.facts import Network, Node, SwarmService
from providers.rules.vocabulary.steps import Step, UpdateNode, written_back
from tests.agreement.comparable import picture
from tests.agreement.two_swarms import POLL, Side

Line = tuple[str, Any]

OK = "ok"
PATIENCE = 60.0  # seconds; everything measured takes less than 20 on a machine that does nothing else
REST = 20.0  # seconds
TRIES = 5  # versions are bumped in the background, which refuses an update that was read just before


class Story:
    """A swarm, and what was told of it so far.

    told: answers, facts and pictures. measured: what the first two were when they were measured. other: what was told
    of the swarm that this one is held against.
    """

    def __init__(self, side: Side, other: Sequence[Line] = ()) -> None:
        self.side = side
        self.other = other
        self.told: list[Line] = []
        self.measured: list[Line] = []

    @property
    def answers(self) -> list[Line]:
        """Return what was told, without the pictures."""
        return [line for line in self.told if not isinstance(line[1], dict)]

    # Telling

    def answer(self, what: str, deed: Callable[[], object], refused: type[Exception] | None = None) -> None:
        """Do something, and tell `ok` or the error's name; `refused`: as which it was measured."""
        try:
            deed()
        except (HostError, EngineError) as refusal:
            told = type(refusal).__name__
        else:
            told = OK
        self.fact(what, refused.__name__ if refused else OK, told)

    def take(self, what: str, step: Step, refused: type[Exception] | None = None) -> None:
        """Take a step, and tell how it was answered."""
        self.answer(what, lambda: self.side.perform(step), refused)

    def until(self, what: str, look: Callable[[], bool]) -> None:
        """Wait until something is so, and tell whether it came to be."""
        self.fact(what, True, self.comes(look, PATIENCE))

    def fact(self, what: str, measured: object, told: object) -> None:
        """Tell what is so now."""
        self.measured.append((what, measured))
        self.told.append((what, told))

    def rest(self, what: str) -> None:
        """Wait until the swarm is at rest, and tell how it looks."""
        place = len(self.told)
        shown: list[Line] = []

        def as_actual() -> bool:
            shown[:] = [(what, picture(self.side))]
            return shown[0] == self.other[place]

        if place < len(self.other):
            self.comes(as_actual, PATIENCE)
            self.told += shown  # this picture: the next one may show what has only begun
        else:
            self.side.wait(REST)
            self.told.append((what, picture(self.side)))

    def later(self, what: str, seconds: float) -> None:
        """Let time pass in which nothing should change, and tell how the swarm looks."""
        self.side.wait(seconds)
        self.told.append((what, picture(self.side)))

    def comes(self, look: Callable[[], bool], seconds: float) -> bool:
        """Tell whether something comes to be within this many seconds."""
        for _ in range(round(seconds / POLL)):
            if look():
                return True
            self.side.wait(POLL)
        return look()

    # Reading

    def node(self, host: str) -> Node:
        """A member's entry: the one that the host says is its own."""
        own = self.side.gwbridge(host).member.node_id
        return next(node for node in self.side.swarm().nodes if node.id == own)

    def service(self, name: str) -> SwarmService:
        """A service by its name."""
        return next(service for service in self.side.swarm().services if service.name == name)

    def network(self, name: str) -> str:
        """The id of a network of the swarm."""
        found = self.side.overlay(name).network
        assert found is not None, name
        return found.id

    def bridge(self, host: str) -> Network:
        """A host's docker_gwbridge."""
        found = self.side.gwbridge(host).bridge
        assert found is not None, host
        return found

    def having(self, ingress: str) -> list[str]:
        """The hosts that have a sandbox on an ingress of this name."""
        hosts = picture(self.side)["hosts"].items()
        return [host for host, shown in hosts if any((ingress, True) == (net, box) for net, _, box in shown["ingress"])]

    # Changing

    def update_service(self, name: str, **changes: object) -> None:
        """Change top-level keys of a service's spec, as somebody who reads before he writes."""

        def write() -> None:
            service = self.service(name)
            spec = dumps(loads(service.spec) | changes, sort_keys=True)
            self.side.perform(written_back(service, spec))

        again(write)

    def update_template(self, name: str, **changes: object) -> None:
        """Change keys of a service's template, likewise."""
        self.update_service(name, TaskTemplate={**loads(self.service(name).spec)["TaskTemplate"], **changes})

    def update_node(self, host: str, **changes: Any) -> None:
        """Change a member, likewise; without changes, write it back as it is."""

        def write() -> None:
            node = self.node(host)
            self.side.perform(UpdateNode(node_id=node.id, version=node.version, **changes))

        again(write)


def again(write: Callable[[], None]) -> None:
    """Read and write, and do both again if the thing that was read has changed since. Raises the last refusal."""
    for _ in range(TRIES - 1):
        try:
            return write()
        except Conflict:
            continue
    return write()
