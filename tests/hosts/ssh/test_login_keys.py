"""The keys to log in with: files, and what a real ssh-agent holds."""

import os
import subprocess
from pathlib import Path

import pytest

from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.login_keys import login_keys
from tests.support.ssh_keys import fingerprint, key_pair
from tests.tools.programs import program

pytestmark = pytest.mark.usefixtures("my_ssh")

PASSPHRASE = "hunter2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Key pairs, of which `locked` needs a passphrase."""
    folder: Path = tmp_path_factory.mktemp("keys")
    for name, phrase in (("open", ""), ("locked", PASSPHRASE), ("further", ""), ("shared", "")):
        key_pair(folder / name, phrase=phrase)
    return folder


@pytest.fixture(scope="module")
def agent(folder):
    """An agent's socket; it holds `further`, then `locked`."""
    socket = str(folder / "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()  # it says where it listens, and then it does
    ask = program(folder / "ask", f"echo {PASSPHRASE}")
    environment = {**os.environ, "SSH_AUTH_SOCK": socket, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    for name in ("further", "locked"):
        subprocess.run(["ssh-add", "-q", folder / name], env=environment, check=True)
    yield socket
    process.terminate()
    process.communicate()


SHARED = "{} can be read by others (mode {:o}), and ssh would not take it: `chmod 600` it"
KEYS = {
    "the named file first, then all that the agent has in its order": (["open", "further", "locked"], [], "open", {}),
    "the agent's copy of a named file before its other keys, since sshd takes few tries": (
        *(["locked", "further"], [], "locked", {}),
    ),
    "IdentitiesOnly leaves out what the agent has beyond the named files": (
        *(["locked"], [], "locked", {"only_those": True}),
    ),
    "an encrypted file that is in no agent": ([], ["{} is encrypted and not in the agent"], "locked", {"agent": ""}),
    "an agent that is gone": (["open"], ["the agent at /gone: no such file or directory"], "open", {"agent": "/gone"}),
    **{
        f"a file that others can read, {mode:o}": (
            [],
            [SHARED.format("{}", mode)],
            "shared",
            {"agent": "", "mode": mode},
        )
        for mode in (0o644, 0o660, 0o604)
    },
}


@pytest.mark.parametrize(("labels", "unusable", "file", "said"), KEYS.values(), ids=KEYS)
def test_keys_that_are_tried(folder, agent, labels, unusable, file, said):
    """An encrypted file works through the agent; a key that can't be used is named, and the others are tried."""
    changes = {"agent": agent, **said}
    (folder / file).chmod(changes.pop("mode", 0o600))
    to = Destination("h1", "10.0.0.1", 22, "root", key_files=(str(folder / file),), **changes)
    held = {name: f"agent's {fingerprint(folder / name)}" for name in ("further", "locked")}
    expected = [held.get(name, f"{folder}/{name}") for name in labels]
    told: list[str] = []

    assert (expected, [each.format(folder / file) for each in unusable]) == (
        [label for label, _ in login_keys(to, told)],
        told,
    )
