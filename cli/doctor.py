"""`swarmnet doctor`: what keeps a swarm's network from working, and the firewall rules that it needs."""

from dataclasses import replace
from typing import Annotated, get_args

import typer
from rich.console import Console

from cli.doctor_report import EXIT, as_data, show, waiting
from cli.entry import Bastion, KeyFile, KnownHosts, Reach, Sudo, entry
from cli.lines import asking, errors_end_command, print_data, print_text
from cli.stack_argument import AsJson, complete, named
from cli.stack_files import STACKS, Directory, declared
from providers.explain.firewall import Firewall, script
from providers.hosts.discovery import found as discovered
from providers.hosts.examine import observe_hosts
from providers.hosts.fleet import fleet_for
from providers.hosts.probe.probing import reach as probed
from providers.rules.doctor.case import DesiredHosts, desired
from providers.rules.doctor.diagnosis import diagnosis, sends
from providers.rules.doctor.ports import host_rules
from providers.rules.stack_file.access import UNSAID, HostAccess, Roles
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.diagnosis import FindingId
from providers.rules.vocabulary.errors import Blocked, EngineError
from providers.rules.vocabulary.facts import UnreachableHost

IDS = get_args(FindingId)


def _known(ids: list[str] | None) -> list[str]:
    """Return ids of findings. Raises BadParameter if one is none."""
    for each in ids or ():
        if each not in IDS:
            raise typer.BadParameter(f"{each} is not a finding; findings are {', '.join(IDS)}")
    return ids or []


def doctor(
    stack: Annotated[
        str,
        typer.Argument(
            metavar="STACK|MANAGER",
            callback=named,
            autocompletion=complete,
            help="The stack to look at; without a stack file a manager, ssh://[USER@]HOST[:PORT] or local:",
        ),
    ],
    directory: Directory = STACKS,
    as_json: AsJson = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="ID", callback=_known, help="Look for this finding; may be given more than once."
        ),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(
            "--skip", metavar="ID", callback=_known, help="Leave this finding out; may be given more than once."
        ),
    ] = None,
    rules: Annotated[
        Firewall | None,
        typer.Option(
            "--rules",
            metavar="FIREWALL",
            help=f"Print the rules for such a firewall ({', '.join(get_args(Firewall))}), and reach no host.",
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", metavar="HOST", help="With --rules: for this host only.")
    ] = None,
    key_file: KeyFile = None,
    known_hosts: KnownHosts = None,
    sudo: Sudo = False,
    bastion: Bastion = None,
) -> None:
    """Ask all hosts' Engines for what keeps a swarm's network from working. Writes nothing.

    With --rules: what has to be open on each host, to the other members alone, as a shell script. A manager is asked
    for the other members, which are reached with the same settings (--key-file and the like); a stack file has its own.

    Exits with 0 if all is well, with 7 if something is wrong, with 1 if nothing is and something is unknown,
    with 2 if the command is.
    """
    at_one = ":" in stack
    reach = Reach(key_file, known_hosts, sudo, bastion)
    if wrong := _misused(at_one, reach, rules, host):
        raise typer.BadParameter(wrong)
    with errors_end_command("doctor" if at_one else stack):
        if rules:
            print_text(_script(rules, declared(directory, stack)[1], host))
            return
        with asking(f"{stack} and the members of its swarm" if at_one else f"the hosts of {stack}"):
            if at_one:
                compared_with, roles, unreachable = found_from(entry(stack, reach))
            else:
                resolved = declared(directory, stack)[1]
                compared_with, roles, unreachable = desired(resolved), resolved.roles, []
            fleet = fleet_for(compared_with.access, roles)
            seen = observe_hosts(fleet)
    seen = replace(seen, unreachable=(*seen.unreachable, *unreachable))
    console = Console(highlight=False, soft_wrap=True, quiet=as_json)
    if sends(only or (), skip or ()):
        with waiting(console, [each.host for each in seen.hosts]):
            seen = replace(seen, reach=probed(fleet, seen, compared_with))
    found = diagnosis(seen, compared_with, only or (), skip or ())
    if as_json:
        print_data(as_data(stack, found))
    else:
        show(console, found)
    raise typer.Exit(EXIT[found.status])


def _misused(at_one: bool, reach: Reach, rules: Firewall | None, host: str | None) -> str:
    """Return options that do not go together, in words; empty if they do."""
    if host and not rules:
        return "--host goes with --rules"
    if rules and at_one:
        return "--rules takes a stack file's word on the hosts: name a STACK"
    if any(reach) and not at_one:
        return "--key-file, --known-hosts, --sudo and --bastion go with a MANAGER; a stack file has the section ssh"
    return ""


def found_from(manager: HostAccess) -> tuple[DesiredHosts, Roles, list[UnreachableHost]]:
    """Return the members that a manager tells of, and those that are not reached; that host alone if it can't tell.

    Who else is a manager it tells: it was named as one. Raises HostError if it is not reached.
    """
    try:
        members = discovered(manager).members
    except (Blocked, EngineError):
        alone = manager.model_copy(update={"name": manager.address or "local"})
        return DesiredHosts(access={alone.name: alone}), UNSAID, []
    access = {member.name: member.access for member in members if member.host}
    managers = frozenset(member.name for member in members if member.node.role == "manager")
    unreachable = [UnreachableHost(host=member.name, why=member.why) for member in members if not member.host]
    return DesiredHosts(access=access, managers=managers), Roles(managers=managers), unreachable


def _script(firewall: Firewall, resolved: Resolved, host: str | None) -> str:
    """Return the rules, of one host if it is named. Raises StackFileError if there are none."""
    found = host_rules(resolved)
    names = [each.host for each in found]
    if host and host not in names:
        raise typer.BadParameter(
            f"{host} is not a host of the stack, which has {', '.join(names)}", param_hint="--host"
        )
    return script(firewall, [each for each in found if host in (None, each.host)])
