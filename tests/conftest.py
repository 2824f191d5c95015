"""Things that all tests share: tests on real hosts run only where they can, and say so if they cannot."""

import gc
import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import npm, official
from tools.lab import why_not_here
from tools.pulumi_plugin import PLUGIN

# Fixtures that install packages of npm.
FROM_NPM = {"mermaid", "browser"}
# Fixtures of hosts that several files share, some by the name in HOSTS: such tests take turns in one worker.
SHARED_HOSTS = {"shared_hosts", "running"}
# The groups that take longest, by measured time: they are begun first, lest one is left alone at the end.
LONGEST = (
    "test_member_jobs.py",
    "running",
    "shared_hosts t",
    "shared_hosts n",
    "test_agreement.py",
    "test_drift.py",
    "test_state.py",
    "test_firewall.py",
)


# Seconds after which a test on real hosts, or with npm, is ended. What it waits for has bounds of its own:
# tests/support/bounds.py.
HANGS = 900
SLOW = ("lab", "every_engine", "typescript")

# Property tests have no deadline: a busy machine is no reason to fail. `make check` takes few examples of each.
settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("whole"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "whole"))


def pytest_report_header() -> list[str]:
    """Some lines at the top, so that a run without real hosts, or with stand-ins, cannot be taken for another one."""
    reason, plugin = why_not_here(), shutil.which(PLUGIN)
    without = f"deselected: not on PATH are {' and '.join(official.PROGRAMS)} of Pulumi's own"
    return [
        f"real Docker hosts: {f'skipped: {reason}' if reason else 'can be started here (-m lab)'}",
        f"{PLUGIN}: {Path(plugin).resolve() if plugin else 'none'}",
        f"tests marked official: {'run' if official.folders() else without}",
        f"tests marked typescript: {'run' if npm.is_there() else 'deselected: not on PATH are node and npm'}",
    ]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from going through modules and tests, which stay: that took a twelfth of the time.

    Nor through the rest after each few hundred things, most of which go by themselves: that took a twentieth.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000)
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests that need the network or have to take turns; skip those that need real hosts, if there are none."""
    left_out = [item for item in items if not can_run(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    places: dict[pytest.Item, int] = {}
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if FROM_NPM & fixtures or item.get_closest_marker("typescript"):
            item.add_marker("network")
        group = group_of(item, fixtures)
        item.add_marker(pytest.mark.xdist_group(group))
        if any(map(item.get_closest_marker, SLOW)) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(HANGS))
        places[item] = LONGEST.index(group) if group in LONGEST else len(LONGEST)
    items.sort(key=places.__getitem__)
    if reason := why_not_here():
        for item in items:
            if any(map(item.get_closest_marker, ("lab", "every_engine", "vms"))):
                item.add_marker(pytest.mark.skip(reason=f"real Docker hosts: {reason}"))


def can_run(item: pytest.Item) -> bool:
    """Tell whether this machine has the programs that a test is of."""
    marker = item.get_closest_marker("official")
    if marker and not official.folders(marker.args or official.PROGRAMS):
        return False
    return npm.is_there() or not item.get_closest_marker("typescript")


def group_of(item: pytest.Item, fixtures: set[str]) -> str:
    """Return the name of what a test shares hosts with: its file, if nothing else does."""
    shared = sorted(SHARED_HOSTS & fixtures)
    named = (
        [getattr(item.module, "HOSTS", "t")] if "shared_hosts" in shared and isinstance(item, pytest.Function) else []
    )
    return " ".join([*shared, *named]) or item.path.name


@pytest.hookimpl(specname="pytest_collection_modifyitems", trylast=True)
def pytest_collection_groups(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to share hosts between workers: if xdist wrote no group into a test's id, each would start its own."""
    if getattr(config.option, "loadgroup", False) and not all("@" in item.nodeid for item in items):
        raise pytest.UsageError("pytest-xdist does not know groups in this version of pytest: see requirements-dev.in")
