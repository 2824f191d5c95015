"""The stack files that come with the project, and those of somebody who lives with it."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from providers.rules.plan import plan_of
from providers.rules.stack_file.reading import from_yaml
from tests.support.stackfiles import SHIPPED

STACKS = {stack: path.read_text(encoding="utf-8") for stack, path in SHIPPED.items()}


def ranges(stack):
    """Every range that a stack gives to its networks."""
    plan = plan_of(from_yaml(STACKS[stack]), f"swarmnet/{stack}")
    bridges = [spec.subnet for batch in plan.gwbridges for spec in batch]
    pools = plan.swarm.default_addr_pool if plan.swarm else ()
    ingress = [plan.ingress.subnet] if plan.ingress else []
    return [IPv4Network(subnet) for subnet in (*bridges, *pools, *ingress, *(spec.subnet for spec in plan.overlays))]


def test_there_is_a_sample_for_each_environment():
    """It is in a folder where no command looks for stacks by itself."""
    assert {"dev", "prod", "staging"} == STACKS.keys() - {"lab"}


@pytest.mark.parametrize(("one", "other"), list(combinations(STACKS, 2)))
def test_environments_have_plans_of_their_own(one, other):
    """No range of one environment meets one of another."""
    assert [] == [(ours, theirs) for ours in ranges(one) for theirs in ranges(other) if ours.overlaps(theirs)]


@pytest.mark.parametrize("stack", STACKS)
def test_file_is_as_pulumi_would_write_it(stack):
    """Pulumi drops empty lines when it writes a stack file, as `pulumi stack init` does; there are none to drop."""
    assert "" not in STACKS[stack].splitlines()


@pytest.mark.skipif("lab" not in STACKS, reason="stacks/Pulumi.lab.yaml was deleted")
def test_making_the_lab_stack_changes_no_file():
    """`pulumi stack init lab` has nothing to write into a file with a salt."""
    assert "\nencryptionsalt: v1:" in STACKS["lab"]
