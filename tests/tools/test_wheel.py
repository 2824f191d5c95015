"""The wheel that pip makes of the checkout: what is in it, and that it needs no checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

from cli import VERSION

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "plugin", "providers")
PIP = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made of a copy of what it needs, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "requirements.in", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*PIP, "wheel", *offline, "--wheel-dir", folder / "out", folder], check=True)
    (made,) = (folder / "out").iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what pip installs of it; what it needs is in this environment."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([*PIP, "install", "--no-deps", "--no-index", "--target", folder, wheel], check=True)
    return folder


def run(installed: Path, folder: Path, *command: str | Path) -> str:
    """What a program prints in a folder that is no checkout, with the installed ones on PATH."""
    environment = {
        **os.environ,
        "PATH": f"{installed / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(installed),
        "PULUMI_HOME": str(installed / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder}",
        "PULUMI_CONFIG_PASSPHRASE": "",
    }
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_wheel_has_the_three_packages_and_the_files_that_they_read(wheel: Path):
    """Every module, under the name that states know it by, and what runs on hosts; nothing that starts a checkout."""
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.startswith(f"swarmnet-{VERSION}.dist-info/")}
    expected = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".sh", ".conf")
    }

    assert expected == packed


def test_wheel_needs_what_the_program_needs(wheel: Path):
    """The lines of requirements.in, and its version is the project's."""
    with ZipFile(wheel) as archive:
        told = message_from_bytes(archive.read(f"swarmnet-{VERSION}.dist-info/METADATA"))
    needed = re.findall(r"^[a-z].*$", (ROOT / "requirements.in").read_text(), re.MULTILINE)

    assert (VERSION, needed) == (told["Version"], told.get_all("Requires-Dist"))


def test_project_that_init_writes_is_checked_and_previewed(installed: Path, tmp_path: Path):
    """By what is installed alone: the command, the program of two lines, and the classes that states name."""
    run(installed, tmp_path, "swarmnet", "init")
    checked = run(installed, tmp_path, "swarmnet", "check", "prod")
    run(installed, tmp_path, "pulumi", "stack", "init", "prod")
    preview = run(installed, tmp_path, "pulumi", "preview", "--stack", "prod", "--color", "never")

    assert "prod: 2 hosts, 1 overlay, no problem\n" == checked
    assert "+ 8 to create" in preview


def test_pulumi_gets_the_schema_from_the_installed_plugin(installed: Path, tmp_path: Path):
    """As `pulumi package add` does before it makes an SDK."""
    plugin = installed / "bin" / "pulumi-resource-swarmnet"
    schema = json.loads(run(installed, tmp_path, "pulumi", "package", "get-schema", plugin))

    assert VERSION == schema["version"]
    assert "swarmnet:index:Networks" in schema["resources"]
