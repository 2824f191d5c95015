"""The values that one key of a stack file may have; rules/wrong_files.py has those that it may not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.stack_file.access import HostAccess, access, describe_move
from providers.rules.stack_file.model import Gwbridge, Host, Ingress, Overlay, StackFile, Swarm, parse
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, SwarmSpec
from tests.rules.wrong_files import HOST_KEY, PASTED_KEYS
from tests.support.stackfiles import at, merged, net, problems, raw

PASSWORD = "correct horse battery staple"


def test_hosts_are_required():
    """There is nothing to do anything with if `hosts` is missing."""
    with pytest.raises(StackFileError) as caught:
        parse({})

    assert ["hosts: is required"] == caught.value.problems


def test_unknown_key_of_a_host_named_like_a_key():
    """The section that lacks the key is found by its place, whatever names are on the way there."""
    hosts = {"gwbridge": {"address": "10.0.0.1", "gwbridge": {"subnett": "10.2.0.0/24"}}}

    assert ["hosts.gwbridge.gwbridge.subnett: unknown key; did you mean subnet?"] == problems(hosts=hosts)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("hosts.m1.address", ["10.0.0.1", "fd00::1", "m1.example.com", "my_alias"]),
        ("hosts.m1.advertise_address", ["eth0", "eth0.100", "10.0.0.1", "10.0.0.1:2377", "[fd00::1]:2377", "fd00::1"]),
        ("hosts.m1.listen_address", ["0.0.0.0", "0.0.0.0:2377", "[::]:2377", "eth0:2377"]),
        ("hosts.m1.host_key", [f"{HOST_KEY} root@m1"]),
        ("hosts.m1.key_file", ["~/.ssh/id", "/keys/a$1", "keys/team key", "~ops/.ssh/id"]),
        ("gwbridge.bridge_name", ["docker_gwbridge", "gwb0", "br-swarm", "local", "english"]),
    ],
)
def test_words_that_are_fine(path, values):
    """Names, interfaces, addresses of both IP versions (to listen on, also all of them), lines of .pub files, paths."""
    told = [problems(**merged(raw(gwbridge=net("10.2.0.0/24")), at(path, value))) for value in values]

    assert [[]] * len(values) == told


@pytest.mark.parametrize("key", ["user", "key_file", "known_hosts", "host_key", "sudo", "bastion", "port", "password"])
@pytest.mark.parametrize("text", [PASSWORD, f"{PASSWORD}\n-----END", *PASTED_KEYS])
def test_no_problem_shows_what_may_be_a_secret(key, text):
    """A password or key put in the wrong place does not come out again in a message."""
    assert not [line for line in problems(ssh={key: text}) if text in line]


words = st.sampled_from(["subnet", "gateway", "mtu", "labels", "user", "gwbridge", "app", "m1", "10.0.0.0/8", ""])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*StackFile.model_fields, "other"]), anything))
def test_whatever_is_written_gives_a_plan_or_lines(sections):
    """No content of a stack file ends in anything but sections or `path: problem` lines."""
    assert all(": " in line for line in problems(**sections))


@pytest.mark.parametrize(
    ("section", "spec"),
    [(Gwbridge, GwbridgeSpec), (Swarm, SwarmSpec), (Host, NodeSpec), (Ingress, IngressSpec), (Overlay, OverlaySpec)],
    ids=["gwbridge", "swarm", "host", "ingress", "overlay"],
)
def test_sections_have_the_defaults_of_their_specs(section, spec):
    """Sections of the stack file and specs of resources have the same defaults."""
    shared = section.model_fields.keys() & spec.model_fields.keys() - {"gateway", "subnet", "first_manager"}

    assert {key: _plain(spec.model_fields[key].default) for key in shared} == {
        key: _plain(section.model_fields[key].default) for key in shared
    }


def _plain(default):
    return list(default) if isinstance(default, tuple) else default


def test_access_takes_the_hosts_keys_then_those_of_ssh_then_defaults():
    """A host's own key wins over `ssh`, which wins over the default."""
    stackfile = parse({"hosts": {"m1": {"address": "10.0.0.1", "user": "ann"}}, "ssh": {"user": "bob", "port": 2222}})
    expected = HostAccess(
        name="m1", address="10.0.0.1", user="ann", port=2222, sudo=False, advertise_address="10.0.0.1"
    )

    assert {"m1": expected} == access(stackfile)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ({"address": "10.0.0.1"}, "10.0.0.1"),
        ({"address": "10.0.0.1", "advertise_address": "eth1"}, "eth1"),
        ({"address": "m1.example.com"}, None),
        ({"local": True}, None),
    ],
)
def test_advertised_is_the_address_where_that_is_one(host, expected):
    """The Engine advertises IP addresses only; a name leaves the choice to it."""
    assert expected == access(parse({"hosts": {"m1": host}}))["m1"].advertise_address


def test_access_comes_back_from_the_state():
    """Numbers that became floats and absent values that became missing keys make the same access."""
    before = HostAccess(name="m1", address="10.0.0.1", port=2222, connect_timeout=5, bastion="jump")
    on_the_wire = {
        key: float(value) if type(value) is int else value
        for key, value in before.model_dump().items()
        if value is not None
    }

    assert before == HostAccess(**json.loads(json.dumps(on_the_wire)))


def test_access_of_an_old_state():
    """States from before ~/.ssh/config counted say root and 22 for what was left out."""
    old = {"name": "m1", "address": "10.0.0.1", "user": "root", "port": 22.0, "connect_timeout": 10.0}

    assert HostAccess(name="m1", address="10.0.0.1", user="root", port=22) == HostAccess(**old)


def test_what_is_left_out_stays_open():
    """User and port are found on the machine that runs: they are in no plan and in no state."""
    found = access(parse({"hosts": {"m1": {"address": "m1.example"}}}))["m1"]

    assert {"name": "m1", "address": "m1.example", "local": False, "sudo": False, "connect_timeout": 10} == (
        found.model_dump(exclude_none=True)
    )


PLACE = {"name": "m1", "address": "10.0.0.1"}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, PLACE, ""),
        (PLACE, PLACE | {"user": "ann", "key_file": "k", "port": 22}, ""),
        (PLACE, PLACE | {"address": "10.0.0.2"}, "10.0.0.1 port 22 to 10.0.0.2 port 22"),
        (PLACE, PLACE | {"port": 2222}, "10.0.0.1 port 22 to 10.0.0.1 port 2222"),
        (PLACE, PLACE | {"bastion": "b1"}, "10.0.0.1 port 22 to 10.0.0.1 port 22 through b1"),
        (PLACE, {"name": "m1", "local": True}, "10.0.0.1 port 22 to local: true"),
    ],
    ids=["no state yet", "as whom", "address", "port", "bastion", "local"],
)
def test_what_counts_as_another_address(before, now, expected):
    """Another place is another address; another user is not."""
    assert (expected and f"address changed from {expected}") == describe_move(before, now)
