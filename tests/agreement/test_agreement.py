"""The simulated swarm against the real one: the same scripts on both, and what they answer and show is the same.

What a script does is in scripts.py; its number is that of the measured fact. The quick half holds the simulated swarm
to the answers that were measured; the other half holds all that it shows, too, against hosts with Engine 28.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.agreement.scripts import GROUPS, Script, swarm_of_three
from tests.agreement.sides import Real, Side, Simulated
from tests.agreement.story import Line, Story
from tests.real import machines
from tests.real.machines import Group

SCRIPTS = [
    pytest.param(group, script.number, id=f"{script.number} {script.run.__name__}")
    for group, scripts in GROUPS.items()
    for script in scripts
]
BEGINNING = Script("the beginning", swarm_of_three)


class Stage:
    """A swarm on which the scripts of a group run in their order, each once. `other`: the one it is held against."""

    def __init__(self, group: str, side: Side, other: "Stage | None" = None) -> None:
        self.coming = [BEGINNING, *GROUPS[group]]
        self.side = side
        self.other = other
        self.stories: dict[str, Story] = {}

    def story(self, number: str) -> Story:
        """What the script of this number told."""
        while number not in self.stories:
            script = self.coming.pop(0)
            story = Story(self.side, self.other.story(script.number).told if self.other else ())
            self.stories[script.number] = story
            script.run(story)
        return self.stories[number]


@pytest.fixture(scope="module")
def simulated() -> Callable[[str], Stage]:
    """The simulated swarm of each group of scripts."""
    stages = {group: Stage(group, Simulated()) for group in GROUPS}
    return stages.__getitem__


@pytest.fixture(scope="module")
def hosts() -> Iterator[Group]:
    """Three hosts with Engine 28."""
    yield machines.start("s", "28")
    machines.end("s")


@pytest.fixture(scope="module")
def real(hosts: Group, simulated: Callable[[str], Stage]) -> Callable[[str], Stage]:
    """The hosts, bare at the beginning of each group of scripts; groups come one after the other."""
    stages: dict[str, Stage] = {}

    def stage(group: str) -> Stage:
        if group not in stages:
            hosts.reset().provide_image()
            stages[group] = Stage(group, Real(hosts), simulated(group))
        return stages[group]

    return stage


@pytest.mark.parametrize(("group", "number"), SCRIPTS)
def test_as_measured(group: str, number: str, simulated: Callable[[str], Stage]):
    """The simulated swarm answers as was measured."""
    story = simulated(group).story(number)
    assert story.measured == story.answers


@pytest.mark.lab
@pytest.mark.timeout(300)  # a script whose swarms disagree waits for as long as its patience lasts, again and again
@pytest.mark.parametrize(("group", "number"), SCRIPTS)
def test_as_real_hosts(group: str, number: str, simulated: Callable[[str], Stage], real: Callable[[str], Stage]):
    """What real hosts answer and show, and how they look at rest, is what the simulated swarm answers and shows."""
    told: list[Line] = real(group).story(number).told
    assert told == simulated(group).story(number).told
