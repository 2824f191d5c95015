"""The system's own ssh goes the same way as the connections of this program: by its own word, `ssh -G`."""

import os
import subprocess
from pathlib import Path

import pytest

from providers.hosts.ssh.destination import destination
from providers.hosts.ssh.openssh import OpenSsh, Words, _parsed
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.ssh_words import ssh_words

pytestmark = pytest.mark.usefixtures("my_ssh")

CONFIG = """
Host named
  HostName 10.9.0.7
  User ann
  Port 2200
  HostKeyAlias m7
  IdentityFile ~/.ssh/ann
  UserKnownHostsFile ~/.ssh/ann_hosts
Host far
  ProxyJump gate.example
  RemoteCommand tmux attach
  ControlMaster auto
  ControlPath ~/.ssh/%C
  StrictHostKeyChecking no
"""


@pytest.fixture
def words(tmp_path: Path):
    """Return a function that gives the answer of `ssh -G` for a host that is reached as prepare.sh reaches it."""
    (tmp_path / "home" / ".ssh").mkdir()
    (tmp_path / "home" / ".ssh" / "config").write_text(CONFIG)

    def asked(access: HostAccess) -> Words:
        led = ssh_words(access)
        config = led.config.replace("~", f"{tmp_path}/home").replace("/etc/ssh/ssh_config", f"{tmp_path}/none")
        (tmp_path / "config").write_text(config)
        files = {"config": f"{tmp_path}/config", "revoked": f"{tmp_path}/revoked", "known": f"{tmp_path}/known"}
        script = f'eval "set -- $ssh"; exec {os.environ.get("REAL_SSH", "ssh")} -G -F "$config" "$@"'
        environment = os.environ | files | {"ssh": led.words}
        said = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
        assert (0, "") == (said.returncode, said.stderr)
        text = said.stdout.replace(files["revoked"], "REVOKED").replace(files["known"], "KNOWN")
        return _parsed(text.replace(f" {os.environ.get('REAL_HOME')}/", " ~/").replace("~", os.environ["HOME"]))

    return asked


HOSTS = {
    "nothing said": {"address": "10.9.0.1"},
    "all said": {"address": "10.9.0.1", "user": "deploy", "port": 2222, "key_file": "/k/e y%", "known_hosts": "/k/h"},
    "by the configuration": {"address": "named"},
    "at home": {"address": "10.9.0.1", "key_file": "~/.ssh/key", "known_hosts": "~/.ssh/hosts"},
    "before the configuration": {"address": "named", "user": "bob", "port": 22, "known_hosts": "/k/h"},
}


@pytest.mark.parametrize("said", HOSTS.values(), ids=HOSTS)
def test_host_user_port_and_files_are_the_same(words, said):
    """They are the same if the stack file says them, or the configuration, or nobody."""
    access = HostAccess(name="h1", **said)
    ours, theirs = destination(access, OpenSsh()), words(access)

    assert ([ours.address], [f"{ours.port}"], [ours.user], [ours.alias] if ours.alias else None) == (
        theirs["hostname"],
        theirs["port"],
        theirs["user"],
        theirs.get("hostkeyalias"),
    )
    keys = [os.path.expandvars(file).replace("%%", "%") for file in theirs["identityfile"]]
    assert [os.path.expanduser(file) for file in ours.key_files[:1]] == keys[: len(ours.key_files)]
    assert (["yes"] if "key_file" in said else ["no"]) == theirs["identitiesonly"]
    known = os.path.expandvars(theirs["userknownhostsfile"][0]).split()[0]
    assert os.path.expanduser(ours.known_hosts[0]) == known


def test_only_what_the_systems_files_revoke_counts_beside_the_stack_files_own(words):
    """A key of the system's known_hosts is not trusted there; with `host_key` no file's is."""
    own, key = (
        words(HostAccess(name="h1", address="10.9.0.1", **said))
        for said in ({"known_hosts": "/k/h"}, {"host_key": "ssh-ed25519 AAAA"})
    )

    assert (["/k/h"], ["REVOKED"]) == (own["userknownhostsfile"], own["globalknownhostsfile"])
    assert (["KNOWN"], ["REVOKED"]) == (key["userknownhostsfile"], key["globalknownhostsfile"])


def test_bastions_of_the_configuration_count_until_the_stack_file_says_otherwise(words):
    """`bastion: none` takes them away; one that is named takes their place, by user and port of its own."""
    theirs, none, own = (
        words(HostAccess(name="h1", address="far", user="deploy", **said))
        for said in ({}, {"bastion": "none"}, {"bastion": "jump@10.9.0.9:2022", "known_hosts": "/k/%h"})
    )

    assert (["gate.example"], None) == (theirs["proxyjump"], none.get("proxyjump"))
    assert None is none.get("proxycommand")
    (command,) = own["proxycommand"]
    assert command.startswith('ssh -F "$config" ')
    assert command.endswith("-o GlobalKnownHostsFile=\"$revoked\" -W '[%h]:%p' -- 10.9.0.9")
    assert all(f" -o {each} " in command for each in ("User=jump", "Port=2022", "ConnectTimeout=10"))
    assert 'UserKnownHostsFile="/k/%%%%h"' in command


def test_nobody_is_asked_and_every_key_is_verified(words):
    """That is so whatever the configuration has for people."""
    said = words(HostAccess(name="h1", address="far"))

    expected = {"batchmode": "yes", "stricthostkeychecking": "true", "requesttty": "false"}
    expected |= {"controlmaster": "false", "forwardagent": "no", "updatehostkeys": "false"}
    assert {key: [value] for key, value in expected.items()} == {key: said[key] for key in expected}
    assert "remotecommand" not in said
