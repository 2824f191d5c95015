"""The simulated swarm against the real one: the same scripts on both, and what they answer and show is the same.

What a script does, and which measurement it repeats, is in scripts.py. The quick half holds the simulated swarm
to the answers that were measured; the other half holds all that it shows, too, against hosts with Engine 28.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.agreement.scripts import BEGINNINGS, GROUPS, Script
from tests.agreement.transcript import Line, Story
from tests.agreement.two_swarms import Real, Side, Simulated
from tests.support import machines
from tests.support.machines import Group

SCRIPTS = [pytest.param(group, script, id=script.__name__) for group, scripts in GROUPS.items() for script in scripts]


class Stage:
    """A swarm on which the scripts of a group run in their order, each once. `other`: the one it is held against."""

    def __init__(self, group: str, side: Side, other: "Stage | None" = None) -> None:
        self.coming = [BEGINNINGS[group], *GROUPS[group]]
        self.side = side
        self.other = other
        self.stories: dict[Script, Story] = {}

    def story(self, script: Script) -> Story:
        """Run the scripts up to this one, and return what this one told."""
        while script not in self.stories:
            coming = self.coming.pop(0)
            story = Story(self.side, self.other.story(coming).told if self.other else ())
            self.stories[coming] = story
            coming(story)
        return self.stories[script]


@pytest.fixture(scope="module")
def simulated() -> Callable[[str], Stage]:
    """The simulated swarm of each group of scripts."""
    stages = {group: Stage(group, Simulated()) for group in GROUPS}
    return stages.__getitem__


@pytest.fixture(scope="module")
def three() -> Iterator[Group]:
    """Three hosts with Engine 28, which no other file uses."""
    yield machines.start("s", "28")
    machines.end("s")


class Hosts:
    """The hosts, bare at the beginning of each group of scripts; groups come one after the other."""

    def __init__(self, hosts: Group, simulated: Callable[[str], Stage]) -> None:
        self.hosts, self.simulated = hosts, simulated
        self.stages: dict[str, Stage] = {}

    def story(self, group: str, script: Script) -> Story:
        """Run the scripts of the group up to this one on real hosts, and return what this one told."""
        if group not in self.stages:
            self.hosts.reset().provide_image()
            self.stages[group] = Stage(group, Real(self.hosts), self.simulated(group))
        return self.stages[group].story(script)

    def forget(self, group: str) -> None:
        """Begin the group's scripts anew at the next story: one that came out otherwise leaves another swarm."""
        del self.stages[group]


@pytest.fixture(scope="module")
def real(three: Group, simulated: Callable[[str], Stage]) -> Hosts:
    """The hosts and their stories."""
    return Hosts(three, simulated)


@pytest.mark.parametrize(("group", "script"), SCRIPTS)
def test_as_measured(group: str, script: Script, simulated: Callable[[str], Stage]):
    """The simulated swarm answers as was measured."""
    story = simulated(group).story(script)
    assert story.measured == story.answers


@pytest.mark.lab
@pytest.mark.timeout(400)  # a script whose swarms disagree waits for as long as its patience lasts, again and again
@pytest.mark.parametrize(("group", "script"), SCRIPTS)
def test_as_real_hosts(group: str, script: Script, simulated: Callable[[str], Stage], real: Hosts):
    """The simulated swarm answers, shows and comes to rest as real hosts do."""
    measured: list[Line] = simulated(group).story(script).told
    told: list[Line] = real.story(group, script).told
    if told != measured:
        real.forget(group)
    assert measured == told
