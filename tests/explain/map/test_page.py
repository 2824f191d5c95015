"""The page and the SVG: complete, the same each time, readable, and harmless whatever the names; in a browser too."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from providers.explain.map.page import page, svg
from providers.explain.map.style import picture_style
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


LEAST = 4.5
RULE = re.compile(r"^\.([a-z-]+) \{ (.*) \}$", re.MULTILINE)


def rules(text):
    """Fill or line of each class in a part of the style sheet, and the ink of all texts."""
    found = {
        name: dict(part.strip().split(": ") for part in body.split(";") if part.strip())
        for name, body in RULE.findall(text)
    }
    (ink,) = re.findall(r"^text \{ fill: (#\w+); \}$", text, re.MULTILINE)
    return found, ink


def linear(colour):
    """The three parts of a colour, 0 to 255."""
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def luminance(parts):
    """Relative luminance."""
    shares = [part / 255 for part in parts]
    red, green, blue = (share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


PARTS = re.split(r"@media[^{]*\{\n", picture_style())[:2]


@pytest.mark.parametrize("part", PARTS, ids=["light", "dark"])
def test_words_can_be_read_on_every_box(part):
    """Ink, captions and the red of an alarm, which stands on stripes, have enough contrast."""
    found, ink = rules(part)
    stripes = [
        (1 - share) * below + share * line
        for share in [float(found["hatch"]["stroke-opacity"])]
        for below, line in zip(linear(found["alarmed"]["fill"]), linear(found["hatch"]["stroke"]), strict=True)
    ]
    fills = [linear(rule["fill"]) for name, rule in found.items() if "fill" in rule and "stroke" in rule]
    inks = [(linear(each), fill) for each in (ink, found["caption"]["fill"]) for fill in fills]
    alarms = [
        (linear(each), below)
        for each in (ink, found["alarm"]["fill"])
        for below in (stripes, linear(found["alarmed"]["fill"]))
    ]

    assert 14 < len(fills)
    assert [] == [pair for pair in (*inks, *alarms) if contrast(*pair) < LEAST]


PAGES = {"projects": lambda: projects(), "shop": lambda: [shop()], "hostile": lambda: [hostile()]}


@pytest.fixture(scope="module")
def seen(browser, tmp_path_factory):
    """Return what Chromium shows of every sample, by name, in light and in dark."""
    folder = tmp_path_factory.mktemp("pages")
    files = {name: folder / f"{name}.html" for name in PAGES}
    for name, stacks in PAGES.items():
        files[name].write_text(page(stacks()), encoding="utf-8")
    return {
        (name, scheme): look
        for name, looks in zip(files, browser(list(files.values())), strict=True)
        for scheme, look in looks.items()
    }


def test_axe_finds_nothing(seen):
    """Contrast, names, roles, order, tables: no rule of axe is broken."""
    assert [] == [(*name, violation) for name, look in seen.items() for violation in look["violations"]]
    assert all(look["passes"] > 25 for look in seen.values())


def test_nothing_runs_and_nothing_is_loaded(seen):
    """One request, the page's own; no word in the console, no dialog."""
    assert dict.fromkeys(seen, (1, [])) == {name: (look["asked"], look["said"]) for name, look in seen.items()}


def test_page_is_no_wider_than_the_window(seen):
    """Wide content scrolls in its own frame."""
    assert {1200} == {look["width"] for look in seen.values()}


def test_keyboard_reaches_the_contents_and_then_the_boxes(seen):
    """They are reached in the order in which they stand."""
    assert ["#plan", "#stack-0", "#aa000000-affffff", "#aa000000-a0fffff"] == seen["shop", "light"]["reached"][:4]


def test_page_prints(seen):
    """It prints on some sheets."""
    assert {"shop": True, "projects": True} == {
        name: 1 < seen[name, "light"]["sheets"] < 12 for name in ("shop", "projects")
    }
