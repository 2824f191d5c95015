"""The keys to log in with: files, and what a real ssh-agent holds."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.login_keys import login_keys
from providers.rules.vocabulary.errors import HostError
from tests.support.ssh_keys import fingerprint, key_pair
from tests.tools.programs import program

pytestmark = pytest.mark.usefixtures("my_ssh")

PASSPHRASE = "hunter2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Key pairs, of which `locked` needs a passphrase."""
    folder: Path = tmp_path_factory.mktemp("keys")
    for name, phrase in (("open", ""), ("locked", PASSPHRASE), ("further", "")):
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


@pytest.fixture
def tried(folder):
    """Return a function that lists the keys tried with these files and that agent: labels, then unusable files."""

    def tried(*files: str, **said) -> tuple[list[str], list[str]]:
        to = Destination("h1", "10.0.0.1", 22, "root", key_files=tuple(str(folder / name) for name in files))
        unusable: list[str] = []
        labels = [label for label, _ in login_keys(replace(to, **said), unusable)]
        return [label.removeprefix(f"{folder}/") for label in labels], unusable

    return tried


@pytest.mark.parametrize(
    ("expected", "file", "said"),
    [
        (["open", "further", "locked"], "open", {}),
        (["locked", "further"], "locked", {}),
        (["locked"], "locked", {"only_those": True}),
    ],
    ids=[
        "the named file first, then all that the agent has in its order",
        "the agent's copy of a named file before its other keys, since sshd takes few tries",
        "IdentitiesOnly leaves out what the agent has beyond the named files",
    ],
)
def test_keys_of_the_agent(tried, folder, agent, expected, file, said):
    """An encrypted file works through the agent."""
    held = {name: f"agent's {fingerprint(folder / name)}" for name in ("further", "locked")}

    assert ([held.get(name, name) for name in expected], []) == tried(file, agent=agent, **said)


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_file_that_others_can_read(tried, folder, mode):
    """ssh takes none either."""
    name = f"mode-{mode:o}"
    key_pair(folder / name)
    (folder / name).chmod(mode)

    words = f"{folder}/{name} can be read by others (mode {mode:o}), and ssh would not take it: `chmod 600` it"
    assert ([], [words]) == tried(name)


def test_encrypted_file_without_agent(tried, folder):
    """An encrypted key that is not in the agent is named."""
    assert ([], [f"{folder}/locked is encrypted and not in the agent"]) == tried("locked")


def test_file_in_the_home_of_nobody():
    """A path that means nothing is the host's error, whatever other keys there are."""
    to = Destination("h1", "10.0.0.1", 22, "root", key_files=("~nosuch/key",))
    with pytest.raises(HostError, match=r"^h1: ~nosuch/key: there is no home ~nosuch on this machine; "):
        list(login_keys(to, []))


def test_agent_that_is_gone(tried, tmp_path):
    """A socket that nobody answers at is told; other keys are tried all the same."""
    assert (["open"], [f"the agent at {tmp_path}/gone: no such file or directory"]) == tried(
        "open", agent=f"{tmp_path}/gone"
    )
