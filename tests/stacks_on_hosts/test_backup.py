"""`swarmnet backup` on real hosts: cut, finished, and its archive restored on an empty host by the page's commands."""

import re
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support import machines
from tests.support.machines import LAB, ROOT, Group, Host, becomes, eventually
from tests.support.project import Project
from tests.support.what_hosts_show import SSH

pytestmark = pytest.mark.lab
OTHERS = [pytest.param(each, marks=pytest.mark.every_engine) for each in ("20.10", "29")]
WEB = ("service", "create", "--detach", "--no-resolve-image", "--mode=global", "--name=web", "busybox:lab")
SLOW_TAR = "printf '#!/bin/sh\\nsleep 3\\nexec /bin/tar \"$@\"\\n' >/usr/local/bin/tar; chmod +x /usr/local/bin/tar"
# The page's words for systemd, and the lab's for the same.
SERVICE = {
    "systemctl stop docker.socket docker": "service docker stop",
    "systemctl start docker": "service docker start",
}


def sections(hosts: Group) -> dict[str, Any]:
    """The stack: three managers."""
    return {
        "hosts": {host.name: {"address": host.address, "role": "manager"} for host in hosts},
        "ssh": SSH,
        "swarm": {"default_addr_pool": ["10.70.0.0/16"]},
        "gwbridge": {"subnet": "10.71.0.0/20"},
        "ingress": {"subnet": "10.72.0.0/20"},
        "overlays": {"app": {"subnet": "10.73.0.0/24"}},
    }


def in_service(host: Host) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Availability, reachability and labels of each manager."""
    return {
        name: (entry["Spec"]["Availability"], entry["ManagerStatus"]["Reachability"], ours(entry["Spec"]["Labels"]))
        for name, entry in host.nodes().items()
    }


def ours(labels: dict[str, str]) -> dict[str, str]:
    """The labels of a change."""
    return {key: value for key, value in labels.items() if key.startswith("swarmnet.") and key != "swarmnet.owner"}


def restored(archive: Path, key: Path, host: Host) -> None:
    """Run the commands of docs/operations.md on a host."""
    page = (ROOT / "docs" / "operations.md").read_text()
    for line in re.findall(r"^\$ ((?:ssh root@m2|age ).*)$", page, re.MULTILINE):
        for systemd, sysv in SERVICE.items():
            line = line.replace(systemd, sysv)
        line = line.replace("ssh root@m2", f"{LAB} ssh {host.name}").replace("10.1.16.12", host.address)
        line = re.sub(r"key\.txt \S+\.age", f"{key} {archive}", line)
        subprocess.run(["bash", "-e", "-o", "pipefail", "-c", line], check=True, timeout=machines.SECONDS)
        if line.endswith("docker start"):
            eventually(partial(host.docker, "version", check=False))


@pytest.mark.parametrize("engine", ["28", *OTHERS])
def test_cut_backup_is_finished_and_its_archive_brings_the_swarm_back(
    engine: str, new_project: Callable[..., Project], tmp_path: Path
):
    """Killed while docker is stopped, docker starts by itself and nothing stands under the archive's name; then the
    same command. All hosts are lost after it, and an empty one of the same address is the swarm again."""
    hosts = machines.start("bk", engine, 3)
    try:
        project, key, out = new_project(), tmp_path / "key", tmp_path / "out"
        out.mkdir()
        subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
        (tmp_path / "public").write_bytes(subprocess.run(["age-keygen", "-y", key], capture_output=True).stdout)
        words = ("--yes", f"--out={out}", f"--recipients-file={tmp_path / 'public'}")
        hosts.provide_image()
        project.declare(sections(hosts))
        up = project.up()
        assert up.ok, up.told
        hosts["bk1"].docker(*WEB)
        eventually(
            lambda: (
                len(hosts["bk1"].docker("service", "ps", "web", "--filter=desired-state=running", "-q").split()) == 3
            )
        )
        well = in_service(hosts["bk1"])
        before = hosts["bk1"].swarm()["Cluster"]["ID"]
        stopped = partial(hosts["bk2"].run, "service", "docker", "status", check=False)

        hosts["bk2"].run("sh", "-c", SLOW_TAR)
        with project.begin("backup", *words, stdout=subprocess.DEVNULL) as cut:
            eventually(lambda: "not running" in stopped())
            cut.send_signal(signal.SIGKILL)
        assert [] == [*out.glob("*.age")]
        eventually(lambda: "is running" in stopped())
        hosts["bk2"].run("rm", "/usr/local/bin/tar")
        done = project.swarmnet("backup", *words)
        assert 0 == done.returncode, done

        becomes(well, partial(in_service, hosts["bk1"]))
        assert project.is_settled()
        (archive,) = out.iterdir()
        assert "0o600" == oct(archive.stat().st_mode & 0o777)
        host = re.search(r"-(bk\d)-", archive.name)
        assert host
        hosts.reset()
        restored(archive, key, hosts[host[1]])
        again = hosts[host[1]]
        assert before == eventually(lambda: again.swarm().get("Cluster", {}).get("ID"))
        becomes("web", partial(again.docker, "service", "ls", "--format={{.Name}}", check=False))
    finally:
        machines.end("bk")
