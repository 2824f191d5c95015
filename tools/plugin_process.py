"""How a plugin of ours lives: it serves gRPC on a port that it prints, and ends quietly when Pulumi is done with it.

https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin tells what Pulumi expects: the port is the
first line of output; SIGINT asks a plugin to end, also one that Ctrl-C has reached already.
"""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc


def serve(add_calls: Callable[[grpc.Server], None]) -> None:
    """Serve what `add_calls` adds, until a signal says to stop or the engine that started this process is gone.

    Calls that are not over by then are cancelled, and with them the programs they started.
    """
    started_by = os.getppid()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    add_calls(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while os.getppid() == started_by and not stop.wait(timeout=1):
        pass
    server.stop(grace=None).wait()
