"""The links and routes of a host, as the host prints them."""

import pytest

from providers.rules.vocabulary.routes import Link, Surroundings, surroundings


@pytest.mark.parametrize(
    "line",
    [
        f"1: eth0: <UP> mtu {'9' * 5000} qdisc",
        "1: eth0: <UP> mtu \u0661\u0665\u0660\u0660 qdisc",
        "    inet 999.1.1.1/24",
        "999.1.1.1 dev eth0",
        "10.0.0.0/99 dev eth0",
    ],
)
def test_what_is_no_number_or_address_is_passed_over(line):
    """A host writes what it likes."""
    assert Surroundings(links=(Link(name="lo", mtu=65536),)) == surroundings(f"1: lo: <UP> mtu 65536\n{line}\n")
