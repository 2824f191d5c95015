"""Networks with fewer addresses than they need: a warning with the numbers."""

import pytest

from tests.support.stackfiles import said, stating

FEW = "10.12.0.0/29 has 5 addresses to give, and needs 6"
MORE_HOSTS = [f"hosts.n{number}.address n{number}.example" for number in range(3)]


def warnings(*keys):
    """The warnings of a stack of three hosts."""
    return said(**stating("hosts.w2.address w2.example", *keys)).warnings


@pytest.mark.parametrize(
    ("keys", "warning"),
    [
        (
            ["overlays.app {subnet: 10.12.0.0/28, expect: {tasks: 9, services: 1}}"],
            "overlays.app.subnet: 10.12.0.0/28 has 13 addresses to give, and needs 22 "
            "(3 for nodes, 1 for services, 18 for 9 tasks, twice while they are updated); use /27 or larger",
        ),
        (
            ["overlays.app {subnet: 10.12.0.0/16, ip_range: 10.12.4.0/28, expect: {tasks: 9}}"],
            "overlays.app.ip_range: 10.12.4.0/28 has 15 addresses to give, and needs 21 "
            "(3 for nodes, 18 for 9 tasks, twice while they are updated); use /27 or larger",
        ),
        (
            ["overlays.app {subnet: 10.12.0.0/29, expect: {services: 6}}"],
            f"overlays.app.subnet: {FEW} (6 for services); use /28 or larger",
        ),
        (
            ["ingress {subnet: 10.12.0.0/29, expect: {services: 3}}"],
            f"ingress.subnet: {FEW} (3 for nodes, 3 for services); use /28 or larger",
        ),
        (
            ["ingress {subnet: 10.12.0.0/29}", *MORE_HOSTS],
            f"ingress.subnet: {FEW} (6 for nodes); use /28 or larger",
        ),
    ],
)
def test_too_few_addresses(keys, warning):
    """The addresses that nodes, services and tasks need are counted against those of the mask."""
    assert [warning] == warnings(*keys)


def test_enough_addresses():
    """Nothing is said if everything has an address, or nothing is expected."""
    assert [] == warnings(
        "overlays.app {subnet: 10.12.0.0/28, expect: {tasks: 4, services: 2}}",
        "overlays.web {subnet: 10.13.0.0/29}",
        "ingress {subnet: 10.14.0.0/29, expect: {services: 2}}",
    )
