"""A line in a host's own log before each step that writes there: what, of which resource, stack and commit.

By `logger` on the host, into journald or syslog, where it outlasts the machine that deploys. It is sent before the
step, so that a run that is cut loses none. prepare.sh does the same before a command of `prepare`.
"""

import subprocess
import threading
from datetime import UTC, datetime
from functools import lru_cache

from providers.hosts.bounds import TooLate
from providers.hosts.engine_api.http_over_stdio import AnyConnection, AnyStream
from providers.rules.vocabulary.steps import CreateNetwork, Step
from providers.rules.vocabulary.words import INVISIBLE, line

# Says whether there is such a program before it becomes it; both util-linux and busybox know these two options.
LOGGER = ("sh", "-c", "command -v logger >/dev/null && echo ready && exec logger -t swarmnet -p auth.notice")
READY = b"ready\n"
SECONDS = 10.0
# What tells a step from others of its kind. None of these is a secret, as a service's spec may be.
TELLING = ("id", "network", "endpoint", "node_id", "service_id", "role", "availability")


class HostLog:
    """The log of one host, kept open. missing: there is no `logger`."""

    def __init__(self, connection: AnyConnection) -> None:
        self.connection = connection
        self.missing = False
        self._stream: AnyStream | None = None
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write a line, through a new stream if the former has broken. Raises HostError if the host is out of reach."""
        with self._lock:
            if self._stream is not None and self._sent(self._stream, text):
                return
            self._stream = None if self.missing else self._opened(text)

    def close(self) -> None:
        """Close it; the next line opens it again."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
            self._stream = None

    def _opened(self, text: str) -> AnyStream | None:
        """Return the log, with a first line. One that does not open stops no change."""
        stream = self.connection.open_stream(LOGGER, as_root=False)
        try:
            self.missing = not self._sent(stream, text) or stream.makefile("rb").readline(len(READY)) != READY
        except (OSError, TooLate):
            self.missing = True
        if self.missing:
            stream.close()
            return None
        return stream

    def _sent(self, stream: AnyStream, text: str) -> bool:
        """Tell whether it went; else nobody takes more of it."""
        try:
            stream.begin(SECONDS)
            stream.sendall(f"{line(text)}\n".encode())
        except (OSError, TooLate):
            stream.close()
            return False
        return True


def record(log: HostLog, step: Step, author: str) -> str:
    """Write a step into the log of the host that it goes to; returns why that has none, once, empty if it has.

    author: resource, stack and commit. Raises HostError.
    """
    name, known = log.connection.name, log.missing
    details = {key: getattr(step, key) for key in TELLING if getattr(step, key, None)}
    if isinstance(step, CreateNetwork):
        details["name"] = step.config.name
    log.write(f"{pairs(at=f'{datetime.now(UTC):%FT%TZ}', host=name, step=type(step).__name__, **details)} {author}")
    return f"{name}: it has no `logger`: what is done there is not in its log" if log.missing > known else ""


def author_of(resource: str, stack: str) -> str:
    """Return what lines of a resource's steps end with."""
    return pairs(resource=resource, stack=stack, commit=commit())


def pairs(**values: str) -> str:
    """Return `key=value`, one after the other: no value of others looks like a second pair."""
    return " ".join(f"{key}={'_'.join(INVISIBLE.sub(' ', value).split())}" for key, value in values.items())


@lru_cache(maxsize=1)
def commit() -> str:
    """Return the commit of the current folder, `+` behind it if files have changed since; `unknown` outside of git."""
    try:
        asked = ("git", "describe", "--always", "--dirty=+", "--abbrev=40", "--exclude=*")
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=SECONDS).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
