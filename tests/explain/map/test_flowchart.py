"""The map for Mermaid."""

from dataclasses import replace

from providers.explain.map.page import mermaid as drawn
from tests.explain.map.samples import hostile, large, projects, shop, stack
from tests.support.stackfiles import net


def lines(*stacks):
    """The lines of a flowchart, without its classes."""
    return [line for line in drawn(stacks).splitlines() if not line.startswith(("class ", "classDef "))]


def many():
    """Stacks with more hosts and overlays than Mermaid draws."""
    return [replace(large(20), name=f"stack-{number}") for number in range(12)]


def test_ranges_are_boxes_in_boxes():
    """Each range in the block that holds it, with its free space."""
    assert [
        'subgraph g0_0["10.0.0.0/8 #183; 16,777,216 addresses, 99 #37; free"]',
        "direction TB",
        'g0_0_0["the first networks of the Engines#39; own pool<br>Engines#39; own pool<br>10.0.0.0/16"]:::engine',
        'g0_0_1["free<br>131,072 addresses<br>10.1.0.0#8230;10.2.255.255"]:::free',
        'g0_0_2["overlay<br>app<br>10.3.0.0/24"]:::overlay',
    ] == lines(stack(overlays={"app": net("10.3.0.0/24")}))[3:8]


def test_what_overlaps_says_so():
    """It says so by its words and by its class."""
    assert ['g0_0_2_2_1_0["OVERLAP #183; overlay<br>search<br>10.72.34.128/25"]:::alarm'] == [
        line for line in lines(shop()) if "<br>search<br>10.72.34.128" in line and "OVERLAP" in line
    ]


def test_services_are_in_their_networks():
    """They have tasks and ports if facts are given."""
    assert 2 == sum("service, 6 tasks<br>web<br>80/tcp, 443/tcp" in line for line in lines(shop()))


def test_many_boxes_are_counted_instead():
    """A picture that nobody could read, and no forge would draw, is not drawn."""
    assert 1 == sum(line.endswith('["161 more"]:::more') for line in lines(large()))


def test_neighbours_stay_in_their_order():
    """An invisible link goes from each to the next."""
    found = lines(stack(overlays={"app": net("10.3.0.0/24")}))

    assert ["g0_0_0 ~~~ g0_0_1", "g0_0_1 ~~~ g0_0_2", "g0_0_2 ~~~ g0_0_3"] == [
        line for line in found if "~~~" in line and line.startswith("g0_0_")
    ][:3]


def test_map_keeps_within_what_mermaid_draws():
    """Characters and links, however many stacks."""
    found = drawn(many())

    assert (True, True) == (len(found) <= 50_000, found.count("~~~") <= 500)


def test_mermaid_reads_every_map(mermaid):
    """The real parser finds nothing wrong, whatever the names."""
    maps = [drawn(stacks) for stacks in (projects(), [shop()], [large()], [hostile()], many())]

    assert [""] * len(maps) == mermaid(maps)
