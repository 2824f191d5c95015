"""Where SSH goes: the stack file's word, then ~/.ssh/config, then the defaults."""

import pytest

from providers.hosts.ssh.destination import KNOWN_HOSTS, Destination, destination
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import HostError


@pytest.fixture
def config(tmp_path):
    """Writes ~/.ssh/config, or another file beside it."""

    def write(text: str, name: str = "config") -> None:
        file = tmp_path / "home" / ".ssh" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


def found(address: str = "w1", **said) -> Destination:
    """Where a host with that address is."""
    return destination(HostAccess(name="h1", address=address, **said))


def way(to: Destination | None) -> list[str]:
    """What is gone through, the nearest last, each as `user@address:port`."""
    return [*way(to.bastion), f"{to.user}@{to.address}:{to.port}"] if to else []


def bastion(to: Destination) -> Destination:
    """What is gone through at last."""
    assert to.bastion is not None
    return to.bastion


def refusal(**said) -> str:
    """Why no way is found."""
    with pytest.raises(HostError) as caught:
        found(**said)
    return str(caught.value)


# What is said nowhere


def test_without_any_config():
    """root at port 22, by the usual keys and the files that ssh reads."""
    assert Destination("h1", "w1", 22, "root", known_hosts=KNOWN_HOSTS) == found()


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
    """By ssh's own rule, and before the config is asked: also where only an old state says it."""
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
    """What the stack file says counts, whatever the config says."""
    config("Host *\n  User ann\n  Port 2222\n  IdentityFile ~/a\n  UserKnownHostsFile ~/k\n  ProxyJump b1\n")
    to = found(user="bob", port=22, key_file="b", known_hosts="known", bastion="none")

    assert Destination("h1", "w1", 22, "bob", key_files=("b",), known_hosts=("known",)) == to


def test_config_names_keys(config, tmp_path):
    """Each IdentityFile is tried, in its order; IdentitiesOnly leaves all others out."""
    config("Host w1\n  IdentityFile ~/one\n  IdentitiesOnly yes\nHost *\n  IdentityFile /two\n")
    to = found()

    assert ((f"{tmp_path}/home/one", "/two"), True) == (to.key_files, to.only_those)


def test_config_names_known_hosts(config):
    """UserKnownHostsFile takes the place of the user's own file; the system's counts beside it."""
    config("Host w1\n  UserKnownHostsFile ~/a ~/b\n")

    assert ("~/a", "~/b", KNOWN_HOSTS[1]) == found().known_hosts


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "/run/agent"),
        ("IdentityAgent /run/other", "/run/other"),
        ("IdentityAgent $OTHER/agent", "/run/o/agent"),
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


def test_agent_in_the_home_of_nobody(config):
    """A path that means nothing is the host's error."""
    config("IdentityAgent ~nosuch/agent\n")

    assert "h1: ~nosuch/agent: there is no home ~nosuch on this machine; write the path in full" == refusal()


def test_included_files_count(config):
    """Include is followed, relative to ~/.ssh; the section around it goes on after it."""
    config("Include conf.d/*\nInclude\tmore\nUser me\nHost w1\n  Include=/\n  Port 2222\n")
    config("Host w2\n  HostName 10.0.0.2\n", "more")

    assert (["me@w1:2222"], ["me@10.0.0.2:22"]) == (way(found()), way(found("w2")))


@pytest.mark.parametrize("block", ["Host w1", "Host\tw1", "Match host w1", "Match user ann"])
def test_included_file_counts_where_its_section_does(config, block):
    """What is included for one host is nothing to another, whatever the included file says."""
    config(f"Host w1\n  User ann\n{block}\n  Include more\nHost *\n  Port 2222\n")
    config("HostName 10.0.0.1\nHost *\n  ProxyJump b1\n", "more")

    assert (["root@b1:2222", "ann@10.0.0.1:2222"], ["root@w2:2222"]) == (way(found()), way(found("w2")))


def test_include_from_the_home_of_nobody(config):
    """A path that means nothing is the host's error."""
    config("Include ~nosuch/config\n")

    assert "h1: ~nosuch/config: there is no home ~nosuch on this machine; write the path in full" == refusal()


def test_match_counts(config):
    """Match is asked as ssh asks it."""
    config("Match host w1\n  User ann\nMatch originalhost w2 !user ann\n  User bob\n")

    assert (["ann@w1:22"], ["bob@w2:22"]) == (way(found()), way(found("w2")))


@pytest.mark.parametrize(
    "criterion", ["tagged prod", "!localnetwork 10.0.0.0/8", "host w1 sessiontype exec", "Host w2"]
)
def test_match_by_what_is_not_known(config, criterion):
    """paramiko would take it as always so."""
    config(f"Match {criterion}\n  User ann\n")

    assert f"Match {criterion.lstrip('!').split()[-2]} is none of all, canonical, " in refusal()


def test_match_by_what_is_not_known_for_another_host(config):
    """A section that does not count anyway is nobody's business."""
    config("Match host w2 tagged prod\n  User ann\n")

    assert ["root@w1:22"] == way(found())


def test_endless_inclusion_is_told(config):
    """A file that includes itself is no config."""
    config("Include config\n")

    assert "h1: ~/.ssh/config makes no sense for w1: " in refusal()


def test_unreadable_config_is_told(config):
    """What paramiko can't parse is the host's error, in one line."""
    config("nonsense\n")

    assert "h1: ~/.ssh/config makes no sense for w1: Unparsable line nonsense: see `ssh -G w1`" == refusal()


def test_port_that_is_none(config):
    """A port in words is told as such."""
    config("Port ssh\n")

    assert "h1: ~/.ssh/config has a Port that is no number: ssh" == refusal()


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
    """`[user@]host[:port]`, by the host's own user where none is given."""
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
    config("Host *\n  ProxyJump b1\n")

    assert "h1: its way leads in a circle: w1 by b1 by b1: see ~/.ssh/config" == refusal()


@pytest.mark.parametrize(
    ("first", "then"), [("ProxyCommand none", "ProxyJump b1"), ("ProxyJump none", "ProxyCommand nc %h %p")]
)
def test_what_the_config_says_first_of_the_way_counts(config, first, then):
    """ProxyCommand and ProxyJump are one setting to ssh."""
    config(f"Host w1\n  {first}\nHost *\n  {then}\n")

    assert ["root@w1:22"] == way(found())


def test_bastion_that_is_the_host_itself():
    """The stack file says so for all hosts, and is the one to mend."""
    assert "h1: its bastion ann@w1 is the host itself: give it `bastion: none`" == refusal(bastion="ann@w1")


def test_proxy_command_is_refused(config):
    """A way that can't be gone is not left out in silence; a bastion takes its place."""
    config("Host w1\n  ProxyCommand nc %h %p\n")

    assert "h1: ~/.ssh/config has a ProxyCommand for w1, which is not run here: " in refusal()
    assert ["root@b1:22", "root@w1:22"] == way(found(bastion="b1"))
