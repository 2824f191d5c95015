"""`python -m cli`: the subcommands put together."""

import typer

from cli.check import check
from cli.keys import keys

app = typer.Typer(
    name="swarmnet",
    help="The networks of Docker Swarms, as one stack file for each environment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(check)
app.command()(keys)

if __name__ == "__main__":
    app(prog_name="swarmnet")
