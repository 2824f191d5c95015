"""Prints what `swarmnet plan` found: as lines, as a table on a terminal, and as data."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cli.lines import as_shown
from providers.explain.forecast import Forecast
from providers.rules.vocabulary.facts import Silent


def fields(forecast: Forecast) -> dict[str, object]:
    """Return a forecast as JSON has it."""
    return {**asdict(forecast), "disturbs": forecast.disturbs}


def show(
    console: Console, found: Sequence[Forecast], silent: Iterable[Silent], doubt: str, warnings: Iterable[str]
) -> None:
    """The report for people: a table on a terminal, else lines."""
    told = [each for each in found if each.stages or each.problem]
    lines: Iterable[Text | Table] = report_of(found, silent, doubt, warnings)
    if told and console.is_terminal:
        lines = (*beforehand(silent, doubt, warnings), table(told), *afterwards(found))
    for line in lines:
        console.print(line)


def report_of(
    found: Sequence[Forecast], silent: Iterable[Silent], doubt: str, warnings: Iterable[str] = ()
) -> Iterator[Text]:
    """Yield the report, line by line."""
    yield from beforehand(silent, doubt, warnings)
    for forecast in found:
        if forecast.stages or forecast.problem:
            yield from _resource(forecast)
    yield from afterwards(found)


def beforehand(silent: Iterable[Silent], doubt: str, warnings: Iterable[str]) -> Iterator[Text]:
    """Say what is to be known before all else."""
    for host in silent:
        yield as_shown(f"no answer: {host.why}", style="red")
    for warning in warnings:
        yield as_shown(f"warning: {warning}", style="yellow")
    if doubt:
        yield as_shown(
            f"the state is not known ({doubt}): all is taken as new, so that `adopt` decides about what is there",
            style="yellow",
        )


def afterwards(found: Iterable[Forecast]) -> Iterator[Text]:
    """Say what stays, and how long the rest takes."""
    quiet = [each.resource for each in found if not each.stages and not each.problem]
    if quiet:
        yield as_shown(f"nothing to do: {', '.join(quiet)}", style="green")
    seconds = sum(each.seconds for each in found if each.stages)
    if seconds:
        yield as_shown(f"about {seconds:.0f} s in all, one after the other")


def table(found: Iterable[Forecast]) -> Table:
    """Show what is done, resource by resource, and what that disturbs."""
    rows = Table("resource", "what is done", "about", "what it disturbs", header_style="bold")
    for each in found:
        doing = as_shown(*(stage.doing for stage in each.stages))
        rows.add_row(as_shown(each.resource), doing, f"{each.seconds:.0f} s", Group(*_felt(each, "")))
    return rows


def _resource(forecast: Forecast) -> Iterator[Text]:
    yield as_shown(forecast.resource, style="bold")
    for stage in forecast.stages:
        lasts = f" (about {stage.seconds:.0f} s)" if stage.seconds >= 0.5 else ""
        yield as_shown(f"  {stage.doing}{lasts}")
    yield from _felt(forecast, "  ")


def _felt(forecast: Forecast, indent: str) -> Iterator[Text]:
    if forecast.disturbs:
        yield as_shown(f"{indent}will: {forecast.disturbs}", style="yellow")
    for warning in forecast.warnings:
        yield as_shown(f"{indent}warning: {warning}", style="yellow")
    if forecast.problem:
        yield as_shown(*f"{indent}blocked: {forecast.problem}".split("\n"), style="red")
