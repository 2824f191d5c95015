"""Slow links to hosts of the lab: a relay for each, which holds back what passes. It needs nothing of the kernel.

    python -m bench.links SECONDS LISTEN=HOST...

holds it back for so many seconds in each direction, until it is ended. LISTEN and HOST are addresses.
"""

import asyncio
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from tests.support.machines import KNOWN_HOSTS, Host
from tests.support.what_hosts_show import SSH

PORT = 2022
READY = "ready"


class End(asyncio.Protocol):
    """One end of a relayed connection. other: where what comes in here goes out."""

    other: "End"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.held: deque[bytes] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it; asyncio has said TCP_NODELAY."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Hold it back for a while."""
        self.held.append(data)
        asyncio.get_running_loop().call_later(self.seconds, self.passed_on)

    def passed_on(self) -> None:
        """Pass the oldest on."""
        self.other.transport.write(self.held.popleft())

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other end, once it has had all."""
        asyncio.get_running_loop().call_later(self.seconds, self.other.transport.close)


class Front(End):
    """The end that was connected to. The other one is connected as late as a packet there and back takes."""

    def __init__(self, seconds: float, host: str) -> None:
        super().__init__(seconds)
        self.host = host

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read nothing yet."""
        super().connection_made(transport)
        self.transport.pause_reading()
        self.task = asyncio.ensure_future(self.connected())

    async def connected(self) -> None:
        """Connect the other end."""
        await asyncio.sleep(2 * self.seconds)
        _, self.other = await asyncio.get_running_loop().create_connection(lambda: End(self.seconds), self.host, 22)
        self.other.other = self
        self.transport.resume_reading()


async def serve(seconds: float, pairs: Iterable[str]) -> None:
    """Relay for ever."""
    loop = asyncio.get_running_loop()
    for listen, _, host in (pair.partition("=") for pair in pairs):
        await loop.create_server(partial(Front, seconds, host), listen, PORT, backlog=100)
    print(READY, flush=True)
    await asyncio.Event().wait()


@contextmanager
def slow(hosts: Iterable[Host], seconds: float, folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give for each host how a stack file reaches it, and its section `ssh`, over links of so many seconds there and
    back.
    """
    through = {host: f"127.66.0.{number}" for number, host in enumerate(hosts, 1)}
    rows = (line.split(" ", 1) for line in KNOWN_HOSTS.read_text().splitlines())
    keys = {names.split(",")[0]: key for names, key in rows}
    known = folder / "known_hosts"
    known.write_text("".join(f"[{listen}]:{PORT} {keys[host.name]}\n" for host, listen in through.items()))
    words = [sys.executable, "-m", "bench.links", str(seconds / 2), *(f"{b}={a.address}" for a, b in through.items())]
    relay = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert relay.stdout is not None
        assert relay.stdout.readline().strip() == READY
        reached = {
            host.name: {"address": listen, "port": PORT, "advertise_address": host.address}
            for host, listen in through.items()
        }
        yield reached, {**SSH, "known_hosts": str(known)}
    finally:
        relay.kill()
        relay.wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), sys.argv[2:]))
