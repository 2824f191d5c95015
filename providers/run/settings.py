"""What the stack file says of a run: how hosts are reached, which are managers, lost or unwatched, what is declared.

The program process declares resources and must stay free of docker and paramiko; only the plugin process, in which
Pulumi calls the providers' methods, reaches hosts: `real` is the one late import of hosts/.
"""

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from providers.rules.resource_types.departure import is_removed_from_state_only
from providers.rules.resource_types.table import type_of
from providers.rules.stack_file.access import HostAccess, Roles, describe_move
from providers.rules.stack_file.model import StackFile, Timeouts
from providers.rules.stack_file.problems import readable
from providers.rules.stack_file.reading import FILES, NAMESPACE, Project, from_flat, from_yaml
from providers.rules.stack_file.resolved import Resolved, configured, configured_hosts, resolve, without_lost
from providers.rules.vocabulary.digest import digest_of
from providers.rules.vocabulary.errors import Blocked, NoSwarm, StackFileError, SwarmnetError
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import HostSpec, Spec, in_run

Reach = Callable[[Mapping[str, HostAccess], Roles], HostsApi]
S = TypeVar("S", bound=Spec)
# Pulumi's commands that call providers, each with whether it removes all. The first of them counts: a stack may have
# such a name. https://www.pulumi.com/docs/iac/cli/commands/
COMMANDS = {"up": False, "update": False, "refresh": False, "preview": False, "import": False} | dict.fromkeys(
    ("destroy", "down", "dn"), True
)
# --target, --exclude and their short forms, alone or behind others
PARTIAL = re.compile(r"--(target|exclude)|-[a-z]*[tx]")


def real(accesses: Mapping[str, HostAccess], roles: Roles) -> HostsApi:
    """Real hosts. This is where docker and paramiko come in."""
    from providers.hosts.hosts_api import Hosts

    return Hosts(accesses, roles)


class Settings:
    """The stack file of a run, as Pulumi hands it over: in a refresh and in `destroy` that is the state's copy.

    flat: its values as JSON text, by key. accesses: how each declared host that is not lost is reached. managers: those
    of them that it calls managers. lost: hosts that are declared dead for good. left_out: those that a refresh does not
    ask, since the file on this machine calls them lost or gives another address. unwatched: members that are not
    reached.
    """

    def __init__(self, reach: Reach = real) -> None:
        self.reach = reach
        self.flat: dict[str, str] = {}
        self.accesses: dict[str, HostAccess] = {}
        self.managers: set[str] = set()
        self.lost: set[str] = set()
        self.left_out: set[str] = set()
        self.unwatched: set[str] = set()
        self._of_all: dict[str, tuple[str, bool]] = {}  # by owner
        self._following = threading.Lock()
        self._file_followed = False
        self._file: Resolved | None = None

    def configure(self, settings: Mapping[str, str]) -> None:
        """Keep how hosts are reached: the stack file's word, or (in refresh and destroy) the state's copy of it.

        Raises StackFileError if that part of it is invalid.
        """
        self.flat.update(settings)
        declared = configured_hosts(self.flat)
        actual = without_lost(declared)
        self.managers.update(actual.managers)
        self.lost.update(declared.lost)
        self.unwatched.update(declared.unwatched)
        left_out = self.left_out - {*actual.access, *declared.lost}
        self._use(self.accesses | actual.access, left_out)  # each provider is configured when Pulumi first needs it

    def follow_the_file(self, owner: str) -> None:
        """In a refresh, take from the stack file on this machine which hosts are lost or have another address, and
        which key files reach the others. owner: `<project>/<stack>`.

        Pulumi hands over the state's copy, by which a refresh would ask the dead, at addresses and with keys that are
        gone. At a new address may be another machine, which only an `up` finds out. Nothing else of the file counts
        before that, and nothing of one that is missing or invalid.
        """
        with self._following, suppress(OSError, StackFileError):  # nobody asks a host before all of it counts
            if self._file_followed:
                return
            self._file_followed = True
            project, _, stack = owner.rpartition("/")
            raw = from_yaml(stack_file(Path.cwd(), stack).read_bytes(), project)
            self._file = resolve(readable(StackFile, raw).model)
            self._use(self.accesses, self.left_out)

    def _use(self, accesses: Mapping[str, HostAccess], left_out: Set[str]) -> None:
        """Use these from now on, as far as the file that is followed has them. Whoever asks hosts meanwhile keeps those
        that it began with: none is taken from a mapping."""
        file, kept, left = self._file, dict(accesses), set(left_out)
        if file:
            for host, known in accesses.items():
                declared = file.access.get(host)
                if host in file.lost or (declared and describe_move(known.model_dump(), declared.model_dump())):
                    del kept[host]
                    left.add(host)
                elif declared:
                    kept[host] = known.model_copy(update={"key_file": declared.key_file})
            self.lost |= left & file.lost
            self.managers -= left
        self.accesses, self.left_out = kept, left

    def hosts(self, spec: Spec | None = None) -> HostsApi:
        """Return the declared hosts, and that of the spec, which only the state may still know.

        A lost one is never asked. Raises Blocked if the spec's is to be asked and the state says nothing that makes
        sense.
        """
        if not isinstance(spec, HostSpec) or spec.host in {*self.accesses, *self.lost} or not spec.access:
            return self.reach(self.accesses, self.roles)
        own = HostAccess.recorded(spec.access, spec.host)
        if not own.address and not own.local:
            raise Blocked(
                f"{spec.host}: the state does not say how it is reached: put it back into the stack file, run "
                "`pulumi up`, then take it out"
            )
        return self.reach({spec.host: own, **self.accesses}, self.roles)

    def author(self, spec: Spec) -> str:
        """Return what hosts' own logs say of who takes a resource's steps; empty if the stack file wants none there."""
        if self.flat.get(f"{NAMESPACE}:audit") == "false":
            return ""
        from providers.hosts.audit import author_of

        return author_of(spec.resource_name, spec.owner)

    @property
    def roles(self) -> Roles:
        """Return which hosts are trusted to be managers. An invalid section `swarm` still counts as present."""
        return Roles(managers=frozenset(self.managers) if self.declares_swarm else None)

    def in_run(self, spec: S) -> S:
        """Return the spec with what the stack file wants of all of them; without that if the file is invalid, as the
        state's copy of another version may be.
        """
        if spec.owner not in self._of_all:
            from providers.rules.plan import desired

            digest, rotate = "", False
            with suppress(StackFileError):
                plan = desired(configured(self.flat), spec.owner)
                digest, rotate = digest_of(plan.specs), plan.rotate
            # Kept only when it is whole: other resources of the run ask in the meantime.
            self._of_all[spec.owner] = digest, rotate
        return in_run(spec, *self._of_all[spec.owner])

    @property
    def declares_swarm(self) -> bool:
        """Tell whether the configuration has the section `swarm`. In `destroy` it is the state's copy."""
        return f"{NAMESPACE}:swarm" in self.flat

    @property
    def retained(self) -> frozenset[str]:
        """Return the names of overlays that stay when their resources go; none if their section is invalid."""
        key = f"{NAMESPACE}:overlays"
        overlays = readable(StackFile, from_flat({key: self.flat[key]} if key in self.flat else {})).model.overlays
        return frozenset(name for name, overlay in overlays.items() if overlay.retain)

    def is_removed_from_state_only(self, spec: Spec, *, adopted: bool = False) -> bool:
        """Tell whether the stack no longer manages it, and leaves it as it is."""
        return is_removed_from_state_only(
            spec, self.accesses, self.unwatched, adopted=adopted, with_swarm=self.declares_swarm
        )

    def fate(self, host: str) -> str:
        """Say what becomes of the member on a host that goes from a stack file which has the section `swarm`."""
        from providers.explain.report.effects import LEAVES, LOST, STAYS

        return STAYS if host in self.unwatched else LOST if host in self.lost else LEAVES

    def keeps_recorded(self, host: str) -> bool:
        """Tell whether a refresh keeps what the state has of a host, without asking it."""
        return host in {*self.unwatched, *self.lost, *self.left_out}

    def declared_access(self, host: str) -> dict[str, Any]:
        """Return how the configuration says now that a host is reached; empty if it declares none of that name."""
        found = self.accesses.get(host)
        return found.model_dump() if found else {}

    def removal_time(self, spec: Spec) -> float:
        """Return the seconds that a removal may take by the present configuration; the state has the last change's."""
        key = f"{NAMESPACE}:timeouts"
        timeouts = from_flat({key: self.flat[key]} if key in self.flat else {}).get("timeouts", {})
        try:
            seconds: float = getattr(Timeouts.model_validate(timeouts), type_of(spec).name.lower())
        except ValidationError:
            return spec.timeout
        return seconds

    def proofs_of_absence(self) -> tuple[type[SwarmnetError], ...]:
        """Return errors that prove that what was in the swarm is gone: all declared hosts in no swarm, where they are
        the swarm.

        A stack without a section `swarm` declares some hosts of one that others keep: there it proves nothing, and nor
        does it in a refresh that leaves lost hosts out.
        """
        return (NoSwarm,) if self.declares_swarm and not self.left_out else ()


def stack_file(root: Path, stack: str) -> Path:
    """Return the file of this run's configuration: the stack's own in the project in a folder, or the one that `pulumi`
    was told to take by `--config-file`. Raises as `stack_files` does."""
    folder, words = command_line(os.getppid())
    named = option_in("--config-file", words)
    return folder / named if named else stack_files(root) / f"Pulumi.{stack}.yaml"


def command_line(process: int) -> tuple[Path, list[str]]:
    """Return the folder and the words of the `pulumi` from which a process comes; no words if there is none.

    Pulumi tells its options to nobody, so that its own command line does, on Linux alone: proc(5).
    """
    with suppress(OSError):
        while process > 1:
            own = Path("/proc", str(process))
            program, *words = own.joinpath("cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
            if Path(program).name == "pulumi":
                return own.joinpath("cwd").readlink(), words
            process = int(own.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    return Path(), []


def option_in(option: str, words: Sequence[str]) -> str:
    """Return what an option has among the words of a command, empty if it is not there."""
    for word, after in pairwise((*words, "")):
        if word == option:
            return after
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return ""


def is_whole_destroy(words: Sequence[str]) -> bool:
    """Tell whether the words of a `pulumi` destroy a whole stack: `destroy` or its other names, without a choice of
    resources."""
    command = next((word for word in words if word in COMMANDS), "")
    return COMMANDS.get(command, False) and not any(PARTIAL.match(word) for word in words)


def stack_files(root: Path) -> Path:
    """Return the folder of the stack files of the project in a folder. Raises OSError if there is none, and
    StackFileError if it is no project."""
    file = next((root / name for name in FILES if (root / name).is_file()), root / FILES[0])
    return Path(Project.parse(file, file.read_bytes()).stacks or root)
