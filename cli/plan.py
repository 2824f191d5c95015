"""`swarmnet plan`: what `pulumi up` would do to the hosts, in words, without a write."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from cli.lines import asking, errors_end_command, print_data, print_line, so_many
from cli.project import owner
from cli.stack_argument import AsJson, Stack
from cli.stack_files import STACKS, Directory, declared
from cli.state import hosts_left, members_of, state_if_known
from providers.explain.forecast import Forecast, lasting
from providers.hosts.hosts_api import Hosts
from providers.loop.forecasts import State, forecasts, tried
from providers.loop.preflight import Fitness, preflight
from providers.rules.checks.preflight import Findings
from providers.rules.doctor.diagnosis import CHANGING, JOINING
from providers.rules.live.quorum import describe_unanswering
from providers.rules.plan import Plan
from providers.rules.stack_file.resolved import Resolved, without_lost
from providers.rules.vocabulary.facts import UnreachableHost
from providers.rules.vocabulary.snapshot import Snapshot
from providers.rules.vocabulary.words import lines
from providers.simulate.from_snapshot import copied

Line = tuple[str, str]  # and its colour


def plan(stack: Stack, directory: Directory = STACKS, as_json: AsJson = False) -> None:
    """Say what `pulumi up --refresh` would do to the hosts: read them, and try it on a simulated copy. Writes nothing.

    Exits with 1 if something would block, fail or not be reached, and if a host does not answer.
    """
    with errors_end_command(stack):
        ahead = forecast_stack(directory, stack)
        found = ahead.found
        with asking(so_many(len(ahead.desired.access))):
            if halted := unfit(ahead.declared, ahead.resolved, found):
                clashes = lines([*ahead.taken.refused, *halted])
                found = forecasts(ahead.desired, ahead.state, copied(ahead.seen), ahead.resolved.lost, clashes)
            dead = describe_unanswering(ahead.seen.swarm.nodes if ahead.seen.swarm else (), members_of(ahead.state))
            warnings = [*([dead] if dead else []), *ahead.taken.warnings, *forbidden(ahead.hosts, found)]
    if as_json:
        report = {"state": ahead.doubt or "known", "silent": {each.host: each.why for each in ahead.unreachable}}
        print_data({**report, "warnings": warnings, "resources": [fields(each) for each in found]})
    else:
        for text, colour in report_of(found, ahead.unreachable, ahead.doubt, warnings):
            print_line(text, colour)
    if ahead.unreachable or any(each.problem for each in found):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Ahead:
    """What the next `up` of a stack would do, and what that was tried on. doubt: why the state is not known."""

    desired: Plan
    resolved: Resolved
    state: State
    doubt: str
    hosts: Hosts  # those of the state too
    declared: Hosts
    taken: Findings
    seen: Snapshot
    found: list[Forecast]

    @property
    def unreachable(self) -> list[UnreachableHost]:
        """Return the hosts that did not answer."""
        return [each for each in self.seen.hosts if isinstance(each, UnreachableHost)]


def forecast_stack(directory: Path, stack: str) -> Ahead:
    """Read the hosts of a stack, and try the next `up` on a copy. Raises SwarmnetError."""
    desired, resolved = declared(directory, stack)
    state, doubt = state_if_known(stack, directory)
    accesses = {**hosts_left(state, desired, resolved.lost), **desired.access}
    with asking(so_many(len(accesses))):
        hosts, own = Hosts(accesses, resolved.roles), Hosts(desired.access, resolved.roles)
        taken = preflight(own, without_lost(resolved), owner(directory, stack))
        seen, found = tried(hosts, desired, state, resolved.lost, lines(taken.refused))
    return Ahead(desired, resolved, state, doubt, hosts, own, taken, seen, found)


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


def fields(forecast: Forecast) -> dict[str, object]:
    """Return a forecast as JSON has it."""
    return {**asdict(forecast), "disturbs": forecast.disturbs}


def report_of(
    found: Iterable[Forecast], unreachable: Iterable[UnreachableHost], doubt: str, warnings: Iterable[str] = ()
) -> Iterator[Line]:
    """Yield the report, line by line."""
    yield from ((f"no answer: {host.why}", "red") for host in unreachable)
    yield from ((f"warning: {warning}", "yellow") for warning in warnings)
    if doubt:
        all_new = "every resource is treated as new, so `adopt` decides about what exists"
        yield f"the state is unavailable ({doubt}): {all_new}", "yellow"
    seconds, quiet = 0.0, []
    for each in found:
        if each.stages or each.problem:
            yield from _resource(each)
            seconds += each.seconds
        else:
            quiet.append(each.resource)
    if quiet:
        yield f"nothing to do: {', '.join(quiet)}", "green"
    if seconds:
        yield f"{lasting(seconds)} in all, one after the other", ""


def _resource(forecast: Forecast) -> Iterator[Line]:
    yield forecast.resource, ""
    for stage in forecast.stages:
        lasts = f" ({lasting(stage.seconds)})" if stage.seconds >= 0.5 else ""
        yield f"  {stage.doing}{lasts}", ""
    if forecast.disturbs:
        yield f"  will: {forecast.disturbs}", "yellow"
    yield from ((f"  warning: {warning}", "yellow") for warning in forecast.warnings)
    if forecast.problem:
        yield from ((line, "red") for line in f"  blocked: {forecast.problem}".split("\n"))
