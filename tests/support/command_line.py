"""`swarmnet` in this process, its subcommands put together once: that takes longer than much of what they are asked."""

import sys
from dataclasses import dataclass

from typer.main import get_command
from typer.testing import CliRunner

from cli.__main__ import app

COMMAND = get_command(app)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote; output: both, in their order."""

    exit_code: object
    stdout: str
    stderr: str
    output: str


def swarmnet(*words: str, text: str = "", color: bool = False, **environment: str) -> Ended:
    """Run a command to its end, with a text on its standard input."""
    with CliRunner().isolation(input=text, env=environment, color=color) as written:
        code: object = 0
        try:
            COMMAND.main(args=words, prog_name="swarmnet")
        except SystemExit as ended:
            code = ended.code
        sys.stdout.flush()
        sys.stderr.flush()
        return Ended(code, *(stream.getvalue().decode() for stream in written))
