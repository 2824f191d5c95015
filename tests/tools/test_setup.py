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
LAB = [*SETUP, ". .tools/activate && python -m tools.lab"]


def recipe(target: str) -> list[str]:
    """The commands that make would run for a target."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    command = ["make", "--dry-run", "--no-print-directory", target]
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_setup_is_the_program_alone() -> None:
    """Two modules, of which neither is about the lab; so it is for the quick checks."""
    assert SETUP == recipe("setup")
    assert SETUP == recipe("check")[:2]
    assert LAB[2] not in recipe("check")


@pytest.mark.parametrize("target", ["lab", "demo", "test", "engines", "bench", "chaos"])
def test_real_hosts_are_set_up_where_they_are_used(target: str) -> None:
    """Every target that starts hosts provides them first, after the program."""
    assert LAB == recipe(target)[:3]


def test_lab_keeps_its_state_in_the_checkout() -> None:
    """Nothing else is chosen for anybody, and a choice that was made stays."""
    asked = ["make", "--no-print-directory", "--eval", "say: ; @echo $$PULUMI_BACKEND_URL", "say"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "PULUMI_"))}
    told = [
        subprocess.run(asked, cwd=ROOT, env=clean | said, capture_output=True, text=True, check=True).stdout.strip()
        for said in ({}, {"PULUMI_BACKEND_URL": "s3://mine"})
    ]

    assert [f"file://{ROOT}/.pulumi-state", "s3://mine"] == told


def test_browser_is_for_all_tests_alone() -> None:
    """Neither the demo nor the quick checks need its 400 MB."""
    browser = ". .tools/activate && python -m tools.browser"

    assert [True, False, False] == [browser in recipe(target) for target in ("test", "demo", "check")]


def test_setup_touches_nothing_but_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No package is installed and no host prepared, as root on Debian with the lab at hand."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "Pulumi.yaml").write_text('name: x\nrequiredPulumiVersion: ">=3.226.0"\n')
    called = tmp_path / "called"
    program(root / "lab" / "hosts", f'echo "$0" >>{called}')
    for name in ("apt-get", "dpkg", "systemctl"):
        program(tmp_path / "system" / name, f'echo "$0" >>{called}')
    monkeypatch.setenv("PATH", f"{tmp_path}/system:/usr/bin:/bin")
    pulumi = installation(tmp_path / "theirs", "v3.300.1")

    set_up(root, [str(pulumi)])

    assert not called.exists()
    made = (root / ".tools").rglob("*")
    assert {"activate", "venv/bin/swarmnet"} == {str(p.relative_to(root / ".tools")) for p in made if p.is_file()}


def test_modules_are_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run would compile them anew where the environment forbids Python to keep what it compiled."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "Pulumi.yaml").write_text('name: x\nrequiredPulumiVersion: ">=3.226.0"\n')
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "overlay.py").write_text("NAME = 1\n")

    set_up(tmp_path, [str(installation(tmp_path / "theirs", "v3.300.1"))])

    made = [path.name for path in (tmp_path / "providers" / "__pycache__").iterdir()]
    assert [f"overlay.{sys.implementation.cache_tag}.pyc"] == made
