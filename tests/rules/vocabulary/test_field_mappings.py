"""The places of keys' values in a network's shape."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.vocabulary.field_mappings import FURTHER_POOLS, attribute, in_pool, name, number, presence, switch
from providers.rules.vocabulary.network_config import NetworkConfig, Pool

BARE = NetworkConfig(name="app", driver="overlay", options=(("other", "1"),))


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize(
    "place", [attribute("internal"), presence("x"), switch("x")], ids=["attribute", "mark", "switch"]
)
def test_flag_is_read_as_it_was_written(place, value):
    """It is read so wherever it is kept."""
    assert value is place.read(place.write(BARE, value))


@given(st.none() | st.integers(min_value=1))
def test_number_is_read_as_it_was_written(value):
    """None leaves it to the Engine, and says so."""
    assert value == number("x").read(number("x").write(BARE, value))


@pytest.mark.parametrize("part", ["subnet", "gateway", "ip_range"])
def test_part_of_a_range_is_read_as_it_was_written(part):
    """The parts beside it stay."""
    place = in_pool(part)
    before = NetworkConfig(name="app", driver="overlay", pools=(Pool(subnet="a", gateway="b", ip_range="c"),))

    assert ("d", before) == (
        place.read(place.write(before, "d")),
        place.write(place.write(before, "d"), place.read(before)),
    )


@pytest.mark.parametrize(
    "narrow", [{"ip_range": "10.1.0.128/25"}, {"gateway": "10.1.0.9"}], ids=["ip_range", "gateway"]
)
def test_range_with_more_to_say_is_the_main_one_wherever_it_stands(narrow):
    """A client may send the ranges of a network in any order."""
    wide, main = Pool(subnet="10.2.0.0/24", gateway="10.2.0.1"), Pool(subnet="10.1.0.0/24", **narrow)
    orders = [replace(BARE, pools=pools) for pools in ((wide, main), (main, wide))]

    assert [("10.1.0.0/24", ("10.2.0.0/24",))] * 2 == [
        (in_pool("subnet").read(config), FURTHER_POOLS.read(config)) for config in orders
    ]


def test_other_options_stay():
    """One key's option is not another's."""
    assert (("other", "1"), ("x", "br0")) == name("x").write(BARE, "br0").options


def test_what_is_no_more_wanted_is_no_option():
    """A value that has no text takes its option away."""
    assert BARE == presence("x").write(presence("x").write(BARE, True), False)


@pytest.mark.parametrize(
    ("place", "text", "expected"),
    [
        pytest.param(number("x"), "much", None, id="no number"),
        pytest.param(presence("x"), "false", True, id="there whatever it says"),
        pytest.param(switch("x"), "F", False, id="off as Go says it"),
        pytest.param(switch("x"), "maybe", True, id="else on"),
        pytest.param(name("x"), "", None, id="no name"),
    ],
)
def test_what_others_wrote_is_read_as_engines_read_it(place, text, expected):
    """Any text may stand in an option."""
    config = NetworkConfig(name="app", driver="overlay", options=(("x", text),))
    assert expected == place.read(config)


def test_switch_that_nobody_set_is_on():
    """That of a bridge is on too."""
    assert switch("x").read(BARE)
