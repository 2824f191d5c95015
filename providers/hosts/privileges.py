"""What each job asks of a host: paths of its Engine's API, and commands. And the program that lets a key only read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.resources import files

from providers.hosts import look, reports
from providers.hosts.audit import LOGGER
from providers.hosts.commands import (
    INIT_SIGNS,
    OPENRC,
    SNAP_UNIT,
    STOPPED_MEANWHILE,
    SYSTEMD,
    packs,
    restarts_docker,
    starts_docker,
    stops_docker,
)
from providers.hosts.engine_api.engine import LOOKS_FOR_INIT
from providers.hosts.engine_api.http_over_stdio import DIAL, LOOKS_FOR_DOCKER
from providers.hosts.probe.session import BOOT, SANDBOX, program

_STATE = ("/_ping", "/info", "/swarm", "/nodes", "/networks", "/networks/{id}")
_USE = ("/services", "/tasks", "/containers/json", "/containers/{id}/json")
_END = ("/secrets", "/configs")  # their names: what would be lost with a swarm
READ = tuple(f"GET {path}" for path in (*_STATE, *_USE, *_END))
WRITE = (
    "GET /swarm/unlockkey",
    "POST /containers/{id}/pause",
    "POST /containers/{id}/start",
    "POST /containers/{id}/stop",
    "POST /networks/create",
    "POST /networks/{id}/disconnect",
    "DELETE /networks/{id}",
    "POST /nodes/{id}/update",
    "DELETE /nodes/{id}",
    "POST /services/{id}/update",
    "POST /swarm/init",
    "POST /swarm/join",
    "POST /swarm/leave",
    "POST /swarm/unlock",
    "POST /swarm/update",
)
# Of those, what takes a host out of service and back.
_MAINTENANCE = (
    "GET /swarm/unlockkey",
    *(f"POST /containers/{{id}}/{each}" for each in ("pause", "start", "stop")),
    "POST /nodes/{id}/update",
    "POST /swarm/unlock",
    "POST /swarm/update",
)
_PROBE_INSIDE = ("nsenter", f"--net={SANDBOX}SANDBOX", *BOOT)
_LOOKS = (("sh", "-c", LOOKS_FOR_DOCKER), reports.COMMAND, ("sh", "-c", LOOKS_FOR_INIT))
# As root, each kind of init system.
_SYSTEMS: tuple[tuple[str, ...], ...] = (INIT_SIGNS, (SYSTEMD, SNAP_UNIT), (OPENRC,), ())
_STARTS = tuple(
    dict.fromkeys(command for seen in _SYSTEMS for command in (restarts_docker(seen), *starts_docker(seen)))
)
_STOPS = tuple(map(stops_docker, _SYSTEMS))


@dataclass(frozen=True)
class Job:
    """What a job asks. api: method and path, `{id}` for a name. commands: run as who logs in. as_root: by `sudo -n`, if
    the host has `sudo: true`."""

    api: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    as_root: tuple[tuple[str, ...], ...]


# doctor's scripts, on stdin of `sh -s`, read by sudo: firewalls, docker's log.
_READ = ("iptables-save", "iptables-legacy-save", "nft", "cat", "firewall-cmd", "journalctl")
_DOCTOR = (*((each,) for each in _READ), _PROBE_INSIDE)
_READS = Job(READ, _LOOKS, (DIAL,))
JOBS = {
    "drift": _READS,
    "facts": _READS,
    "plan": _READS,
    "doctor": Job(READ, (*_LOOKS, look.SHELL, BOOT), (DIAL, *_DOCTOR)),
    "up": Job((*READ, *WRITE), (*_LOOKS, look.SHELL, BOOT, LOGGER), (DIAL, *_DOCTOR, *_STARTS)),
    "recover": Job(
        (*READ, *(each for each in WRITE if "/nodes/" in each or each.endswith(("/init", "/join", "/leave")))),
        (*_LOOKS, look.SHELL, LOGGER),
        (DIAL, ("cat",), ("journalctl",), ("grep",)),
    ),
    "backup": Job(
        (*READ, *_MAINTENANCE),
        (*_LOOKS, LOGGER, ("sh", "-c", STOPPED_MEANWHILE)),
        (DIAL, packs("/var/lib/docker"), *_STOPS, *_STARTS),
    ),
}


def with_prepare(job: Job) -> Job:
    """Return what a job asks that also runs commands of `prepare`: a shell, which prepare.sh gives them on stdin."""
    return replace(job, as_root=(*job.as_root, ("sh",)))


def read_only_program() -> str:
    """Return the text of the program for hosts that lets a key only read; it knows the scripts of this version."""
    given = {
        "paths": [each.partition(" ")[2] for each in READ],
        "commands": _lists(_LOOKS),
        "asked": _lists(_STARTS),
        "dial": list(DIAL),
        "ask": list(look.SHELL),
        "look": look.SCRIPT.read_text(encoding="utf-8"),
        "boot": list(BOOT),
        "sandbox": f"--net={SANDBOX}",
        "probe": program(),
    }
    source = files(__package__).joinpath("read_only.py").read_text(encoding="utf-8")
    asked = 'sys.argv[-1] if sys.argv[-2:-1] == ["--"] else os.environ.get("SSH_ORIGINAL_COMMAND", "")'
    return f"#!/usr/bin/env python3\n{source}\n\nmain(\n    {given!r},\n    sys.argv[1:],\n    {asked},\n)\n"


def _lists(commands: Iterable[tuple[str, ...]]) -> list[list[str]]:
    return [list(each) for each in commands]
