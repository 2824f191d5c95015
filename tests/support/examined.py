"""Hosts and swarms as `doctor` reads them, all well unless it is said otherwise."""

from dataclasses import replace

from providers.rules.doctor.case import DesiredHosts
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.diagnosis import Clock, Observed, ObservedHost, ObservedSwarm
from providers.rules.vocabulary.facts import Member, Node
from providers.rules.vocabulary.snapshot import SwarmSnapshot
from tests.support.swarms import a_swarm

NOW = 1_800_000_000.0
ADDRESSES = {"m1": "10.9.0.1", "w1": "10.9.0.2", "w2": "10.9.0.3"}
SETTINGS = a_swarm()


def host(name, release="28.5.2", ahead=0.0, took=0.0, member=None, **keys):
    """A host whose clock is so many seconds ahead; asking took so long. `member`: what is different in its word."""
    own = Member(host=name, state="active", node_id=f"id-{name}", control=name[0] == "m", node_address=ADDRESSES[name])
    clock = Clock(shown=NOW + took / 2 + ahead, asked=NOW, answered=NOW + took)
    usual = {"release": release, "clock": clock, "member": replace(own, **(member or {})), "known_by": own.node_address}
    return ObservedHost(**{**usual, **keys})


def node(name, **keys):
    """A member as its managers see it."""
    role = "manager" if name[0] == "m" else "worker"
    listed = {"id": f"id-{name}", "hostname": name, "role": role, "availability": "active", "state": "ready"}
    return Node(**{**listed, "address": ADDRESSES[name], **keys})


def swarm(nodes=None, ca_ends=NOW + 1e9, rooms=(), **snapshot):
    """A swarm of all hosts."""
    listed = tuple(map(node, ADDRESSES)) if nodes is None else nodes
    return ObservedSwarm(
        snapshot=SwarmSnapshot(settings=SETTINGS, nodes=listed, **snapshot),
        now=NOW,
        ca_ends=ca_ends,
        rooms=rooms,
    )


def seen(*hosts, **keys):
    """Return an examination with these hosts, and the others as they should be."""
    given = {each.host: each for each in hosts}
    return Observed(**{"hosts": tuple(given.get(name) or host(name) for name in ADDRESSES), "swarm": swarm(), **keys})


def wants(encrypted=False, **advertised):
    """A stack file's word on the same hosts; `advertised`: the addresses that are other ones."""
    access = {
        name: HostAccess(name=name, address=address, advertise_address=advertised.get(name, address))
        for name, address in ADDRESSES.items()
    }
    return DesiredHosts(access=access, encrypted=encrypted)


def told(findings):
    """Each finding as `w1 -> m1 failed: fact`, or `w1 failed: fact`, or `failed: fact`."""
    return [
        f"{each.host}{f' -> {each.peer}' if each.peer else ''} {each.status}: {each.fact}".strip() for each in findings
    ]


def found(check, *hosts, desired=None, **keys):
    """Return what one check finds on these hosts, in the form of `told`."""
    rows = diagnosis(seen(*hosts, **keys), desired or wants(), only=[check]).findings
    return told(each for each in rows if each.id == check)
