"""The places where a host's cgroups are made."""

from pathlib import Path

import pytest

from lab import cgroups

VERSION_1 = """\
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
"""
VERSION_2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n"


@pytest.mark.parametrize(
    ("expected", "membership", "mounts"),
    [
        (
            ["memory/user/me/swarmnet-lab/h1", "cpu,cpuacct/swarmnet-lab/h1", "systemd/swarmnet-lab/h1"],
            "3:memory:/user/me\n2:cpu,cpuacct:/\n1:name=systemd:/\n0::/user/me\n",
            VERSION_1,
        ),
        ([], "4:net_cls:/\n0::/\n", VERSION_1),
        (["swarmnet-lab/h1"], "0::/user.slice/me\n", VERSION_2),
    ],
    ids=["version 1", "a hierarchy that is not mounted", "version 2"],
)
def test_place_is_below_the_callers_own_or_the_root(expected: list[str], membership: str, mounts: str) -> None:
    """In version 1 each hierarchy has its own path; one that is not mounted can't hold a host. In version 2 a cgroup
    below the caller's own, which has processes, would get no controllers."""
    assert [Path("/sys/fs/cgroup", place) for place in expected] == cgroups.places("h1", membership, mounts)
