"""The way of an SSH connection: the stack file decides, then OpenSSH's configuration, read by this machine's ssh."""

import os
import pwd

import pytest

from providers.hosts.ssh.destination import KNOWN_HOSTS, Destination, destination
from providers.hosts.ssh.openssh import OpenSsh
from providers.hosts.ssh.settings import USUAL_KEYS
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import HostError

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


def way(to: Destination | None) -> list[str]:
    """Return the hops, the host itself last, each as `user@address:port`."""
    return [*way(to.bastion), f"{to.user}@{to.address}:{to.port}"] if to else []


def bastion(to: Destination) -> Destination:
    """Return the last hop before the host."""
    assert to.bastion is not None
    return to.bastion


def refusal(**said) -> str:
    """Return the error if no way is found."""
    with pytest.raises(HostError) as caught:
        found(**said)
    return str(caught.value)


# What is said nowhere


def test_without_any_config(tmp_path):
    """root at port 22, by the usual keys and the files that ssh reads."""
    to, home = found(), f"{tmp_path}/home"

    assert (["root@w1:22"], ()) == (way(to), to.key_files)
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


@pytest.mark.parametrize(
    ("address", "expected"),
    [("10.0.0.1", "h1 (10.0.0.1:22)"), ("2001:db8::1", "h1 ([2001:db8::1]:22)"), ("w1", "h1 (w1:22)")],
)
def test_name_in_messages(address, expected):
    """Host, address and port; an IPv6 address stands in brackets."""
    assert expected == found(address).where


REFUSED = "ssh would take no such host or user, since it could become a command: correct it in the stack file"


@pytest.mark.parametrize(
    "said",
    [
        {"address": "$(touch x)"},
        {"address": "-oProxyCommand=x"},
        {"address": "w1,w2"},
        {"address": "w1 w2"},
        {"address": "fe80::1%$(x)"},
        {"address": "w1\n"},
        {"user": "-l"},
        {"user": "a`x`"},
        {"user": "a\\"},
        {"user": "a -b"},
    ],
    ids=str,
)
def test_what_could_become_a_command_is_refused(said, config, tmp_path):
    """It is refused by ssh's own rule before the config is asked, also if only an old state has it."""
    config(f'Match exec "touch {tmp_path}/ran"\n')

    assert REFUSED in refusal(**said)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("bastion", ["$(touch x)", "-l@b1", "b1,$(x)"])
def test_bastion_that_could_become_a_command_is_refused(bastion):
    """Likewise."""
    assert REFUSED in refusal(bastion=bastion)


@pytest.mark.parametrize("said", [{"address": "fe80::1%eth0"}, {"address": "w-1.example.com", "user": "CORP\\ann"}])
def test_what_ssh_takes_is_taken(said):
    """A link's own address, a user of a domain."""
    assert said["address"] == found(**said).address


# ~/.ssh/config


def test_config_says_where(config):
    """HostName, User and Port count for the Host that the stack file gives as address."""
    config("Host w1\n  HostName 10.0.0.1\n  User ann\n  Port 2222\n")

    assert ["ann@10.0.0.1:2222"] == way(found())


def test_config_of_another_host_says_nothing(config):
    """Only the sections that match the address count."""
    config("Host w2 !w1\n  User ann\n")

    assert ["root@w1:22"] == way(found())


def test_stack_file_wins(config):
    """The stack file's values win over those of the configuration."""
    config("Host *\n  User ann\n  Port 2222\n  IdentityFile ~/a\n  UserKnownHostsFile ~/k\n  ProxyJump b1\n")
    to = found(user="bob", port=22, key_file="b", known_hosts="known", bastion="none")

    assert (["bob@w1:22"], ("b",), (), ("known",)) == (way(to), to.key_files, to.usual_keys, to.known_hosts)


def test_config_names_keys(config, tmp_path):
    """Each IdentityFile is tried, in its order; IdentitiesOnly leaves all others out."""
    config("Host w1\n  IdentityFile ~/one\n  IdentitiesOnly yes\nHost *\n  IdentityFile /two\n")
    to = found()

    assert ((f"{tmp_path}/home/one", "/two"), (), True) == (to.key_files, to.usual_keys, to.only_those)


def test_config_names_no_keys(config):
    """`none` is no file, and leaves the usual ones out."""
    config("IdentityFile none\n")

    assert ((), ()) == (found().key_files, found().usual_keys)


def test_config_names_known_hosts(config, tmp_path):
    """UserKnownHostsFile takes the place of the user's own file; the system's counts beside it."""
    config("Host w1\n  UserKnownHostsFile ~/a ~/b\n  GlobalKnownHostsFile /g\n")

    assert ((f"{tmp_path}/home/a", f"{tmp_path}/home/b", "/g"), ("/g",)) == (found().known_hosts, found().revoking)


def test_config_knows_no_hosts_but_the_systems(config):
    """`none` is no file."""
    config("UserKnownHostsFile none\nGlobalKnownHostsFile none\n")

    assert ((), ()) == (found().known_hosts, found().revoking)


def test_system_revokes_beside_the_stack_file(config):
    """Its file counts for `@revoked`, whatever the stack file has for known hosts."""
    config("GlobalKnownHostsFile /g\n")
    to = found(known_hosts="k", host_key="ssh-ed25519 AAAA")

    assert (("k",), ("/g",)) == (to.known_hosts, to.revoking)


def test_path_that_is_not_whole(config):
    """A file that could be another, or half of one with a space in its name, is told: what it revokes would be lost."""
    config('GlobalKnownHostsFile "/a file"\n')

    assert (
        "h1: ssh's configuration names for w1 in globalknownhostsfile a file without its whole path, or with a space "
        "in it: file: name another"
    ) == refusal()


@pytest.mark.parametrize(
    ("path", "expected"),
    [("%d/%n-%h_%p-%r", "{home}/w1-10.0.0.1_2222-ann"), ("~/%k%%", "{home}/w1%"), ("${OTHER}/key", "/run/o/key")],
)
def test_tokens_in_files(config, monkeypatch, tmp_path, path, expected):
    """Tokens, variables and the home are expanded as ssh does that later."""
    monkeypatch.setenv("OTHER", "/run/o")
    config(f"Host w1\n  HostName 10.0.0.1\n  User ann\n  Port 2222\n  IdentityFile {path.replace('%d', '~')}\n")

    assert (expected.format(home=f"{tmp_path}/home"),) == found().key_files


@pytest.mark.parametrize(("path", "what"), [("/%C", "'C'"), ("${NOSUCH}/key", "'NOSUCH'")])
def test_tokens_that_are_nothing(config, path, what):
    """A token that can't be expanded is an error of that host."""
    config(f"RevokedHostKeys {path}\n")

    assert f"h1: ssh's configuration names the file {path} for w1, in which {what} is nothing on this machine" in (
        refusal()
    )


def test_config_names_algorithms(config):
    """They are named in ssh's own words: added, left out, put in order."""
    config("Ciphers -aes128-*\nMACs hmac-sha2-512,hmac-sha1\nRequiredRSASize 3072\n")
    said = found().algorithms

    assert ("hmac-sha2-512", "hmac-sha1") == said.macs
    assert ("aes256-ctr" in said.ciphers, "aes128-ctr" in said.ciphers) == (True, False)
    assert said.rsa_bits == 3072


def test_config_gives_an_alias(config):
    """HostKeyAlias is the name in known_hosts."""
    config("Host w1\n  HostKeyAlias m7\n")

    assert "m7" == found().alias


def test_known_hosts_command_is_refused(config):
    """It could revoke a key, and is not left out in silence."""
    config("KnownHostsCommand /bin/keys %H\n")

    assert "h1: ssh's configuration has a KnownHostsCommand for w1 (/bin/keys %H), which is not run here: " in refusal()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "/run/agent"),
        ("IdentityAgent /run/other", "/run/other"),
        ("IdentityAgent ${OTHER}/agent", "/run/o/agent"),
        ("IdentityAgent $OTHER", "/run/o"),
        ("IdentityAgent SSH_AUTH_SOCK", "/run/agent"),
        ("IdentityAgent none", ""),
    ],
)
def test_agent(config, monkeypatch, line, expected):
    """The agent of the environment, unless the config names another or none."""
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    monkeypatch.setenv("OTHER", "/run/o")
    config(f"Host *\n  {line}\n")

    assert expected == found().agent


def test_included_files_count(config, tmp_path):
    """Include is followed, and counts in the section that it stands in, whatever the included file says."""
    more = tmp_path / "home" / ".ssh" / "more"
    config(f"Host w1\n  User ann\nMatch host w1\n  Include {more}\nHost *\n  Port 2222\n")
    config("HostName 10.0.0.1\nHost *\n  ProxyJump b1\nHost b1\n  ProxyJump none", "more")

    assert (["root@b1:2222", "ann@10.0.0.1:2222"], ["root@w2:2222"]) == (way(found()), way(found("w2")))


def test_match_counts(config):
    """Match is asked as ssh asks it, with the user of the stack file."""
    config('Match exec "test %n = w1"\n  HostName 10.0.0.1\nMatch user bob\n  Port 2222\n')

    assert (["root@10.0.0.1:22"], ["bob@w2:2222"]) == (way(found()), way(found("w2", user="bob")))


def test_port_of_the_stack_file_is_asked_for(config):
    """The stack file's port is the one that the configuration is asked for."""
    config("Host w1\n  IdentityFile /key-%p\n")

    assert ("/key-2200",) == found(port=2200).key_files


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense\n", 'no argument after keyword "nonsense"'),
        ("Match nonsense w1\n  User ann\n", "Unsupported Match attribute nonsense"),
        ("Include ~/.ssh/config\n", "Too many recursive configuration includes"),
    ],
)
def test_config_that_makes_no_sense(config, text, complaint, tmp_path):
    """A configuration that ssh refuses is the host's error, in one line and with ssh's words."""
    config(text.replace("~", f"{tmp_path}/home"))
    told = refusal()

    assert told.startswith("h1: ssh makes no sense of its configuration for w1: ")
    assert complaint.lower() in told.lower()
    assert told.endswith(": correct it, and see `ssh -G w1`")
    assert "\n" not in told


# Bastions


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("b1", "deploy@b1:22"),
        ("jump@b1.example:2222", "jump@b1.example:2222"),
        ("[2001:db8::1]:2222", "deploy@2001:db8::1:2222"),
        ("2001:db8::1", "deploy@2001:db8::1:22"),
    ],
)
def test_bastion_is_read(named, expected):
    """It is `[user@]host[:port]`, with the host's own user if none is given."""
    assert [expected, "deploy@w1:2200"] == way(found(user="deploy", port=2200, bastion=named))


def test_bastion_is_reached_with_the_hosts_keys():
    """Its key file and known_hosts are the host's; its host key is its own."""
    to = bastion(found(key_file="k", known_hosts="known", host_key="ssh-ed25519 AAAA", bastion="b1"))

    assert (("k",), ("known",), None) == (to.key_files, to.known_hosts, to.host_key)


def test_bastion_may_be_a_host_of_the_config(config):
    """The config says what the stack file does not say of it."""
    config("Host b1\n  HostName 10.0.0.9\n  Port 2222\n  User ann\n")

    assert (["ann@10.0.0.9:2222", "root@w1:22"], ["bob@10.0.0.9:2222", "bob@w1:22"]) == (
        way(found(bastion="b1")),
        way(found(bastion="b1", user="bob")),
    )


def test_proxy_jump(config):
    """ProxyJump is gone through, and its own section counts before the stack file's word on the host."""
    config("Host w1\n  ProxyJump b1\nHost b1\n  User ann\n  IdentityFile ~/b\n")
    to = found(user="bob", key_file="k")

    assert (["ann@b1:22", "bob@w1:22"], "/b") == (way(to), bastion(to).key_files[0][-2:])


def test_proxy_jump_has_the_hosts_keys_where_it_names_none(config):
    """A jump of which the config says nothing is reached as the host is."""
    config("Host w1\n  ProxyJump b1\n")
    to = bastion(found(user="bob", key_file="k", known_hosts="known"))

    assert ("bob", ("k",), ("known",)) == (to.user, to.key_files, to.known_hosts)


@pytest.mark.parametrize(("line", "expected"), [("", "bob"), (f"Host b1\n  User {ME}\n", ME)])
def test_proxy_jump_by_whoever_runs_this(config, line, expected):
    """ssh names the current user if nobody names one; the user counts only if the config says it."""
    config(f"Host w1\n  ProxyJump b1\n{line}")

    assert expected == bastion(found(user="bob")).user


def test_user_that_counts_is_asked_for(config):
    """The configuration is asked for the user who will log in."""
    config("Host w1\n  ProxyJump b1\nMatch user bob\n  Port 2222\n")

    assert ["bob@b1:2222", "bob@w1:2222"] == way(found(user="bob"))


def test_chain_of_jumps(config):
    """Several jumps are gone through in their order, those of the first jump before them."""
    config("Host w1\n  ProxyJump a@b1,ssh://b2:2222\nHost b1\n  ProxyJump b0\n")

    assert ["root@b0:22", "a@b1:22", "root@b2:2222", "root@w1:22"] == way(found())


def test_jump_to_nowhere(config):
    """`ProxyJump none` is no bastion."""
    config("Host w1\n  ProxyJump none\nHost *\n  ProxyJump b1\n")

    assert ["root@w1:22"] == way(found())


def test_circle_of_jumps_is_told(config):
    """A jump that needs itself would never end."""
    config("Host b1\n  ProxyJump b2\nHost *\n  ProxyJump b1\n")

    assert "h1: its way leads in a circle: w1 by b1 by b2 by b1: see ~/.ssh/config" == refusal()


def test_bastion_that_is_the_host_itself():
    """The stack file says so for all hosts, and is the one to mend."""
    assert "h1: its bastion ann@w1 is the host itself: give it `bastion: none`" == refusal(bastion="ann@w1")


def test_proxy_command_is_refused(config):
    """A way that can't be gone is not left out in silence; a bastion takes its place."""
    config("Host w1\n  ProxyCommand nc %h %p\n")

    assert "h1: ssh's configuration has a ProxyCommand for w1, which is not run here: " in refusal()
    assert ["root@b1:22", "root@w1:22"] == way(found(bastion="b1"))
