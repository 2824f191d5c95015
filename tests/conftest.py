"""What every test shares: tests on real hosts run where they can, and say so where they cannot."""

import pytest

from tools.real_hosts import why_not_here


def pytest_report_header() -> str:
    """One line at the top, so that a run without real hosts cannot be taken for one with them."""
    reason = why_not_here()
    return f"real Docker hosts: {f'skipped: {reason}' if reason else 'can be started here (-m lab)'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs real hosts, with the reason, where they cannot be started."""
    if reason := why_not_here():
        for item in items:
            if item.get_closest_marker("lab") or item.get_closest_marker("every_engine"):
                item.add_marker(pytest.mark.skip(reason=f"real Docker hosts: {reason}"))
