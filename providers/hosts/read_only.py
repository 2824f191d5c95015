"""The program that lets a key only read a host: a forced command of sshd, printed by `swarmnet privileges --filter`.

It imports nothing of ours and runs with Python 3.7 or a later one. What it allows is given to `main` as it is printed;
everything else is refused in one line, with status 126 or HTTP's 403.
https://man.openbsd.org/sshd.8#AUTHORIZED_KEYS_FILE_FORMAT
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO, ClassVar, NoReturn

REFUSED = 126  # the shell's status of a command that may not be run
# A name in a path: no / or . of its own, written as %2F and %2E or not, that would make it another path; no control
# characters.
NAME = "[A-Za-z0-9]([A-Za-z0-9_.-]|%(?!2[EeFf]|[01]|7[Ff])[0-9A-Fa-f]{2})*"
# Parts of answers that no look needs: who has them joins the swarm, or reads what containers and configs hold.
SECRET = frozenset({"JoinTokens", "UnlockKey", "Env", "Data"})
SCRIPT = 2**20  # bytes of a script on stdin; the longest has 20,000
SECONDS = 60.0  # for one answer of the Engine
SUDO = ["sudo", "-n"]


class Stdio:
    """stdin and stdout as the connection that a request handler wants."""

    def makefile(self, *_: object) -> BinaryIO:
        """Return the end to read from."""
        return sys.stdin.buffer

    def sendall(self, data: bytes) -> None:
        """Write to the other end."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def without_secrets(value: object) -> object:
    """Return JSON without the parts that are SECRET, wherever they stand."""
    if isinstance(value, dict):
        return {key: without_secrets(each) for key, each in value.items() if key not in SECRET}
    return [without_secrets(each) for each in value] if isinstance(value, list) else value


class Reader(BaseHTTPRequestHandler):
    """Passes GETs of allowed paths on to the Engine, one after the other."""

    protocol_version = "HTTP/1.1"
    paths: ClassVar[list[str]]
    engine: ClassVar[str]

    def do_GET(self) -> None:
        """Ask the Engine if the path is allowed and the request has nothing else."""
        more = any(name in self.headers for name in ("Upgrade", "Content-Length", "Transfer-Encoding", "Expect"))
        if more or not self.allowed(self.path.partition("?")[0]):
            self.refuse()
            return
        connection = http.client.HTTPConnection("localhost", timeout=SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(self.engine)
            connection.request("GET", self.path)
            answer = connection.getresponse()
            body, kind = answer.read(), answer.getheader("Content-Type", "")
            if not self.path.endswith("/_ping"):
                body = json.dumps(without_secrets(json.loads(body))).encode()
        except (OSError, http.client.HTTPException, ValueError) as problem:
            self.answer(503, json.dumps({"message": f"the Engine does not answer: {problem}"}).encode())
            return
        finally:
            connection.close()
        self.answer(answer.status, body, kind, answer.getheader("Api-Version", ""))

    def allowed(self, path: str) -> bool:
        """Tell whether a path is one of those, of any version of the API."""
        shapes = "|".join(re.escape(each).replace(re.escape("{id}"), NAME) for each in self.paths)
        return bool(re.fullmatch("(/v1[.][0-9]{1,3})?(" + shapes + ")", path))

    def answer(self, status: int, body: bytes, kind: str = "application/json", version: str = "") -> None:
        """Send an answer."""
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if version:
            self.send_header("Api-Version", version)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self) -> None:
        """Refuse the request, and all that comes after: its body could be taken for a request."""
        self.close_connection = True
        told = f"this key may only read: {self.command} {self.path.partition('?')[0][:200]} is refused"
        self.answer(403, json.dumps({"message": told}).encode())

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_CONNECT = do_TRACE = refuse

    def log_message(self, *_: object) -> None:
        """Log nothing: stderr goes to whoever asks."""


def refuse(what: str) -> NoReturn:
    """End with one line."""
    sys.stderr.write(f"this key may only read: {ascii(what)[:300]} is refused\n")
    raise SystemExit(REFUSED)


def look(known: str, argv: list[str]) -> NoReturn:
    """Run the script if stdin has it to the letter, behind words that are nothing but what they should be.

    Raises ValueError if an address is none.
    """
    first, _, script = sys.stdin.buffer.read(SCRIPT).decode(errors="replace").partition("\n")
    words = shlex.split(first)
    if script != known or words[:2] != ["set", "--"] or words[2:3] not in (["look"], ["log"]):
        refuse("another script")
    _, _, what, sudo, *of_look = words
    if sudo not in ("", " ".join(SUDO)) or any(not re.fullmatch("/[A-Za-z0-9_./-]*", each) for each in of_look[:1]):
        refuse("another word of the script")
    given = ["set", "--", what, sudo, *of_look[:1], *(str(ipaddress.ip_address(each)) for each in of_look[1:])]
    text = " ".join(map(shlex.quote, given)) + "\n" + known
    raise SystemExit(subprocess.run(argv, input=text.encode(), check=False).returncode)


def probe(known: str, argv: list[str]) -> NoReturn:
    """Run the probe on what else is on stdin, if its text is the known one."""
    with open(0, "rb", buffering=0, closefd=False) as unread:  # not a byte further
        if unread.readline(SCRIPT).decode(errors="replace") != known:
            refuse("another probe")
    os.execvp(argv[0], [*argv[:-1], known])


def main(given: dict[str, Any], argv: list[str], original: str) -> None:
    """Do what is asked (`original`) if it only reads.

    given: the allowed paths of the Engine's API, commands to the letter, and texts of what comes on stdin. argv: of
    this program: `--probes` lets it send packets as well, `--socket PATH` is the Engine's.
    """
    try:
        words = shlex.split(original)
        asked = words[2:] if words[:2] == SUDO else words
        if asked[1:] == given["dial"][1:] and os.path.basename(asked[0]) == given["dial"][0]:
            Reader.paths = given["paths"]
            Reader.engine = argv[argv.index("--socket") + 1] if "--socket" in argv else "/var/run/docker.sock"
            Reader(Stdio(), ("", 0), None)  # type: ignore[arg-type]
            return
        if asked in given["commands"] or (words[:3] == [*SUDO, "-l"] and asked[1:] in given["asked"]):
            os.execvp(words[0], words)
        if asked == given["ask"]:
            look(given["look"], asked)
        if "--probes" in argv and outside_sandbox(asked, given["sandbox"]) == given["boot"]:
            probe(given["probe"], asked)
    except (ValueError, IndexError):
        pass
    refuse(original)


def outside_sandbox(words: list[str], sandbox: str) -> list[str]:
    """Return a command without what lets it run in the network of one of docker's sandboxes."""
    inside = words[:1] == ["nsenter"] and re.fullmatch(re.escape(sandbox) + "[A-Za-z0-9_-]+", words[1])
    return words[2:] if inside else words
