"""The Engines there are, and the sources of their parts."""

from pathlib import Path

import pytest

from lab import commands, engines
from lab.shell import LabError


@pytest.mark.parametrize(
    ("expected", "name"),
    [([], "20.10"), (["docker-cli", "containerd", "docker.io"], "28"), (["docker-cli", "containerd"], "29")],
    ids=["the machine's own", "packaged, all of one release", "built, whose daemon is no package"],
)
def test_packages_of_an_engine(expected: list[str], name: str) -> None:
    """Engine 20.10 is what Debian 12 installs, and 29 is compiled; its containerd and its client are packaged."""
    assert expected == list(engines.named(name).packages)


def test_unknown_engine_is_refused_with_the_known_ones() -> None:
    """The message lists the Engines there are."""
    with pytest.raises(LabError, match=r"engine 27: not known: use 20\.10, 26, 28, 29"):
        engines.named("27")


def test_no_room_for_engines_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the home can't be written, one line says which variable to set."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(LabError, match=r"file/swarmnet/engines: can't be made \(Not a directory\): let XDG_CACHE_HOME"):
        engines.fetch("26")


@pytest.mark.parametrize(
    ("expected", "count", "names"),
    [
        (["28", "28", "28"], None, ["28"]),
        (["26", "26"], 2, ["26"]),
        (["28", "26"], None, ["28", "26"]),
        (["28", "26"], 2, ["28", "26"]),
    ],
)
def test_each_host_has_an_engine(expected: list[str], count: int | None, names: list[str]) -> None:
    """One Engine serves any number of hosts, three by default; several say how many there are."""
    assert expected == commands.wanted_engines(count, names)


def test_numbers_of_hosts_and_engines_must_fit() -> None:
    """Nobody guesses which Engine a third host would get."""
    with pytest.raises(LabError, match="3 hosts, 2 Engines"):
        commands.wanted_engines(3, ["28", "26"])
