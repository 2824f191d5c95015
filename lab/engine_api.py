"""What the lab itself asks of a host's Docker, at the socket inside the host: no network is needed for it.

https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import http.client
import io
import socket
import tarfile
from pathlib import Path

from lab.shell import LabError, run
from lab.state import Record

IMAGE = "busybox"
_BUSYBOX = Path("/bin/busybox")
_SECONDS = 30.0


class _Connection(http.client.HTTPConnection):
    """HTTP over the socket of a host's Docker."""

    def __init__(self, record: Record, seconds: float) -> None:
        super().__init__("docker", timeout=seconds)
        self._path = f"/proc/{record.pid}/root/run/docker.sock"

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def answers(record: Record) -> bool:
    """Whether the host's Docker answers within a second."""
    try:
        return _request(record, "GET", "/_ping", seconds=1)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def import_image(record: Record, content: bytes) -> None:
    """Make the image `busybox:lab`, also called `busybox:latest`, out of a tar file's content, as `docker import` does."""
    query = f"fromSrc=-&repo={IMAGE}&tag=lab&changes=CMD+%5B%22sh%22%5D"
    for path, body in (
        (f"/images/create?{query}", content),
        (f"/images/{IMAGE}:lab/tag?repo={IMAGE}&tag=latest", b""),
    ):
        try:
            status, answer = _request(record, "POST", path, body)
        except OSError as error:
            raise LabError(
                f"{record.name}: docker does not answer ({error}): `lab/hosts fault {record.name} start-docker`"
            ) from error
        if status not in (200, 201) or b'"error"' in answer:
            raise LabError(
                f"{record.name}: image {IMAGE}:lab: docker answers {status} {answer.decode().strip()}"
            )


def _request(
    record: Record, method: str, path: str, body: bytes = b"", seconds: float = _SECONDS
) -> tuple[int, bytes]:
    connection = _Connection(record, seconds)
    try:
        connection.request(method, path, body, {"Content-Type": "application/x-tar"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def busybox_root() -> bytes:
    """A tar file of the smallest useful root: busybox, a link to it for each of its programs, and /tmp."""
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
