"""Small language hosts for Pulumi, for machines on which the official ones cannot be had: of Python, and of Node.js.

Pulumi starts one as `pulumi-language-python ENGINE-ADDRESS`, reads a port from its first line of output, and
speaks gRPC to it (https://github.com/pulumi/pulumi/blob/v3.259.0/proto/pulumi/language.proto). They
answer what `pulumi preview`, `up`, `refresh`, `destroy` and `about` ask. It does not install dependencies
(`make setup` does), check types, attach debuggers, generate code or name plugins ahead: the engine takes that
for none, and looks for one when a resource wants it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from tools.plugin_process import serve

EXECUTOR = Path(__file__).resolve().parent.parent / ".tools" / "pulumi" / "bin" / "pulumi-language-python-exec"

# With this code the SDK says that it has told the user what is wrong: the engine is to add nothing.
_TOLD_THE_USER = 32

Command = Callable[[language_pb2.RunRequest, str], list[str]]


def python_command(request: language_pb2.RunRequest, engine: str, executor: Path = EXECUTOR) -> list[str]:
    """Return the process that runs the program: the SDK's own executor, by the project's own Python."""
    venv = dict(request.info.options).get("virtualenv")
    python = str(Path(request.info.root_directory, str(venv), "bin", "python")) if venv else sys.executable
    flags = _flags(request, engine, {"root_directory": request.info.root_directory})
    dry_run = ("--dry_run", "true" if request.dryRun else "false")
    return [python, "-u", str(executor), *flags, *dry_run, request.info.entry_point, *request.args]


def node_command(request: language_pb2.RunRequest, engine: str) -> list[str]:
    """Return the process that runs a program in TypeScript or JavaScript: by the SDK that npm installed for it.

    https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/nodejs/cmd/pulumi-language-nodejs/main.go
    """
    executor = Path(request.info.root_directory, "node_modules", "@pulumi", "pulumi", "cmd", "run")
    flags = _flags(request, engine, {"root-directory": request.info.root_directory})
    dry_run = ["--dry-run"] if request.dryRun else []
    return ["node", str(executor), *flags, *dry_run, request.info.entry_point, *request.args]


def _flags(request: language_pb2.RunRequest, engine: str, own: Mapping[str, str]) -> list[str]:
    """Return the flags that both SDKs know, and some of one's own; what is empty is left out."""
    options = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "stack": request.stack,
        "pwd": request.pwd,
        "parallel": str(request.parallel),
        "organization": request.organization,
        **own,
    }
    return [word for name, value in options.items() if value for word in (f"--{name}", value)]


def environment(request: language_pb2.RunRequest) -> dict[str, str]:
    """Return what the SDKs read besides their arguments: the stack's configuration, which of it is secret, and that a
    program for Node.js may be TypeScript."""
    return {
        "PULUMI_NODEJS_TYPESCRIPT": "true",
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls the engine makes; what is missing here is answered by gRPC with UNIMPLEMENTED."""

    def __init__(self, engine: str, command: Command) -> None:
        self._engine = engine
        self._command = command

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the engine's address from here if it was not an argument."""
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """No version: it comes and goes with the checkout."""
        return plugin_pb2.PluginInfo()

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """Tell none: requirements.txt says it better."""
        return language_pb2.GetProgramDependenciesResponse()

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """Return the Python that runs this host, and programs that name no virtual environment."""
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the program to its end; end it if the engine takes the call back or this host is stopped."""
        words = self._command(request, self._engine)
        with subprocess.Popen(words, env={**os.environ, **environment(request)}, stdin=subprocess.DEVNULL) as program:
            context.add_callback(program.terminate)
            code = program.wait()
        if code == _TOLD_THE_USER:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {code}" if code else "")


def main(command: Command = python_command) -> None:
    """Serve the engine whose address is the first argument that is no flag, or comes with the handshake."""
    engine = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    serve(partial(language_pb2_grpc.add_LanguageRuntimeServicer_to_server, LanguageHost(engine, command)))
