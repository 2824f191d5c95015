"""The Engines there are, and the sources of their parts."""

from pathlib import Path

import pytest

from lab import commands, engines
from lab.shell import LabError


def test_packaged_engine_is_client_daemon_and_containerd() -> None:
    """All programs of one Engine come from one release."""
    assert ["docker-cli", "containerd", "docker.io"] == list(engines.named("28").packages)


def test_built_engine_takes_no_daemon_from_packages() -> None:
    """Engine 29 is compiled; its containerd and its client are packaged."""
    assert ["docker-cli", "containerd"] == list(engines.named("29").packages)


def test_machines_own_engine_needs_no_packages() -> None:
    """Engine 20.10 is what Debian 12 installs."""
    assert {} == engines.named("20.10").packages


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


def test_three_hosts_by_default() -> None:
    """One Engine and no number: three hosts."""
    assert ["28", "28", "28"] == commands.wanted_engines(None, ["28"])


def test_one_engine_for_any_number() -> None:
    """One Engine serves all hosts."""
    assert ["26", "26"] == commands.wanted_engines(2, ["26"])


def test_as_many_hosts_as_engines() -> None:
    """Several Engines say how many hosts there are."""
    assert ["28", "26"] == commands.wanted_engines(None, ["28", "26"])


def test_numbers_of_hosts_and_engines_must_fit() -> None:
    """Nobody guesses which Engine a third host would get."""
    with pytest.raises(LabError, match="3 hosts, 2 Engines"):
        commands.wanted_engines(3, ["28", "26"])
