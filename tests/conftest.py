"""What every test shares: tests on real hosts run where they can, and say so where they cannot."""

import os
import sys

import pytest


def _why_not_here() -> str:
    """Why real Docker hosts cannot be started here; empty where they can."""
    if sys.platform != "linux":
        return "real hosts are Linux network namespaces"
    if os.geteuid() != 0:
        return "real hosts need root"
    return ""


def pytest_report_header() -> str:
    """One line at the top, so that a run without real hosts cannot be taken for one with them."""
    why_not = _why_not_here()
    return f"tests on real hosts: {f'skipped, {why_not}' if why_not else 'can run (-m lab)'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what carries the marker `lab`, with the reason, where real hosts cannot be started."""
    if why_not := _why_not_here():
        for item in items:
            if item.get_closest_marker("lab"):
                item.add_marker(pytest.mark.skip(reason=why_not))
