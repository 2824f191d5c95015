"""The plugin process as Pulumi starts and calls it: `python -u -m pulumi.dynamic <engine's address>`, then gRPC; and
Pulumi's engine as far as a plugin calls it: a gRPC server on loopback that keeps the lines it is sent.

Pulumi's launcher: https://github.com/pulumi/pulumi/tree/master/sdk/python/dist
"""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30.0

Props = dict[str, Any]


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


class Plugin:
    """One plugin process. `config` is the stack's, flat: a structured value is JSON text.

    Properties go in and come out as the wire has them: numbers are floats, absent values missing keys.
    """

    def __init__(self, engine: str, config: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pulumi.dynamic", engine],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self._channel = grpc.insecure_channel(f"127.0.0.1:{int(self._process.stdout.readline())}")
        self._calls = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._call("Configure", args=struct(config))

    def _call(self, name: str, **fields: Any) -> Any:
        """Call it, and wait for the answer."""
        request = getattr(provider_pb2, f"{name}Request")(**fields)
        return getattr(self._calls, name)(request, timeout=SECONDS)

    def check(self, provider: type, news: Props, olds: Props | None = None) -> tuple[Props, dict[str, str]]:
        """The canonical inputs, and the failures by property."""
        answer = self._call("Check", olds=by(provider, olds) if olds else None, news=by(provider, news))
        return plain(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def diff(self, provider: type, olds: Props, news: Props) -> provider_pb2.DiffResponse:
        """Return the changes between the last outputs and the new inputs."""
        answer: provider_pb2.DiffResponse = self._call(
            "Diff", id="id", olds=by(provider, olds), news=by(provider, news)
        )
        return answer

    def create(self, provider: type, props: Props) -> tuple[str, Props]:
        """The id and the outputs of what was made."""
        answer = self._call("Create", properties=by(provider, props))
        return answer.id, plain(answer.properties)

    def read(self, provider: type, id_: str, props: Props) -> tuple[str, Props, Props]:
        """Return the id (empty if it is gone), the outputs and the inputs that the hosts show."""
        answer = self._call("Read", id=id_, properties=by(provider, props))
        return answer.id, plain(answer.properties), plain(answer.inputs)

    def update(self, provider: type, id_: str, olds: Props, news: Props) -> Props:
        """The outputs after a change."""
        return plain(self._call("Update", id=id_, olds=by(provider, olds), news=by(provider, news)).properties)

    def delete(self, provider: type, id_: str, props: Props) -> None:
        """Take it away."""
        self._call("Delete", id=id_, properties=by(provider, props))

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.kill()
        with self._process:
            pass


def by(provider: type, props: Props) -> Struct:
    """Properties of a resource of this provider, as Pulumi sends them."""
    return struct({**props, "__provider": serialize_provider(provider())})


def struct(values: Mapping[str, Any]) -> Struct:
    """Values as the wire has them."""
    made = Struct()
    made.update(values)
    return made


def plain(properties: Struct) -> Props:
    """The values of an answer, apart from the provider that is sent along."""
    values = MessageToDict(properties)
    values.pop("__provider", None)
    return values
