"""A host's own files: the upper layer of its overlay over the machine's, written before it starts.

Of the machine a host sees programs and their settings (/usr, /etc, most of /var) and nothing else: homes,
checkouts, logs and the lab's own folder are hidden. No process is started here.

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
_PARTS = ("upper", "work", "root", "docker", "containerd")
_SHOWN = {"bin", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr", "var"}
_EMPTY = {
    **dict.fromkeys(("dev", "home", "mnt", "opt", "run", "etc/docker", "usr/local", "var/log"), 0o755),
    **dict.fromkeys(("proc", "sys"), 0o555),
    **dict.fromkeys(("tmp", "var/tmp"), 0o1777),
    **dict.fromkeys(("root", "var/lib/containerd", "var/lib/docker"), 0o700),
}
_SCRIPTS = {
    "init.sh": "usr/local/sbin/lab-init",
    "systemctl.sh": "usr/local/bin/systemctl",
    "docker.sh": "etc/default/docker",
}
"""Files of this folder, and where a host has them."""
_SSHD = """\
AuthorizedKeysFile .ssh/authorized_keys
HostKey /etc/ssh/host_key
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp /usr/lib/openssh/sftp-server
UsePAM no
"""


def write(folder: Path, name: str, host_key: Path, covered: Iterable[str]) -> None:
    """Make a host's folder; `covered` are the paths in the host over which single files will be mounted."""
    for part in _PARTS:
        (folder / part).mkdir(parents=True)
    upper = folder / "upper"
    _hide(upper)
    _write_users(upper)
    _write_ssh(upper, host_key)
    _write_docker(upper)
    (upper / "etc/hostname").write_text(f"{name}\n")
    (upper / "etc/hosts").write_text(f"127.0.0.1 localhost {name}\n")
    # Nobody answers there, so that looking up an image in a registry fails at once.
    (upper / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    for script, place in _SCRIPTS.items():
        shutil.copy(Path(__file__).with_name(script), _place(upper, place))
    for path in covered:
        _place(upper, path.lstrip("/")).touch()


def _place(upper: Path, path: str) -> Path:
    """Return a path in the layer, in directories with the machine's own modes, since those of the layer count."""
    place = upper
    for part in Path(path).parent.parts:
        place /= part
        if not place.is_dir():
            place.mkdir()
            shutil.copystat(Path("/") / place.relative_to(upper), place)
    return upper / path


def _hide(upper: Path) -> None:
    for entry in {path.name for path in Path("/").iterdir()} - _SHOWN - set(_EMPTY):
        _remove(upper, entry)
    _remove(upper, str(state.FOLDER.relative_to("/")))
    for key in Path("/etc/ssh").glob("ssh_host_*"):
        _remove(upper, str(key.relative_to("/")))
    for path, mode in _EMPTY.items():
        place = _place(upper, path)
        place.mkdir()
        place.chmod(mode)
        os.setxattr(place, "trusted.overlay.opaque", b"y")


def _remove(upper: Path, path: str) -> None:
    os.mknod(_place(upper, path), stat.S_IFCHR, os.makedev(0, 0))


def _write_users(upper: Path) -> None:
    """The machine's system users, and one who needs sudo for Docker."""
    machine = Path("/etc")
    people = {row[0] for row in _rows(machine / "passwd") if 1000 <= int(row[2]) < 65000}
    for file, added, mode in (
        ("passwd", f"{USER}:x:{_UID}:{_UID}::/home/{USER}:/bin/bash", 0o644),
        ("group", f"{USER}:x:{_UID}:", 0o644),
        ("shadow", f"{USER}:*:19000:0:99999:7:::", 0o600),
    ):
        kept = [":".join(row) for row in _rows(machine / file) if row[0] not in people | {USER}]
        _place(upper, f"etc/{file}").write_text("\n".join([*kept, added]) + "\n")
        (upper / "etc" / file).chmod(mode)
    sudoers = _place(upper, f"etc/sudoers.d/{USER}")
    sudoers.write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)


def _rows(file: Path) -> list[list[str]]:
    return [line.split(":") for line in file.read_text().splitlines()]


def _write_ssh(upper: Path, host_key: Path) -> None:
    """sshd with the host's own key; the lab's key opens root and the other user."""
    _place(upper, "etc/ssh/sshd_config").write_text(_SSHD)
    shutil.copy(host_key, upper / "etc/ssh/host_key")
    public = state.KEY.with_suffix(".pub").read_text()
    for home, uid in ((upper / "root", 0), (upper / "home" / USER, _UID)):
        keys = home / ".ssh/authorized_keys"
        keys.parent.mkdir(mode=0o700, parents=True)
        keys.write_text(public)
        for path in (home, keys.parent, keys):
            os.chown(path, uid, uid)


def _write_docker(upper: Path) -> None:
    # The init script mounts cgroups unless this file has a line for them; the host has them already.
    (upper / "etc/fstab").write_text("cgroup /sys/fs/cgroup none defaults 0 0\n")
    script = _place(upper, "etc/init.d/docker")
    script.write_text(without_limits(Path("/etc/init.d/docker").read_text()))
    script.chmod(0o755)


def without_limits(script: str) -> str:
    """Return an init script without its `ulimit` lines: if a machine refuses to raise a limit, they end it."""
    return re.sub(r"^(\s*)ulimit .*$", r"\1:", script, flags=re.MULTILINE)
