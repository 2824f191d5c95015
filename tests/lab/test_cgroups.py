"""The places where a host's cgroups are made."""

from pathlib import Path

from lab import cgroups

VERSION_1 = """\
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
"""


def test_version_1_is_below_the_callers_own() -> None:
    """Each hierarchy has its own path, and the host's cgroup is below it."""
    membership = "3:memory:/user/me\n2:cpu,cpuacct:/\n1:name=systemd:/\n0::/user/me\n"
    expected = [
        Path("/sys/fs/cgroup/memory/user/me/swarmnet-lab/h1"),
        Path("/sys/fs/cgroup/cpu,cpuacct/swarmnet-lab/h1"),
        Path("/sys/fs/cgroup/systemd/swarmnet-lab/h1"),
    ]

    assert expected == cgroups.places("h1", membership, VERSION_1)


def test_hierarchy_that_is_not_mounted_is_left_out() -> None:
    """A hierarchy that is not mounted can't hold a host, and is left out."""
    assert [] == cgroups.places("h1", "4:net_cls:/\n0::/\n", VERSION_1)


def test_version_2_is_below_the_root() -> None:
    """Below the caller's own, which has processes, a cgroup would get no controllers."""
    mounts = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n"

    assert [Path("/sys/fs/cgroup/swarmnet-lab/h1")] == cgroups.places("h1", "0::/user.slice/me\n", mounts)
