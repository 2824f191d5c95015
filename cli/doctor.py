"""`swarmnet doctor`: the firewall rules that a swarm needs."""

from typing import Annotated

import typer

from cli.errors import told
from cli.stack_files import STACKS, Directory, declared
from providers.explain.firewall import Firewall, script
from providers.rules.doctor.ports import host_rules


def doctor(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack to look at.")],
    rules: Annotated[Firewall, typer.Option("--rules", help="Print the rules for such a firewall, as shell scripts.")],
    host: Annotated[str | None, typer.Option("--host", help="Of this host alone.")] = None,
    directory: Directory = STACKS,
) -> None:
    """Print what has to be open on each host, to the other members alone. No host is reached.

    `swarmnet doctor prod --rules nftables --host m1 | ssh root@m1 sh` puts one host's rules in force.
    """
    with told(stack):
        _, resolved = declared(directory, stack)
        found = host_rules(resolved)
    names = [each.host for each in found]
    if host and host not in names:
        raise typer.BadParameter(f"{host} is no host of {stack}; it has {', '.join(names)}", param_hint="--host")
    typer.echo(script(rules, [each for each in found if host in (None, each.host)]), nl=False)
