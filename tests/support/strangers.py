"""Datagrams to the data path's port of a host, and what of them comes through its firewall."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from tests.support.machines import Host

# Behind the firewall: a packet socket would see what INPUT drops a moment later.
_LISTENS = """
import socket
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(("0.0.0.0", 4789))
print("listens", flush=True)
print(there.recvfrom(100)[0].decode(), flush=True)
"""
_SENDS = """
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), (sys.argv[1], 4789))
"""


@contextmanager
def listening(host: Host) -> Iterator[IO[str]]:
    """Provide the first datagram that comes to the port there, as a line. No overlay may have the port yet."""
    command = ["nsenter", "--all", f"--target={host.pid}", "--", "python3", "-c", _LISTENS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "listens\n" == process.stdout.readline()
        try:
            yield process.stdout
        finally:
            process.kill()


def stranger_sends(to: Host, words: str) -> None:
    """A datagram of this machine's, which is no member."""
    subprocess.run([sys.executable, "-c", _SENDS, to.address, words], check=True)


def member_sends(member: Host, to: Host, words: str) -> None:
    """The same from a member."""
    member.run("python3", "-c", _SENDS, to.address, words)
