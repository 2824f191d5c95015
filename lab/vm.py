"""One virtual machine: a host with a kernel, systemd and Docker of its own, in QEMU under software emulation.

KVM is not used: if the machine is itself a virtual one, it may start and then hang.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from ipaddress import IPv4Address
from pathlib import Path

from lab import access, engine_api, network, state, vm_image
from lab.shell import LabError, run
from lab.state import Record, Wanted

ENGINE = "20.10"
"""What Debian 12 has."""
_MEMORY = "1536M"
# The time that systemd gives a service: 90 s are not enough where other work has the processor.
_KERNEL_OPTIONS = "console=ttyS0 quiet net.ifnames=0 apparmor=0 systemd.default_timeout_start_sec=600"
_SECONDS = 600.0
_CONNECT = """\
ip link set lo up
ip addr add {address}/{prefix} dev eth0
ip link set eth0 up
ip route add default via {gateway}
"""
# QEMU, once there is a word on its standard input; nothing, if that ends before.
_RELEASED = ("sh", "-c", 'read -r _ && exec "$@" </dev/null', "sh")


class NewVm:
    """A virtual machine that waits to be released, and comes to nothing if this program ends before."""

    def __init__(self, wanted: Wanted) -> None:
        """Make its files and lay its cable."""
        remove(wanted.name)
        folder = state.FOLDERS / wanted.name
        folder.mkdir(parents=True)
        image = vm_image.image()
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", image.disk, folder / "disk.qcow2")
        _write_initrd(folder, wanted, image.initrd)
        network.plug_tap(wanted.name)
        with open(folder / "qemu.log", "w") as log:
            self._process = subprocess.Popen(
                [*_RELEASED, *_qemu(folder, wanted, image.kernel)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                cwd="/",
                start_new_session=True,
            )
        pid = self._process.pid
        started = state.started(pid)
        if started is None:
            raise LabError(f"{wanted.name}: QEMU does not start: read {folder}/qemu.log")
        self.record = Record(wanted.name, wanted.group, wanted.address, wanted.engine, pid, started)

    def release(self) -> None:
        """Let QEMU start."""
        assert self._process.stdin
        with self._process.stdin as pipe:
            pipe.write("go\n")


def _qemu(folder: Path, wanted: Wanted, kernel: Path) -> list[str]:
    """https://www.qemu.org/docs/master/system/invocation.html"""
    return [
        *("qemu-system-x86_64", "-name", f"swarmnet-lab-{wanted.name}", "-accel", "tcg,thread=multi", "-cpu", "max"),
        *("-smp", "2", "-m", _MEMORY, "-nodefaults", "-display", "none", "-serial", f"file:{folder}/console.log"),
        *("-kernel", str(kernel), "-initrd", f"{folder}/initrd.cpio", "-append", _KERNEL_OPTIONS),
        *("-drive", f"file={folder}/disk.qcow2,if=virtio,format=qcow2,cache=unsafe"),
        *("-netdev", f"tap,id=eth0,ifname={network.cable(wanted.name)},script=no,downscript=no"),
        *("-device", f"virtio-net-pci,netdev=eth0,mac={network.mac(IPv4Address(wanted.address))},romfile="),
    ]


def _write_initrd(folder: Path, wanted: Wanted, common: Path) -> None:
    """Write what the kernel starts first, followed by what is this virtual machine's own."""
    tree = folder / "seed"
    for path in ("seed/etc/ssh", "seed/root/.ssh"):
        (tree / path).mkdir(parents=True)
    for path in ("seed/root", "seed/root/.ssh"):
        (tree / path).chmod(0o700)
    where = {"address": wanted.address, "prefix": network.SUBNET.prefixlen, "gateway": network.GATEWAY}
    (tree / "connect.sh").write_text(_CONNECT.format(**where))
    (tree / "seed/etc/hostname").write_text(f"{wanted.name}\n")
    (tree / "seed/etc/hosts").write_text(f"127.0.0.1 localhost {wanted.name}\n")
    shutil.copy(access.host_key(wanted.name), tree / "seed/etc/ssh/ssh_host_ed25519_key")
    shutil.copy(state.KEY.with_suffix(".pub"), tree / "seed/root/.ssh/authorized_keys")
    vm_image.pack(tree, folder / "own.cpio")
    shutil.rmtree(tree)
    with open(folder / "initrd.cpio", "wb") as initrd:
        for part in (common, folder / "own.cpio"):
            initrd.write(part.read_bytes())


def wait_ready(record: Record) -> None:
    """Return when sshd and docker are there."""
    deadline = time.monotonic() + _SECONDS
    while not (access.answers(record) and docker_state(record) == "active"):
        if not record.runs or time.monotonic() > deadline:
            raise LabError(
                f"{record.name}: no docker after {_SECONDS:g} s: read console.log in {state.FOLDERS / record.name}"
            )
        time.sleep(0.5)


def docker_state(record: Record) -> str:
    """Return systemd's word on docker, such as `active` or `failed`; `silent` if the host does not answer."""
    try:
        return run_in(record, "systemctl is-active docker || true").strip()
    except LabError:
        return "silent"


def import_image(record: Record) -> None:
    """Make the image `busybox:lab`, also `busybox:latest`, as on any host of the lab."""
    made = f"docker import --change '{engine_api.COMMAND}' {vm_image.IMAGE_FILE} busybox:lab"
    run_in(record, f"{made} && docker tag busybox:lab busybox:latest")


def run_in(record: Record, script: str) -> str:
    """Run a shell's script on it and return what it printed."""
    return run(*access.ssh(record, f"sh -c {shlex.quote(script)}"))


def remove(name: str) -> None:
    """Remove what one that has ended leaves, all but its ssh key."""
    network.remove_cable(name)
    if (state.FOLDERS / name).exists():
        shutil.rmtree(state.FOLDERS / name)
