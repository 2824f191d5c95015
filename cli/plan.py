"""`swarmnet plan`: what `pulumi up` would do to the hosts, in words, without a write."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.forecasts import forecasts
from cli.lines import as_shown, give_data
from cli.project import owner
from cli.stack_files import STACKS, Directory, declared
from cli.state import left, state_if_known
from providers.explain.forecast import Forecast
from providers.hosts.door import Hosts
from providers.loop.preflight import preflight
from providers.rules.stack_file.resolved import without_lost
from providers.rules.vocabulary.errors import StackFileError, SwarmnetError
from providers.rules.vocabulary.facts import Silent
from providers.simulate.from_snapshot import copied


def plan(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack to look at.")],
    directory: Directory = STACKS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: the same, for programs.")] = False,
) -> None:
    """Say what `pulumi up --refresh` would do to the hosts: read them, and try it on a simulated copy. Writes nothing.

    Exits with 1 where something would block, fail or not be reached, and where a host does not answer.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        wanted, resolved = declared(directory, stack)
    except StackFileError as error:
        _complain(console, [f"{stack}: {problem}" for problem in error.problems])
    state, doubt = state_if_known(stack, directory)
    try:
        hosts = Hosts({**left(state, wanted, resolved.lost), **wanted.access}, resolved.roles)
        seen = hosts.survey()
        taken = preflight(Hosts(wanted.access, resolved.roles), without_lost(resolved), owner(directory, stack))
    except SwarmnetError as error:
        _complain(console, [str(error)])
    silent = [each for each in seen.hosts if isinstance(each, Silent)]
    found = forecasts(wanted, state, copied(seen), resolved.lost, "\n".join(taken.refused))
    warnings = [*taken.warnings, *forbidden(hosts, found)]
    if as_json:
        report = {"state": doubt or "known", "silent": {each.host: each.why for each in silent}}
        resources = [fields(each) for each in found]
        give_data({**report, "warnings": warnings, "resources": resources})
    else:
        for line in report_of(found, silent, doubt, warnings):
            console.print(line)
    if silent or any(each.problem for each in found):
        raise typer.Exit(1)


def forbidden(hosts: Hosts, found: Iterable[Forecast]) -> list[str]:
    """Where sudo's rules will not do for a restart of docker that is foreseen."""
    restarted = dict.fromkeys(host for forecast in found for host in forecast.restarted)
    return hosts.forbidden(restarted)


def _complain(console: Console, lines: list[str]) -> None:
    for line in lines:
        console.print(as_shown(line, style="red"))
    raise typer.Exit(1)


def fields(forecast: Forecast) -> dict[str, object]:
    """A forecast as JSON has it."""
    return {**asdict(forecast), "disturbs": forecast.disturbs}


def report_of(found: list[Forecast], silent: list[Silent], doubt: str, warnings: Iterable[str] = ()) -> Iterator[Text]:
    """The report, line by line."""
    for host in silent:
        yield as_shown(f"no answer: {host.why}", style="red")
    for warning in warnings:
        yield as_shown(f"warning: {warning}", style="yellow")
    if doubt:
        yield as_shown(
            f"the state is not known ({doubt}): all is taken as new, so that `adopt` decides about what is there",
            style="yellow",
        )
    for forecast in found:
        if forecast.stages or forecast.problem:
            yield from _resource(forecast)
    quiet = [each.resource for each in found if not each.stages and not each.problem]
    if quiet:
        yield as_shown(f"nothing to do: {', '.join(quiet)}", style="green")
    seconds = sum(each.seconds for each in found if each.stages)
    if seconds:
        yield as_shown(f"about {seconds:.0f} s in all, one after the other")


def _resource(forecast: Forecast) -> Iterator[Text]:
    yield as_shown(forecast.resource, style="bold")
    for stage in forecast.stages:
        lasts = f" (about {stage.seconds:.0f} s)" if stage.seconds >= 0.5 else ""
        yield as_shown(f"  {stage.doing}{lasts}")
    if forecast.disturbs:
        yield as_shown(f"  will: {forecast.disturbs}", style="yellow")
    for warning in forecast.warnings:
        yield as_shown(f"  warning: {warning}", style="yellow")
    if forecast.problem:
        yield as_shown(f"  blocked: {forecast.problem}", style="red")
