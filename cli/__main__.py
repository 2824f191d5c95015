"""`python -m cli`: the subcommands put together."""

import typer

from cli.allocate import allocate
from cli.check import check
from cli.discover import discover
from cli.doctor import doctor
from cli.drift import drift
from cli.facts import facts
from cli.keys import keys
from cli.map import draw
from cli.plan import plan
from cli.report import report
from cli.schema import schema
from cli.state_check import state_app

app = typer.Typer(
    name="swarmnet",
    help="The networks of Docker Swarms, as one stack file for each environment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(allocate)
app.command()(check)
app.command()(discover)
app.command()(doctor)
app.command()(drift)
app.command()(facts)
app.command()(keys)
app.command("map")(draw)
app.command()(plan)
app.command()(report)
app.command()(schema)
app.add_typer(state_app, name="state")

if __name__ == "__main__":
    app(prog_name="swarmnet")
