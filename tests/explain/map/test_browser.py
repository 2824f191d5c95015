"""The page in a real browser, light and dark: accessible, quiet, and fit for paper."""

import pytest

from providers.explain.map.page import page
from tests.explain.map.samples import hostile, projects, shop

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
