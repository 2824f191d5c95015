"""Networks with fewer addresses than they need: a warning with the numbers."""

import pytest

from tests.support.stackfiles import net, said

NODES = {f"n{number}": {"address": f"n{number}.example"} for number in range(1, 4)}


def warnings(hosts=NODES, **sections):
    """The warnings of a stack of three hosts."""
    return said(hosts=hosts, **sections).warnings


@pytest.mark.parametrize(
    ("sections", "warning"),
    [
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/28", expect={"tasks": 9, "services": 1})}},
            "overlays.app.subnet: 10.12.0.0/28 has 13 addresses to give, and needs 22 "
            "(3 for nodes, 1 for services, 18 for 9 tasks, twice while they are updated); use /27 or larger",
            id="the measured example, while it is updated",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/16", ip_range="10.12.4.0/28", expect={"tasks": 9})}},
            "overlays.app.ip_range: 10.12.4.0/28 has 15 addresses to give, and needs 21 "
            "(3 for nodes, 18 for 9 tasks, twice while they are updated); use /27 or larger",
            id="ip_range with the gateway in it",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/29", expect={"services": 6})}},
            "overlays.app.subnet: 10.12.0.0/29 has 5 addresses to give, and needs 6 (6 for services); "
            "use /28 or larger",
            id="no tasks, no node's address",
        ),
        pytest.param(
            {"ingress": net("10.12.0.0/29", expect={"services": 3})},
            "ingress.subnet: 10.12.0.0/29 has 5 addresses to give, and needs 6 (3 for nodes, 3 for services); "
            "use /28 or larger",
            id="ingress, with every node",
        ),
        pytest.param(
            {
                "ingress": net("10.12.0.0/29"),
                "hosts": {f"n{number}": {"address": f"n{number}.example"} for number in range(6)},
            },
            "ingress.subnet: 10.12.0.0/29 has 5 addresses to give, and needs 6 (6 for nodes); use /28 or larger",
            id="more nodes than addresses",
        ),
    ],
)
def test_too_few_addresses(sections, warning):
    """The addresses that nodes, services and tasks need are counted against those of the mask."""
    assert [warning] == warnings(**sections)


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param({"overlays": {"app": net("10.12.0.0/29")}}, id="nothing expected"),
        pytest.param({"overlays": {"app": net("10.12.0.0/28", expect={"tasks": 4, "services": 2})}}, id="just enough"),
        pytest.param({"ingress": net("10.12.0.0/29", expect={"services": 2})}, id="just enough for the ingress"),
    ],
)
def test_enough_addresses(sections):
    """Nothing is said if everything has an address."""
    assert [] == warnings(**sections)
