"""What must be installed on the machine: packages of Debian 12, none of whose services may run there."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.shell import LabError, run

_PROVIDED_BY = {
    "/etc/init.d/docker": "docker.io",
    "/usr/sbin/sshd": "openssh-server",
    "/usr/bin/ssh": "openssh-client",
    "/bin/busybox": "busybox-static",
    "/sbin/ip": "iproute2",
    "/usr/sbin/iptables": "iptables",
    "/usr/bin/ps": "procps",
    "/usr/bin/sudo": "sudo",
}
"""A file that the lab needs, and the package that has it."""
_SERVICES = {"docker.io": ("docker.service", "docker.socket"), "openssh-server": ("ssh.service",)}
_POLICY = Path("/usr/sbin/policy-rc.d")
_SECONDS = 900


def missing_packages() -> list[str]:
    """The packages still to be installed."""
    return [package for file, package in _PROVIDED_BY.items() if not Path(file).exists()]


def install(packages: list[str]) -> None:
    """Install packages, and leave their services stopped, now and at the next boot.

    Raises LabError where the machine is not Debian 12, whose Engine 20.10 the lab's hosts start from.
    """
    release = platform.freedesktop_os_release()
    if (release["ID"], release.get("VERSION_ID")) != ("debian", "12"):
        raise LabError(
            f"this machine is {release['PRETTY_NAME']}: the lab's hosts are copies of Debian 12: use one"
        )
    print(f"lab: installing {', '.join(packages)} (about half a minute)", flush=True)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=120")
    run(*apt, "update", seconds=_SECONDS)
    with _no_service_starts():
        run(*apt, "install", "-y", "--no-install-recommends", *packages, env=quiet, seconds=_SECONDS)
    services = [service for package in packages for service in _SERVICES.get(package, ())]
    if services and shutil.which("systemctl"):
        run("systemctl", "disable", *services)


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Forbid packages to start services, unless the machine has a policy of its own about that.

    https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
    """
    if _POLICY.exists():
        yield
        return
    with open(_POLICY, "x", opener=lambda path, flags: os.open(path, flags, 0o755)) as file:
        file.write("#!/bin/sh\nexit 101\n")
    try:
        yield
    finally:
        _POLICY.unlink()
