"""The effects of `make setup` on a machine, and what it leaves to `make lab`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.programs import installation, program
from tools.setup import set_up

ROOT = Path(__file__).resolve().parents[2]
SETUP = ["python3 -m tools.venv", ".tools/venv/bin/python -m tools.setup"]
LAB = ". .tools/activate && python -m tools.lab"
FOR_TESTS = f"{LAB} --for-tests"
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "PULUMI_"))}


def make(*words: str, **environment: str) -> list[str]:
    """The lines that make prints."""
    command = ["make", "--no-print-directory", *words]
    environment = {**CLEAN, **environment}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()


@pytest.mark.parametrize(
    ("expected", "target"),
    [
        ((False, False), "setup"),
        ((False, False), "check"),
        ((True, True), "test"),
        *(((True, False), target) for target in ("lab", "demo", "engines", "bench", "chaos")),
    ],
)
def test_targets_provide_what_they_use(expected: tuple[bool, bool], target: str) -> None:
    """Each begins with the program alone. Those that start hosts provide them next; all tests alone need a browser, of
    400 MB."""
    commands = make("--dry-run", target)

    assert (SETUP, *expected) == (commands[:2], LAB in commands[2:3], FOR_TESTS in commands)


def test_lab_keeps_its_state_in_the_checkout() -> None:
    """Nothing else is chosen for anybody, and a choice that was made stays."""
    asked = ["--eval", "say: ; @echo $$PULUMI_BACKEND_URL", "say"]

    assert [f"file://{ROOT}/.pulumi-state"] == make(*asked)
    assert ["s3://mine"] == make(*asked, PULUMI_BACKEND_URL="s3://mine")


def test_setup_touches_nothing_but_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No package is installed and no host prepared, as root on Debian with the lab at hand. Modules are compiled, since
    each run would do it anew where the environment forbids Python to keep what it compiled."""
    root, called = tmp_path / "checkout", tmp_path / "called"
    (root / "providers").mkdir(parents=True)
    (root / "providers" / "overlay.py").write_text("NAME = 1\n")
    (root / "Pulumi.yaml").write_text('name: x\nrequiredPulumiVersion: ">=3.226.0"\n')
    program(root / "lab" / "hosts", f'echo "$0" >>{called}')
    for name in ("apt-get", "dpkg", "systemctl"):
        program(tmp_path / "system" / name, f'echo "$0" >>{called}')
    monkeypatch.setenv("PATH", f"{tmp_path}/system:/usr/bin:/bin")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = {path for path in root.rglob("*") if path.is_file()}

    set_up(root, [str(installation(tmp_path / "theirs", "v3.300.1"))])

    made = {path for path in root.rglob("*") if path.is_file()} - before
    compiled = f"providers/__pycache__/overlay.{sys.implementation.cache_tag}.pyc"
    assert {".tools/activate", ".tools/venv/bin/swarmnet", compiled} == {str(path.relative_to(root)) for path in made}
    assert not called.exists()
