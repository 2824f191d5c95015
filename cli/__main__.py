"""`python -m cli`: the subcommands put together."""

from typing import Annotated

import typer

from cli import VERSION
from cli.backup import backup
from cli.check import check
from cli.discover import discover
from cli.doctor import doctor
from cli.drift import drift
from cli.facts import facts
from cli.init import init
from cli.keys import keys, schema
from cli.lines import print_text
from cli.map import draw
from cli.plan import plan
from cli.privileges import privileges
from cli.recover import recover
from cli.report import report
from cli.state_check import state_app
from cli.usage import HELP, Command, Group, Panel

app = typer.Typer(
    name="swarmnet",
    cls=Group,
    context_settings=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        print_text(f"swarmnet {VERSION}\n")
        raise typer.Exit


@app.callback()
def swarmnet(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """The networks of Docker Swarms, as one stack file for each environment.

    STACK is a stack's name, as Pulumi has it, or the path of its file. Stacks are those of the project around the
    current folder.
    """


for panel, command, name, example in (
    (Panel.LOOK, check, "check", "prod"),
    (Panel.LOOK, doctor, "doctor", "prod --skip clock"),
    (Panel.LOOK, drift, "drift", "prod --json"),
    (Panel.LOOK, facts, "facts", "prod --out facts.json"),
    (Panel.PLAN, plan, "plan", "prod"),
    (Panel.PLAN, report, "report", "preview.json --facts facts.json --out comment.md"),
    (Panel.PLAN, draw, "map", "prod --facts facts.json --out map.html"),
    (Panel.PLAN, privileges, "privileges", "prod --json"),
    (Panel.WRITE, init, "init", "nets --stack prod"),
    (Panel.WRITE, discover, "discover", "ssh://root@10.0.0.11 --out stacks/Pulumi.prod.yaml"),
    (Panel.WRITE, keys, "keys", ""),
    (Panel.WRITE, schema, "schema", ""),
    (Panel.RESCUE, backup, "backup", "prod --out backups --recipients-file keys.txt"),
    (Panel.RESCUE, recover, "recover", "prod --facts facts.json"),
):
    shown = f"Example: swarmnet {name} {example}".rstrip()
    app.command(name, cls=Command, context_settings=HELP, rich_help_panel=panel.value, epilog=shown)(command)
app.add_typer(state_app, name="state", cls=Group, context_settings=HELP, rich_help_panel=Panel.LOOK.value)

if __name__ == "__main__":
    app(prog_name="swarmnet")
