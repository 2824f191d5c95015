"""Fifty hosts that all answer `GET /networks` at once with what takes most memory, and what that took: a program.

The argument: the piece that the answer repeats. Prints the most that the process had meanwhile, MiB.
"""

import sys
from pathlib import Path

from providers.hosts import observe
from providers.hosts.bounds import MOST
from providers.hosts.fleet import Fleet
from tests.support.near_host import NearHost

HEAD = b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: %d\r\n\r\n"
BLOCK = 2**16


def lies(piece):
    """Return an Engine whose every answer is a list of nothing but these pieces, as long as it may be."""
    block = piece * (BLOCK // len(piece))
    blocks = (MOST - BLOCK) // len(block)

    def serve(stream):
        with stream.makefile("rb") as requests:
            while request := requests.readline():
                while requests.readline().strip():
                    pass
                body = [b"[", *[block] * blocks, b"0]"] if b"/_ping" not in request else [b"OK"]
                stream.sendall(HEAD % sum(map(len, body)))
                for each in body:
                    stream.sendall(each)

    return serve


def main(piece):
    """Ask all of them; each is refused."""
    hosts = {f"h{number}": NearHost(f"h{number}") for number in range(50)}
    for host in hosts.values():
        host.commands["docker system dial-stdio"] = lies(piece)
    answers = Fleet({name: host.access() for name, host in hosts.items()}).each(observe.networks)
    assert all("invalid response" in str(answer) for answer in answers.values()), answers
    status = Path("/proc/self/status").read_text()  # getrusage counts whoever started this process too
    print(int(status.partition("VmHWM:")[2].split()[0]) >> 10)


if __name__ == "__main__":
    main(sys.argv[1].encode())
