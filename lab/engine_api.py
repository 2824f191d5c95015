"""The lab's own requests to a host's Docker, at the socket inside the host: no network is needed for it.

https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import http.client
import io
import socket
import tarfile
import urllib.parse
from pathlib import Path

from lab.shell import LabError, run
from lab.state import Record

_BUSYBOX = Path("/bin/busybox")
COMMAND = """CMD ["sh", "-c", "trap exit TERM; while :; do sleep 3600 & wait $!; done"]"""
"""What a container of busybox:lab does, as a line of a Dockerfile."""
_SECONDS = 30.0


class _Connection(http.client.HTTPConnection):
    """HTTP over the socket of a host's Docker."""

    def __init__(self, record: Record, seconds: float) -> None:
        super().__init__("docker", timeout=seconds)
        self._record = record

    def connect(self) -> None:
        if not self._record.has_started:
            raise ConnectionRefusedError(f"{self._record.name} is starting")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(f"/proc/{self._record.pid}/root/run/docker.sock")


def answers(record: Record) -> bool:
    """Tell whether the host's Docker answers within a second."""
    try:
        return _request(record, "GET", "/_ping", seconds=1)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def import_image(record: Record, content: bytes) -> None:
    """Make the image `busybox:lab`, also `busybox:latest`, of a tar file, as `docker import` does.

    Without a command of its own a container of it runs until it is told to stop, and then stops at once.
    """
    query = urllib.parse.urlencode({"fromSrc": "-", "repo": "busybox", "tag": "lab", "changes": COMMAND})
    for path, body in (
        (f"/images/create?{query}", content),
        ("/images/busybox:lab/tag?repo=busybox&tag=latest", b""),
    ):
        try:
            status, answer = _request(record, "POST", path, body)
        except OSError as error:
            raise LabError(f"{record.name}: docker does not answer ({error}): run `lab/hosts up`") from error
        if status not in (200, 201) or b'"error"' in answer:
            raise LabError(f"{record.name}: image busybox:lab: docker answers {status} {answer.decode().strip()}")


def _request(record: Record, method: str, path: str, body: bytes = b"", seconds: float = _SECONDS) -> tuple[int, bytes]:
    connection = _Connection(record, seconds)
    try:
        connection.request(method, path, body, {"Content-Type": "application/x-tar"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def busybox_root() -> bytes:
    """Return a tar file of the smallest useful root: busybox, a link to it for each of its programs, and /tmp."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(_BUSYBOX, "bin/busybox")
        for program in run(_BUSYBOX, "--list").split():
            link = tarfile.TarInfo(f"bin/{program}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            if program != "busybox":
                tar.addfile(link)
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
    return buffer.getvalue()
