"""The virtual environment is made anew only if something that it is made of has changed."""

import re
import zipfile
from functools import cache
from pathlib import Path

import pytest

from tools.console import SetupError
from tools.venv import REQUIREMENTS, fingerprint, make_venv

ROOT = Path(__file__).resolve().parents[2]
LOCKED = ["requirements.txt", "requirements-dev.txt", "tools/go.txt", "tools/sbom.txt"]
PINS = b"pytest==9.1.1\n"
HERE = Path("/srv/swarmnet/.tools/venv")
# A package, what it is for where it is not for all, and its hashes.
ENTRY = re.compile(r"^([\w.-]+)==([\w.]+)( ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", re.MULTILINE)


@cache
def locked(name):
    """The packages of a file, with their versions and hashes."""
    return {package: (version, hashes) for package, version, _, hashes in ENTRY.findall((ROOT / name).read_text())}


def test_environment_is_made_anew_if_it_must() -> None:
    """For a changed version, and for a moved checkout, since scripts in an environment name its path."""
    made = fingerprint(HERE, PINS)

    assert made == fingerprint(HERE, bytes(PINS))
    assert made not in (fingerprint(HERE, b"pytest==9.1.2\n"), fingerprint(Path("/opt/swarmnet/.tools/venv"), PINS))


def test_right_already(tmp_path: Path) -> None:
    """Nothing in the environment is touched if the stamp fits."""
    (tmp_path / REQUIREMENTS).write_bytes(PINS)
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / "swarmnet-stamp").write_text(fingerprint(venv, PINS))

    make_venv(tmp_path, venv)

    assert ["swarmnet-stamp"] == [entry.name for entry in venv.iterdir()]


@pytest.mark.whole
def test_package_without_a_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip's own word tells it, nothing of it is installed, and the next run begins anew."""
    metadata = "Metadata-Version: 2.1\nName: harmless\nVersion: 1.0\n"
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(tmp_path / "harmless-1.0-py3-none-any.whl", "w") as archive:
        for name, text in {"METADATA": metadata, "WHEEL": kind, "RECORD": ""}.items():
            archive.writestr(f"harmless-1.0.dist-info/{name}", text)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / REQUIREMENTS).write_text("harmless==1.0\n")

    with pytest.raises(SetupError, match=r"(?s)locked Python packages: .*Hashes are required in --require-hashes mode"):
        make_venv(tmp_path, tmp_path / "venv")

    assert [] == list((tmp_path / "venv").rglob("harmless*"))
    assert not (tmp_path / "venv" / "swarmnet-stamp").exists()


@pytest.mark.parametrize("name", LOCKED)
def test_lock_holds_what_was_asked_for_with_hashes(name: str) -> None:
    """It has the very versions, so that it was locked anew after the last change; there is nothing else in the file: no
    other option, and no place to take packages from."""
    text = (ROOT / name).read_text()
    desired = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / name.replace(".txt", ".in")).read_text(), re.MULTILINE))

    assert "" == "\n".join(line for line in ENTRY.sub("", text).splitlines() if not line.startswith("#"))
    assert desired == {package: locked(name)[package][0] for package in desired}
    assert {} != desired


def test_checks_run_with_the_packages_of_users_on_every_machine() -> None:
    """All that the program needs is among what the checks need, with the same hashes: one for each file of a package
    that is built for each machine, the source among them. pyyaml 6.0.3 has 73 files."""
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()
    assert 73 == locked("requirements.txt")["pyyaml"][1].count("--hash")
