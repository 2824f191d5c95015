"""The machine's own needs: packages of Debian 12, none of whose services may run there."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lab.shell import LabError, run, told

_PROVIDED_BY = {
    "/etc/init.d/docker": "docker.io",
    "/usr/bin/containerd": "containerd",
    "/usr/sbin/sshd": "openssh-server",
    "/usr/bin/ssh": "openssh-client",
    "/bin/busybox": "busybox-static",
    "/sbin/ip": "iproute2",
    "/usr/sbin/iptables": "iptables",
    "/usr/sbin/nft": "nftables",
    "/usr/bin/ps": "procps",
    "/usr/bin/sudo": "sudo",
    "/usr/bin/age": "age",
}
"""A file that the lab needs, and the package that has it."""
_SERVICES = {
    "docker.io": ("docker.service", "docker.socket"),
    "containerd": ("containerd.service",),
    "openssh-server": ("ssh.service",),
    "postgresql": ("postgresql.service",),
}
_POLICY = Path("/usr/sbin/policy-rc.d")
_SECONDS = 900


def missing_packages(provided_by: Mapping[str, str] = _PROVIDED_BY) -> list[str]:
    """Return the packages still to be installed, by the files that are needed and which package has each."""
    return [package for file, package in provided_by.items() if not Path(file).exists()]


def refuse_other_release() -> None:
    """Raise LabError unless this is Debian 12, which the hosts are copies of, Engine 20.10 included."""
    release = platform.freedesktop_os_release()
    if (release["ID"], release.get("VERSION_ID")) != ("debian", "12"):
        raise LabError(f"this machine is {release['PRETTY_NAME']}: the hosts are copies of Debian 12: use one")


def install(packages: list[str], why: str) -> None:
    """Install packages, and leave their services stopped, now and at the next boot. why: what they are for."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=120")
    options = ("--yes", "--no-remove", "--no-install-recommends")
    title = f"Debian packages: {', '.join(packages)} installed {why}: 10 to 30 seconds"
    with told(title), _no_service_starts():
        run(*apt, "update", seconds=_SECONDS)
        run(*apt, "install", *options, *packages, env=quiet, seconds=_SECONDS)
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
