"""What a run shows: lines in the rows of resources, and one line for each error."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from providers.rules.vocabulary.errors import RunCut, SwarmnetError
from providers.rules.vocabulary.words import line

# Seconds for Pulumi's engine to take a progress line, or a connection; it is on this machine. While it is stopped
# (Ctrl-Z) it takes none, and work does not wait for each.
LISTENS, STOPPED = 5.0, 0.1


class Progress:
    """Sends lines to the row of one resource; raises RunCut when Pulumi's engine is gone.

    A killed `pulumi` leaves its plugin working, and its next command may start a second one: a plugin whose
    Pulumi is gone must not start anything. A stopped one (Ctrl-Z) takes no line but is still there: work goes
    on, so that nothing stays half-finished on hosts for as long.
    """

    def __init__(self, urn: str, patience: float = LISTENS) -> None:
        self.urn = urn
        # The last argument of the plugin process is the engine's address; flags may stand before it.
        self.address = sys.argv[-1]
        self.engine = engine_at(self.address)
        self.patience = patience

    def __call__(self, message: str, *, stays: bool = False) -> None:
        """Show one line beside the resource's state, or (`stays`) among the messages that are shown at the end too."""
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.INFO, message=line(message), urn=self.urn, ephemeral=not stays
        )
        try:
            self.engine.Log(request, timeout=self.patience)
        except grpc.RpcError as problem:
            if is_there(self.address):
                self.patience = STOPPED
                return
            raise RunCut(
                f"the run was cut before: {message}; run `pulumi cancel`, then `pulumi up` to finish it "
                "(with a changed stack file: `pulumi up --refresh`)"
            ) from problem


@lru_cache(maxsize=1)  # a channel is a connection of its own, and there are as many rows as resources
def engine_at(address: str) -> engine_pb2_grpc.EngineStub:
    """Pulumi's engine, by one channel for the process."""
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))


def is_there(address: str) -> bool:
    """Tell whether somebody has that port open, stopped or not: the kernel takes connections for a stopped process."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), LISTENS).close()
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def one_line() -> Iterator[None]:
    """Print one line for each error of ours: Pulumi shows whole tracebacks, chained causes included."""
    try:
        yield
    except SwarmnetError as error:
        if debugging():
            raise
        # What Pulumi shows ends in `<module>.<class>: <message>`; only built-in classes go without their module.
        type(error).__module__ = "builtins"
        raise error from None


def debugging() -> bool:
    """Tell whether tracebacks are desired."""
    return bool(os.environ.get("SWARMNET_DEBUG"))
