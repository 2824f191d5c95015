"""The program that `swarmnet doctor` starts on a host to send packets and to receive them. It imports nothing of ours.

Its text goes to `python3 -Ic BOOT` on stdin, after it one line of JSON for each request; a line comes back for each. It
ends with its stdin, which is when its caller is gone, and by itself when its seconds are over: where a link is cut
nobody tells it. Python 3.7 or a later one.

Requests: an object is the first one, a list is what to send, null asks for what was heard.

    {"token": TEXT, "name": TEXT, "seconds": N, "listen": [["udp", PORT], ["tcp", 0], …]}
    -> {"ready": [[PORT, WHY_NOT], …], "links": [[NAME, ADDRESS, MTU], …], "source": PORT_THAT_DATAGRAMS_COME_FROM}
    [{"kind": KIND, "to": ADDRESS, "port": N, "bytes": N, "label": TEXT}, …]
    -> [WHY_NOT, …], empty if it went well; what became of datagrams the other side knows
    null -> [[NAME, LABEL], …]

Kinds are `udp` (a datagram, some times), `once` (the same, one time), `tcp` (data, and an answer), `connect`, `ping`.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import threading
from typing import Any

AT_ONCE = 64  # connections that are tried at the same time
PATIENCE = 2.0  # seconds for one of them, of which the kernel sends a second SYN after one
COPIES, APART = 3, 0.06  # of a datagram, one may be lost; seconds between them
MOST = 10_000  # datagrams that are remembered
LINE = 2**20  # bytes that are sent through a connection at most
PIECE = 65_536
MTU_DISCOVER, PROBE = 10, 3  # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE: never in pieces, whatever the kernel has learned
GET_ADDRESS, GET_MTU = 0x8915, 0x8921  # SIOCGIFADDR, SIOCGIFMTU
ECHO, REPLY = 8, 0  # of ICMP


def why(problem: OSError) -> str:
    """The kernel's words."""
    return os.strerror(problem.errno or errno.EIO)


class Listener(asyncio.DatagramProtocol):
    """Takes what comes in: each datagram with the token, each connection, which gets an answer when its line ends."""

    def __init__(self, token: str) -> None:
        self.token = token.encode()
        self.heard: set[tuple[str, str]] = set()

    async def listen(self, kind: str, port: int) -> tuple[int, str]:
        """Listen at a port, 0 for any; the port, and why not."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        try:
            if kind == "tcp":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("", port))
            if kind == "tcp":
                await asyncio.start_server(self.connection, sock=sock, limit=LINE)
            else:
                await asyncio.get_event_loop().create_datagram_endpoint(lambda: self, sock=sock)
        except OSError as problem:
            sock.close()
            return port, why(problem)
        return sock.getsockname()[1], ""

    def datagram_received(self, data: bytes, _: tuple[str | Any, int]) -> None:
        """Remember one that has the token."""
        words = data.split(b"\0")
        if words[0] == self.token and len(words) > 3 and len(self.heard) < MOST:
            self.heard.add((words[1].decode(errors="replace"), words[2].decode(errors="replace")))

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer with how much came when the line ends."""
        try:
            data = await reader.readline()
            if data.endswith(b"\n"):
                writer.write(self.token + b" %d\n" % len(data))
        except (OSError, ValueError):  # it was cut, or never ends
            pass
        finally:
            writer.close()


class Sender:
    """Sends packets; each answer is why one did not go, empty if it went. Datagrams come from one port."""

    def __init__(self, token: str, name: str) -> None:
        self.token, self.name = token.encode(), name.encode()
        self.free = asyncio.Semaphore(AT_ONCE)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.IPPROTO_IP, MTU_DISCOVER, PROBE)
        self.sock.bind(("", 0))

    async def send(self, asked: dict[str, Any]) -> str:
        """Send one of any kind."""
        kind = asked["kind"]
        if kind in ("udp", "once"):
            return await self.datagrams(asked, COPIES if kind == "udp" else 1)
        told = ["no answer"]
        async with self.free:
            try:
                await asyncio.wait_for(
                    self.ping(asked, told) if kind == "ping" else self.connect(asked, told), PATIENCE
                )
            except asyncio.TimeoutError:  # noqa: UP041 - before Python 3.11 it is no TimeoutError
                pass
            except OSError as problem:
                return why(problem)
        return told[-1]

    async def datagrams(self, asked: dict[str, Any], copies: int) -> str:
        """One so many times."""
        data = b"\0".join([self.token, self.name, asked["label"].encode(), b""]).ljust(asked["bytes"], b"\0")
        told = ""
        for copy in range(copies):
            await asyncio.sleep(APART if copy else 0)
            try:
                self.sock.sendto(data, (asked["to"], asked["port"]))
                told = ""
            except OSError as problem:
                told = why(problem)
        return told

    async def connect(self, asked: dict[str, Any], told: list[str]) -> None:
        """Open a connection; send data through it and wait for the answer, if that was asked."""
        reader, writer = await asyncio.open_connection(asked["to"], asked["port"])
        try:
            if asked["kind"] == "tcp":
                told.append("connected, and no data passes")
                writer.write(b"x" * (asked["bytes"] - 1) + b"\n")
                if await reader.readline() != b"%s %d\n" % (self.token, asked["bytes"]):
                    return
            told.append("")
        finally:
            writer.close()

    async def ping(self, asked: dict[str, Any], told: list[str]) -> None:
        """One echo, as root."""
        loop = asyncio.get_event_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
            sock.setblocking(False)
            sock.connect((asked["to"], 0))  # what others send does not come here
            number = os.getpid() & 0xFFFF
            total = (ECHO << 8) + number
            sock.send(struct.pack("!BBHHH", ECHO, 0, ~(total + (total >> 16)) & 0xFFFF, number, 0))
            try:
                while told[-1]:
                    data = await loop.sock_recv(sock, PIECE)
                    kind, _, _, of = struct.unpack("!BBHH", data[20:26])
                    if (kind, of) == (REPLY, number):
                        told.append("")
            finally:
                loop.remove_reader(sock)  # Python 3.7 leaves it there when its time is over


def links() -> list[tuple[str, str, int]]:
    """Interfaces with their IPv4 address and MTU."""
    found: list[tuple[str, str, int]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            ask = struct.pack("256s", name.encode())
            try:
                address = socket.inet_ntoa(fcntl.ioctl(sock, GET_ADDRESS, ask)[20:24])
                found.append((name, address, struct.unpack("i", fcntl.ioctl(sock, GET_MTU, ask)[16:20])[0]))
            except OSError:
                pass
    return found


async def main() -> None:
    """Answer each request, until stdin ends, and this process with it, whatever it is doing."""
    lines: asyncio.Queue[Any] = asyncio.Queue()
    loop = asyncio.get_event_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, json.loads(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    first = await lines.get()
    signal.setitimer(signal.ITIMER_REAL, first["seconds"])
    here, sender = Listener(first["token"]), Sender(first["token"], first["name"])
    ready = [await here.listen(kind, port) for kind, port in first["listen"]]
    answer: Any = {"ready": ready, "links": links(), "source": sender.sock.getsockname()[1]}
    while True:
        print(json.dumps(answer), flush=True)
        request = await lines.get()
        answer = sorted(here.heard) if request is None else await asyncio.gather(*map(sender.send, request))


if __name__ == "__main__":
    asyncio.run(main())
