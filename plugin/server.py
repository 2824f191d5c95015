"""`pulumi-resource-swarmnet ENGINE-ADDRESS`, as Pulumi starts a plugin."""

import asyncio
import signal
import sys

from cli import VERSION
from plugin.provider import Swarmnet
from plugin.sdk import serve


def main() -> None:
    """Serve the engine whose address is the last argument, until it ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback for Ctrl-C
    asyncio.run(serve(Swarmnet(), VERSION, sys.argv[-1]))
