"""The page, the SVG and the flowchart: complete, the same each time, and harmless whatever the names."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from providers.explain.map.page import mermaid as flowchart
from providers.explain.map.page import page, svg
from tests.explain.map.samples import HOSTILE, hostile, large, projects, shop, stack
from tests.support.stackfiles import net

SVG = "{http://www.w3.org/2000/svg}"
SHOP = page([shop()])
ONE = stack(overlays={"app": net("10.3.0.0/24")}, order=[["m1"]])


class Elements(HTMLParser):
    """The names of a page's elements and of their attributes."""

    def __init__(self, found):
        super().__init__()
        self.names = set()
        self.feed(found)

    def handle_starttag(self, tag, attrs):
        self.names.update({tag, *(name for name, _ in attrs)})


def rows(found):
    """The rows of all tables, as the texts of their cells."""
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr.*?</tr>", found, re.S)]


def many():
    """Stacks with more hosts and overlays than Mermaid draws."""
    return [replace(large(20), name=f"stack-{number}") for number in range(12)]


@pytest.mark.parametrize(
    "row",
    [
        ["search", "10.72.34.128/25", "OVERLAP · overlay", "overlays.search.subnet; overlaps payments 10.72.34.0/24"],
        ["10.75.0.0…10.255.255.255", "", "free, 11,862,016 addresses", "largest: 10.128.0.0/9"],
        ["docker_gwbridge", "10.72.0.0/20", "bridge of m1, w1 and w2", "gwbridge.subnet"],
        ["docker_gwbridge", "10.72.240.0/20", "bridge of w3", "hosts.w3.gwbridge.subnet"],
        ["tools_default", "10.74.0.0/24", "not declared", ""],
        ["docker_gwbridge of w2", "172.18.0.0/16", "until it is changed", ""],
        ["w2", "10.3.17.21", "worker, active", "found, active, worker, active"],
        ["docker_gwbridge", "172.18.0.0/16", "until it is changed", ""],
        ["w3", "10.3.18.21", "worker, active, no answer", "w3: no answer at 10.3.18.21:22 within 10 s"],
        ["docker_gwbridge", "10.72.240.0/20", "bridge of its own", "gateway 10.72.240.1"],
        ["payments", "10.72.34.0/24", "overlay", "gateway 10.72.34.1, internal, encrypted"],
        ["search", "10.72.34.128/25", "overlay, not there yet", "gateway 10.72.34.129"],
        ["web", "80/tcp, 443/tcp", "service, 6 tasks", ""],
        ["debug on w1", "", "container", ""],
        ["tools_default", "10.74.0.0/24", "not declared", "gateway 10.74.0.1"],
    ],
    ids=" ".join,
)
def test_row(row):
    """All that is known of ranges, hosts, networks and who is on them."""
    assert row in rows(SHOP)


@pytest.mark.parametrize("words", ["Address plan", "Hosts of shop", "Networks of shop", "OVERLAP", "80/tcp, 443/tcp"])
def test_every_form_has_the_same(words):
    """The page as a table, and all three as a picture."""
    assert [True] * 3 == [words in found for found in (SHOP, svg([shop()]), flowchart([shop()]))]


def test_only_with_facts_something_is_said_of_what_is_attached():
    """Nobody looked otherwise; their age depends on the reader, so that the page says when they were taken."""
    assert "found on the hosts of shop is as of 2026-11-20 21:04 UTC" in SHOP
    assert (False, False) == ("attached" in page(projects()), "as of" in page(projects()))


def test_other_problems_are_told_and_the_rest_is_drawn():
    """A stack file that is wrong elsewhere has a map all the same."""
    assert "<li>prod: order: lacks w1; list each host once</li>" in page([ONE])
    assert ["app", "10.3.0.0/24", "overlay", "overlays.app.subnet"] in rows(page([ONE]))


def test_range_that_is_still_to_be_chosen_is_shown():
    """`swarmnet allocate` chooses it."""
    pools = {"overlays": {"range": "10.3.0.0/16", "prefix": 24}}

    assert ["app", "range still to be chosen", "overlay", ""] in rows(
        page([stack(pools=pools, overlays={"app": net("auto")})])
    )


def test_names_are_no_markup():
    """Elements and attributes are ours alone, whatever a name holds."""
    found = page([hostile()])

    assert Elements(SHOP).names >= Elements(found).names
    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ") in found


def test_page_asks_the_network_for_nothing():
    """No address to load from, no script, and a policy that forbids both; the SVG's name is no address."""
    found = SHOP.replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert [] == re.findall(r"https?://|src=|url\(|@import|<script|<link", found)
    assert "default-src 'none'; style-src 'unsafe-inline'" in found


STACKS = {"projects": projects(), "shop": [shop()], "hostile": [hostile()], "large": [large()]}


@pytest.mark.parametrize("drawn", STACKS.values(), ids=STACKS)
def test_svg_is_well_formed_and_no_box_leaves_its_own(drawn):
    """A title, and nothing that a reader of XML can't read; all is within the picture."""
    root = ElementTree.fromstring(svg(drawn))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    places = [
        {key: float(each.get(key, 0)) for key in ("x", "y", "width", "height")}
        for each in root[3:]
        if "x" in each.attrib and each.tag.endswith("rect")
    ]

    assert [f"{SVG}title", f"{SVG}style"] == [each.tag for each in root][:2]
    assert {f"{SVG}{tag}" for tag in ("svg", "title", "style", "rect", "text", "tspan")} == {
        each.tag for each in root.iter()
    }
    assert all(0 < each["x"] and each["x"] + each["width"] < width for each in places)
    assert all(0 <= each["y"] and each["y"] + each["height"] <= height for each in places)


def test_flowchart_has_boxes_in_boxes():
    """Each range in the block that holds it, in its order, with its free space; what overlaps by words and class."""
    assert [
        'subgraph g0_0["10.0.0.0/8 #183; 16,777,216 addresses, 99 #37; free"]',
        "direction TB",
        'g0_0_0["Engines#39; own pool<br>10.0.0.0/16<br>the first networks of the Engines#39; own pool"]:::engine',
        'g0_0_1["10.1.0.0#8230;10.2.255.255<br>free, 131,072 addresses"]:::free',
        'g0_0_2["app<br>10.3.0.0/24<br>overlay"]:::overlay',
    ] == flowchart([ONE]).splitlines()[3:8]
    assert "g0_0_0 ~~~ g0_0_1\ng0_0_1 ~~~ g0_0_2\n" in flowchart([ONE])
    assert '["search<br>10.72.34.128/25<br>OVERLAP #183; overlay"]:::alarm' in flowchart([shop()])


def test_flowchart_keeps_within_what_mermaid_draws():
    """Characters and links, however many stacks; boxes that nobody could look at are counted."""
    found = flowchart(many())

    assert (True, True) == (len(found) <= 50_000, found.count("~~~") <= 500)
    assert '["161 more"]:::more' in flowchart([large()])


def test_mermaid_reads_every_map(mermaid):
    """The real parser finds nothing wrong, whatever the names."""
    maps = [flowchart(stacks) for stacks in (*STACKS.values(), many())]

    assert [""] * len(maps) == mermaid(maps)


def test_browser_shows_the_page(browser, tmp_path):
    """In light and dark no rule of axe is broken, nothing runs or is loaded, the page fits, and it prints."""
    files = {name: tmp_path / f"{name}.html" for name in ("projects", "shop", "hostile")}
    for name, file in files.items():
        file.write_text(page(STACKS[name]), encoding="utf-8")
    looks = [look for shown in browser(list(files.values())) for look in shown.values()]

    assert [] == [violation for look in looks for violation in look["violations"]]
    assert {(1, True, 1200)} == {(look["asked"], not look["said"], look["width"]) for look in looks}
    assert all(look["passes"] > 20 and 1 < look["sheets"] < 15 for look in looks)
    assert ["#g0", "#g1", "#g2"] == looks[2]["reached"][:3]
