"""`swarmnet facts`: what is on the hosts now and what the next `up` would do there, as a file for those who can't
reach them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import told
from cli.files import write
from cli.forecasts import tried
from cli.lines import complain, give
from cli.project import owner, short
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory, declared
from cli.state import left, state_if_known
from cli.waiting import asking, so_many
from providers.explain.facts_file import facts_file
from providers.hosts.door import Hosts
from providers.loop.preflight import preflight
from providers.rules.stack_file.resolved import without_lost
from providers.rules.vocabulary.facts import Silent
from providers.rules.vocabulary.words import lines


def facts(
    stack: Stack,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The file to write.", show_default="standard output"),
    ] = None,
    directory: Directory = STACKS,
) -> None:
    """Write the facts that `swarmnet report` and `swarmnet map` take: run it where the hosts can be reached.

    Who is attached to which network, each host's bridge, and what `pulumi up --refresh` would disturb. Nothing is
    written to any host, and no secret to the file. A host that does not answer is in the file as silent.
    """
    with told(stack):
        wanted, resolved = declared(directory, stack)
        state, doubt = state_if_known(stack, directory)
        accesses = {**left(state, wanted, resolved.lost), **wanted.access}
        with asking(so_many(len(accesses))):
            taken = preflight(Hosts(wanted.access, resolved.roles), without_lost(resolved), owner(directory, stack))
            hosts = Hosts(accesses, resolved.roles)
            seen, ahead = tried(hosts, wanted, state, resolved.lost, lines(taken.refused))
    found = facts_file(short(stack), datetime.now(UTC), seen, ahead, state=doubt or "known")
    for host in seen.hosts:
        if isinstance(host, Silent):
            complain(f"{stack}: no answer: {host.why}", typer.colors.YELLOW)
    if out is None:
        give(found.text())
        return
    with told(stack):
        write(out, found.text())
