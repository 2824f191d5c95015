"""The stand-in language host, asked as Pulumi's engine asks it."""

import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from pulumi.runtime.proto import language_pb2

from tools.language_host import LanguageHost, environment, node_command, python_command


class Call:
    """A call that lasts, or one that the engine takes back as soon as it is under way."""

    def __init__(self, taken_back: bool = False) -> None:
        self.taken_back = taken_back

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Call back when the call is over."""
        if self.taken_back:
            callback()
        return True


def request(root: Path, **options: str) -> language_pb2.RunRequest:
    """A request to run the program at `root`."""
    info = language_pb2.ProgramInfo(root_directory=str(root), entry_point=".")
    info.options.update(options)
    return language_pb2.RunRequest(project="swarmnet", stack="lab", dryRun=True, parallel=4, info=info)


def test_command(tmp_path: Path) -> None:
    """The executor gets the request as flags, the program's place last; what is empty is left out. A project that names
    no virtual environment is run by the host's own Python."""
    expected = (
        f"{tmp_path}/.tools/venv/bin/python -u /sdk/exec --engine 127.0.0.1:1 --project swarmnet --stack lab"
        f" --parallel 4 --root_directory {tmp_path} --dry_run true ."
    )
    in_own = request(tmp_path, virtualenv=".tools/venv")

    assert expected == " ".join(python_command(in_own, "127.0.0.1:1", Path("/sdk/exec")))
    assert sys.executable == python_command(request(tmp_path), "", Path("/sdk/exec"))[0]


def test_command_of_node(tmp_path: Path) -> None:
    """The SDK that is installed beside the program runs it."""
    expected = (
        f"node {tmp_path}/node_modules/@pulumi/pulumi/cmd/run --engine 127.0.0.1:1 --project swarmnet --stack lab"
        f" --parallel 4 --root-directory {tmp_path} --dry-run ."
    )

    assert expected == " ".join(node_command(request(tmp_path), "127.0.0.1:1"))


def test_environment(tmp_path: Path) -> None:
    """The configuration travels as JSON, and so do the names of what is secret in it. Node.js may read TypeScript."""
    run = request(tmp_path)
    run.config["swarmnet:adopt"] = "refuse"
    run.configSecretKeys.append("swarmnet:token")

    expected = {
        "PULUMI_NODEJS_TYPESCRIPT": "true",
        "PULUMI_CONFIG": '{"swarmnet:adopt": "refuse"}',
        "PULUMI_CONFIG_SECRET_KEYS": '["swarmnet:token"]',
    }
    assert expected == environment(run)


TAKEN_BACK = f"program exited with non-zero exit code: {-signal.SIGTERM}"


@pytest.mark.parametrize(
    ("expected", "program", "taken_back"),
    [
        (language_pb2.RunResponse(), "raise SystemExit(0)", False),
        (language_pb2.RunResponse(error="program exited with non-zero exit code: 1"), "raise SystemExit(1)", False),
        (language_pb2.RunResponse(bail=True), "raise SystemExit(32)", False),
        (language_pb2.RunResponse(error=TAKEN_BACK), "import signal; signal.pause()", True),
    ],
    ids=["ends well", "fails", "fails, and the SDK has told the user", "is taken back by the engine"],
)
def test_run(tmp_path: Path, expected: language_pb2.RunResponse, program: str, taken_back: bool) -> None:
    """A program's exit code becomes no error, an error, or silence; it ends if the engine takes the call back."""
    executor = tmp_path / "executor.py"
    executor.write_text(program)

    host = LanguageHost("127.0.0.1:1", partial(python_command, executor=executor))

    assert expected == host.Run(request(tmp_path), Call(taken_back))
