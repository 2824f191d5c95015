"""The page and the SVG: complete, the same each time, and harmless whatever the names."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from providers.explain.map.page import page, svg
from tests.explain.map.samples import HOSTILE, hostile, large, projects, shop, stack
from tests.support.stackfiles import net

SVG = "{http://www.w3.org/2000/svg}"


def texts(found):
    """Every text of the file, tags apart."""
    return " ".join(re.sub("<[^>]*>", " ", found).split())


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


def test_page_is_the_same_each_time():
    """No clock, no order of a set: a map can be kept beside the stack file."""
    assert page([shop()]) == page([shop()])


@pytest.mark.parametrize("stack_of_project", projects(), ids=lambda each: each.name)
def test_every_stack_of_the_project_is_drawn(stack_of_project):
    """Each is drawn by itself, with all its networks."""
    found = page([stack_of_project])

    for overlay in stack_of_project.verdict.stackfile.overlays.values():
        assert f">{overlay.subnet}</text>" in found


def test_every_box_of_the_plan_leads_to_its_row():
    """Each link of the page has one aim; ids are unique also if pictures are cut."""
    found, cut = page(projects()), re.findall(r' id="([^"]+)"', page([large()]))
    aims = re.findall(r'href="#([^"]+)"', found)

    assert (True, []) == (len(aims) > 50, [aim for aim in aims if f'id="{aim}"' not in found])
    assert len(cut) == len(set(cut))


def test_overlap_is_red_hatched_and_in_words():
    """A reader does not depend on the colour."""
    found = page([shop()])
    words = ("search: overlay", "overlays.search.subnet", "overlaps payments 10.72.34.0/24")

    assert (4, 4) == (found.count(' alarmed"'), found.count('fill="url(#plan-'))
    assert ["10.72.34.128/25", "128", *words] in rows(found)


def test_free_space_is_a_row():
    """The row has its size and the largest subnet in it."""
    assert ["10.75.0.0…10.255.255.255", "11,862,016", "free", "", "largest: 10.128.0.0/9"] in rows(page([shop()]))


def test_host_shows_what_was_found_on_it():
    """The old bridge of one host, the silence of another."""
    found = {row[0]: row[1:] for row in rows(page([shop()]))}
    w2 = "10.3.17.21 | worker | 10.72.0.0/20 | 10.72.0.1 | active, worker, active, bridge 172.18.0.0/16"

    assert w2 == " | ".join(found["w2"])
    assert "no answer: w3: no answer at 10.3.18.21:22 within 10 s" in found["w3"][-1]


def test_network_shows_who_is_attached():
    """Services with tasks and ports, containers, and networks that nobody declared."""
    found = {row[0]: row[-2:] for row in rows(page([shop()])) if len(row) == 7}

    assert ["as declared", "api (4 tasks); web (6 tasks, 80/tcp, 443/tcp); container debug on w1"] == found["shop"]
    assert ["not declared", "tools_grafana (1 task, 3000/tcp)"] == found["tools_default"]
    assert ["nothing", ""] == found["search"]


def test_without_facts_nothing_is_said_of_what_is_attached():
    """No picture and no column of what nobody looked at."""
    assert ("Attached" in page([shop()]), "Attached" in page(projects())) == (True, False)


def test_age_of_facts_is_told():
    """The page says when the facts were taken; their age depends on the reader."""
    assert "found on the hosts of shop is as of 2026-11-20 21:04 UTC" in page([shop()])


def test_other_problems_are_told_and_the_rest_is_drawn():
    """A stack file that is wrong elsewhere has a map all the same."""
    found = texts(page([stack(overlays={"app": net("10.3.0.0/24"), "next": net("auto")}, order=[["m1"]])]))

    assert "prod: order: lacks w1; each host has one place" in found
    assert "app: overlay" in found


def test_names_are_no_markup():
    """Elements and attributes are ours alone, whatever a name holds."""
    found = page([hostile()])

    assert Elements(page([shop()])).names >= Elements(found).names
    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ") in found


def test_page_asks_the_network_for_nothing():
    """No address to load from, no script, and a policy that forbids both."""
    found = page([shop()])

    assert [] == re.findall(r"https?://|src=|url\((?!#)|@import|<script|<link", found)
    assert "default-src 'none'; style-src 'unsafe-inline'" in found


@pytest.mark.parametrize(
    "drawn", [projects(), [shop()], [hostile()], [large()]], ids=["projects", "shop", "hostile", "large"]
)
def test_svg_is_well_formed(drawn):
    """A title, a sentence, and nothing that a reader of XML can't read."""
    root = ElementTree.fromstring(svg(drawn))

    assert [f"{SVG}title", f"{SVG}desc", f"{SVG}style"] == [each.tag for each in root][:3]
    assert set() == {each.tag for each in root.iter()} & {f"{SVG}a", f"{SVG}script", f"{SVG}image"}


def test_svg_has_hosts_and_services():
    """All pictures of the page are in the file."""
    found = texts(svg([shop()]))

    for words in ("Address plan", "Hosts of shop", "Networks of shop", "80/tcp, 443/tcp"):
        assert words in found
