"""Pulumi's engine as far as a plugin calls it: a gRPC server on loopback that keeps the lines it is sent."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2_grpc


class FakePulumi(engine_pb2_grpc.EngineServicer):
    """lines: the URN and the text of each progress line; `shown` is set with the first.

    address: what a plugin is started with.
    """

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.shown = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(4))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def Log(self, request, context) -> Empty:
        """A line for the row of one resource."""
        self.lines.append((request.urn, request.message))
        self.shown.set()
        return Empty()

    def kill(self) -> None:
        """Be gone, as after `kill -9`."""
        self._server.stop(grace=None).wait()
