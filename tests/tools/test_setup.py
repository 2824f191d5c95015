"""The effects of `make setup` on a machine, the commands that it runs, and what it leaves to `make lab`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.programs import installation, program
from tools.console import SetupError, run
from tools.lab import why_not
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
    programs = {f".tools/venv/bin/{name}" for name in ("swarmnet", "pulumi-resource-swarmnet")}
    assert {".tools/activate", *programs, compiled} == {str(path.relative_to(root)) for path in made}
    assert not called.exists()


# Commands


def test_title_and_time(capfd: pytest.CaptureFixture[str]) -> None:
    """Before a command begins the user sees what it is, why and how long it takes; then how long it took, no output."""
    run("counting", ["sh", "-c", "echo noise"], about="for a test: no time", at_most=60)

    assert "counting: for a test: no time  0 s\n" == capfd.readouterr().out


@pytest.mark.parametrize(
    ("error", "command"),
    [
        (r"counting: exit code 3\nno more numbers$", ["sh", "-c", "echo no more numbers >&2; exit 3"]),
        ("counting: /nowhere/abacus cannot be started", ["/nowhere/abacus"]),
    ],
    ids=["fails", "is not there"],
)
def test_failure_shows_last_words(error: str, command: list[str]) -> None:
    """The user sees the title of one that fails, the exit code and the end of its output."""
    with pytest.raises(SetupError, match=error):
        run("counting", command, about="for a test", at_most=60)


def test_out_of_time(tmp_path: Path) -> None:
    """A command whose time is up is ended with all it started."""
    os.mkfifo(tmp_path / "held")
    with open(os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)) as held:
        with pytest.raises(SetupError, match="counting: not done after 1 s"):
            run("counting", ["sh", "-c", f"sleep 600 >{tmp_path}/held & wait"], about="for a test", at_most=1)
        os.set_blocking(held.fileno(), True)

        assert "" == held.read()  # nobody is left who could write


# Machines on which tests on real hosts run

DEBIAN_12 = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
FEDORA = {"ID": "fedora", "VERSION_ID": "44", "PRETTY_NAME": "Fedora Linux 44"}


@pytest.mark.parametrize(
    ("expected", "system", "uid", "release"),
    [
        ("", "linux", 0, DEBIAN_12),
        ("they need root", "linux", 1000, DEBIAN_12),
        ("they need Debian 12, this is Fedora Linux 44", "linux", 0, FEDORA),
        ("they need Debian 12, this is another Linux", "linux", 0, {}),
        ("they need Linux", "darwin", 0, {}),
    ],
    ids=["root", "no root", "Fedora", "no os-release", "macOS"],
)
def test_why_not(expected: str, system: str, uid: int, release: dict[str, str]) -> None:
    """Root on Debian 12 can; anybody else is told what stands in the way."""
    assert expected == why_not(system, uid, release)
