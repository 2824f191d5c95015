"""The way of an SSH connection: the stack file decides, then OpenSSH's configuration, read by this machine's ssh."""

import os
import pwd
import re
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter

import pytest

from providers.hosts.ssh.destination import KNOWN_HOSTS, Destination, destination
from providers.hosts.ssh.openssh import USUAL_KEYS, OpenSsh
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import HostError
from tests.support.quick import some
from tests.tools.programs import program

pytestmark = pytest.mark.usefixtures("my_ssh")

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def config(tmp_path):
    """Writes ~/.ssh/config, or another file beside it."""

    def write(text: str, name: str = "config") -> None:
        file = tmp_path / "home" / ".ssh" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


def found(address: str = "w1", **said) -> Destination:
    """Return the destination of a host with that address."""
    return destination(HostAccess(name="h1", address=address, **said), OpenSsh())


def way(to: Destination | None) -> str:
    """Return the hops, the host itself last, each as `user@address:port`."""
    return f"{way(to.bastion)} {to.user}@{to.address}:{to.port}".strip() if to else ""


def field(to: Destination, name: str) -> object:
    """Return the way there, or any other word on it."""
    return way(to) if name == "way" else attrgetter(name)(to)


def refusal(**said) -> str:
    """Return the error if no way is found."""
    with pytest.raises(HostError) as caught:
        found(**said)
    return str(caught.value)


# What is said nowhere


def test_without_any_config(tmp_path):
    """root at port 22, by the usual keys and the files that ssh reads."""
    to, home = found(), f"{tmp_path}/home"

    assert ("root@w1:22", ()) == (way(to), to.key_files)
    assert {name.replace("~", home) for name in USUAL_KEYS} <= set(to.usual_keys)
    assert {f"{home}/.ssh/known_hosts", f"{home}/system/ssh_known_hosts"} < set(to.known_hosts)


def test_without_ssh(monkeypatch):
    """The same on a machine that has no OpenSSH."""
    monkeypatch.setenv("PATH", "/nowhere")

    assert Destination("h1", "w1", 2222, "ann", known_hosts=KNOWN_HOSTS) == found(port=2222, user="ann")


def test_config_without_ssh(config, monkeypatch):
    """Only ssh reads it, and it is not left out in silence."""
    config("")
    monkeypatch.setenv("PATH", "/nowhere")

    assert "h1: ~/.ssh/config can't be read, since this machine has no ssh: install OpenSSH's client, " in refusal()


# What the stack file and the configuration say

W1 = "Host w1\nHostName 10.0.0.1\nUser ann\nPort 2222\n"
MOST = "Host *\nUser ann\nPort 2222\nIdentityFile ~/a\nUserKnownHostsFile ~/k\nProxyJump b1\n"
ALL_SAID = {"user": "bob", "port": 22, "key_file": "b", "known_hosts": "known", "bastion": "none"}
MATCH = 'Match exec "test %n = w1"\nHostName 10.0.0.1\nMatch user bob\nPort 2222\n'
JUMP, OF_BOB = "Host w1\nProxyJump b1\n", {"user": "bob", "key_file": "k", "known_hosts": "known"}
B1 = "Host b1\nHostName 10.0.0.9\nPort 2222\nUser ann\n"
BEHIND = {"user": "deploy", "port": 2200}

FOUND = {
    "HostName, User and Port": (W1, {}, {"way": "ann@10.0.0.1:2222"}),
    "a match by the user of the stack file": (MATCH, {"address": "w2", "user": "bob"}, {"way": "bob@w2:2222"}),
    "a bastion, by the host's user": ("", BEHIND | {"bastion": "b1"}, {"way": "deploy@b1:22 deploy@w1:2200"}),
    "a bastion's own user and port": (
        *("", BEHIND | {"bastion": "jump@b1.example:2222"}),
        {"way": "jump@b1.example:2222 deploy@w1:2200"},
    ),
    "a bastion by IPv6": (
        *("", BEHIND | {"bastion": "2001:db8::1"}),
        {"way": "deploy@2001:db8::1:22 deploy@w1:2200"},
    ),
    "a bastion of the configuration": (B1, {"bastion": "b1"}, {"way": "ann@10.0.0.9:2222 root@w1:22"}),
    "the stack file's user at that bastion": (
        *(B1, {"bastion": "b1", "user": "bob"}),
        {"way": "bob@10.0.0.9:2222 bob@w1:22"},
    ),
    "a jump for the user who will log in": (
        *(f"{JUMP}Match user bob\nPort 2222\n", {"user": "bob"}),
        {"way": "bob@b1:2222 bob@w1:2222"},
    ),
    "jumps in their order, those of the first before them": (
        *("Host w1\nProxyJump a@b1,ssh://b2:2222\nHost b1\nProxyJump b0\n", {}),
        {"way": "root@b0:22 a@b1:22 root@b2:2222 root@w1:22"},
    ),
    "a bastion in the place of a ProxyCommand": (
        *("Host w1\nProxyCommand nc %h %p\n", {"bastion": "b1"}),
        {"way": "root@b1:22 root@w1:22"},
    ),
    "an IPv6 address in messages": ("", {"address": "2001:db8::1"}, {"where": "h1 ([2001:db8::1]:22)"}),
    "a name in messages": ("", {}, {"where": "h1 (w1:22)"}),
    "a link's own address": ("", {"address": "fe80::1%eth0"}, {"address": "fe80::1%eth0"}),
    "a user of a domain": ("", {"address": "w-1.example.com", "user": "CORP\\ann"}, {"address": "w-1.example.com"}),
    "the stack file wins": (
        MOST,
        ALL_SAID,
        {"way": "bob@w1:22", "key_files": ("b",), "usual_keys": (), "known_hosts": ("known",)},
    ),
    "each IdentityFile in its order, and no other": (
        "Host w1\nIdentityFile ~/one\nIdentitiesOnly yes\nHost *\nIdentityFile /two\n",
        {},
        {"key_files": ("~/one", "/two"), "usual_keys": (), "only_those": True},
    ),
    "no IdentityFile": ("IdentityFile none\n", {}, {"key_files": (), "usual_keys": ()}),
    "the system's known hosts beside the user's": (
        "Host w1\nUserKnownHostsFile ~/a ~/b\nGlobalKnownHostsFile /g\n",
        {},
        {"known_hosts": ("~/a", "~/b", "/g"), "revoking": ("/g",)},
    ),
    "no known hosts": ("UserKnownHostsFile none\nGlobalKnownHostsFile none\n", {}, {"known_hosts": (), "revoking": ()}),
    "the system revokes beside the stack file": (
        "GlobalKnownHostsFile /g\n",
        {"known_hosts": "k", "host_key": "ssh-ed25519 AAAA"},
        {"known_hosts": ("k",), "revoking": ("/g",)},
    ),
    "tokens": (f"{W1}IdentityFile ~/%n-%h_%p-%r\n", {}, {"key_files": ("~/w1-10.0.0.1_2222-ann",)}),
    "a percent sign": (f"{W1}IdentityFile ~/%k%%\n", {}, {"key_files": ("~/w1%",)}),
    "a variable": (f"{W1}IdentityFile ${{OTHER}}/key\n", {}, {"key_files": ("/run/o/key",)}),
    "algorithms in their order": (
        "MACs hmac-sha2-512,hmac-sha1\n",
        {},
        {"algorithms.macs": ("hmac-sha2-512", "hmac-sha1")},
    ),
    "the least size of RSA": ("RequiredRSASize 3072\n", {}, {"algorithms.rsa_bits": 3072}),
    "a name in known_hosts": ("Host w1\nHostKeyAlias m7\n", {}, {"alias": "m7"}),
    "the agent of the environment": ("", {}, {"agent": "/run/agent"}),
    "an agent": ("IdentityAgent /run/other\n", {}, {"agent": "/run/other"}),
    "an agent with a variable": ("IdentityAgent ${OTHER}/agent\n", {}, {"agent": "/run/o/agent"}),
    "an agent by a variable": ("IdentityAgent $OTHER\n", {}, {"agent": "/run/o"}),
    "an agent by the usual variable": ("IdentityAgent SSH_AUTH_SOCK\n", {}, {"agent": "/run/agent"}),
    "no agent": ("IdentityAgent none\n", {}, {"agent": ""}),
    "the port of the stack file is asked for": (
        "Host w1\nIdentityFile /key-%p\n",
        {"port": 2200},
        {"key_files": ("/key-2200",)},
    ),
    "a bastion has the host's files, and a host key of its own": (
        "",
        {"key_file": "k", "known_hosts": "known", "host_key": "ssh-ed25519 AAAA", "bastion": "b1"},
        {"bastion.key_files": ("k",), "bastion.known_hosts": ("known",), "bastion.host_key": None},
    ),
    "a jump, whose own section counts first": (
        f"{JUMP}Host b1\nUser ann\nIdentityFile ~/b\n",
        {"user": "bob", "key_file": "k"},
        {"way": "ann@b1:22 bob@w1:22", "bastion.key_files": ("~/b",)},
    ),
    "a jump of which nothing is said": (
        JUMP,
        OF_BOB,
        {"bastion.user": "bob", "bastion.key_files": ("k",), "bastion.known_hosts": ("known",)},
    ),
    "a jump by whoever runs this, if it is said": (f"{JUMP}Host b1\nUser {ME}\n", OF_BOB, {"bastion.user": ME}),
}


@pytest.mark.parametrize(("text", "said", "expected"), some([*FOUND.values()]), ids=some([*FOUND]))
def test_with_what_a_host_is_asked(config, monkeypatch, text, said, expected):
    """The stack file's word counts, then that of the configuration for the address, then what ssh does by itself."""
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    monkeypatch.setenv("OTHER", "/run/o")
    config(text)
    to = found(**said)

    at_home = repr(expected).replace("'~", f"'{os.environ['HOME']}")
    assert at_home == repr({name: field(to, name) for name in expected})


# No way

BECOMES = "ssh would take no such host or user, since it could become a command: correct it in the stack file"


@pytest.mark.parametrize(
    "said",
    [
        *({"address": each} for each in ("$(touch x)", "-oProxyCommand=x", "w1,w2", "w1 w2", "fe80::1%$(x)", "w1\n")),
        *({"user": each} for each in ("-l", "a`x`", "a\\", "a -b")),
        *({"bastion": each} for each in ("$(touch x)", "-l@b1", "b1,$(x)")),
    ],
    ids=str,
)
def test_what_could_become_a_command_is_refused(said, config, tmp_path):
    """It is refused by ssh's own rule before the config is asked for it, also if only an old state has it."""
    config(f'Match originalhost !w1,* exec "touch {tmp_path}/ran"\n')

    assert BECOMES in refusal(**said)
    assert not (tmp_path / "ran").exists()


REFUSED = {
    "a file that is perhaps half of a name": (
        'GlobalKnownHostsFile "/a file"\n',
        "h1: ssh's configuration names for w1 in globalknownhostsfile a file without its whole path, or with a space "
        "in it: file: name another",
    ),
    "a token that is nothing": (
        "RevokedHostKeys /%C\n",
        "h1: ssh's configuration names the file /%C for w1, in which 'C' is nothing on this machine",
    ),
    "a variable that is nothing": (
        "RevokedHostKeys ${NOSUCH}/key\n",
        "h1: ssh's configuration names the file ${NOSUCH}/key for w1, in which 'NOSUCH' is nothing on this machine",
    ),
    "a command that could revoke a key": (
        "KnownHostsCommand /bin/keys %H\n",
        "h1: ssh's configuration has a KnownHostsCommand for w1 (/bin/keys %H), which is not run here: ",
    ),
    "a circle": (
        "Host b1\nProxyJump b2\nHost *\nProxyJump b1\n",
        "h1: its bastions lead in a circle: w1 by b1 by b2 by b1: see ~/.ssh/config",
    ),
    "a way that can't be gone": (
        "Host w1\nProxyCommand nc %h %p\n",
        "h1: ssh's configuration has a ProxyCommand for w1, which is not run here: ",
    ),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED)
def test_no_way(config, text, expected):
    """What can't be followed is the host's error, and is not left out in silence."""
    config(text)

    assert expected in refusal()


def test_bastion_that_is_the_host_itself():
    """The line says what to write instead."""
    assert "h1: its bastion ann@w1 is the host itself: give it `bastion: none`" in refusal(bastion="ann@w1")


@pytest.mark.parametrize(
    ("text", "words"),
    [("nonsense\n", "no argument after keyword .nonsense."), ("Include {}\n", "too many recursive .*")],
)
def test_config_that_makes_no_sense(config, text, words, tmp_path):
    """A configuration that ssh refuses is the host's error, in one line and with ssh's words."""
    config(text.format(f"{tmp_path}/home/.ssh/config"))

    told = rf"^h1: ssh rejected its configuration for w1: .*{words}.*: correct it, and see `ssh -G w1`$"
    assert re.match(told, refusal(), re.IGNORECASE)


# Asking ssh: how often, and for how long


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Return a function that lists the questions put to an `ssh` that knows only the user root."""
    log = tmp_path / "log"
    program(tmp_path / "ssh", f'echo "$*" >>{log}\necho user root')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return lambda: sorted(log.read_text().splitlines())


def test_each_question_is_asked_once(asked):
    """It is enough for many threads, and many hosts behind one bastion; another user or port is another question."""
    openssh, ways = OpenSsh(), [("ann", 22), ("ann", None), ("bob", None), ("ann", 2222)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda way: openssh.words("h1", "b1", way[0], way[1], "root"), ways * 8))

    words = ["-l ann -TG", "-l ann -p 22 -TG", "-l ann -p 2222 -TG", "-l bob -TG"]
    assert [f"{each} -- b1" for each in words] == asked()


def test_endless_command_is_cut(config):
    """One of Match exec that does not end is told, and by whom it is run."""
    config('Match exec "exec sleep 2"\n')

    told = "^h1: `ssh -G w1` is not done within 0.2 s: see what Match exec runs in its configuration$"
    with pytest.raises(HostError, match=told):
        OpenSsh(timeout=0.2).words("h1", "w1", "ann", None, "root")
