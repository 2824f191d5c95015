"""The two plugins that stand in for official ones, as processes that Pulumi starts and ends."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

TOOLS = Path(__file__).resolve().parents[2] / "tools"
PLUGINS: dict[str, Any] = {
    "pulumi-language-python": language_pb2_grpc.LanguageRuntimeStub,
    "pulumi-resource-command": provider_pb2_grpc.ResourceProviderStub,
}

pytestmark = [pytest.mark.whole, pytest.mark.parametrize("name", PLUGINS)]


@pytest.fixture
def process(name: str) -> Iterator[Any]:
    """A plugin as Pulumi starts it."""
    with subprocess.Popen(
        [TOOLS / name, "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        yield started
        started.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_and_ends_quietly(number: signal.Signals, name: str, process: Any) -> None:
    """The first line of output is the port to call. Pulumi interrupts its plugins, and Ctrl-C the whole process group:
    a plugin says nothing then."""
    with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
        assert PLUGINS[name](channel).GetPluginInfo(Empty(), timeout=20) is not None
    process.send_signal(number)

    assert ("", "") == process.communicate(timeout=20)
    assert 0 == process.returncode


def test_ends_with_its_engine(name: str) -> None:
    """A plugin whose engine was killed ends."""
    engine: Any
    with subprocess.Popen(
        ["sh", "-c", f"{TOOLS / name} 127.0.0.1:1 & wait"], stdout=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stdout.readline().strip().isdecimal()
        engine.kill()

        assert "" == engine.stdout.read()  # nobody is left who could write
