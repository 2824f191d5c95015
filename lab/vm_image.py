"""What virtual machines start from: a disk with Debian 12, its kernel, and what mounts the one with the other.

Built once from the machine's own mirror and kept in the cache, in a folder named after this very recipe: a changed
one is built anew. Nothing of one virtual machine is in it; that comes with the start, as files (`seed`).
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from lab import debian, engine_api, machine
from lab.engines import cache
from lab.shell import LabError, run, told

PROVIDED_BY = {
    "/usr/sbin/debootstrap": "debootstrap",
    "/usr/bin/qemu-system-x86_64": "qemu-system-x86",
    "/usr/bin/qemu-img": "qemu-utils",
    "/usr/bin/cpio": "cpio",
    "/sbin/mkfs.ext4": "e2fsprogs",
}
"""A file that virtual machines need beyond what all hosts do, and the package that has it."""
IMAGE_FILE = "/usr/local/lib/busybox-lab.tar"
"""Where a virtual machine has the content of the image busybox:lab."""
_RELEASE, _KERNEL = "bookworm", "linux-image-cloud-amd64"
_PACKAGES = (
    *("systemd-sysv", "dbus", "kmod", "openssh-server", "sudo", "docker.io", "ca-certificates"),
    *("iptables", "iproute2", "iputils-ping", "ipvsadm", "tcpdump", "nftables", "python3"),
)
# Installed by apt: debootstrap configures in an order in which a package that this one needs fails.
_FIREWALL = "firewalld"
_IDLE = ("serial-getty@ttyS0.service", "getty@tty1.service", "apt-daily.timer", "apt-daily-upgrade.timer")
_SIZE = "4G"
_MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "ext4")
_SECONDS = 1800
_INIT = """\
#!/bin/busybox sh
# The first process, until the disk is there: connects the machine and puts its own files onto the disk.
/bin/busybox --install /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/order
until [ -b /dev/vda ] && [ -d /sys/class/net/eth0 ]; do sleep 0.1; done
mount -t ext4 /dev/vda /disk
. /connect.sh
cp -a /seed/. /disk
exec switch_root /disk /sbin/init
"""


@dataclass(frozen=True)
class Image:
    """Its files."""

    folder: Path

    @property
    def disk(self) -> Path:
        """The disk, which no virtual machine writes to: each has its own layer over it."""
        return self.folder / "disk.img"

    @property
    def kernel(self) -> Path:
        """Debian's kernel, as packaged."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """What the kernel starts first; a virtual machine's seed is appended to it."""
        return self.folder / "initrd.cpio"


def image() -> Image:
    """Where the image of this recipe is, once it is built."""
    return Image(_images() / hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12])


def _images() -> Path:
    return cache().parent / "vms"


def provide() -> None:
    """Install packages and build the image, unless they are there; another checkout that does so is waited for."""
    machine.refuse_other_release()
    packages = [*machine.missing_packages(), *machine.missing_packages(PROVIDED_BY)]
    if packages:
        machine.install(packages, "to build and run virtual machines")
    _images().mkdir(parents=True, exist_ok=True)
    with open(_images() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image().folder.is_dir():
            _build(image().folder)


def _build(into: Path) -> None:
    draft = Image(into.with_suffix(".new"))
    shutil.rmtree(draft.folder, ignore_errors=True)
    root = draft.folder / "root"
    root.mkdir(parents=True)
    try:
        with told(
            "image of virtual machines: built from Debian packages, since none is kept: a minute, once for this user"
        ):
            run("apt-get", "-q", "update", seconds=_SECONDS)
            wanted = ("--variant=minbase", f"--include={','.join(_PACKAGES)}")
            run("debootstrap", *wanted, _RELEASE, root, debian.mirror(), seconds=_SECONDS)
            by_apt = ("apt-get", "-q", "-y", "-o", "APT::Sandbox::User=root", "--no-install-recommends", "install")
            run("chroot", root, "env", "DEBIAN_FRONTEND=noninteractive", *by_apt, _FIREWALL, seconds=_SECONDS)
            version = _unpack_kernel(draft, root)
            _settle(root)
            _write_initrd(draft, root, version)
            run("truncate", "-s", _SIZE, draft.disk)
            run("mkfs.ext4", "-q", "-d", root, draft.disk, seconds=_SECONDS)
        shutil.rmtree(root)
        for old in set(_images().glob("*/")) - {draft.folder}:
            shutil.rmtree(old)
        draft.folder.rename(into)
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)


def _unpack_kernel(draft: Image, root: Path) -> str:
    """Put the kernel beside the disk and its modules onto it; its version, as modules name it."""
    package = newest_kernel(run("apt-cache", "depends", _KERNEL))
    run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package, cwd=draft.folder, seconds=_SECONDS)
    unpacked = draft.folder / "kernel"
    for file in draft.folder.glob("*.deb"):
        run("dpkg-deb", "--extract", file, unpacked)
        file.unlink()
    version = package.removeprefix("linux-image-")
    shutil.move(unpacked / f"boot/vmlinuz-{version}", draft.kernel)
    shutil.copytree(unpacked / "lib/modules" / version, root / "lib/modules" / version)
    shutil.rmtree(unpacked)
    run("chroot", root, "depmod", version)
    return version


def newest_kernel(depends: str) -> str:
    """The package with the kernel itself, by what `apt-cache depends` says of the one that always has the newest."""
    packages = [line.split()[-1] for line in depends.splitlines() if line.split()[0] == "Depends:"]
    if not packages:
        raise LabError(f"apt: no package {_KERNEL} known here: run `apt-get update`, see /etc/apt")
    return packages[0]


def _settle(root: Path) -> None:
    """What every virtual machine has in common, beyond its packages."""
    run("chroot", root, "systemctl", "enable", "ssh", "docker")
    run("chroot", root, "systemctl", "disable", _FIREWALL)  # whoever tries it starts it
    # Nobody logs in at a terminal, and no package changes: both would take time from a slow processor.
    run("chroot", root, "systemctl", "mask", *_IDLE)
    for key in root.glob("etc/ssh/ssh_host_*"):
        key.unlink()
    (root / "etc/ssh/sshd_config.d/lab.conf").write_text("UsePAM no\n")  # as on any host of the lab, and quicker
    (root / "etc/machine-id").write_text("")  # each virtual machine gets one of its own
    # Nobody answers there, so that looking up an image in a registry fails at once.
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    (root / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n")
    (root / IMAGE_FILE.lstrip("/")).write_bytes(engine_api.busybox_root())
    for packed in root.glob("var/cache/apt/archives/*.deb"):
        packed.unlink()


def _write_initrd(draft: Image, root: Path, version: str) -> None:
    """The machine's busybox, the modules to reach the disk and the network in their order, and what uses them."""
    tree = draft.folder / "initrd"
    for folder in ("bin", "modules", "proc", "sys", "dev", "disk"):
        (tree / folder).mkdir(parents=True)
    shutil.copy("/bin/busybox", tree / "bin/busybox")
    shown = run("chroot", root, "modprobe", "--set-version", version, "--show-depends", "--all", *_MODULES)
    files = list(dict.fromkeys(line.split()[1] for line in shown.splitlines() if line.startswith("insmod")))
    for file in files:
        shutil.copy(root / file.lstrip("/"), tree / "modules")
    (tree / "modules/order").write_text("".join(f"{Path(file).name}\n" for file in files))
    (tree / "init").write_text(_INIT)
    (tree / "init").chmod(0o755)
    pack(tree, draft.initrd)
    shutil.rmtree(tree)


def pack(tree: Path, into: Path) -> None:
    """Write a folder as an archive that the kernel unpacks at its start; one may follow on another in a file.

    https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
    """
    names = "".join(f"{path.relative_to(tree)}\n" for path in sorted(tree.rglob("*")))
    run("cpio", "--create", "--format=newc", "--owner=0:0", f"--file={into}", stdin=names, cwd=tree)
