"""The program as all that a process does: what a project's `__main__.py` runs."""

import signal
import sys

import pulumi

from providers.program.main import program
from providers.run.progress import debugging

# The exit code of a program that has shown its errors itself: Pulumi adds none of its own.
# https://github.com/pulumi/pulumi/blob/master/sdk/python/cmd/pulumi-language-python-exec
SHOWN = 32


def run_program() -> None:
    """Declare what the stack file wants. Ends the process with SHOWN if that is wrong."""
    # Where a resource fails, Pulumi ends this process with an interrupt: Python would show a traceback of its own.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The SDK sends four such lines for each resource, which Pulumi throws away unless asked by `--debug`; the program
    # waits for each to be taken. Of 100 overlays they are a tenth of a preview's work.
    if not debugging():
        pulumi.log.debug = say_nothing
    try:
        program()
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        sys.exit(SHOWN)


def say_nothing(
    msg: str, resource: pulumi.Resource | None = None, stream_id: int | None = None, ephemeral: bool | None = None
) -> None:
    """Say nothing, in place of a line for `pulumi --debug`."""
