"""Virtual machines as the tests see them."""

import json
import shlex
import subprocess
from typing import Any

from tests.support.machines import ROOT, Group, Host

Json = Any
LAB = ROOT / "lab" / "vms"
BUILT = 1200.0  # seconds for the image and a start
SECONDS = 180.0


class Vm(Host):
    """One that runs; commands go there by ssh."""

    def run(self, *words: str, check: bool = True) -> str:
        """Run a command on it and return its output. Raises AssertionError if it fails, unless `check` is false."""
        done = called("ssh", self.name, shlex.join(words), seconds=SECONDS)
        assert done.returncode == 0 or not check, f"{self.name}: {' '.join(words)}: {done.stderr or done.stdout}"
        return done.stdout.strip()


def service_specs(manager: Host) -> dict[str, Json]:
    """All services' specs by name, as this manager has them."""
    found = json.loads(manager.docker("service", "inspect", *manager.docker("service", "ls", "--quiet").split()))
    return {each["Spec"]["Name"]: each["Spec"] for each in found}


def start(count: int) -> Group:
    """New, bare virtual machines with the image `busybox:lab`."""
    end()
    lab("up", str(count))
    lab("image")
    rows = [line.split() for line in lab("list").splitlines()[1:]]
    return Group("vm", {name: Vm(name, address, pid=0) for name, address, *_ in rows})


def end() -> None:
    """End all of them."""
    lab("down")


def lab(*words: str) -> str:
    """Run `lab/vms` and return its output. Raises AssertionError with its complaint if it fails."""
    done = called(*words, seconds=BUILT)
    assert done.returncode == 0, f"lab/vms {' '.join(words)}: {done.stderr}"
    return done.stdout


def called(*words: str, seconds: float) -> subprocess.CompletedProcess[str]:
    """`lab/vms` run to its end, however that is."""
    return subprocess.run([LAB, *words], capture_output=True, text=True, timeout=seconds, check=False)
