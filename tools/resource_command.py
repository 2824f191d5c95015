"""A small plugin `command` for Pulumi, for machines on which the official one cannot be had.

Pulumi starts it as `pulumi-resource-command ENGINE-ADDRESS`, reads a port from its first line of output, and speaks
gRPC to it (https://github.com/pulumi/pulumi/blob/v3.259.0/proto/pulumi/provider.proto). It knows `remote.Command`
as far as examples/app uses it (https://www.pulumi.com/registry/packages/command/api-docs/remote/command/): over SSH,
with keys from the agent and a host key that is given; and `local.Command` as far as `prepare` does
(https://www.pulumi.com/registry/packages/command/api-docs/local/command/). Whatever else is asked of it, it refuses by
name.
"""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tools.plugin_process import serve

_REMOTE, _LOCAL = "command:remote:Command", "command:local:Command"
_INPUTS = {
    _REMOTE: {"addPreviousOutputInEnv", "connection", "create", "delete", "stdin", "update"},
    _LOCAL: {"addPreviousOutputInEnv", "create", "delete", "environment", "interpreter", "logging", "update"},
}
_CONNECTION = {"dialErrorLimit", "host", "hostKey", "perDialTimeout", "port", "user"}
# https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/plugin/rpc.go
_NOT_KNOWN_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Values = Mapping[str, Any]


class Failed(Exception):
    """A command could not be run, or failed; the message is for the user."""


def refused(kind: str, inputs: Values) -> dict[str, str]:
    """Say what is beyond this plugin: by property, why."""
    if kind not in _INPUTS:
        return {"": f"only {' and '.join(_INPUTS)} are known here, not {kind}"}
    found = {name: "not known here" for name in inputs.keys() - _INPUTS[kind]}
    if kind == _LOCAL:
        lacking = {"interpreter": "needed here"} if "interpreter" not in inputs else {}
        logged = {"logging": "has to be none here"} if inputs.get("logging") != "none" else {}
        return found | lacking | logged
    if inputs.get("addPreviousOutputInEnv", True):
        found["addPreviousOutputInEnv"] = "has to be false here"
    connection = inputs["connection"]
    if connection != _NOT_KNOWN_YET:
        found |= {f"connection.{name}": "not known here" for name in connection.keys() - _CONNECTION}
        if "hostKey" not in connection:
            found["connection.hostKey"] = "needed here"
    return found


def ssh(connection: Values, known_hosts: str) -> list[str]:
    """Return the client that reaches a host, and none that shows another key."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": f"{connection.get('perDialTimeout', 15):.0f}",
        "GlobalKnownHostsFile": "none",
        "HostKeyAlgorithms": connection["hostKey"].split()[0],
        "HostKeyAlias": "host",
        "LogLevel": "ERROR",
        "ServerAliveInterval": "15",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": known_hosts,
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    to = f"{connection.get('user', 'root')}@{connection['host']}"
    return ["ssh", "-F", "none", "-T", *words, "-p", f"{connection.get('port', 22):.0f}", to]


def ran(script: str, inputs: Values, context: grpc.ServicerContext) -> dict[str, str]:
    """Run a script on the host and return what it wrote. Raises Failed if it does not end well."""
    connection = inputs["connection"]
    with tempfile.NamedTemporaryFile("w", prefix="known_hosts.") as known_hosts:
        known_hosts.write(f"host {connection['hostKey']}\n")
        known_hosts.flush()
        words = [*ssh(connection, known_hosts.name), script]
        pipe = subprocess.PIPE
        with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            context.add_callback(process.terminate)
            stdout, stderr = process.communicate(inputs.get("stdin", ""))
    if "Host key verification failed." in stderr:
        raise Failed(f"{connection['host']}: host key mismatch")
    if process.returncode:
        raise Failed(f"{connection['host']}: exit code {process.returncode}: {stderr}".strip())
    return {"stdout": stdout.removesuffix("\n"), "stderr": stderr.removesuffix("\n")}


def ran_here(script: str, inputs: Values, before: str, context: grpc.ServicerContext) -> dict[str, str]:
    """Run a command on this machine, which may read its last output (`before`); return its output. Raises Failed."""
    added = {**inputs.get("environment", {}), **({"PULUMI_COMMAND_STDOUT": before} if before else {})}
    pipe = subprocess.PIPE
    words, null = [*inputs["interpreter"], script], subprocess.DEVNULL
    with subprocess.Popen(words, env=os.environ | added, stdin=null, stdout=pipe, stderr=pipe, text=True) as process:
        context.add_callback(process.terminate)
        stdout, stderr = process.communicate()
    if process.returncode:
        raise Failed(f'exit status {process.returncode}: running "{script}":\n{stdout}{stderr}')
    return {"stdout": stdout.removesuffix("\n"), "stderr": stderr.removesuffix("\n")}


def differences(old: Values, new: Values) -> dict[str, "provider_pb2.PropertyDiff.Kind.ValueType"]:
    """Return the inputs that are not what they were, and how; all are changed in place."""
    kinds = provider_pb2.PropertyDiff
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return {
        name: kinds.ADD if name not in old else kinds.DELETE if name not in new else kinds.UPDATE for name in changed
    }


class Command(provider_pb2_grpc.ResourceProviderServicer):
    """The calls the engine makes; what is missing here is answered by gRPC with UNIMPLEMENTED."""

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Return the version that it stands in for."""
        return plugin_pb2.PluginInfo(version=version("pulumi-command"))

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Secrets come in clear, and the engine keeps what is one; nothing is called in a preview."""
        return provider_pb2.ConfigureResponse()

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Return the inputs as they are, or why not."""
        found = refused(request.urn.split("::")[2].split("$")[-1], MessageToDict(request.news))
        failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in found.items()]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Compare the inputs."""
        found = differences(MessageToDict(request.old_inputs), MessageToDict(request.news))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=list(found),
            detailedDiff={name: provider_pb2.PropertyDiff(kind=kind, inputDiff=True) for name, kind in found.items()},
            hasDetailedDiff=True,
        )

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Return what the state has: nobody looks whether a command is still in force."""
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Run `create`."""
        made = self._run(("create",), request.properties, context)
        return provider_pb2.CreateResponse(id=f"command{secrets.token_hex(4)}", properties=made)

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Run `update`, or `create` if there is none."""
        before = MessageToDict(request.olds).get("stdout", "")
        return provider_pb2.UpdateResponse(properties=self._run(("update", "create"), request.news, context, before))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        """Run `delete`."""
        self._run(("delete",), request.properties, context)
        return Empty()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Nothing: each command ends by itself, or with the call."""
        return Empty()

    def _run(
        self, names: tuple[str, ...], properties: Struct, context: grpc.ServicerContext, before: str = ""
    ) -> Struct:
        """Run the first of the scripts that is there; the properties and what it wrote, or else what it wrote last."""
        inputs = MessageToDict(properties)
        script = next((inputs[name] for name in names if name in inputs), None)
        outputs = Struct()
        outputs.update({**inputs, "stdout": before, "stderr": ""})
        try:
            if script:
                remote = "connection" in inputs
                outputs.update(ran(script, inputs, context) if remote else ran_here(script, inputs, before, context))
        except Failed as problem:
            context.abort(grpc.StatusCode.UNKNOWN, str(problem))
        return outputs


def main() -> None:
    """Serve one engine."""
    serve(partial(provider_pb2_grpc.add_ResourceProviderServicer_to_server, Command()))
