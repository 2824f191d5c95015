"""`swarmnet plan`: what `pulumi up` would do to the hosts, in words, without a write."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console

from cli.errors import told
from cli.forecasts import forecasts, tried
from cli.lines import give_data
from cli.plan_report import fields, show
from cli.project import owner
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory, declared
from cli.state import left, state_if_known
from cli.waiting import asking, so_many
from providers.explain.forecast import Forecast
from providers.hosts.door import Hosts
from providers.loop.preflight import Fitness, preflight
from providers.rules.doctor.halting import CHANGING, JOINING
from providers.rules.stack_file.resolved import Resolved, without_lost
from providers.rules.vocabulary.facts import Silent
from providers.rules.vocabulary.words import lines
from providers.simulate.from_snapshot import copied


def plan(
    stack: Stack,
    directory: Directory = STACKS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON, for programs.")] = False,
) -> None:
    """Say what `pulumi up --refresh` would do to the hosts: read them, and try it on a simulated copy. Writes nothing.

    Exits with 1 if something would block, fail or not be reached, and if a host does not answer.
    """
    with told(stack):
        wanted, resolved = declared(directory, stack)
        state, doubt = state_if_known(stack, directory)
        accesses = {**left(state, wanted, resolved.lost), **wanted.access}
        with asking(so_many(len(accesses))):
            hosts, declares = Hosts(accesses, resolved.roles), Hosts(wanted.access, resolved.roles)
            taken = preflight(declares, without_lost(resolved), owner(directory, stack))
            seen, found = tried(hosts, wanted, state, resolved.lost, lines(taken.refused))
            silent = [each for each in seen.hosts if isinstance(each, Silent)]
            if halted := unfit(declares, resolved, found):
                found = forecasts(wanted, state, copied(seen), resolved.lost, lines([*taken.refused, *halted]))
            warnings = [*taken.warnings, *forbidden(hosts, found)]
    if as_json:
        report = {"state": doubt or "known", "silent": {each.host: each.why for each in silent}}
        resources = [fields(each) for each in found]
        give_data({**report, "warnings": warnings, "resources": resources})
    else:
        show(Console(highlight=False, soft_wrap=True), found, silent, doubt, warnings)
    if silent or any(each.problem for each in found):
        raise typer.Exit(1)


def unfit(hosts: Hosts, resolved: Resolved, found: Iterable[Forecast]) -> list[str]:
    """Say what would make a membership or a change of what runs fail halfway. Looks only if there is one."""
    begun = [each for each in found if each.stages]
    joins = any(each.resource == "swarm" or each.resource.startswith("node/") for each in begun)
    changes = any(each.disturbs for each in begun)
    ids = {*(JOINING if joins else ()), *(CHANGING if changes else ())}
    return Fitness().problems(hosts, resolved, ids) if ids else []


def forbidden(hosts: Hosts, found: Iterable[Forecast]) -> list[str]:
    """Say where sudo's rules forbid a restart of docker that is foreseen."""
    restarted = dict.fromkeys(host for forecast in found for host in forecast.restarted)
    return hosts.forbidden(restarted)
