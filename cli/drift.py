"""`swarmnet drift`: what somebody changed on the hosts since the last `up`, by host and property."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import typer
from rich.console import Console

from cli.drift_report import Report, as_data, show
from cli.errors import told
from cli.forecasts import forecasts
from cli.lines import give_data
from cli.looks import SECONDS, Late, Seen, answers, seen
from cli.project import owner, short
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory, declared
from cli.state import State, left, state_of
from cli.waiting import asking, so_many
from providers.explain.drift import Finding, doubted, ended, finding, outcome, pending
from providers.explain.forecast import Forecast
from providers.hosts.door import Hosts
from providers.loop.preflight import preflight
from providers.rules.checks.members import certificates
from providers.rules.plan import Plan
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.resolved import Resolved, without_lost
from providers.rules.vocabulary.door import Door
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.snapshot import Survey
from providers.rules.vocabulary.words import lines
from providers.simulate.from_snapshot import copied


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The ground that the next `up` is tried on. clashes: what forbids its first write."""

    seen: Survey
    clashes: str = ""


def drift(
    stack: Stack,
    directory: Directory = STACKS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON, for programs.")] = False,
) -> None:
    """Compare what the state recorded with what the hosts report, by host and property. Writes nothing.

    Says who wins on the next `pulumi up --refresh`, and what that would disturb. A host that does not answer is
    unknown, never drifted; the others are compared.

    Exits with 0 if nothing drifted, with 7 if something did, with 1 if nothing did and something is unknown.
    """
    with told(stack):
        wanted, resolved = declared(directory, stack)
        state = state_of(stack, directory)
    accesses = {**left(state, wanted, resolved.lost), **wanted.access}
    began = time.monotonic()
    with asking(so_many(len(accesses))):
        looked = seen(state, accesses, resolved.roles)
    found = compared(state, looked, own_swarm=wanted.swarm is not None)
    hosts: Trial | SwarmnetError | None = None
    if any(each.differences for each in found) and not any(each.unknown for each in found):
        rest = max(0.0, SECONDS - (time.monotonic() - began))
        of = owner(directory, stack)
        with asking(f"{so_many(len(accesses))} what `pulumi up` would do"):
            hosts = answers({"hosts": lambda: hosts_of(of, resolved, accesses, wanted)}, rest, 1)["hosts"]
    heard = {own.host: accesses[own.host] for own in looked.members}
    rest = max(0.0, SECONDS - (time.monotonic() - began))
    warned = answers({"warnings": lambda: ending(Hosts(heard, resolved.roles))}, rest, 1)["warnings"]
    warnings = () if isinstance(warned, SwarmnetError) else warned
    result = replace(report(wanted, state, found, hosts, resolved.lost), warnings=warnings)
    if as_json:
        give_data(as_data(short(stack), result))
    else:
        show(Console(highlight=False, soft_wrap=True), result, len(state))
    if looked.late or isinstance(hosts, Late) or isinstance(warned, Late):
        sys.stdout.flush()
        os._exit(result.status)  # threads that still wait for a host would keep the process alive
    raise typer.Exit(result.status)


def ending(door: Door) -> tuple[str, ...]:
    """Warn of trouble to come though nothing drifted: certificates that end soon."""
    return tuple(certificates(door.reports()[0]))


def hosts_of(of: str, resolved: Resolved, accesses: Mapping[str, HostAccess], wanted: Plan) -> Trial:
    """Read them as `swarmnet plan` does. `of`: the owner."""
    taken = preflight(Hosts(wanted.access, resolved.roles), without_lost(resolved), of)
    return Trial(seen=Hosts(accesses, resolved.roles).survey(), clashes=lines(taken.refused))


def compared(state: State, looked: Seen, *, own_swarm: bool) -> list[Finding]:
    """Return each resource of the state with what was read of it. `own_swarm`: the stack declares the swarm."""
    no_swarm = own_swarm and ended(looked.members, looked.silent)
    return [
        doubted(finding(spec, known, looked.facts[name], ended=no_swarm), spec, looked.members)
        for name, (spec, known) in sorted(state.items())
    ]


def report(
    wanted: Plan,
    state: State,
    found: list[Finding],
    hosts: Trial | SwarmnetError | None,
    lost: frozenset[str] = frozenset(),
) -> Report:
    """Report the findings. `hosts`: what the next `up` is tried on, or why that can't be told."""
    specs = {spec.resource_name: spec for spec in wanted.specs}
    unknown = tuple(each for one in found for each in one.unknown)
    ahead: list[Forecast] = []
    problem = f"`pulumi up --refresh` can't read {unknown[0].resource}: {unknown[0].why}" if unknown else ""
    if isinstance(hosts, Trial):
        gone = {each.resource for each in found if each.gone}
        kept = {name: known for name, known in state.items() if name not in gone}
        ahead = forecasts(wanted, kept, copied(hosts.seen), lost, hosts.clashes)
    elif hosts is not None:
        problem = str(hosts)
    foretold = {one.resource: Forecast(resource=one.resource, problem=problem) for one in found}
    foretold |= {each.resource: each for each in ahead}
    drifted = (
        (each, outcome(each, one, specs.get(one.resource), foretold[one.resource]))
        for one in found
        for each in one.differences
    )
    waiting = [one.resource for one in found if pending(one, specs.get(one.resource))]
    return Report(
        drifted=tuple(drifted),
        unknown=unknown,
        pending=(*waiting, *(name for name in specs if name not in state)),
        next_up=tuple(each for each in ahead if each.stages or each.problem),
    )
