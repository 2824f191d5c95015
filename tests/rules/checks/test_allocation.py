"""Ranges in place of `subnet: auto`, and how they get into the text of the stack file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.checks.allocation import allocate
from providers.rules.stack_file.editing import with_subnets
from providers.rules.stack_file.reading import from_yaml
from providers.rules.vocabulary.errors import StackFileError
from tests.support.stackfiles import net, said, stating

POOLS = {"overlays": {"range": "10.20.0.0/22", "prefix": 24}}
AUTO = {"subnet": "auto"}


def chosen(others=(), **sections):
    """The ranges chosen for a stack."""
    return allocate(said(pools=POOLS, **sections), [other.resolved for other in others])


@pytest.mark.parametrize(
    "taken",
    [
        "reserved[0] 10.20.0.128/25",
        "gwbridge.subnet 10.20.0.0/24",
        "ingress.subnet 10.20.0.0/25",
        "hosts.m1.address 10.20.0.9",
    ],
)
def test_range_that_meets_something_is_passed_over(taken):
    """The chosen range clashes with nothing in the file."""
    assert {"app": "10.20.1.0/24"} == chosen(**stating(taken), overlays={"app": AUTO})


def test_first_free_ranges_are_taken_in_the_files_order():
    """They are past those of the file and of other stacks, though one may reserve the whole of another's."""
    other = said(overlays={"app": net("10.20.0.0/24")}, reserved=["10.20.2.0/23"], hosts={"x": {"address": "x"}})
    overlays = {"web": AUTO, "old": net("10.20.1.0/24"), "app": AUTO}

    assert {"web": "10.20.2.0/24", "app": "10.20.3.0/24"} == chosen([other], overlays=overlays)


@pytest.mark.parametrize(
    ("keys", "expected"), [([], "10.16.0.0/24"), (["ingress.subnet 10.99.16.0/20"], "10.1.0.0/24")]
)
def test_range_of_the_ingress_that_the_engine_makes_is_passed_over(keys, expected):
    """The chosen range is not refused by the next check; an ingress of the stack goes before overlays come."""
    engines = ("pools.overlays {range: 10.0.0.0/11, prefix: 24}", "swarm.default_addr_pool_prefix 12")

    assert {"app": expected} == allocate(said(**stating("overlays.app.subnet auto", *engines, *keys)), [])


def test_pool_that_is_used_up():
    """Nothing is chosen if the pool has no range left."""
    with pytest.raises(StackFileError) as caught:
        chosen(overlays={"app": AUTO}, reserved=["10.20.0.0/23", "10.20.2.0/23"])

    assert ["overlays.app.subnet: no /24 of pools.overlays 10.20.0.0/22 is free"] == caught.value.problems


def test_other_problems_come_first():
    """No range is chosen beside what may be wrong."""
    with pytest.raises(StackFileError):
        chosen(overlays={"app": AUTO}, adopt="no")


TEXT = """\
# ranges: ask the network team
config:
  swarmnet:overlays:
      app: {subnet: auto, attachable: true}   # for   everybody

      'web':
        subnet:   "auto" # auto for now
        labels: {subnet: auto}
"""


def test_only_the_value_changes():
    """Comments, order, quotes and spaces stay as they are."""
    expected = TEXT.replace("subnet: auto, a", "subnet: 10.20.0.0/24, a").replace('"auto"', "10.20.1.0/24")

    assert expected == with_subnets(TEXT, {"app": "10.20.0.0/24", "web": "10.20.1.0/24"})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("config:\n  overlays:\n    app: &a {subnet: auto}\n    web: *a\n", ["app", "web"], id="anchor"),
        pytest.param("config:\n  a:b: &a {subnet: auto}\n  overlays:\n    web: {<<: *a}\n", ["web"], id="merged"),
        pytest.param('config:\n  swarmnet:overlays: \'{"web": {"subnet": "auto"}}\'\n', ["web"], id="JSON text"),
        pytest.param("config:\n  overlays: {web: {subnet: &a auto}, data: {subnet: *a}}\n", ["web"], id="marked"),
    ],
)
def test_value_that_is_not_the_overlays_own(text, names):
    """A value that stands for several, or in no section, is left for a human to write."""
    with pytest.raises(StackFileError) as caught:
        with_subnets(text, dict.fromkeys(names, "10.20.0.0/24"))

    assert ["overlays.web.subnet: write `subnet: auto` in the overlay's own section"] == caught.value.problems


@given(
    st.lists(st.sampled_from(["app", "web", "data", "logs"]), min_size=1, unique=True),
    st.sampled_from(["\n", "\r\n"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="\x85\u2028\u2029"), max_size=9),
)
def test_text_says_what_was_chosen(names, end, comment):
    """The file reads as before but for the ranges, whatever comments, letters and line ends it has."""
    lines = ["config:", "  swarmnet:overlays:", *(f"    {name}: {{subnet: auto}} # {comment}" for name in names), ""]
    subnets = {name: f"10.20.{number}.0/24" for number, name in enumerate(names)}

    written = with_subnets(end.join(lines), subnets)

    assert {"overlays": {name: {"subnet": subnet} for name, subnet in subnets.items()}} == from_yaml(written)
