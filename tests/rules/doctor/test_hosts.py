"""Findings on hosts as members of a swarm, and on their Engines: kind, release, settings, clock."""

import json

import pytest

from providers.hosts.engine_api.refusals import doubtful, unsupported
from providers.hosts.engine_api.schema import Info, read_answer
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.doctor.engines import BAD
from providers.rules.vocabulary.diagnosis import Unread
from providers.rules.vocabulary.facts import UnreachableHost
from providers.rules.vocabulary.network_options import ENCRYPTED
from tests.support.examined import NOW, found, host, node, seen, swarm, wants
from tests.support.networks import a_network

DAY = 86_400.0
AUTHORITY = "the certificate of the swarm's authority"
EXPIRED = "rpc error: x509: certificate has expired or is not yet valid:\n current time is after"
UNREACHABLE = {"unreachable": (UnreachableHost(host="w2", why="w2: no answer within 10 s"),)}
NODES = (node("m1"), node("w1"), node("w2"))
OF_NO_USE = (node("m1", address="0.0.0.0"), node("w1", address="127.0.0.1"), node("w2", address=""))
SAYS_DOWN = "its managers say that it is down"
DEAD = node("w1", state="down", role="manager", reachability="unreachable")
NO_MORE = "one more loss stops the swarm"
TO_MANAGERS = "it advertises 10.9.0.2, and managers see it at 203.0.113.7"


def listed(*nodes, ends=NOW + 31 * DAY):
    """A swarm whose managers list these members, and whose authority's certificate ends then."""
    return {"swarm": swarm(nodes or NODES, ca_ends=ends)}


@pytest.mark.parametrize(
    ("check", "member", "read", "expected"),
    [
        ("host-answers", {}, UNREACHABLE, ["w2 unknown: no answer within 10 s"]),
        ("swarm-answers", {}, {"swarm": Unread(why="no quorum")}, ["unknown: no quorum"]),
        ("swarm-answers", {}, {"swarm": None}, []),
        *(
            (
                "membership",
                {"state": state, "error": "it is\n so"},
                {},
                [f"w1 failed: its membership of the swarm is {state}: it is so"],
            )
            for state in ("pending", "locked", "error")
        ),
        ("membership", {"state": "inactive", "node_address": ""}, {}, []),  # it may still join
        ("membership", {}, listed(node("w1", state="down", hostname="vm7")), [f"w1 failed: {SAYS_DOWN}"]),
        (
            "membership",
            {},
            listed(node("m1", reachability="reachable"), DEAD),
            [f"w1 failed: {SAYS_DOWN}; 1 of 2 managers answer; {NO_MORE}"],
        ),
        ("membership", {}, listed(node("w2", id="x", state="down", hostname="old")), [f"old failed: {SAYS_DOWN}"]),
        ("certificates", {"state": "error", "error": EXPIRED}, {}, [f"w1 failed: {' '.join(EXPIRED.split())}"]),
        ("certificates", {}, listed(ends=NOW - DAY), [f"failed: {AUTHORITY} has ended, or does within a day"]),
        ("certificates", {}, listed(ends=NOW + 29.5 * DAY), [f"warning: {AUTHORITY} ends in 29 days"]),
        ("certificates", {}, listed(ends=NOW + 31 * DAY), []),
        ("certificates", {}, listed(ends=None), [f"unknown: {AUTHORITY} can't be read"]),
        (
            "advertised-address",
            {"node_address": "127.0.0.1"},
            {},
            ["w1 failed: it advertises 127.0.0.1, a loopback address"],
        ),
        # Behind a translation of addresses, or from its other link.
        (
            "advertised-address",
            {},
            listed(node("m1"), node("w1", address="203.0.113.7")),
            [f"w1 warning: {TO_MANAGERS}"],
        ),
        ("advertised-address", {}, listed(*OF_NO_USE), []),  # as a leader may be listed
        # The later one, and the other as its peer.
        (
            "advertised-address",
            {"node_address": "10.9.0.3"},
            {"swarm": None, "desired": wants(w1="10.9.0.3")},
            ["w2 -> w1 failed: both are known to the swarm as 10.9.0.3"],
        ),
        # It was fixed when the host joined; only the host knows what its interface has.
        (
            "advertised-address",
            {},
            {"desired": wants(w1="10.7.0.2")},
            ["w1 warning: it advertises 10.9.0.2, the stack file has 10.7.0.2"],
        ),
        ("advertised-address", {}, {"desired": wants(w1="eth1")}, []),
    ],
)
def test_member(check, member, read, expected):
    """What is wrong is told by the stack file's name, else its own, on one line; what can't be read is never well."""
    assert expected == found(check, host("w1", member=member), **read)


# Releases

OVERLAY = a_network(id="o1", scope="swarm", name="app", driver="overlay", options=((ENCRYPTED, ""),))
TOGETHER = ["w2 -> m1 failed", "w2 -> w1 failed"]


def bad(*releases, encrypted=False, **keys):
    """Return which hosts have a bad release, beside whom, and how sure that is."""
    hosts = [host(name, each) for name, each in zip(("m1", "w1", "w2"), releases, strict=False)]
    return [line.partition(":")[0] for line in found("engine-release", *hosts, desired=wants(encrypted), **keys)]


@pytest.mark.parametrize(
    ("releases", "encrypted", "expected"),
    [
        *((each, False, ["m1 failed"]) for each in ("27.0.0", "27.0.2", "28.0.0", "27.0.1+dfsg1", "v28.0.0-rc.1")),
        *((each, True, []) for each in ("26.1.5", "27.0.3", "28.0.1", "28.3.0", "29.2.1", "20.10.24")),
        ("28.2.2", False, ["m1 warning"]),  # nobody found the cause: it may do well
        *((each, False, ["m1 unknown"]) for each in ("library-import", "", "2.0.0-beta.24")),
        ("28.5.2 28.5.2 29.2.0", True, TOGETHER),
        ("28.5.2 28.5.2 29.2.0", False, []),
        ("29.2.0 29.2.0 29.2.1", True, []),
    ],
)
def test_release_that_is_known_to_be_bad(releases, encrypted, expected):
    """It is bad by itself, or beside each older one if an overlay is encrypted; without a number it is never well."""
    assert expected == bad(*releases.split(" "), encrypted=encrypted)


def test_overlay_of_others_may_be_encrypted():
    """The stack file need not know of it."""
    assert TOGETHER == bad("28.5.2", "28.5.2", "29.0.0", swarm=swarm(networks=(OVERLAY,)))


def test_finding_names_thread_and_remedy():
    """The finding says what is wrong, with the thread, and which release is right."""
    (row,) = diagnosis(seen(host("m1", "27.0.1")), wants(), only=["engine-release"]).findings

    assert "Engine 27.0.1 allocates one range to two networks (https://github.com/moby/moby/issues/48069)" == row.fact
    assert "install 27.0.3 or a later one" == row.remedy


def test_table_is_in_order():
    """Each row ends after it begins, and has a thread."""
    assert [] == [row for row in BAD if not row.first < row.fixed or not row.thread.startswith("https://github.com/")]


@pytest.mark.parametrize(
    ("check", "hosts", "expected"),
    [
        # Patches are no difference; one line for all hosts.
        ("mixed-releases", [host("w2", "28.5.1")], []),
        (
            "mixed-releases",
            [host("w1", "29.1.0"), host("w2", "28.5.1")],
            ["warning: hosts have several releases of the Engine: 28.5 (m1, w2), 29.1 (w1)"],
        ),
        (
            "live-restore",
            [host("w1", live_restore=True)],
            ["w1 failed: live-restore is enabled, which is incompatible with swarm mode"],
        ),
        # A minute is no business of a swarm's, nor is the time that asking took.
        ("clock", [host("w1", ahead=59), host("w2", ahead=-59)], []),
        ("clock", [host("w1", ahead=75, took=40)], []),
        # It is compared with a manager's, less what asking took. Certificates begin an hour before they were made.
        ("clock", [host("w1", ahead=75)], ["w1 -> m1 warning: its clock is 75 s ahead of that of m1"]),
        ("clock", [host("w1", ahead=75, took=20)], ["w1 -> m1 warning: its clock is 65 s ahead of that of m1"]),
        ("clock", [host("w1", ahead=-720)], ["w1 -> m1 warning: its clock is 12 min behind that of m1"]),
        ("clock", [host("w1", ahead=4 * 3600)], ["w1 -> m1 failed: its clock is 4 h ahead of that of m1"]),
        # The manager that is alone with its time is the wrong one.
        (
            "clock",
            [host(name, ahead=at, member={"control": True}) for name, at in (("m1", 301), ("w1", 0), ("w2", 1))],
            ["m1 -> w2 warning: its clock is 5 min ahead of that of w2"],
        ),
        # The others are compared.
        (
            "clock",
            [host("m1", clock=None), host("w1", ahead=-90), host("w2")],
            [
                "m1 unknown: its Engine does not report its time",
                "w1 -> w2 warning: its clock is 90 s behind that of w2",
            ],
        ),
    ],
)
def test_engines_of_all_hosts(check, hosts, expected):
    """What is wrong with them beside each other."""
    assert expected == found(check, *hosts)


# Kinds of Engine

IN_CONTAINER = {"OperatingSystem": "Alpine Linux edge (containerized)"}
UBUNTU = {"OperatingSystem": "Ubuntu 22.04.4 LTS"}
ROOTLESS = {"SecurityOptions": ["name=rootless"]}
DESKTOP = "install Docker Engine, or leave the host out"
ROOT = "set up a docker that runs as root"
LINUX = "swarm networks are made on Linux hosts alone"
CONTAINED = "its dockerd runs in a container"
OPEN = "ignore this once all channels are open"


@pytest.mark.parametrize(
    ("info", "status", "fact", "remedy"),
    [
        ({"OperatingSystem": "Docker Desktop"}, "failed", "this is Docker Desktop", DESKTOP),
        (ROOTLESS, "failed", "its docker is rootless", ROOT),
        ({"OSType": "windows"}, "failed", "its Engine runs windows containers", LINUX),
        # Recorded: https://github.com/rancher-sandbox/rancher-desktop/issues/7266
        ({**UBUNTU, "KernelVersion": "5.15.153.1-microsoft-standard-WSL2"}, "warning", "it is WSL", OPEN),
        ({"KernelVersion": "4.4.0-19041-Microsoft"}, "warning", "it is WSL", OPEN),
        # Recorded: https://github.com/orbstack/orbstack/issues/1
        ({**IN_CONTAINER, "KernelVersion": "6.1.23-orbstack-00113"}, "warning", CONTAINED, OPEN),
        # Recorded: https://github.com/docker-library/docker/pull/165. The kind that can't work counts.
        ({**ROOTLESS, **IN_CONTAINER}, "failed", "its docker is rootless", ROOT),
    ],
)
def test_engine_on_which_swarm_networks_do_not_work(info, status, fact, remedy):
    """The finding says what kind of Engine it is, then what to do; a warning if others may reach it all the same."""
    said = read_answer(Info, json.dumps(info))
    own = host("w1", unfit=unsupported(said), doubtful=doubtful(said))
    (row,) = diagnosis(seen(own), wants(), only=["engine-kind"]).findings

    assert ("w1", status) == (row.host, row.status)
    assert row.fact.startswith(fact)
    assert remedy in row.remedy


def test_engine_on_a_host_of_its_own():
    """Nothing. Recorded: Debian 12."""
    system = "Debian GNU/Linux 12 (bookworm)"

    assert "" == doubtful(Info(kernel="6.1.0-56-cloud-amd64", platform=system))
