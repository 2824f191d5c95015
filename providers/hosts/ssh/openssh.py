"""OpenSSH's word on a host on this machine: the output of `ssh -G`, which has read its whole configuration.

destination.py decides which of them count beside the stack file; settings.py turns them into values.
"""

import os
import pwd
import shutil
import subprocess
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from providers.rules.vocabulary.errors import HostError

CONFIG = "~/.ssh/config"
AT_ONCE = 8  # processes
# Seconds: the configuration may run commands (Match exec) and ask for names (CanonicalizeHostname).
TIMEOUT = 30
# A configuration that includes both of ssh's own, then names a user that nobody has.
_ELSE_NOBODY = Path(__file__).with_name("else_nobody.conf")
NOBODY = "said-nowhere"

Words = Mapping[str, Sequence[str]]  # each keyword, in lower case, with its values


class OpenSsh:
    """Asks `ssh -G` for many hosts at once, and never twice for the same. `timeout`: seconds."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._asked: dict[tuple[str, ...], Future[subprocess.CompletedProcess[str]]] = {}
        self._lock = threading.Lock()

    def words(self, name: str, address: str, user: str | None, port: int | None, usual_user: str) -> Words | None:
        """Return what counts for an address, as for `ssh -l user -p port -- address`; None on a machine without ssh.

        `name` is the host's in messages. If neither `user` nor the configuration says who logs in, it is `usual_user`,
        not the current user. Raises HostError if ssh refuses its configuration, or if there is one without ssh.
        """
        if not shutil.which("ssh"):
            if Path(CONFIG).expanduser().exists():
                raise HostError(
                    f"{name}: {CONFIG} can't be read, since this machine has no ssh: install OpenSSH's client, or move "
                    "the file away"
                )
            return None
        way = [*(["-p", str(port)] if port else []), "--", address]
        if user:
            return self._ask(name, ["-l", user, *way])
        said = self._ask(name, way)
        me = pwd.getpwuid(os.getuid()).pw_name
        if said["user"] != [me] or me == usual_user:
            return said
        # ssh names the current user if its configuration names nobody.
        if self._ask(name, ["-F", str(_ELSE_NOBODY), *way])["user"] != [NOBODY]:
            return said
        return self._ask(name, ["-l", usual_user, *way])

    def unconfigured(self, name: str) -> Words:
        """Return what counts for any address if nothing is configured. Raises HostError."""
        return self._ask(name, ["-F", "none", "--", "localhost"])

    def _ask(self, name: str, words: list[str]) -> Words:
        argv = (shutil.which("ssh") or "ssh", *words[:-2], "-TG", *words[-2:])
        with self._lock:
            if argv not in self._asked:
                self._asked[argv] = self._pool.submit(_run, argv, self._timeout)
        try:
            done = self._asked[argv].result()
        except subprocess.TimeoutExpired as problem:
            raise HostError(
                f"{name}: `ssh -G {argv[-1]}` is not done within {self._timeout:g} s: see what Match exec runs in its "
                "configuration"
            ) from problem
        if done.returncode:
            raise HostError(
                f"{name}: ssh makes no sense of its configuration for {argv[-1]}: {' '.join(done.stderr.split())}: "
                f"correct it, and see `ssh -G {argv[-1]}`"
            )
        return _parsed(done.stdout)


def _run(argv: tuple[str, ...], timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout
    )


def _parsed(text: str) -> Words:
    words: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        keyword, _, value = line.partition(" ")
        words[keyword.lower()].append(value)
    return words
