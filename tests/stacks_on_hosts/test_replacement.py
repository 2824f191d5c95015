"""`pulumi up --replace`: what somebody asked to be replaced is there afterwards, and nothing else is touched."""

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.machines import eventually
from tests.support.what_hosts_show import promised, shown

pytestmark = pytest.mark.lab


def test_what_is_replaced_on_demand_is_there_afterwards(standing: Standing):
    """It goes first and comes then, with all that the stack file says of it."""
    resources = ("ingress", "overlay/app")
    state = standing.project.state()
    replaced = standing.project.up(*(f"--replace={state[name]['urn']}" for name in resources))

    assert (True, dict.fromkeys(resources, "replace")) == (replaced.ok, operations(replaced.steps)), replaced.told
    assert eventually(lambda: promised(standing.sections) == shown(standing.hosts))
    assert eventually(standing.project.is_settled)


@pytest.mark.parametrize("resource", ["docker_gwbridge@t2", "node/t2"])
def test_what_members_need_is_not_replaced_under_them(standing: Standing, resource: str):
    """It is refused with what to do, and all stays."""
    refused = standing.project.up("--replace", standing.project.state()[resource]["urn"])

    assert (False, True) == (refused.ok, resource in refused.errors)
    assert promised(standing.sections) == shown(standing.hosts)
    assert standing.project.up("--refresh").ok


def operations(steps: dict[str, str]) -> dict[str, str]:
    """Return the operations by resource, with the halves of a replacement as one."""
    return {name: "replace" if "replace" in op else op for name, op in steps.items()}
