"""What a host's root has that the machine's has not: the upper layer of its overlay, written before the host starts.

The host sees the machine's programs (/usr, /etc, /var), and nothing else of it: homes, checkouts and the lab's own
folder are hidden. No process is started here.

How a layer hides things: https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from lab import state

USER = "deploy"
_UID = 2000
_DOCKER_OPTIONS = "--storage-driver=overlay2"
_SHOWN = {"bin", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr", "var"}
_EMPTY = {
    "dev": 0o755, "home": 0o755, "mnt": 0o755, "opt": 0o755, "proc": 0o555, "root": 0o700, "run": 0o755, "sys": 0o555,
    "tmp": 0o755, "etc/docker": 0o755, "usr/local": 0o755, "var/log": 0o755, "var/tmp": 0o777,
    "var/lib/containerd": 0o711, "var/lib/docker": 0o710,
}  # fmt: skip
_SSHD = """\
AuthorizedKeysFile .ssh/authorized_keys
HostKey /etc/ssh/host_key
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp /usr/lib/openssh/sftp-server
UsePAM no
"""


def write(upper: Path, name: str, host_key: Path, covered: Iterable[str]) -> None:
    """Fill a host's upper layer; `covered` are the paths over which files will be mounted."""
    _hide(upper)
    _write_users(upper)
    _write_ssh(upper, host_key)
    _write_docker(upper)
    etc = upper / "etc"
    (etc / "hostname").write_text(f"{name}\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost {name}\n")
    # Nobody answers there, so that looking up an image in a registry fails at once.
    (etc / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    shutil.copy(Path(__file__).with_name("init.sh"), _directory(upper, "usr/local/sbin") / "lab-init")
    for path in covered:
        (_directory(upper, str(Path(path).parent.relative_to("/"))) / Path(path).name).touch(0o755)


def _write_docker(upper: Path) -> None:
    (_directory(upper, "etc/default") / "docker").write_text(f'DOCKER_OPTS="{_DOCKER_OPTIONS}"\n')
    # The init script mounts cgroups unless this file has a line for them; the host has them already.
    (upper / "etc/fstab").write_text("cgroup /sys/fs/cgroup none defaults 0 0\n")
    script = _directory(upper, "etc/init.d") / "docker"
    script.write_text(without_limits(Path("/etc/init.d/docker").read_text()))
    script.chmod(0o755)


def without_limits(script: str) -> str:
    """The init script without its `ulimit` lines: where a machine refuses to raise a limit, they end it."""
    return re.sub(r"^(\s*)ulimit .*$", r"\1:", script, flags=re.MULTILINE)


def _directory(upper: Path, path: str) -> Path:
    """A directory in the layer that looks like the machine's own (the upper one's owner and mode win)."""
    place = upper
    for part in Path(path).parts:
        place /= part
        if not place.is_dir():
            place.mkdir()
            shutil.copystat(Path("/") / place.relative_to(upper), place)
    return place


def _hide(upper: Path) -> None:
    for entry in os.listdir("/"):
        if entry not in _SHOWN and entry not in _EMPTY:
            _remove(upper, entry)
    _remove(upper, str(state.FOLDER.relative_to("/")))
    for key in Path("/etc/ssh").glob("ssh_host_*"):
        _remove(upper, str(key.relative_to("/")))
    for path, mode in _EMPTY.items():
        _empty(upper, path, mode)


def _remove(upper: Path, path: str) -> None:
    place = _directory(upper, str(Path(path).parent)) / Path(path).name
    os.mknod(place, stat.S_IFCHR, os.makedev(0, 0))


def _empty(upper: Path, path: str, mode: int) -> None:
    place = _directory(upper, str(Path(path).parent)) / Path(path).name
    place.mkdir(mode)
    os.setxattr(place, "trusted.overlay.opaque", b"y")


def _write_users(upper: Path) -> None:
    """The machine's system users, and one who may become root with sudo and may not use Docker without."""
    etc = _directory(upper, "etc")
    machine = Path("/etc")
    people = {f[0] for f in _rows(machine / "passwd") if 1000 <= int(f[2]) < 65000}
    for file, row in {
        "passwd": f"{USER}:x:{_UID}:{_UID}::/home/{USER}:/bin/bash",
        "group": f"{USER}:x:{_UID}:",
        "shadow": f"{USER}:*:19000:0:99999:7:::",
    }.items():
        kept = [":".join(f) for f in _rows(machine / file) if f[0] not in people | {USER}]
        (etc / file).write_text("\n".join([*kept, row]) + "\n")
    (etc / "shadow").chmod(0o600)
    sudoers = _directory(upper, "etc/sudoers.d") / USER
    sudoers.write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)


def _rows(file: Path) -> list[list[str]]:
    return [line.split(":") for line in file.read_text().splitlines()]


def _write_ssh(upper: Path, host_key: Path) -> None:
    """sshd with the host's own key, and the lab's key as that of both users."""
    etc = _directory(upper, "etc/ssh")
    (etc / "sshd_config").write_text(_SSHD)
    shutil.copy(host_key, etc / "host_key")
    public = state.KEY.with_suffix(".pub").read_text()
    for home, uid in ((upper / "root", 0), (upper / "home" / USER, _UID)):
        keys = home / ".ssh/authorized_keys"
        keys.parent.mkdir(mode=0o700, parents=True)
        keys.write_text(public)
        for path in (home, keys.parent, keys):
            os.chown(path, uid, uid)
