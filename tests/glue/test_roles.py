"""The part of the stack file by which a run tells managers."""

import json

import pytest

from providers.rules.stack_file.access import Roles
from providers.rules.vocabulary.specs import Spec
from providers.run import Run
from providers.simulate import bare
from tests.glue.stack import GWBRIDGE
from tests.support.simulated import SimulatedHosts

HOSTS = {
    "m1": {"address": "10.9.0.1", "role": "manager"},
    "m2": {"address": "10.9.0.2", "role": "manager", "lost": True},
    "w1": {"address": "10.9.0.3"},
}


def roles(spec: Spec | None = None, **sections: str) -> Roles:
    """The roles with which hosts are reached."""
    seen: list[Roles] = []

    def reach(_: object, given: Roles) -> SimulatedHosts:
        seen.append(given)
        return SimulatedHosts(bare(*HOSTS))

    run = Run(reach)
    run.configure({"swarmnet:hosts": json.dumps(HOSTS), **sections})
    run.hosts(spec)
    return seen[0]


@pytest.mark.parametrize("section", ["{}", '{"nonsense": 1}', "no data: ["], ids=["right", "wrong", "no data"])
def test_with_the_section_the_files_managers_are_managers(section):
    """Those that are not lost; also while the section itself is wrong."""
    assert Roles(managers=frozenset({"m1"})) == roles(**{"swarmnet:swarm": section})


def test_without_the_section_the_file_does_not_say():
    """Roles that stand there all the same are not held against the swarm."""
    assert Roles(managers=None) == roles()


def test_a_host_that_only_the_state_knows_is_no_manager_by_that():
    """Its former role says nothing of now."""
    assert Roles(managers=frozenset({"m1"})) == roles(GWBRIDGE, **{"swarmnet:swarm": "{}"})
