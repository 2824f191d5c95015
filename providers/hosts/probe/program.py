"""The program that `swarmnet doctor` starts on a host to send packets and to receive them. It imports nothing of ours.

Its text goes to `python3 -Ic BOOT` on stdin, after it one line of JSON for each request; a line comes back for each. It
ends with its stdin, which is when its caller is gone, and by itself when its seconds are over: where a link is cut
nobody tells it. Python 3.7 or a later one.

Requests, the first with `listen`, others with `try` or `heard`:

    {"token": TEXT, "name": TEXT, "seconds": N, "listen": [["udp", PORT], ["tcp", 0], …]}
    -> {"ready": [[PORT, WHY_NOT], …], "links": [[NAME, ADDRESS, MTU], …], "from": PORT_THAT_DATAGRAMS_COME_FROM}
    {"try": [{"kind": KIND, "to": ADDRESS, "port": N, "bytes": N, "label": TEXT}, …]}
    -> {"tried": [WHY_NOT, …]}, empty if it went well; what became of datagrams the other side knows
    {"heard": true} -> {"heard": [[NAME, LABEL, FROM_ADDRESS], …]}

Kinds are `udp` (a datagram, some times), `once` (the same, one time), `tcp` (data, and an answer), `connect`, `ping`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import queue
import selectors
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

AT_ONCE = 64  # connections that are tried at the same time
PATIENCE = 2.0  # seconds for one of them, of which the kernel sends a second SYN after one
COPIES, APART = 3, 0.06  # of a datagram, one may be lost; seconds between them
MOST = 10_000  # datagrams and connections that are remembered
PIECE = 65_536
MTU_DISCOVER, PROBE = 10, 3  # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE: never in pieces, whatever the kernel has learned
GET_ADDRESS, GET_MTU = 0x8915, 0x8921  # SIOCGIFADDR, SIOCGIFMTU


def why(problem: OSError) -> str:
    """The kernel's words."""
    return os.strerror(problem.errno or errno.EIO)


class Listeners(threading.Thread):
    """Takes what comes in: each datagram with the token, each connection, which gets an answer when all of it came."""

    def __init__(self, token: str, wanted: list[list[Any]]) -> None:
        super().__init__(daemon=True)
        self.token = token.encode()
        self.heard: set[tuple[str, str, str]] = set()
        self.ready: list[list[Any]] = []
        self.found = selectors.DefaultSelector()
        self.open = [self._listener(kind, port) for kind, port in wanted]

    def _listener(self, kind: str, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        try:
            if kind == "tcp":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("", port))
            if kind == "tcp":
                sock.listen(AT_ONCE)
        except OSError as problem:
            self.ready.append([port, why(problem)])
            return sock
        sock.setblocking(False)
        self.found.register(sock, selectors.EVENT_READ, self.datagram if kind == "udp" else self.connection)
        self.ready.append([sock.getsockname()[1], ""])
        return sock

    def run(self) -> None:
        """Take what comes, for ever."""
        while True:
            for key, _ in self.found.select():
                with contextlib.suppress(OSError):
                    key.data(key.fileobj)

    def datagram(self, sock: socket.socket) -> None:
        """Remember one that has the token."""
        data, sender = sock.recvfrom(PIECE)
        words = data.split(b"\0")
        if words[0] == self.token and len(words) > 3 and len(self.heard) < MOST:
            self.heard.add((words[1].decode(errors="replace"), words[2].decode(errors="replace"), sender[0]))

    def connection(self, sock: socket.socket) -> None:
        """Take one, and answer with how much came when its line ends."""
        conn, _ = sock.accept()
        conn.setblocking(False)
        count = 0

        def more(conn: socket.socket) -> None:
            nonlocal count
            data = b""
            try:
                data = conn.recv(PIECE)
            finally:
                if not data:
                    self.found.unregister(conn)
                    conn.close()
            count += len(data)
            if data.endswith(b"\n"):
                conn.send(self.token + b" %d\n" % count)

        self.found.register(conn, selectors.EVENT_READ, more)


class Trials:
    """The packets to send, at most AT_ONCE at a time; one answer for each."""

    def __init__(self, token: str, name: str, sock: socket.socket, wanted: list[dict[str, Any]]) -> None:
        self.token, self.name, self.sock, self.wanted = token, name, sock, wanted
        self.tried = ["no answer"] * len(wanted)
        self.found = selectors.DefaultSelector()

    def all(self) -> list[str]:
        """Send it; why each did not go, empty if it went."""
        self.pings([at for at, each in enumerate(self.wanted) if each["kind"] == "ping"])
        self.datagrams([at for at, each in enumerate(self.wanted) if each["kind"] == "once"], 1)
        self.datagrams([at for at, each in enumerate(self.wanted) if each["kind"] == "udp"], COPIES)
        waiting = [at for at, each in enumerate(self.wanted) if each["kind"] in ("tcp", "connect")]
        ends: dict[int, float] = {}
        while waiting or ends:
            while waiting and len(ends) < AT_ONCE:
                at = waiting.pop(0)
                if self.begin(at):
                    ends[at] = time.monotonic() + PATIENCE
            for key, _ in self.found.select(0.05):
                if self.goes_on(key):
                    ends.pop(key.data[0], None)
            now = time.monotonic()
            for key in [key for key in self.found.get_map().values() if ends.get(key.data[0], 0) < now]:
                self.end(key)
                ends.pop(key.data[0], None)
        return self.tried

    def datagrams(self, places: list[int], copies: int) -> None:
        """Each so many times, one after the other."""
        for copy in range(copies if places else 0):
            for at in places:
                each = self.wanted[at]
                data = b"\0".join([self.token.encode(), self.name.encode(), each["label"].encode(), b""])
                try:
                    self.sock.sendto(data.ljust(each["bytes"], b"\0"), (each["to"], each["port"]))
                    self.tried[at] = ""
                except OSError as problem:
                    self.tried[at] = why(problem)
            if copy + 1 < copies:
                time.sleep(APART)

    def pings(self, places: list[int]) -> None:
        """One to each, as root."""
        if not places:
            return
        try:
            sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        except OSError as problem:
            for at in places:
                self.tried[at] = why(problem)
            return
        sock.settimeout(0.1)
        number = os.getpid() & 0xFFFF
        for at in places:
            head = struct.pack("!BBHHH", 8, 0, 0, number, at)
            total = sum(struct.unpack("!4H", head))
            total = (total >> 16) + (total & 0xFFFF)
            head = struct.pack("!BBHHH", 8, 0, ~(total + (total >> 16)) & 0xFFFF, number, at)
            try:
                sock.sendto(head, (self.wanted[at]["to"], 0))
            except OSError as problem:
                self.tried[at] = why(problem)
        left, end = set(places), time.monotonic() + PATIENCE / 2
        while left and time.monotonic() < end:
            try:
                data = sock.recv(PIECE)[20:28]
            except OSError:
                continue
            kind, _, _, told, at = struct.unpack("!BBHHH", data)
            if kind == 0 and told == number and at in left:
                left.discard(at)
                self.tried[at] = ""
        sock.close()

    def begin(self, at: int) -> bool:
        """Open a connection; whether it can be waited for."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        code = sock.connect_ex((self.wanted[at]["to"], self.wanted[at]["port"]))
        if code not in (0, errno.EINPROGRESS):
            self.tried[at] = os.strerror(code)
            sock.close()
            return False
        self.found.register(sock, selectors.EVENT_WRITE, [at, b"", b""])
        return True

    def goes_on(self, key: selectors.SelectorKey) -> bool:
        """One more piece of a connection; whether it is done with."""
        sock = cast(socket.socket, key.fileobj)
        at, left, said = key.data
        try:
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, "")
            if self.wanted[at]["kind"] == "connect":
                self.tried[at] = ""
                return self.end(key)
            if key.events == selectors.EVENT_READ:
                data = sock.recv(PIECE)
                key.data[2] = said + data
                whole = b"%s %d\n" % (self.token.encode(), self.wanted[at]["bytes"])
                if key.data[2] == whole:
                    self.tried[at] = ""
                elif data and len(key.data[2]) < len(whole):
                    return False
                return self.end(key)
            if not left:
                left = b"x" * (self.wanted[at]["bytes"] - 1) + b"\n"
                self.tried[at] = "connected, and no data passes"
            left = left[sock.send(left) :]
        except BlockingIOError:
            return False
        except OSError as problem:
            self.tried[at] = why(problem)
            return self.end(key)
        self.found.modify(sock, selectors.EVENT_WRITE if left else selectors.EVENT_READ, [at, left, said])
        return False

    def end(self, key: selectors.SelectorKey) -> bool:
        """Done with it."""
        self.found.unregister(key.fileobj)
        cast(socket.socket, key.fileobj).close()
        return True


def sender() -> socket.socket:
    """Return the socket that sends datagrams: one port for all."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, MTU_DISCOVER, PROBE)
    sock.bind(("", 0))
    return sock


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


def requests() -> Iterator[dict[str, Any]]:
    """Lines of stdin, until it ends, and this process with it, whatever it is doing."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(lines.get())


def main() -> None:
    """Answer each request."""
    asked = requests()
    first = next(asked)
    signal.setitimer(signal.ITIMER_REAL, first["seconds"])
    here = Listeners(first["token"], first["listen"])
    here.start()
    sock = sender()
    answer: dict[str, Any] = {"ready": here.ready, "links": links(), "from": sock.getsockname()[1]}
    while True:
        print(json.dumps(answer), flush=True)
        request = next(asked)
        if "try" in request:
            answer = {"tried": Trials(first["token"], first["name"], sock, request["try"]).all()}
        else:
            answer = {"heard": sorted(here.heard)}


if __name__ == "__main__":
    main()
