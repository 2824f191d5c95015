"""One connection a host, shared by all threads: run a command there, or open a stream to one.

Knows nothing of Docker. The SSH transport below it is link.py's; `local.py` is the same for this machine.
"""

import shlex
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import paramiko

from providers.hosts.bounds import ROUTES
from providers.hosts.commands import RUN_TIMEOUT, as_run, command_failed, with_sudo
from providers.hosts.ssh.channel import Stream, close, closed_after, last_words
from providers.hosts.ssh.destination import destination
from providers.hosts.ssh.link import Link
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import CommandFailed, LoginRefused, Unreachable


class Connection:
    """A host by SSH. `clock` counts seconds."""

    def __init__(self, access: HostAccess, clock: Callable[[], float] = time.monotonic) -> None:
        self.access = access
        self.name = access.name
        self.link = Link(lambda: destination(access), clock)

    @property
    def user(self) -> str:
        """Return the name of the user who is logged in. Raises HostError."""
        return self.link.to.user

    def run(
        self,
        argv: Sequence[str],
        stdin: bytes | None = None,
        timeout: float = RUN_TIMEOUT,
        *,
        as_root: bool = True,
        outlives: bool = False,
    ) -> str:
        """Run a command within `timeout` seconds and return its stdout.

        It runs under `sudo -n` if the host's access says so, unless it need not (`as_root`). One that `outlives` us
        goes on when the link breaks, and writes nothing to stdout. Words of the command are seen in messages and
        process lists: a secret goes to its stdin. Raises CommandFailed with its exit status and last line on stderr, or
        another HostError.
        """
        channel = self._open_channel(as_run(self.access, argv, as_root=as_root, outlives=outlives))
        with closed_after(channel, timeout) as expired:
            with suppress(OSError, EOFError):  # it need not read its stdin; its exit tells what is wrong
                channel.sendall(stdin or b"")
                channel.shutdown_write()
            output = channel.makefile("rb").read(ROUTES + 1)
            if len(output) > ROUTES:
                close(channel)
                raise CommandFailed(f"{self.name}: {shlex.join(argv)}: it writes more than {ROUTES >> 20} MiB")
            status, complaint = last_words(channel)
        close(channel)
        if expired.is_set():
            raise CommandFailed(f"{self.name}: {shlex.join(argv)}: not done within {timeout:g} s")
        if status < 0:
            raise Unreachable(f"{self.link.to.where}: the connection broke during {shlex.join(argv)}")
        if status:
            raise command_failed(self.access, self.user, argv, status, complaint)
        return output.decode(errors="replace")

    def open_stream(self, argv: Sequence[str], *, as_root: bool = True) -> Stream:
        """Return a stream to a command, after `sudo -n` if the host has sudo and it needs that. Raises HostError."""
        return Stream(self._open_channel(with_sudo(self.access, argv) if as_root else argv))

    def close(self) -> None:
        """Close the link; the next use opens it again."""
        self.link.close()

    def _open_channel(self, argv: Sequence[str]) -> paramiko.Channel:
        seconds = self.access.connect_timeout

        def execute(transport: paramiko.Transport) -> paramiko.Channel:
            channel = transport.open_session(timeout=seconds)
            with closed_after(channel, seconds):
                channel.exec_command(shlex.join(argv))
            return channel

        try:
            return self.link.open_channel(execute)
        except paramiko.ChannelException as problem:
            raise LoginRefused(
                f"{self.link.to.where}: sshd opens no further session ({problem.text.lower()}): "
                "set MaxSessions there to 10 or more"
            ) from problem
