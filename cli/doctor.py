"""`swarmnet doctor`: what keeps a swarm's network from working, and the firewall rules that it needs."""

import json
from typing import Annotated, get_args

import typer
from rich.console import Console

from cli.doctor_report import EXIT, as_data, show
from cli.errors import told
from cli.stack_files import STACKS, Directory, declared
from providers.explain.firewall import Firewall, script
from providers.hosts.examine import examination
from providers.hosts.fleet import fleet_for
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.doctor.ports import host_rules
from providers.rules.doctor.wanted import wanted
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.diagnosis import FindingId

IDS = get_args(FindingId)


def _known(ids: list[str] | None) -> list[str]:
    """Ids of findings. Raises BadParameter where one is none."""
    for each in ids or ():
        if each not in IDS:
            raise typer.BadParameter(f"{each} is no id of a finding; they are {', '.join(IDS)}")
    return ids or []


def doctor(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack to look at.")],
    directory: Directory = STACKS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: the same, for programs.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID", callback=_known, help="Look for this; may come again.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", metavar="ID", callback=_known, help="Leave this out; may come again.")
    ] = None,
    rules: Annotated[
        Firewall | None, typer.Option("--rules", help="Print the rules for such a firewall, and reach no host.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="With --rules: of this host alone.")] = None,
) -> None:
    """Ask all hosts' Engines for what keeps a swarm's network from working. Writes nothing, and runs nothing there.

    With --rules: what has to be open on each host, to the other members alone, as a shell script.

    Exits with 0 where all is well, with 7 where something is wrong, with 1 where nothing is and something is unknown,
    with 2 where the command is.
    """
    if host and not rules:
        raise typer.BadParameter("goes with --rules", param_hint="--host")
    with told(stack):
        plan, resolved = declared(directory, stack)
        if rules:
            typer.echo(_script(rules, resolved, host), nl=False)
            return
        seen = examination(fleet_for(plan.access, resolved.roles))
    found = diagnosis(seen, wanted(resolved), only or (), skip or ())
    if as_json:
        typer.echo(json.dumps(as_data(stack, found), indent=2))
    else:
        show(Console(highlight=False, soft_wrap=True), found)
    raise typer.Exit(EXIT[found.status])


def _script(firewall: Firewall, resolved: Resolved, host: str | None) -> str:
    """The rules, of one host where it is named. Raises StackFileError where there are none."""
    found = host_rules(resolved)
    names = [each.host for each in found]
    if host and host not in names:
        raise typer.BadParameter(f"{host} is no host of the stack; it has {', '.join(names)}", param_hint="--host")
    return script(firewall, [each for each in found if host in (None, each.host)])
