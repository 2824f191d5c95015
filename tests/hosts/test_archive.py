"""An archive that is encrypted before any of it is on a disk, and docker that starts again whatever becomes of it."""

import os
import subprocess
from pathlib import Path

import pytest

from providers.hosts.archive import encrypted, refuse_unusable
from providers.hosts.commands import OPENRC, SNAP_UNIT, STOPPED_MEANWHILE, SYSTEMD, as_packed, packs
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import Blocked, CommandFailed, HostError, Unreachable
from providers.rules.vocabulary.steps import Archive
from tests.support.tables import cases
from tests.tools.programs import program

# Puts a word before what it is given, so that a test can tell that nothing else was written.
AGE = 'printf "%s " "$*"; exec cat'


@pytest.fixture(autouse=True)
def no_keys_of_mine(tmp_path, monkeypatch) -> None:
    """Programs of this machine are run, and an `age` that does not encrypt."""
    program(tmp_path / "bin" / "age", AGE)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


@pytest.fixture
def archive(tmp_path) -> Archive:
    """An archive in a folder of its own."""
    (tmp_path / "out").mkdir()
    return Archive(file=str(tmp_path / "out" / "prod.age"), recipients=("--recipient", "age1"))


def left(archive: Archive) -> list[str]:
    """Return what is in the archive's folder."""
    return [path.name for path in Path(archive.file).parent.iterdir()]


def fill(archive: Archive, problem: HostError | None) -> None:
    """Write into an archive more than a pipe holds, and meet a problem."""
    with encrypted(archive) as plain:
        plain.write(b"x" * 2**20)
        if problem:
            raise problem


def test_archive_has_its_name_once_it_is_whole(archive):
    """For its owner alone, and nothing else is left."""
    with encrypted(archive) as plain:
        plain.write(b"keys")
        during = left(archive)

    assert ["prod.age.part"] == during
    assert (["prod.age"], b"--recipient age1 keys") == (left(archive), Path(archive.file).read_bytes())
    assert "0o100600" == oct(Path(archive.file).stat().st_mode)


def test_part_of_a_run_that_was_killed_is_overwritten(archive):
    """It had the same name only if it was begun in the same second."""
    Path(f"{archive.file}.part").write_bytes(bytes(2**16))
    with encrypted(archive):
        pass

    assert b"--recipient age1 " == Path(archive.file).read_bytes()


@cases(
    "expected, age, problem",
    {
        "the command fails": ("h1: tar failed", AGE, CommandFailed("h1: tar failed")),
        "the link breaks": ("h1: broken: no archive was written", AGE, Unreachable("h1: broken")),
        "age fails": ("age: error: no space left: no archive", "echo age: error: no space left >&2; exit 1", None),
    },
)
def test_of_what_has_no_end_nothing_stays(archive, tmp_path, expected: str, age: str, problem: HostError | None):
    """And no error is one after which the step is tried again."""
    program(tmp_path / "bin" / "age", age)

    with pytest.raises(CommandFailed, match=expected):
        fill(archive, problem)
    assert [] == left(archive)


def test_age_that_is_missing_or_refuses_is_told(tmp_path, monkeypatch):
    """Before anything else is done."""
    refuse_unusable(["--recipient", "age1"])
    program(tmp_path / "bin" / "age", "echo 'age: error: malformed recipient' >&2; echo more >&2; exit 1")
    with pytest.raises(Blocked, match=r"^age: error: malformed recipient: name public keys"):
        refuse_unusable(["--recipient", "x"])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Blocked, match=r"^there is no `age` on PATH"):
        refuse_unusable([])


@cases(
    "expected, seen",
    {
        "systemd": (["systemctl stop docker.socket docker", "systemctl reset-failed docker"], [SYSTEMD]),
        "snap": (["systemctl stop docker.socket snap.docker.dockerd"], [SYSTEMD, SNAP_UNIT]),
        "OpenRC": (["rc-service docker stop", "rc-service docker status", "rc-service docker start"], [OPENRC]),
        "SysV": (["service docker stop", "service docker status", "service docker start"], []),
    },
)
def test_docker_is_stopped_by_the_service_manager(expected: list[str], seen: list[str]):
    """And what is packed is one word each, whatever is in it."""
    words = as_packed(HostAccess(name="h1", address="192.0.2.1", sudo=True), seen, packs("/a b"))

    assert "sudo -n" == words[4]
    assert [] == [each for each in expected if each not in words]
    assert ["tar", "-C", "/a b", "-cz", "swarm"] == words[-5:]


@pytest.fixture
def docker(tmp_path):
    """Runs the script around a command, with a docker that is a file; returns how it ended and what was printed."""
    (tmp_path / "docker").touch()

    def packed(pack: str, stop: str = "rm docker") -> tuple[int, bytes, str, bool]:
        words = ("", stop, "test -e docker", "true", "touch docker", "sh", "-c", pack)
        done = subprocess.run(
            ("sh", "-c", STOPPED_MEANWHILE, "sh", *words), cwd=tmp_path, capture_output=True, check=False
        )
        return done.returncode, done.stdout, done.stderr.decode().strip(), (tmp_path / "docker").exists()

    return packed


@cases(
    "expected, pack, stop",
    {
        "well": ((0, b"swarm", "", True), "test ! -e docker && printf swarm", "rm docker"),
        "it fails": ((2, b"half", "tar: no", True), "printf half; echo tar: no >&2; exit 2", "rm docker"),
        "docker does not stop": ((1, b"", "not allowed", True), "printf swarm", "echo not allowed"),
        "docker is started by others": (
            (1, b"swarm", "docker was started while its folder was packed", True),
            "printf swarm; touch docker",
            "rm docker",
        ),
    },
)
def test_docker_runs_again_whatever_happens(docker, expected: tuple[int, bytes, str, bool], pack: str, stop: str):
    """Exit status, what was packed, the reason, and whether docker runs."""
    assert expected == docker(pack, stop)


def test_docker_runs_again_when_nobody_reads(tmp_path):
    """What packs ends at the link that broke, and the script goes on."""
    (tmp_path / "docker").touch()
    ours, theirs = os.pipe()
    words = ("", "rm docker", "test -e docker", "true", "touch docker", "cat", "/dev/zero")
    with subprocess.Popen(
        ("sh", "-c", STOPPED_MEANWHILE, "sh", *words), cwd=tmp_path, stdout=theirs, stderr=theirs
    ) as script:
        os.close(theirs)
        os.read(ours, 1)
        assert not (tmp_path / "docker").exists()
        os.close(ours)
        script.wait(10)

    assert (tmp_path / "docker").exists()
