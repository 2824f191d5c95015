"""Checks of virtual machines that need none to be started."""

import pytest

from lab import commands, vm_commands, vm_image
from lab.shell import LabError

DEPENDS = """\
linux-image-cloud-amd64
  Depends: linux-image-6.1.0-56-cloud-amd64
  Conflicts: linux-image-other
"""


def test_kernel_is_what_the_package_of_the_newest_one_depends_on() -> None:
    """That package itself is empty."""
    assert "linux-image-6.1.0-56-cloud-amd64" == vm_image.newest_kernel(DEPENDS)


def test_no_kernel_without_a_list_of_packages() -> None:
    """A machine that never ran `apt-get update` is told to."""
    with pytest.raises(LabError, match=r"linux-image-cloud-amd64 known here: run `apt-get update`"):
        vm_image.newest_kernel("linux-image-cloud-amd64\n")


def test_hosts_leaves_the_group_of_virtual_machines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """They have no namespaces here to be ended or entered."""
    with pytest.raises(SystemExit):
        commands.main(["down", "--group", "vm"])

    assert "vm are virtual machines: use `lab/vms`" in capsys.readouterr().err


def test_each_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    """The help lists the same commands as that of hosts, as far as they fit."""
    with pytest.raises(SystemExit):
        vm_commands.main(["--help"])

    told = capsys.readouterr().out
    assert [] == [
        name for name in ("build", "up", "down", "list", "stack", "ssh", "image") if f"\n    {name} " not in told
    ]
