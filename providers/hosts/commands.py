"""Commands on a host, whatever way they get there: by sudo or not, and what their failure means."""

import shlex
from collections.abc import Collection, Sequence

from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import CommandFailed, HostError, LoginRefused

RUN_TIMEOUT = 60.0  # seconds
LAST_WORDS = 5.0  # seconds that a command which closed its output may take to end
NO_SUCH_COMMAND = 127  # a shell's exit status

# Signs of the init system: https://www.freedesktop.org/software/systemd/man/latest/sd_booted.html,
# https://github.com/OpenRC/openrc/blob/master/src/librc/librc.c
SYSTEMD, OPENRC = "/run/systemd/system", "/run/openrc"
UNITS = tuple(f"{folder}/systemd/system/docker.service" for folder in ("/etc", "/lib", "/usr/lib"))
SNAP_UNIT = "/etc/systemd/system/snap.docker.dockerd.service"
INIT_SIGNS = (SYSTEMD, OPENRC, *UNITS, SNAP_UNIT)


def with_sudo(access: HostAccess, argv: Sequence[str]) -> list[str]:
    """Return the command as it is run there."""
    return ["sudo", "-n", *argv] if access.sudo else list(argv)


# Its output reaches us when it has ended. Where the link breaks before, there is nobody to write to, and an init
# script that writes in the middle would end where it stands: with docker stopped and not started again.
TO_THE_END = 'said=$("$@" 2>&1); status=$?; echo "$said" >&2; exit "$status"'


def as_run(access: HostAccess, argv: Sequence[str], *, as_root: bool, outlives: bool) -> list[str]:
    """Return the command with what stands before it: sudo, and what lets it go on to its end whatever becomes of us."""
    words = with_sudo(access, argv) if as_root else list(argv)
    return ["sh", "-c", TO_THE_END, "sh", *words] if outlives else words


# Its words: sudo or nothing; what stops docker, what tells whether it runs, the two that start it; then what packs. It
# goes on whatever becomes of that and of us: a link that breaks ends what packs, and docker is started.
STOPPED_MEANWHILE = """
sudo=$1 stop=$2 runs=$3 again=$4 start=$5 status=1
shift 5
set -f
said=$($sudo $stop 2>&1)
if ! $runs >/dev/null 2>&1; then
  { said=$($sudo "$@" 2>&1 >&3 3>&-); status=$?; } 3>&1
  if $runs >/dev/null 2>&1; then
    said="docker was started while its folder was packed" status=1
  fi
fi
for each in "$again" "$start"; do
  $sudo $each >/dev/null 2>&1
done
echo "$said" >&2
exit "$status"
"""
PACK_SECONDS = 600  # that docker is stopped at most, also where nobody reads any more and nobody notices


def packs(root: str) -> tuple[str, ...]:
    """Return the command that writes the folder `swarm` of an Engine's data to stdout. It is compressed, since most of
    a manager's log is zeros (measurements.md#folder-of-a-manager)."""
    return ("timeout", str(PACK_SECONDS), "tar", "-C", root, "-cz", "swarm")


def as_packed(access: HostAccess, seen: Collection[str], command: Sequence[str]) -> list[str]:
    """Return what packs with docker stopped, by which of INIT_SIGNS a host has."""
    again, start = starts_docker(seen)[0], starts_docker(seen)[-1]
    words = (stops_docker(seen), shows_docker(seen), again, start)
    return ["sh", "-c", STOPPED_MEANWHILE, "sh", shlex.join(with_sudo(access, ())), *map(shlex.join, words), *command]


def command_failed(access: HostAccess, user: str, argv: Sequence[str], status: int, complaint: str) -> HostError:
    """Return the error for a command that ended with `status`, or that sudo did not let `user` begin."""
    lines = [line.strip() for line in complaint.strip().splitlines()] or ["no error message"]
    return (access.sudo and sudo_refused(access.name, user, status, lines[-1])) or CommandFailed(
        f"{access.name}: {shlex.join(argv)}: exit status {status}: {lines[-1]}"
    )


def sudo_refused(name: str, user: str, status: int, line: str) -> HostError | None:
    """Return the error for sudo's own last line, or None if the line is the command's.

    sudo has messages of its own before a command begins, and the shell has one if there is no sudo.
    """
    if status == NO_SUCH_COMMAND and "sudo" in line:
        return CommandFailed(f"{name}: no sudo command: leave sudo out and log in as root, or install it")
    if not line.startswith(("sudo: ", "Sorry, user ")) or line.endswith(": command not found"):
        return None
    return LoginRefused(
        f"{name}: sudo refuses {user} ({line.removeprefix('sudo: ')}): "
        "allow it without a password (NOPASSWD in sudoers)"
    )


def restarts_docker(seen: Collection[str]) -> tuple[str, ...]:
    """Return the command that restarts docker, by which of INIT_SIGNS a host has: systemd's (a unit of its own if
    docker is a snap), OpenRC's, else SysV's.
    """
    if SYSTEMD in seen:
        return ("systemctl", "restart", _unit(seen))
    return ("rc-service", "docker", "restart") if OPENRC in seen else ("service", "docker", "restart")


def starts_docker(seen: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Return the commands that start a stopped docker, in order. systemd starts no unit that it has given up
    (StartLimitBurst) before it is told to forget that:
    https://www.freedesktop.org/software/systemd/man/latest/systemctl.html#reset-failed%20PATTERN%E2%80%A6
    """
    if SYSTEMD in seen:
        return ("systemctl", "reset-failed", _unit(seen)), ("systemctl", "start", _unit(seen))
    return (("rc-service", "docker", "start") if OPENRC in seen else ("service", "docker", "start"),)


def stops_docker(seen: Collection[str]) -> tuple[str, ...]:
    """Return the command that stops docker. Of systemd's units also the socket, where the next request would start it
    again; it starts with docker, which requires it. It may say that there is none."""
    if SYSTEMD in seen:
        return ("systemctl", "stop", "docker.socket", _unit(seen))
    return ("rc-service", "docker", "stop") if OPENRC in seen else ("service", "docker", "stop")


def shows_docker(seen: Collection[str]) -> tuple[str, ...]:
    """Return the command that succeeds if docker runs. It needs no root."""
    if SYSTEMD in seen:
        return ("systemctl", "is-active", "--quiet", _unit(seen))
    return ("rc-service", "docker", "status") if OPENRC in seen else ("service", "docker", "status")


def _unit(seen: Collection[str]) -> str:
    return "snap.docker.dockerd" if SNAP_UNIT in seen and not set(UNITS).intersection(seen) else "docker"
