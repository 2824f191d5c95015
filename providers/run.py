"""One run of Pulumi: how hosts are reached, what was looked at and has failed so far, whose turn it is.

The plugin process serves one run and holds one `Run`; tests build their own. It treats all resource types alike.

The program process declares resources and must stay free of docker and paramiko; only the plugin process, in which
Pulumi calls the providers' methods, reaches hosts: `real` is the one late import of hosts/. What is only looked at or
tried before a write is imported where that is done: a preview, or an `up` with nothing to do, begins without it.
"""

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pydantic import ValidationError

from providers.rules.live import running_change
from providers.rules.live.quorum import describe_unanswering
from providers.rules.resource_types.departure import is_removed_from_state_only
from providers.rules.resource_types.resource_type import Decide, Known
from providers.rules.resource_types.swarm import divided_message, init_refusal
from providers.rules.resource_types.table import type_of
from providers.rules.stack_file.access import HostAccess, Roles, describe_move
from providers.rules.stack_file.model import StackFile, Timeouts
from providers.rules.stack_file.problems import readable
from providers.rules.stack_file.reading import FILES, NAMESPACE, Project, from_flat, from_yaml
from providers.rules.stack_file.resolved import Resolved, configured, configured_hosts, resolve, without_lost
from providers.rules.vocabulary import steps
from providers.rules.vocabulary.diagnosis import FindingId
from providers.rules.vocabulary.digest import digest_of
from providers.rules.vocabulary.errors import Blocked, NoSwarm, RunCut, StackFileError, SwarmnetError
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.specs import HostSpec, NetworkSpec, Spec
from providers.rules.vocabulary.steps import Decision
from providers.rules.vocabulary.undeclared import dropped_keys
from providers.rules.vocabulary.words import line

if TYPE_CHECKING:
    from providers.explain.report.effects import Consequences
    from providers.loop.preflight import Fitness

# Seconds for Pulumi's engine to take a progress line, or a connection; it is on this machine. While it is stopped
# (Ctrl-Z) it takes none, and work does not wait for each.
LISTENS, STOPPED = 5.0, 0.1
# Seconds until the next line of who waits for its turn.
AGAIN = 10.0

# When a change may go on: beside others; one at a time (a swarm's managers); or one at a time and only while none
# has failed (changes that take a host or ports out of service).
Turn = Literal["beside others", "alone", "disruptive"]
Reach = Callable[[Mapping[str, HostAccess], Roles], HostsApi]
S = TypeVar("S", bound=Spec)


def real(accesses: Mapping[str, HostAccess], roles: Roles) -> HostsApi:
    """Real hosts. This is where docker and paramiko come in."""
    from providers.hosts.hosts_api import Hosts

    return Hosts(accesses, roles)


class Run:
    """One run of Pulumi.

    settings: the stack file as Pulumi hands it over, flat. accesses: how each declared host that is not lost is
    reached. managers: those of them that it calls managers. lost: hosts that are declared dead for good. left_out:
    those that a refresh does not ask, since the file on this machine calls them lost or gives another address.
    unwatched: members that are not reached. to_be_replaced: ids of resources that make way for a new one. declared: ids
    of resources that the program declares and the state has. removed_from_state: ids of resources that went without a
    look. found: the Engines' ids of what declared resources have. replaced: the networks that make way for a new one,
    and what the state had of each, by id. in_earnest: resources were checked for a run, not for a preview. leaving:
    hosts whose memberships end, as a preview found.
    """

    def __init__(self, reach: Reach = real) -> None:
        self.reach = reach
        self.settings: dict[str, str] = {}
        self.accesses: dict[str, HostAccess] = {}
        self.managers: set[str] = set()
        self.lost: set[str] = set()
        self.left_out: set[str] = set()
        self.unwatched: set[str] = set()
        self.to_be_replaced: set[str] = set()
        self.declared: set[str] = set()
        self.removed_from_state: set[str] = set()
        self.found: set[str] = set()
        self.replaced: dict[str, tuple[NetworkConfig, Known]] = {}
        self.in_earnest = False
        self.leaving: tuple[str, ...] = ()
        self._consequences: Consequences | None = None
        self._loading = threading.Lock()
        self._turn = threading.Lock()
        self._failures: list[str] = []  # of disruptive changes
        self._answered = False  # whether all hosts answered the look before the first write
        self._observing = threading.Lock()
        self._joining = threading.Lock()
        self._may_join = False  # whether hosts that are no members yet were looked at
        self._refused: dict[
            str, str | None
        ] = {}  # by owner, once ranges were compared: the resource that tells the clashes
        self._digests: dict[str, str] = {}  # by owner
        self._managers_reported = False
        self._file_followed = False
        self._file: Resolved | None = None

    @property
    def consequences(self) -> "Consequences":
        """Return those of a preview; nobody else tells any."""
        from providers.explain.report.effects import Consequences

        with self._loading:
            self._consequences = self._consequences or Consequences(lambda urn, line: Progress(urn)(line, stays=True))
            return self._consequences

    def configure(self, settings: Mapping[str, str]) -> None:
        """Keep how hosts are reached: the stack file's word, or (in refresh and destroy) the state's copy of it.

        Raises StackFileError if that part of it is invalid.
        """
        self.settings.update(settings)
        declared = configured_hosts(self.settings)
        actual = without_lost(declared)
        self.accesses.update(actual.access)
        self.managers.update(actual.managers)
        self.lost.update(declared.lost)
        self.unwatched.update(declared.unwatched)
        self.left_out -= {*actual.access, *declared.lost}
        if self._file:  # each provider is configured when Pulumi first needs it
            self._use_declared_access(self._file)

    def follow_the_file(self, owner: str) -> None:
        """In a refresh, take from the stack file on this machine which hosts are lost or have another address, and
        which key files reach the others. owner: `<project>/<stack>`.

        Pulumi hands over the state's copy, by which a refresh would ask the dead, at addresses and with keys that are
        gone. At a new address may be another machine, which only an `up` finds out. Nothing else of the file counts
        before that, and nothing of one that is missing or invalid.
        """
        with self._observing, suppress(OSError, StackFileError):  # nobody asks a host before all of it counts
            if self._file_followed:
                return
            self._file_followed = True
            project, _, stack = owner.rpartition("/")
            raw = from_yaml((stack_files(Path.cwd()) / f"Pulumi.{stack}.yaml").read_bytes(), project)
            self._file = resolve(readable(StackFile, raw).model)
            self._use_declared_access(self._file)

    def _use_declared_access(self, file: Resolved) -> None:
        for host, known in list(self.accesses.items()):
            declared = file.access.get(host)
            if host in file.lost or (declared and describe_move(known.model_dump(), declared.model_dump())):
                del self.accesses[host]
                self.left_out.add(host)
            elif declared:
                self.accesses[host] = known.model_copy(update={"key_file": declared.key_file})
        self.lost |= self.left_out & file.lost
        self.managers -= self.left_out

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
        if self.settings.get(f"{NAMESPACE}:audit") == "false":
            return ""
        from providers.hosts.audit import author_of

        return author_of(spec.resource_name, spec.owner)

    @property
    def roles(self) -> Roles:
        """Return which hosts are trusted to be managers. An invalid section `swarm` still counts as present."""
        return Roles(managers=frozenset(self.managers) if self.declares_swarm else None)

    def with_digest(self, spec: S) -> S:
        """Return the spec with the digest of what the stack file wants; without one if that is invalid, as the
        state's copy of another version may.
        """
        if spec.owner not in self._digests:
            from providers.rules.plan import desired

            digest = ""
            with suppress(StackFileError):
                digest = digest_of(desired(configured(self.settings), spec.owner).specs)
            # Kept only when it is whole: other resources of the run ask in the meantime.
            self._digests[spec.owner] = digest
        return spec.model_copy(update={"digest": self._digests[spec.owner]})

    def in_place_of(self, spec: S) -> S:
        """Return the spec with the network it replaces, if this run removes that: what nobody declared of it comes
        back.
        """
        if not isinstance(spec, NetworkSpec) or spec.resource_name not in self.replaced:
            return spec
        before, known = self.replaced[spec.resource_name]
        return spec.model_copy(update={"before": before, "dropped": dropped_keys(spec, known)})

    @property
    def declares_swarm(self) -> bool:
        """Tell whether the configuration has the section `swarm`. In `destroy` it is the state's copy."""
        return f"{NAMESPACE}:swarm" in self.settings

    def is_removed_from_state_only(self, spec: Spec, *, adopted: bool = False) -> bool:
        """Tell whether the stack no longer manages it, and leaves it as it is."""
        return is_removed_from_state_only(
            spec, self.accesses, self.unwatched, adopted=adopted, with_swarm=self.declares_swarm
        )

    def fate(self, host: str) -> str:
        """Say what becomes of the member on a host that goes from a stack file which has the section `swarm`."""
        from providers.explain.report.effects import LEAVES, LOST, STAYS

        return STAYS if host in self.unwatched else LOST if host in self.lost else LEAVES

    def declared_access(self, host: str) -> dict[str, Any]:
        """Return how the configuration says now that a host is reached; empty if it declares none of that name."""
        found = self.accesses.get(host)
        return found.model_dump() if found else {}

    def removal_time(self, spec: Spec) -> float:
        """Return the seconds that a removal may take by the present configuration; the state has the last change's."""
        key = f"{NAMESPACE}:timeouts"
        timeouts = from_flat({key: self.settings[key]} if key in self.settings else {}).get("timeouts", {})
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

    def refuse_half_a_swarm(self) -> None:
        """Raise Blocked if the hosts are in no swarm yet and one of them can't be used.

        Looks once in a run, at all hosts, before the first bridge is made.
        """
        if not self._answered:
            refusal = init_refusal(self.hosts().swarm())
            if refusal:
                raise Blocked(f"no changes were made: {refusal}")
            self._answered = True

    def refuse_two_swarms(self, api: HostsApi) -> None:
        """Raise Blocked if declared hosts are in more than one swarm: what the one that answers lacks, the other
        may have. Asked only before something is called absent."""
        facts = api.swarm()
        refusal = divided_message(facts.swarm, facts.nodes, facts.members)
        if refusal:
            raise Blocked(refusal)

    def refuse_clashes(self, api: HostsApi, show: "Progress", spec: Spec) -> None:
        """Raise Blocked if a range of the stack file meets one that hosts have. Looks once in a run."""
        from providers.loop.preflight import preflight

        with self._observing:
            if spec.owner not in self._refused:
                found = preflight(api, without_lost(configured(self.settings)), spec.owner)
                for line in found.warnings:
                    show(line, stays=True)
                self._refused[spec.owner] = spec.row.rpartition("::")[2] if found.refused else None
                if found.refused:
                    first, *others = found.refused
                    raise Blocked(f"no changes were made: {first}", *others)
            elif self._refused[spec.owner] is not None:
                raise Blocked(f"no changes were made: see the error of {self._refused[spec.owner]}")

    def why_unfit(self, api: HostsApi, ids: tuple[FindingId, ...]) -> str:
        """Say why a change would fail halfway, as far as `doctor` finds out; empty if it would not. Looks once a run.

        An invalid stack file, as a state's copy may be, is not checked.
        """
        with self._observing, suppress(StackFileError):
            return "; ".join(self._fitness.problems(api, configured(self.settings), ids))
        return ""

    @cached_property
    def _fitness(self) -> "Fitness":
        from providers.loop.preflight import Fitness

        return Fitness()

    def refuse_unfit_members(self, api: HostsApi) -> None:
        """Raise Blocked if a declared host is no member yet, and could not become one, or be reached as one. Looks
        once in a run."""
        with self._joining:
            if self._may_join or not self.declares_swarm:
                return
            if any(each.state == "inactive" for each in api.swarm().members):
                from providers.rules.doctor.diagnosis import JOINING

                problems = self.why_unfit(api, JOINING)
                if problems:
                    raise Blocked(f"no changes were made: {problems}")
            self._may_join = True

    def warn_of_managers(self, show: "Progress", api: HostsApi) -> None:
        """Say which managers do not answer, and what the quorum bears. Looks once in a run, whether or not anything
        changes: a swarm that has lost one looks well until the next."""
        with self._observing:
            if self._managers_reported or not self.accesses:
                return
            self._managers_reported = True
        try:
            found = describe_unanswering(api.nodes(), {})
        except SwarmnetError as problem:
            found = f"whether all managers answer is not known: {problem}"
        if found:
            show(f"warning: {found}", stays=True)

    @contextmanager
    def turn(self, show: "Progress", turn: Turn) -> Iterator[None]:
        """Wait for one's turn, which does not use up one's own time.

        After a disruptive change failed nobody else begins one, so that of many hosts in one batch exactly one is left
        for a person to look at.
        """
        if turn == "beside others":
            yield
            return
        patience = 1.0
        while not self._turn.acquire(timeout=patience):
            show("waiting for its turn")
            patience = AGAIN
        try:
            if turn == "disruptive" and self._failures:
                raise Blocked(f"not started, because another change failed in this run: {self._failures[0]}")
            yield
        except SwarmnetError as error:
            if turn == "disruptive":
                self._failures.append(str(error))
            raise
        finally:
            self._turn.release()


PROCESS = Run()


def stack_files(root: Path) -> Path:
    """Return the folder of the stack files of the project in a folder. Raises OSError if there is none, and
    StackFileError if it is no project."""
    file = next((root / name for name in FILES if (root / name).is_file()), root / FILES[0])
    return Path(Project.parse(file, file.read_bytes()).stacks or root)


class Progress:
    """Sends lines to the row of one resource; raises RunCut when Pulumi's engine is gone.

    A killed `pulumi` leaves its plugin working, and its next command may start a second one: a plugin whose
    Pulumi is gone must not start anything. A stopped one (Ctrl-Z) takes no line but is still there: work goes
    on, so that nothing stays half-finished on hosts for as long.
    """

    def __init__(self, urn: str, patience: float = LISTENS) -> None:
        self.urn = urn
        # The last argument of the plugin process is the engine's address; flags may stand before it.
        self.address = sys.argv[-1]
        self.engine = engine_at(self.address)
        self.patience = patience

    def __call__(self, message: str, *, stays: bool = False) -> None:
        """Show one line beside the resource's state, or (`stays`) among the messages that are shown at the end too."""
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.INFO, message=line(message), urn=self.urn, ephemeral=not stays
        )
        try:
            self.engine.Log(request, timeout=self.patience)
        except grpc.RpcError as problem:
            if is_there(self.address):
                self.patience = STOPPED
                return
            raise RunCut(
                f"the run was cut before: {message}; run `pulumi cancel`, then `pulumi up` to finish it "
                "(with a changed stack file: `pulumi up --refresh`)"
            ) from problem


@lru_cache(maxsize=1)  # a channel is a connection of its own, and there are as many rows as resources
def engine_at(address: str) -> engine_pb2_grpc.EngineStub:
    """Pulumi's engine, by one channel for the process."""
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))


def is_there(address: str) -> bool:
    """Tell whether somebody has that port open, stopped or not: the kernel takes connections for a stopped process."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), LISTENS).close()
    except (OSError, ValueError):
        return False
    return True


def announcing(run: Run, api: HostsApi, show: Progress, spec: Spec, known: Known) -> Decide:
    """Return what to do next; before the first write of what disturbs services or hosts, log a line that says how.

    The line is what `swarmnet plan` says of this resource. `known`: its outputs in the state, empty in `create`.
    """
    resource_type = type_of(spec)
    decide = resource_type.decide(spec, known)

    def decided(facts: object) -> Decision:
        decision = decide(facts)
        if running_change.is_first_write(decision):
            from providers.explain.forecast import lasting
            from providers.loop.dry_run import foreseen, rehearsed
            from providers.rules.doctor.diagnosis import CHANGING
            from providers.simulate.from_snapshot import copied

            if problems := run.why_unfit(api, CHANGING):
                return steps.Blocked(f"no changes were made: {problems}")
            observe, back = (
                partial(resource_type.observe, spec=spec, known=known),
                resource_type.decide_rollbacks(spec, known=bool(known)),
            )
            name, decide_there = spec.resource_name, resource_type.decide(spec, known)
            forecast = foreseen(
                name, lambda: rehearsed(copied(api.snapshot()), name, spec.timeout, observe, decide_there, back)[1]
            )
            if forecast.disturbs:
                show(f"will {forecast.disturbs}; {lasting(forecast.seconds)} in all", stays=True)
            for warning in forecast.warnings:
                show(f"warning: {warning}", stays=True)
            if forecast.problem:
                why = line(forecast.problem)
                show(f"warning: {name}: effect not predicted completely, and started all the same: {why}", stays=True)
        return decision

    return decided


@contextmanager
def one_line() -> Iterator[None]:
    """Print one line for each error of ours: Pulumi shows whole tracebacks, chained causes included."""
    try:
        yield
    except SwarmnetError as error:
        if debugging():
            raise
        # What Pulumi shows ends in `<module>.<class>: <message>`; only built-in classes go without their module.
        type(error).__module__ = "builtins"
        raise error from None


def debugging() -> bool:
    """Tell whether tracebacks are wanted."""
    return bool(os.environ.get("SWARMNET_DEBUG"))
