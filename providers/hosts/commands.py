"""Commands on a host, whatever way they get there: by sudo or not, and what their failure means."""

import shlex
from collections.abc import Sequence

from providers.rules.access import HostAccess
from providers.rules.errors import CommandFailed, HostError, LoginRefused

RUN_TIMEOUT = 60.0  # seconds
LAST_WORDS = 5.0  # seconds that a command which closed its output may take to end


def with_sudo(access: HostAccess, argv: Sequence[str]) -> list[str]:
    """The command as it is run there."""
    return ["sudo", "-n", *argv] if access.sudo else list(argv)


def command_failed(access: HostAccess, argv: Sequence[str], status: int, complaint: str) -> HostError:
    """The error for a command that ended with `status`, or that sudo did not let begin."""
    lines = complaint.strip().splitlines() or ["it says nothing"]
    if access.sudo and lines[-1].startswith("sudo: "):
        return LoginRefused(
            f"{access.name}: sudo refuses {access.user} ({lines[-1].removeprefix('sudo: ')}): "
            "allow it without a password (NOPASSWD in sudoers)"
        )
    return CommandFailed(f"{access.name}: {shlex.join(argv)}: exit status {status}: {lines[-1].strip()}")
