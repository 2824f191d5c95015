"""The groups of hosts that tests start: tests of several files run at once."""

import re
from collections import Counter
from pathlib import Path

from tests.support.machines import ROOT

# `GROUP = "b"`, `machines.start("t", "28")`
NAMED = re.compile(r'(?:GROUP = |machines\.start\(|(?<![.\w])start\()"([a-z]+)"')


def test_each_group_is_started_by_one_file():
    """Two workers would take each other's hosts away."""
    files = [file for file in ROOT.joinpath("tests").rglob("*.py") if file != Path(__file__)]
    started = Counter(group for file in files for group in set(NAMED.findall(file.read_text())))
    assert {"b", "t"} <= set(started)
    assert [] == [group for group, times in started.items() if times > 1]
