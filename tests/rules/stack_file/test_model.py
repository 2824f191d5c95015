"""The values that one key of a stack file may have, and the problem told for others."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.stack_file.access import HostAccess, access, moved
from providers.rules.stack_file.aliases import _WRITTEN
from providers.rules.stack_file.mistyped import SECRET as SECRET_VALUE
from providers.rules.stack_file.model import Gwbridge, Host, Ingress, Overlay, Reach, StackFile, Swarm, parse
from providers.rules.stack_file.reference import _rows
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, SwarmSpec
from tests.support.stackfiles import said

HOSTS = {"m1": {"address": "10.0.0.1", "role": "manager"}}
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlB2aSfUaFZ2rTx5j5Vn4UmkQGmHj4VQm3oJt6vX0aB"
MAPPING = "a mapping, `name: value` lines indented below it, with a space after each colon"
LIST = "a list, `[…]` or lines that begin with `- `"
SECRET = "correct horse battery staple"


def problems(**sections):
    """The lines that a stack file with these sections gives; one host is there unless given."""
    try:
        parse({"hosts": HOSTS, **sections})
    except StackFileError as error:
        return error.problems
    return []


def test_hosts_alone_are_enough():
    """Only `hosts` is required."""
    assert [] == problems()


def test_hosts_are_required():
    """There is nothing to do anything with if `hosts` is missing."""
    with pytest.raises(StackFileError) as caught:
        parse({})

    assert ["hosts: is required"] == caught.value.problems


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param({"overlay": {}}, "overlay: unknown key; did you mean overlays?", id="top level"),
        pytest.param(
            {"overlays": {"app": {"subnet": "10.2.0.0/24", "mtuu": 1450}}},
            "overlays.app.mtuu: unknown key; did you mean mtu?",
            id="in a named section",
        ),
        pytest.param(
            {"hosts": {"gwbridge": {"address": "10.0.0.1", "gwbridge": {"subnett": "10.2.0.0/24"}}}},
            "hosts.gwbridge.gwbridge.subnett: unknown key; did you mean subnet?",
            id="host named like a key",
        ),
        pytest.param(
            {"timeouts": {"x": 3}},
            "timeouts.x: unknown key; known are swarm, node, gwbridge, ingress, overlay, migration",
            id="nothing close",
        ),
    ],
)
def test_unknown_key_names_the_likely_one(sections, problem):
    """A key that does not exist is a problem that names the key that was probably meant."""
    assert [problem] == problems(**sections)


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param({"hosts": {"m1": {"host": "m1"}}}, "hosts.m1.host: unknown key; did you mean address?", id="host"),
        pytest.param(
            {"overlays": {"app": {"subnet": "10.2.0.0/24", "encrypt": True}}},
            "overlays.app.encrypt: unknown key; did you mean encrypted?",
            id="encrypt",
        ),
        pytest.param(
            {"pools": {"overlays": {"cidr": "10.0.0.0/8", "prefix": 24}}},
            "pools.overlays.cidr: unknown key; did you mean range?",
            id="by what the section has",
        ),
        pytest.param({"ssh": {"keyFile": "k"}}, "ssh.keyFile: unknown key; did you mean key_file?", id="camelCase"),
        pytest.param({"ssh": {"key-file": "k"}}, "ssh.key-file: unknown key; did you mean key_file?", id="with dashes"),
        pytest.param(
            {"ingress": {"subnet": "10.2.0.0/24", "enableIPv6": True}},
            "ingress.enableIPv6: is refused: swarm networks are IPv4",
            id="refused in camelCase",
        ),
    ],
)
def test_words_of_other_tools_are_understood(sections, problem):
    """Words of other tools get a problem that names the right key."""
    assert [problem] == [line[: len(problem)] for line in problems(**sections)]


def test_every_word_for_a_key_is_for_one_that_there_is():
    """A key that gets another name is named by its new one."""
    known = {row[0].strip("`").rpartition(".")[2] for row in _rows(StackFile, "")} | set(Reach.model_fields)

    assert set() == _WRITTEN.keys() - known


@pytest.mark.parametrize(
    "choice", [("identcal", "; did you mean identical?"), ("Refuse", "; did you mean refuse?"), ("x", "")]
)
def test_choice_names_the_likely_one(choice):
    """One of several words, written almost right."""
    written, hint = choice

    assert [f"adopt: {written!r} should be 'refuse', 'identical' or 'converge'{hint}"] == problems(adopt=written)


@pytest.mark.parametrize(
    ("sections", "key", "reason"),
    [
        pytest.param("overlays", "aux_addresses", "swarms drop such addresses without a word", id="aux addresses"),
        pytest.param("overlays", "enable_ipv6", "swarm networks are IPv4", id="IPv6"),
        pytest.param("overlays", "scope", "swarm networks are the whole swarm's", id="scope"),
        pytest.param("ingress", "attachable", "a swarm refuses an ingress", id="attachable ingress"),
        pytest.param("ingress", "internal", "an ingress exists for what comes from outside", id="internal ingress"),
        pytest.param("gwbridge", "internal", "containers on overlays would have no way outside", id="internal bridge"),
        pytest.param("gwbridge", "enable_ipv6", "write a range of it: ipv6:", id="IPv6 of a bridge"),
    ],
)
def test_key_that_engines_know_and_break_on(sections, key, reason):
    """A key that an Engine takes and then ignores, or breaks on, is refused with the reason."""
    section = {"subnet": "10.2.0.0/24", key: "x"}
    path = "overlays.app" if sections == "overlays" else sections
    found = problems(**{sections: {"app": section} if sections == "overlays" else section})

    assert f"{path}.{key}: is refused: {reason}" == found[0][: len(f"{path}.{key}: is refused: {reason}")]


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param({"hosts": ["m1"]}, f"hosts: is a list: write {MAPPING}", id="list for mapping"),
        pytest.param({"hosts": "m1"}, f"hosts: is text: write {MAPPING}", id="text for mapping"),
        pytest.param({"swarm": ""}, "swarm: is empty: write `{}`, or its keys below it", id="section without keys"),
        pytest.param({"order": [["m1"], "w1"]}, f"order[1]: is text: write {LIST}", id="text for list"),
        pytest.param(
            {"ingress": {"subnet": "10.2.0.0/24", "mtu": "1450"}},
            'ingress.mtu: "1450" is text here: write 1450',
            id="text for number",
        ),
        pytest.param(
            {"timeouts": {"node": "30s"}}, "timeouts.node: 30s is text here: write 30", id="number with its unit"
        ),
        pytest.param(
            {"gwbridge": {"subnet": "10.2.0.0/24", "icc": "no"}},
            "gwbridge.icc: no is text here: write false",
            id="text for truth",
        ),
        pytest.param({"ssh": {"sudo": 1}}, "ssh.sudo: 1 is a number here: write true", id="number for truth"),
        pytest.param(
            {"swarm": {"labels": {"rack": 7}}}, 'swarm.labels.rack: 7 is a number: write "7"', id="number for text"
        ),
        pytest.param(
            {"swarm": {"labels": {"ssd": True}}},
            'swarm.labels.ssd: true is true or false: write "true"',
            id="truth for text",
        ),
        pytest.param({"reserved": [None]}, "reserved[0]: is empty: write text, or take it away", id="nothing for text"),
        pytest.param(
            {"timeouts": {"node": True}}, "timeouts.node: true is true or false: write a number", id="truth for number"
        ),
        pytest.param({"adopt": 7}, "adopt: 7 is a number: write 'refuse', 'identical' or 'converge'", id="choice"),
        pytest.param({"adopt": {"secure": "v1:x"}}, f"adopt: {SECRET_VALUE}", id="encrypted"),
    ],
)
def test_wrong_type_says_what_it_should_be(sections, problem):
    """A value of another type is a problem that says what it is and what to write."""
    assert [problem] == problems(**sections)


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"gwbridge": {"subnet": "10.2.0.0/24", "mtu": 60}},
            "gwbridge.mtu: 60 should be at least 68",
            id="mtu too small",
        ),
        pytest.param(
            {"ingress": {"subnet": "10.2.0.0/24", "mtu": 70000}},
            "ingress.mtu: 70000 should be at most 65535",
            id="mtu too large",
        ),
        pytest.param(
            {"swarm": {"data_path_port": 443}},
            "swarm.data_path_port: 443 should be at least 1024",
            id="data_path_port too small",
        ),
        pytest.param(
            {"swarm": {"data_path_port": 50000}},
            "swarm.data_path_port: 50000 should be at most 49151",
            id="data_path_port too large",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool_prefix": 30}},
            "swarm.default_addr_pool_prefix: 30 should be at most 29",
            id="pool prefix",
        ),
        pytest.param(
            {"swarm": {"task_history_limit": 2**64}},
            f"swarm.task_history_limit: {2**64} should be at most 100000",
            id="more than an Engine can count",
        ),
        pytest.param(
            {"ssh": {"connect_timeout": float("inf")}}, "ssh.connect_timeout: inf should be at most 3600", id="for ever"
        ),
        pytest.param({"ssh": {"bastion": "b1:70000"}}, "ssh.bastion: port 70000 should be 1 to 65535", id="port"),
        pytest.param(
            {"hosts": {"m1": {"address": "m1", "mtu": 100}}},
            "hosts.m1.mtu: 100 should be at least 576",
            id="underlay without room for an overlay",
        ),
        pytest.param(
            {"swarm": {"task_history_limit": -1}},
            "swarm.task_history_limit: -1 should be at least 0",
            id="task history",
        ),
        pytest.param(
            {"swarm": {"dispatcher_heartbeat": 5_000_000_000}},
            "swarm.dispatcher_heartbeat: 5000000000 should be 1 to 300 seconds",
            id="heartbeat in nanoseconds",
        ),
        pytest.param(
            {"swarm": {"dispatcher_heartbeat": 0}},
            "swarm.dispatcher_heartbeat: 0 should be 1 to 300 seconds",
            id="heartbeat without a pause",
        ),
        pytest.param(
            {"swarm": {"cert_expiry": 3599}},
            "swarm.cert_expiry: 3599 should be 3600 to 315360000 seconds",
            id="certificates that Engines refuse",
        ),
        pytest.param(
            {"swarm": {"snapshot_interval": 0}},
            "swarm.snapshot_interval: 0 should be at least 1",
            id="no snapshot ever",
        ),
        pytest.param(
            {"swarm": {"keep_old_snapshots": -1}},
            "swarm.keep_old_snapshots: -1 should be at least 0",
            id="fewer than no snapshots",
        ),
        pytest.param({"timeouts": {"overlay": 0}}, "timeouts.overlay: 0 should be more than 0", id="no time at all"),
        pytest.param({"adopt": "yes"}, "adopt: 'yes' should be 'refuse', 'identical' or 'converge'", id="one of three"),
        pytest.param(
            {"overlays": {"app": {"subnet": "10.2.0.0/30"}}},
            "overlays.app.subnet: 10.2.0.0/30 leaves no room for containers; use /29 or larger",
            id="mask that leaves no room",
        ),
        pytest.param(
            {"reserved": ["10.2.0.1/24"]},
            "reserved[0]: 10.2.0.1/24 has host bits set: write 10.2.0.0/24",
            id="host bits",
        ),
        pytest.param(
            {"gwbridge": {"subnet": "10.2.0.0/24", "bridge_name": "docker0"}},
            "gwbridge.bridge_name: docker0 is the name of another device, "
            "which an Engine refuses or takes over; choose another",
            id="bridge docker0",
        ),
        pytest.param(
            {"gwbridge": {"subnet": "10.2.0.0/24", "bridge_name": "sixteen-letters-"}},
            "gwbridge.bridge_name: 'sixteen-letters-' should be 1 to 15 letters, digits, '.', - or _, "
            "as Linux names devices",
            id="bridge name too long",
        ),
        pytest.param(
            {"swarm": {"labels": {"swarmnet.owner": "me"}}},
            "swarm.labels.swarmnet.owner: swarmnet.* labels are Swarmnet's own; choose another prefix",
            id="our labels",
        ),
        pytest.param(
            {"swarm": {"labels": {"com.docker.stack": "me"}}},
            "swarm.labels.com.docker.stack: com.docker.*, io.docker.* and org.dockerproject.* "
            "are Docker's own; choose another prefix",
            id="Docker's labels",
        ),
    ],
)
def test_value_out_of_bounds(sections, problem):
    """A value that an Engine refuses, or takes and then breaks on, is a problem that names the bound."""
    assert [problem] == problems(**sections)


@pytest.mark.parametrize("name", ["docker0", "docker12", "lo", "eth0", "ens3", "enp1s0f0", "wlp2s0", "veth12ab"])
def test_bridge_does_not_take_the_name_of_a_device(name):
    """Names that hosts give their own devices are refused for the bridge."""
    assert problems(gwbridge={"subnet": "10.2.0.0/24", "bridge_name": name})


@pytest.mark.parametrize("name", ["docker_gwbridge", "gwb0", "br-swarm", "local", "english"])
def test_bridge_takes_other_names(name):
    """Any other name that Linux takes is fine for the bridge."""
    assert [] == problems(gwbridge={"subnet": "10.2.0.0/24", "bridge_name": name})


@pytest.mark.parametrize("name", ["ingress", "Ingress", "docker_gwbridge", "bridge", "host", "none", "default"])
def test_overlay_does_not_take_the_name_of_an_engine_network(name):
    """Networks that Engines make themselves keep their names, whatever the case."""
    expected = f"overlays.{name}: {name} is the name of a network that the Engine makes itself; choose another"

    assert [expected] == problems(overlays={name: {"subnet": "10.2.0.0/24"}})


@pytest.mark.parametrize("name", ["a", "-app", "app.web", "app web", "é-app", "a" * 64])
def test_overlay_name_is_one_that_every_engine_takes(name):
    """An overlay's name is a DNS component of two characters or more: one is read as the start of an id."""
    expected = (
        f"overlays.{name}: {name!r} should be 2 to 63 letters, digits, - or _, with letters or digits at its ends"
    )

    assert [expected] == problems(overlays={name: {"subnet": "10.2.0.0/24"}})


@pytest.mark.parametrize("name", ["M1", "m_1", "m1.example.com", "-m1", "m1-", "", "m" * 64])
def test_host_name_is_a_dns_label(name):
    """A host's name is part of resource names, so it is a lower-case DNS label."""
    expected = f"hosts.{name}: {name!r} should be up to 63 lower-case letters, digits and -, as in m1"

    assert [expected] == problems(hosts={name: {"address": "10.0.0.1"}})


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        pytest.param({}, "needs one of address and local: true", id="neither"),
        pytest.param(
            {"address": "10.0.0.1", "local": True}, "needs one of address and local: true, not both", id="both"
        ),
        pytest.param({"local": False}, "needs one of address and local: true", id="not local"),
    ],
)
def test_host_is_reached_in_one_way(host, problem):
    """A host has an address, or is this machine."""
    assert [f"hosts.m1: {problem}"] == problems(hosts={"m1": host})


@pytest.mark.parametrize("address", ["root@10.0.0.1", "10.0.0.1:22", "ssh://10.0.0.1", "", "-oProxyCommand=x"])
def test_address_is_an_address_alone(address):
    """User, port and options of ssh have no place in an address."""
    expected = "hosts.m1.address: should be a name or an IP address alone; user, port and bastion have their own keys"

    assert [expected] == problems(hosts={"m1": {"address": address}})


@pytest.mark.parametrize("address", ["10.0.0.1", "fd00::1", "m1.example.com", "my_alias"])
def test_address_is_a_name_or_ip(address):
    """Names, aliases of ~/.ssh/config and addresses of both IP versions are fine."""
    assert [] == problems(hosts={"m1": {"address": address}})


@pytest.mark.parametrize(
    "address", ["010.1.1.1", "10.1.16", "10.1.16.300", "1.2.3.4.5", "10", "0x0a010101", "10.1.1.1."]
)
def test_address_is_not_taken_for_another(address):
    """Resolvers read 010.1.1.1 as 8.1.1.1 and 10.1.16 as 10.1.0.16."""
    expected = (
        f"hosts.m1.address: {address} may be taken for another address; write four numbers without zeros before them"
    )

    assert [expected] == problems(hosts={"m1": {"address": address}})


@pytest.mark.parametrize("address", ["a..b", ".a", "x" * 64, "ü" * 60])
def test_address_has_labels_that_can_be_looked_up(address):
    """An address that no resolver takes is told before one is asked."""
    assert problems(hosts={"m1": {"address": address}})


@pytest.mark.parametrize("address", ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::"])
def test_address_is_that_of_a_machine(address):
    """Nothing listens there, or this machine would."""
    assert [f"hosts.m1.address: {address} is the address of no machine"] == problems(hosts={"m1": {"address": address}})


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0",
        "10.0.0.300",
        "eth 0",
        "10.0.0.1:99999",
        "10.0.0.1:0",
        "10.0.0.1:abc",
        "eth0:",
        "[::1",
        "[10.0.0.1]",
        "][",
    ],
)
def test_advertise_address_is_one_with_a_port_or_none(address):
    """An address that the Engine would refuse at init, or take for another, is told before."""
    expected = (
        f"hosts.m1.advertise_address: {address!r} should be an IP address or an interface of the host, "
        "such as 10.0.0.1 or eth0"
    )

    assert [expected] == problems(hosts={"m1": {"address": "m1", "advertise_address": address}})


@pytest.mark.parametrize(
    ("key", "address", "problem"),
    [
        ("advertise_address", "0.0.0.0", "0.0.0.0 is the address of no machine"),
        ("advertise_address", "[::]:2377", "[::]:2377 is the address of no machine"),
        ("data_path_address", "0.0.0.0", "0.0.0.0 is the address of no machine"),
        (
            "data_path_address",
            "10.0.0.1:2377",
            "'10.0.0.1:2377' should be an IP address or an interface of the host, without a port, such as 10.0.0.1 or "
            "eth0",
        ),
        ("listen_address", "224.0.0.1:2377", "224.0.0.1:2377 is the address of no machine"),
    ],
)
def test_engine_address_that_members_could_not_use(key, address, problem):
    """Only what the swarm listens on may be every address, and overlay traffic has a port of its own key."""
    assert [f"hosts.m1.{key}: {problem}"] == problems(hosts={"m1": {"address": "m1", key: address}})


@pytest.mark.parametrize("address", ["0.0.0.0", "0.0.0.0:2377", "[::]:2377", "eth0:2377"])
def test_swarm_may_listen_everywhere(address):
    """The Engine's own choice is 0.0.0.0:2377."""
    assert [] == problems(hosts={"m1": {"address": "m1", "listen_address": address}})


@pytest.mark.parametrize("address", ["eth0", "eth0.100", "10.0.0.1", "10.0.0.1:2377", "[fd00::1]:2377", "fd00::1"])
def test_advertise_address_is_what_the_engine_takes(address):
    """An IP address or an interface, perhaps with a port."""
    assert [] == problems(hosts={"m1": {"address": "m1", "advertise_address": address}})


@pytest.mark.parametrize("address", ["manager-one.example.com", "m1.example.com", "m1.lan:2377"])
def test_advertise_address_is_no_name(address):
    """The Engine does not look names up: moby, daemon/cluster/listen_addr.go."""
    expected = f"{address} is a name, which Engines do not look up; write the host's IP address"

    assert [f"hosts.m1.advertise_address: {expected}"] == problems(
        hosts={"m1": {"address": "m1", "advertise_address": address}}
    )


@pytest.mark.parametrize(
    "key", ["ssh-ed25519 AAAA", "ssh-ed25519 ÄÄ", f"{HOST_KEY[:-8]}", HOST_KEY.replace("-ed", "-Ed")]
)
def test_host_key_is_one_that_can_be_read(key):
    """A host key that is cut off or no base64 is told before the host is asked for its key."""
    expected = "hosts.m1.host_key: should be a public key that can be read, type and base64: ssh-ed25519 AAAA…"

    assert [expected] == problems(hosts={"m1": {"address": "m1", "host_key": key}})


def test_host_key_may_have_a_comment():
    """A line of a .pub file is fine as it is."""
    assert [] == problems(hosts={"m1": {"address": "m1", "host_key": f"{HOST_KEY} root@m1"}})


PASTED = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXktdjEAAAAA",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
    HOST_KEY,
)


@pytest.mark.parametrize("key", PASTED, ids=["whole", "on one line", "without its marks", "public"])
@pytest.mark.parametrize("place", ["key_file", "known_hosts"])
def test_pasted_key_is_no_path_and_is_not_shown(place, key):
    """It would be in plans, reviews and the state."""
    expected = (
        "holds a key itself, not the path of its file; write the path, and where it was a private key, use another"
    )

    assert [f"ssh.{place}: {expected}"] == problems(ssh={place: key})


@pytest.mark.parametrize("path", ["$HOME/.ssh/id", "${HOME}/.ssh/id", "/home/$USER/.ssh/id"])
def test_variable_in_a_path_is_not_replaced(path):
    """No shell reads the stack file."""
    expected = "has a variable in it, which nobody replaces; write the path itself, with ~ for your home"

    assert [f"ssh.key_file: {expected}"] == problems(ssh={"key_file": path})


@pytest.mark.parametrize("path", ["~/.ssh/id", "/keys/a$1", "keys/team key", "~ops/.ssh/id"])
def test_path_is_any_other_text(path):
    """A file may have any name."""
    assert [] == problems(ssh={"key_file": path})


@pytest.mark.parametrize("bastion", ["None", "NONE"])
def test_no_bastion_is_written_in_lower_case(bastion):
    """A host of that name would be looked up."""
    expected = f"ssh.bastion: {bastion} would be a host of that name; write `none` for no bastion"

    assert [expected] == problems(ssh={"bastion": bastion})


def test_label_has_a_key():
    """Engines take a label without one, and nothing finds it."""
    assert ["swarm.labels.: a label has a key; write one, or take it away"] == problems(swarm={"labels": {"": "x"}})


@pytest.mark.parametrize(
    ("port", "use"), [(2377, "managers listen"), (7946, "members look for each other")], ids=["managers", "gossip"]
)
def test_overlay_traffic_has_a_port_of_its_own(port, use):
    """The swarm has the others already."""
    expected = f"swarm.data_path_port: {port} is where {use}; write another, such as 7789"

    assert [expected] == problems(swarm={"data_path_port": port})


@pytest.mark.parametrize("key", ["user", "key_file", "known_hosts", "host_key", "sudo", "bastion", "port", "password"])
@pytest.mark.parametrize("text", [SECRET, f"{SECRET}\n-----END"])
def test_no_problem_shows_what_may_be_a_secret(key, text):
    """A password or key put in the wrong place does not come out again in a message."""
    assert SECRET not in str(problems(ssh={key: text}))


def test_every_problem_is_reported_at_once():
    """One look at the file names everything that is wrong with its keys."""
    found = problems(
        hosts={"m1": {"addres": "10.0.0.1"}, "w1": {"address": "10.0.0.2", "port": 0}},
        ingress={"subnet": "10.2.0.1/16", "mtu": "big"},
        reserved=["lan", "10.0.0.0/8", 3],
        pool={},
    )

    assert [
        "hosts.m1.addres",
        "hosts.w1.port",
        "ingress.subnet",
        "ingress.mtu",
        "reserved[0]",
        "reserved[2]",
        "pool",
    ] == [line.partition(":")[0] for line in found]


words = st.sampled_from(["subnet", "gateway", "mtu", "labels", "user", "gwbridge", "app", "m1", "10.0.0.0/8", ""])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*StackFile.model_fields, "other"]), anything))
def test_whatever_is_written_gives_a_stack_file_or_lines(raw):
    """No content of a stack file ends in anything but a model or `path: problem` lines."""
    assert all(": " in line for line in problems(**raw))


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
        pytest.param({"address": "10.0.0.1"}, "10.0.0.1", id="address"),
        pytest.param({"address": "10.0.0.1", "advertise_address": "eth1"}, "eth1", id="given"),
        pytest.param({"address": "m1.example.com"}, None, id="a name"),
        pytest.param({"local": True}, None, id="local"),
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


@pytest.mark.parametrize("bastion", ["10.99.0.1", "ann@10.99.0.1"])
def test_bastion_among_the_hosts(bastion):
    """`ssh.bastion` is for all hosts, that one too unless it says otherwise."""
    expected = f"hosts.m1.bastion: {bastion} is the host itself; write `bastion: none` there"

    assert [expected] == said(ssh={"bastion": bastion}).problems


@pytest.mark.parametrize("ssh", [{"bastion": "10.99.0.1:2222"}, {"bastion": "b1"}, {"bastion": "none"}])
def test_bastion_that_is_no_host(ssh):
    """Another port is another machine behind a gateway."""
    assert [] == said(ssh=ssh).problems


PLACE = {"name": "m1", "address": "10.0.0.1"}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (PLACE | {"user": "ann", "key_file": "k", "port": 22}, ""),
        (PLACE | {"address": "10.0.0.2"}, "10.0.0.1 port 22 to 10.0.0.2 port 22"),
        (PLACE | {"port": 2222}, "10.0.0.1 port 22 to 10.0.0.1 port 2222"),
        (PLACE | {"bastion": "b1"}, "10.0.0.1 port 22 to 10.0.0.1 port 22 through b1"),
        ({"name": "m1", "local": True}, "10.0.0.1 port 22 to local: true"),
    ],
    ids=["as whom", "address", "port", "bastion", "local"],
)
def test_what_counts_as_another_address(now, expected):
    """Another place is another address; another user is not."""
    assert (expected and f"address changed from {expected}") == moved(PLACE, now)


def test_a_new_host_has_not_moved():
    """There is nothing to compare with if there is no state."""
    assert "" == moved({}, PLACE)
