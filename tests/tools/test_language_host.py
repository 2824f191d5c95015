"""The stand-in language host, asked as Pulumi's engine asks it."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi.runtime.proto import language_pb2

from tools.language_host import LanguageHost, command, environment


class Call:
    """A call that lasts: as the engine's, but nobody takes it back."""

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Promise to call back when the call is over."""
        return True


class CallTakenBack(Call):
    """A call that the engine takes back as soon as it is under way."""

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Call back at once."""
        callback()
        return True


def request(root: Path, **options: str) -> language_pb2.RunRequest:
    """A request to run the program at `root`."""
    info = language_pb2.ProgramInfo(root_directory=str(root), entry_point=".")
    info.options.update(options)
    return language_pb2.RunRequest(project="swarmnet", stack="lab", dryRun=True, parallel=4, info=info)


def executor(folder: Path, text: str) -> Path:
    """A program in the place of the SDK's executor."""
    path = folder / "executor.py"
    path.write_text(text)
    return path


def test_command(tmp_path: Path) -> None:
    """The executor gets the request as flags, the program's place last; what is empty is left out."""
    expected = (
        f"{tmp_path}/.tools/venv/bin/python -u /sdk/exec --engine 127.0.0.1:1 --project swarmnet"
        f" --root_directory {tmp_path} --stack lab --dry_run true --parallel 4 ."
    )

    words = command(request(tmp_path, virtualenv=".tools/venv"), "127.0.0.1:1", Path("/sdk/exec"))

    assert expected == " ".join(words)


def test_command_without_virtualenv(tmp_path: Path) -> None:
    """A project that names no virtual environment is run by the host's own Python."""
    assert sys.executable == command(request(tmp_path), "", Path("/sdk/exec"))[0]


def test_environment(tmp_path: Path) -> None:
    """The configuration travels as JSON, and so do the names of what is secret in it."""
    run = request(tmp_path)
    run.config["swarmnet:adopt"] = "refuse"
    run.configSecretKeys.append("swarmnet:token")

    expected = {
        "PULUMI_CONFIG": '{"swarmnet:adopt": "refuse"}',
        "PULUMI_CONFIG_SECRET_KEYS": '["swarmnet:token"]',
    }
    assert expected == environment(run)


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        (language_pb2.RunResponse(), 0),
        (language_pb2.RunResponse(error="program exited with non-zero exit code: 1"), 1),
        (language_pb2.RunResponse(bail=True), 32),
    ],
)
def test_run(expected: language_pb2.RunResponse, code: int, tmp_path: Path) -> None:
    """A program's exit code becomes no error, an error, or silence if the SDK has told the user."""
    host = LanguageHost("127.0.0.1:1", executor(tmp_path, f"raise SystemExit({code})"))

    assert expected == host.Run(request(tmp_path), Call())


def test_run_taken_back(tmp_path: Path) -> None:
    """The program ends if the engine takes the call back."""
    host = LanguageHost("127.0.0.1:1", executor(tmp_path, "import signal; signal.pause()"))

    answer = host.Run(request(tmp_path), CallTakenBack())

    assert f"program exited with non-zero exit code: {-signal.SIGTERM}" == answer.error
