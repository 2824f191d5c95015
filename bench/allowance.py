"""What is no fault of ours: imports of docker and paramiko, one SSH handshake, the Engine's own time for its calls."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import paramiko

from bench.api import Api
from bench.programs import overlays
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Host

TIMES = 5
# The plugin has imported Pulumi's SDK before, and so has the floor's.
IMPORT = "import time, pulumi; began = time.monotonic(); import docker, paramiko; print(time.monotonic() - began)"


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Seconds of each. create, inspect, remove: of as many overlays as there are, one call after the other on one
    connection. listing: all networks, three times.
    """

    imports: float
    handshake: float
    create: float
    inspect: float
    listing: float
    remove: float

    @property
    def reaching(self) -> float:
        """What each process pays that reaches hosts."""
        return self.imports + self.handshake


def allowance(manager: Host, count: int) -> Allowance:
    """Measure it on a manager that has none of so many overlays yet."""
    seconds = calls(manager, count)
    return Allowance(imports=often(imports), handshake=often(lambda: timed(lambda: handshake(manager))), **seconds)


def often(measure: Callable[[], float]) -> float:
    """Return the median of a few."""
    return statistics.median(measure() for _ in range(TIMES))


def timed(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def imports() -> float:
    """Return how long a process takes to import both."""
    done = subprocess.run((sys.executable, "-c", IMPORT), capture_output=True, text=True, check=True)
    return float(done.stdout)


def handshake(host: Host) -> None:
    """Log in, and no more."""
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(KNOWN_HOSTS))
        client.connect(host.address, username="root", key_filename=str(KEY_FILE), allow_agent=False)


def calls(manager: Host, count: int) -> dict[str, float]:
    """Return seconds of each call, of all overlays together, at the Engine's own socket."""
    api, ids = Api(manager), list[str]()

    def create() -> None:
        for name, section in overlays(count).items():
            pool = {"Subnet": section["subnet"]}
            ids.append(api.create("/networks", {"Name": name, "Driver": "overlay", "IPAM": {"Config": [pool]}}))

    return {
        "create": timed(create),
        "inspect": timed(lambda: [api.get(f"/networks/{each}") for each in ids]),
        "listing": timed(lambda: [api.get("/networks") for _ in range(3)]),
        "remove": timed(lambda: list(map(api.delete, (f"/networks/{each}" for each in ids)))),
    }
