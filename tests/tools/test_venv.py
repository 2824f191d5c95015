"""When the virtual environment is made anew."""

from pathlib import Path

from tools.venv import fingerprint, make_venv

PINS = {"requirements.txt": b"docker==7.2.0\n", "requirements-dev.txt": b"pytest==9.2.0\n"}
HERE = Path("/srv/swarmnet/.tools/venv")


def test_same_pins_same_fingerprint() -> None:
    """The order in which files are read does not matter."""
    assert fingerprint(HERE, PINS) == fingerprint(HERE, dict(reversed(PINS.items())))


def test_other_pins() -> None:
    """A changed version makes it anew."""
    assert fingerprint(HERE, PINS) != fingerprint(HERE, {**PINS, "requirements.txt": b"docker==7.2.1\n"})


def test_other_place() -> None:
    """So does a moved checkout: scripts in an environment name its path."""
    assert fingerprint(HERE, PINS) != fingerprint(Path("/opt/swarmnet/.tools/venv"), PINS)


def test_right_already(tmp_path: Path) -> None:
    """Where the stamp fits, nothing in the environment is touched."""
    for name, pins in PINS.items():
        (tmp_path / name).write_bytes(pins)
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / "swarmnet-stamp").write_text(fingerprint(venv, PINS))

    make_venv(tmp_path, venv)

    assert ["swarmnet-stamp"] == [entry.name for entry in venv.iterdir()]
