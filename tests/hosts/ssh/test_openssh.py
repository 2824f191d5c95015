"""Asking ssh: how often, and for how long."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from providers.hosts.ssh.openssh import OpenSsh
from providers.rules.vocabulary.errors import HostError
from tests.tools.programs import program

pytestmark = pytest.mark.usefixtures("my_ssh")


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Return a function that lists the questions put to an `ssh` that knows only the user root."""
    log = tmp_path / "log"
    program(tmp_path / "ssh", f'echo "$*" >>{log}\necho user root')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return lambda: sorted(log.read_text().splitlines())


def test_nobody_is_asked_for_twice(asked):
    """One question is enough for many hosts behind one bastion, and for many threads."""
    openssh = OpenSsh()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: openssh.words("h1", "b1", "ann", 22, "root"), range(16)))

    assert ["-l ann -p 22 -TG -- b1"] == asked()


def test_another_user_or_port_is_another_question(asked):
    """Each may have a section of its own."""
    openssh = OpenSsh()
    for user, port in (("ann", None), ("bob", None), ("ann", 2222)):
        openssh.words("h1", "b1", user, port, "root")

    assert ["-l ann -TG -- b1", "-l ann -p 2222 -TG -- b1", "-l bob -TG -- b1"] == asked()


def test_endless_command_is_cut(tmp_path):
    """One of Match exec that does not end is told, and by whom it is run."""
    config = tmp_path / "home" / ".ssh" / "config"
    config.parent.mkdir()
    config.write_text('Match exec "exec sleep 2"\n')

    told = "^h1: `ssh -G w1` is not done within 0.2 s: see what Match exec runs in its configuration$"
    with pytest.raises(HostError, match=told):
        OpenSsh(timeout=0.2).words("h1", "w1", "ann", None, "root")
