"""The stack file resolved, once: each host's own and shared sections, the first manager, the waves.

Checks, the plan and the plugin take this one value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from providers.rules.stack_file.access import HostAccess, Roles, access
from providers.rules.stack_file.merged import gwbridge_of
from providers.rules.stack_file.model import PartialGwbridge, StackFile
from providers.rules.stack_file.problems import readable
from providers.rules.stack_file.reading import NAMESPACE, from_flat
from providers.rules.stack_file.waves import first_manager, waves
from providers.rules.vocabulary.errors import StackFileError


@dataclass(frozen=True, kw_only=True)
class ResolvedHost:
    """One host. gwbridge: the shared section with the host's own in its place, or None if there is neither."""

    access: HostAccess
    gwbridge: PartialGwbridge | None
    role: Literal["manager", "worker"]


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A stack file and what follows from it, whether or not it can be a plan.

    file: the sections as they are written, each with its own defaults, less the hosts that are unwatched. waves: of
    docker_gwbridge, by names of hosts. unwatched: the addresses of hosts that are members and are not reached.
    first_manager, waves: `file` may name hosts there that it does not have.
    """

    file: StackFile
    hosts: Mapping[str, ResolvedHost]
    first_manager: str | None
    waves: tuple[tuple[str, ...], ...]
    unwatched: Mapping[str, str]

    @property
    def access(self) -> dict[str, HostAccess]:
        """Return how each host is reached, by its name."""
        return {name: host.access for name, host in self.hosts.items()}

    @property
    def managers(self) -> list[str]:
        """Return the hosts that are managers, in the file's order."""
        return [name for name, host in self.hosts.items() if host.role == "manager"]

    @property
    def roles(self) -> Roles:
        """Return who is believed to be a manager: without the section `swarm` this file does not say."""
        return Roles(managers=None if self.file.swarm is None else frozenset(self.managers) - self.lost)

    @property
    def lost(self) -> frozenset[str]:
        """Return the hosts that are dead for good."""
        return frozenset(name for name, host in self.file.hosts.items() if host.lost)


def resolve(stackfile: StackFile) -> Resolved:
    """Return what follows from a stack file."""
    unwatched = {name: host.address or "" for name, host in stackfile.hosts.items() if host.unwatched}
    watched = {name: host for name, host in stackfile.hosts.items() if name not in unwatched}
    stackfile = stackfile.model_copy(update={"hosts": watched}) if unwatched else stackfile
    reached = access(stackfile)
    hosts = {
        name: ResolvedHost(access=reached[name], gwbridge=gwbridge_of(stackfile, name), role=host.role)
        for name, host in stackfile.hosts.items()
    }
    return Resolved(
        file=stackfile,
        hosts=hosts,
        first_manager=first_manager(stackfile),
        waves=waves(stackfile),
        unwatched=unwatched,
    )


def without_lost(resolved: Resolved) -> Resolved:
    """Return the same without the hosts that are dead for good: their resources are to go."""
    file, lost = resolved.file, resolved.lost
    if not lost:
        return resolved
    changed: dict[str, object] = {"hosts": {name: host for name, host in file.hosts.items() if name not in lost}}
    if file.order is not None:
        changed["order"] = [[name for name in wave if name not in lost] for wave in file.order]
    if file.swarm and file.swarm.first_manager in lost:
        changed["swarm"] = file.swarm.model_copy(update={"first_manager": None})
    left = file.model_copy(update=changed)
    hosts = {name: host for name, host in resolved.hosts.items() if name not in lost}
    return replace(resolved, file=left, hosts=hosts, first_manager=first_manager(left), waves=waves(left))


def configured(settings: Mapping[str, str]) -> Resolved:
    """Return the stack file of a configuration as Pulumi hands it to the plugin.

    Raises StackFileError with every problem that one key has by itself.
    """
    resolved, problems = _read(tuple(settings.items()))
    if problems:
        raise StackFileError(list(problems))
    return resolved


def configured_hosts(settings: Mapping[str, str]) -> Resolved:
    """Return the same, of which only the hosts and how they are reached need to make sense: what they have can be
    removed whatever the other sections say.

    Raises StackFileError with every problem of those two.
    """
    reach = tuple((key, settings[key]) for key in _REACH if key in settings)
    try:
        resolved, problems = _read(tuple(settings.items()))
    except StackFileError:  # another section is no data
        resolved, problems = _read(reach)
    if wrong := [line for line in problems if line.startswith(("hosts", "ssh"))]:
        raise StackFileError(wrong)
    return resolved


_REACH = (f"{NAMESPACE}:hosts", f"{NAMESPACE}:ssh")


@lru_cache(maxsize=2)  # Pulumi configures each of the five providers, with one configuration in a run
def _read(settings: tuple[tuple[str, str], ...]) -> tuple[Resolved, tuple[str, ...]]:
    """Return what of a configuration makes sense, and a line for each thing that does not."""
    read = readable(StackFile, from_flat(dict(settings)))
    return resolve(read.model), read.problems
