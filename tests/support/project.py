"""The real CLI on the real program: a Pulumi project of its own, with its own stack file, state and settings.

The project's folder links to the program of this checkout; nothing of the checkout's own stacks is touched.
What a run did is read from the events that `pulumi --json` writes, what a user sees from its plain text.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from tests.support import bounds
from tests.support.machines import ROOT
from tests.support.state_servers import Store
from tools.setup import swarmnet_script

Json = Any
STACK = "t"
SECONDS = bounds.RUN
PARTS = ("Pulumi.yaml", "__main__.py", "providers", "requirements.txt", ".tools")
CHANGE = ("--yes", "--skip-preview")


@dataclass(frozen=True)
class Run:
    """One command that has ended."""

    code: int
    text: str  # all that it wrote to stdout and stderr
    events: list[Json] = field(default_factory=list)

    def __repr__(self) -> str:
        """Say why it failed, for the messages of assertions."""
        return f"Run(code={self.code})" if self.ok else f"Run(code={self.code}): {self.told}"

    @property
    def ok(self) -> bool:
        """Tell whether it ended well."""
        return self.code == 0

    @property
    def steps(self) -> dict[str, str]:
        """Return what was done (in a preview: will be done), by resource: `create`, `update`, `replace`, `delete`."""
        done = [event["metadata"] for event in self._of("resOutputsEvent")]
        return {name(one["urn"]): one["op"] for one in done if one["op"] not in ("same", "refresh", "read")}

    @property
    def differences(self) -> dict[str, dict[str, tuple[Json, Json]]]:
        """Return the changes, by resource and property: from what, to what."""
        found: dict[str, dict[str, tuple[Json, Json]]] = {}
        for event in self._of("resourcePreEvent"):
            one = event["metadata"]
            if one["op"] in ("update", "replace"):
                paths = one["detailedDiff"] or {}
                found[name(one["urn"])] = {
                    path: (at(one["old"]["inputs"], path), at(one["new"]["inputs"], path)) for path in paths
                }
        return found

    @property
    def planned(self) -> dict[str, Json]:
        """Return the inputs of what is to be, by resource."""
        found = [event["metadata"]["new"] for event in self._of("resourcePreEvent")]
        return {name(new["urn"]): new["inputs"] for new in found if new}

    @property
    def errors(self) -> dict[str, str]:
        """Return the errors, by resource; the empty name is the program or Pulumi itself."""
        found = [event for event in self._of("diagnosticEvent") if event["severity"] == "error"]
        return {name(event.get("urn", "")): event["message"].strip() for event in found}

    @property
    def notes(self) -> dict[str, str]:
        """Return the lines that are neither errors nor warnings and were told once, by resource."""
        found = [event for event in self._of("diagnosticEvent") if event["severity"].startswith("info")]
        said = [(name(event["urn"]), event["message"].strip()) for event in found if event.get("urn")]
        return {resource: line for resource, line in said if said.count((resource, line)) == 1}

    @property
    def told(self) -> str:
        """Return the errors, a line for each resource, for the messages of assertions."""
        lines = [f"{resource}: {line}" for resource, line in self.errors.items()]
        return "\n".join(lines) if self.events else self.text[-2000:]

    @property
    def error(self) -> str:
        """The one thing that went wrong."""
        told = {resource: line for resource, line in self.errors.items() if line != "update failed"}
        assert len(told) == 1, told
        return next(iter(told.values()))

    def _of(self, kind: str) -> Iterator[Json]:
        return (event[kind] for event in self.events if kind in event)


@dataclass
class Project:
    """One project with one stack, in a folder of its own.

    project: its Pulumi.yaml, else that of this checkout. store: where its state is, else in a folder of it.
    first: the checkout of a colleague, whose stack and store it shares.
    """

    folder: Path
    home: Path
    stack: str = STACK
    project: str = ""
    store: Store | None = None
    first: "Project | None" = None
    prefix: ClassVar[str] = ""  # of the names of its resources
    ended_by: ClassVar[str] = ""  # the error that Pulumi's SDK shows with a traceback

    @property
    def backend(self) -> Path:
        """Return the folder that has its state, as the pages of the demo and the example have it."""
        return self.folder / ".pulumi-state"

    def __post_init__(self) -> None:
        (self.folder / "stacks").mkdir()
        self.backend.mkdir()
        for part in PARTS:
            (self.folder / part).symlink_to(ROOT / part)
        if self.project:
            (self.folder / "Pulumi.yaml").unlink()
            (self.folder / "Pulumi.yaml").write_text(self.project)
        if self.first:
            self.store = self.first.store
            self.stack_file.write_bytes(self.first.stack_file.read_bytes())
            return
        begun = self.run("stack", "init")
        assert begun.ok, begun.text

    @property
    def stack_file(self) -> Path:
        """The one stack file."""
        return self.folder / "stacks" / f"Pulumi.{self.stack}.yaml"

    def declare(self, sections: Mapping[str, Json]) -> None:
        """Write the stack file; the keys are those of the namespace `swarmnet`."""
        written = yaml.safe_load(self.stack_file.read_text()) if self.stack_file.exists() else {}
        written["config"] = {f"swarmnet:{key}": value for key, value in sections.items()}
        self.stack_file.write_text(yaml.safe_dump(written, sort_keys=False))

    def up(self, *words: str) -> Run:
        """`pulumi up --yes --skip-preview`."""
        return self.run("up", *CHANGE, "--json", *words)

    def preview(self, *words: str) -> Run:
        """`pulumi preview`."""
        return self.run("preview", "--json", *words)

    def refresh(self, *words: str, seconds: float = SECONDS) -> Run:
        """`pulumi refresh --yes --skip-preview`."""
        return self.run("refresh", *CHANGE, "--json", *words, seconds=seconds)

    def destroy(self, *words: str) -> Run:
        """`pulumi destroy --yes --skip-preview`."""
        return self.run("destroy", *CHANGE, "--json", *words)

    def is_settled(self) -> bool:
        """Tell whether there is nothing to do, by the hosts' reports."""
        return self.preview("--refresh", "--expect-no-changes").ok

    def output(self) -> Json:
        """The stack's output `swarmnet`."""
        return json.loads(self.run("stack", "output", "--json").text)["swarmnet"]

    def state(self) -> dict[str, Json]:
        """The resources in the state, by name."""
        exported = json.loads(self.run("stack", "export").text)
        return {name(each["urn"]): each for each in exported["deployment"].get("resources", [])}

    def run(self, *words: str, seconds: float = SECONDS) -> Run:
        """Run a command to its end, and read its events if it writes any. One that takes too long is ended with all
        that it started, so that it does not go on beside later tests."""
        with self.start(*words) as process:
            try:
                text = "".join(process.communicate(timeout=seconds))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                told = [line for line in "".join(process.communicate()).splitlines() if '"message"' in line]
                pytest.fail(f"`pulumi {words[0]}` took more than {seconds:g} s: {told[-10:]}")
            finally:
                process.kill()
        assert "Traceback" not in text or (self.ended_by and self.ended_by in text), text[text.index("Traceback") :][
            :2000
        ]
        return Run(process.returncode, text, events(text) if "--json" in words else [])

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command, to be watched or cut."""
        return subprocess.Popen(
            ["pulumi", *words, "--non-interactive", "--color=never", "--stack", self.stack],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def swarmnet(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `swarmnet` on the stack to its end."""
        with self.begin(command, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            said = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, *said)

    def begin(
        self, command: str, *words: str, stdout: int | None = None, stderr: int | None = None
    ) -> subprocess.Popen[str]:
        """Start a command of `swarmnet` on the stack, to be ended."""
        told = [sys.executable, "-m", "cli", command, self.stack, f"--dir={self.stack_file.parent}", *words]
        return subprocess.Popen(told, cwd=ROOT, env=self._environment(), text=True, stdout=stdout, stderr=stderr)

    def shell(self, script: str, seconds: float = SECONDS, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the shell of a page in this checkout, with a `swarmnet` of its own."""
        programs = self.folder / "bin"
        if not programs.exists():
            programs.mkdir()
            shutil.copytree(ROOT / "cli", self.folder / "cli")
            (programs / "swarmnet").write_text(swarmnet_script(self.folder, sys.executable))
            (programs / "swarmnet").chmod(0o755)
        kept = {key: value for key, value in self._environment().items() if "STREAMING" not in key}
        path = os.pathsep.join([str(programs), kept["PATH"]])
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env={**kept, "PATH": path, "STACK": self.stack, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        """The variables of its commands."""
        # A killed run may leave a broken file of metadata: docs/state.md#locks.
        store = self.store or Store(f"file://{self.backend}?metadata=skip")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "SWARMNET_"))}
        return kept | {
            "PULUMI_BACKEND_URL": store.url,
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": str(self.home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # so that a preview writes the same events as an update
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
            **store.variables,
        }


def events(text: str) -> list[Json]:
    """The events among the lines that `--json` wrote."""
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"sequence":')]


def name(urn: str) -> str:
    """A resource's name: `node/t1`, and `stack` for the stack itself."""
    last = urn.rpartition("::")[2]
    return "stack" if "pulumi:pulumi:Stack" in urn else last


def at(properties: Json, path: str) -> Json:
    """The value at a path such as `labels.team`."""
    for key in path.split("."):
        properties = (properties or {}).get(key)
    return properties
