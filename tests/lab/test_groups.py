"""The groups of hosts that tests start: tests of several files run at once."""

import re
from collections import Counter
from pathlib import Path

from tests.support.machines import ROOT

# `GROUP = "b"`, `machines.start("s", "28")`
NAMED = re.compile(r'(?:GROUP = |machines\.start\(|(?<![.\w])start\()"([a-z]+)"')
# Those that files of tests/stacks_on_hosts share, which one worker runs.
SHARED = re.compile(r'^HOSTS = "([a-z]+)"$|"HOSTS", "([a-z]+)"', re.MULTILINE)


def test_each_group_is_started_by_one_worker():
    """Two would take each other's hosts away."""
    files = [file for file in ROOT.joinpath("tests").rglob("*.py") if file != Path(__file__)]
    started = Counter(group for file in files for group in set(NAMED.findall(file.read_text())))
    shared = {one or other for file in files for one, other in SHARED.findall(file.read_text())}
    assert ({"b", "s"} <= set(started), {"t", "n"}) == (True, shared)
    assert [] == [group for group, times in started.items() if times > 1 or group in shared]
