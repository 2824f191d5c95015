"""This machine as a host: what connection.py offers, without SSH."""

import getpass
import os
import shlex
import socket
import subprocess
from collections.abc import Sequence
from typing import IO

from urllib3.util.wait import wait_for_read

from providers.hosts.bounds import Exchange
from providers.hosts.commands import LAST_WORDS, RUN_TIMEOUT, as_run, command_failed, with_sudo
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import CommandFailed

SOCKET = "unix:///var/run/docker.sock"


def _own_engine() -> dict[str, str]:
    """Return an environment in which `docker` speaks to this machine's Engine: else DOCKER_HOST or a docker context
    that is in use here could lead it to another.
    """
    host = os.environ.get("DOCKER_HOST", "")
    return {**os.environ, "DOCKER_HOST": host if host.startswith("unix://") else SOCKET}


class SocketStream(Exchange):
    """One end of a socket as an open stream."""

    def __init__(self, ours: socket.socket) -> None:
        super().__init__(ours)
        self._socket = ours

    @property
    def is_open(self) -> bool:
        """Tell whether it can still be written to and has nothing unread."""
        return not wait_for_read(self._socket, timeout=0)


class LocalStream(SocketStream):
    """A command's stdin and stdout as one socket."""

    def __init__(self, argv: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        end = theirs.fileno()
        try:
            self._command = subprocess.Popen(argv, stdin=end, stdout=end, stderr=subprocess.PIPE, env=_own_engine())
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        super().__init__(ours)

    def last_words(self) -> tuple[int, str]:
        """Exit status and stderr of a command that has ended."""
        self._socket.close()
        try:
            complaint = self._command.communicate(timeout=LAST_WORDS)[1]
        except subprocess.TimeoutExpired:
            self._command.kill()
            complaint = self._command.communicate()[1]
        return self._command.returncode, complaint.decode(errors="replace")

    def close(self) -> None:
        """End the command."""
        self._socket.close()
        self._command.kill()
        self._command.communicate()


class LocalConnection:
    """This machine. See Connection for what its methods promise."""

    def __init__(self, access: HostAccess) -> None:
        self.access = access
        self.name = access.name

    @property
    def user(self) -> str:
        """Return the name of the current user."""
        return getpass.getuser()

    def run(
        self,
        argv: Sequence[str],
        stdin: bytes | None = None,
        timeout: float = RUN_TIMEOUT,
        *,
        as_root: bool = True,
        outlives: bool = False,
    ) -> str:
        """Run the command and return its stdout. Raises CommandFailed, or LoginRefused if sudo refuses."""
        try:
            done = subprocess.run(
                as_run(self.access, argv, as_root=as_root, outlives=outlives),
                input=stdin or b"",
                capture_output=True,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired as problem:
            raise CommandFailed(f"{self.name}: {shlex.join(argv)}: not done within {timeout:g} s") from problem
        except OSError as problem:
            raise self._not_begun(argv, problem) from problem
        if done.returncode:
            raise command_failed(self.access, self.user, argv, done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout.decode(errors="replace")

    def run_into(self, file: IO[bytes], argv: Sequence[str], named: Sequence[str], timeout: float) -> None:
        """Run a command, as it is, with a file as its stdout. Ctrl-C in our terminal does not reach it."""
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.PIPE,
                timeout=timeout,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as problem:
            raise CommandFailed(f"{self.name}: {shlex.join(named)}: not done within {timeout:g} s") from problem
        if done.returncode:
            raise command_failed(self.access, self.user, named, done.returncode, done.stderr.decode(errors="replace"))

    def open_stream(self, argv: Sequence[str], *, as_root: bool = True) -> LocalStream:
        """Return a stream to a command. Raises CommandFailed if there is no such command."""
        try:
            return LocalStream(with_sudo(self.access, argv) if as_root else argv)
        except OSError as problem:
            raise self._not_begun(argv, problem) from problem

    def close(self) -> None:
        """Nothing is kept open here."""

    def _not_begun(self, argv: Sequence[str], problem: OSError) -> CommandFailed:
        return CommandFailed(f"{self.name}: {shlex.join(argv)}: {(problem.strerror or str(problem)).lower()}")
