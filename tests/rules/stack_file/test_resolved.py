"""Facts that follow from a stack file, derived in one place."""

import json

import pytest

from providers.rules.checks.whole_file import validate
from providers.rules.plan import planned
from providers.rules.stack_file.access import HostAccess, addresses
from providers.rules.stack_file.model import parse
from providers.rules.stack_file.resolved import configured, configured_hosts, resolve, without_lost
from providers.rules.vocabulary.errors import StackFileError

HOSTS = {
    "m1": {"address": "10.9.0.1", "role": "manager", "lost": True},
    "m2": {"address": "10.9.0.2", "role": "manager"},
    "w1": {"address": "10.9.0.3", "gwbridge": {"mtu": 1400}},
}
GWBRIDGE = {"subnet": "10.12.0.0/16"}


def settings(**sections):
    """A configuration as Pulumi hands it to the plugin."""
    return {f"swarmnet:{key}": json.dumps(section) for key, section in sections.items()}


def test_lost_host_is_planned_no_more():
    """A host that is lost for good has no resources, whatever still names it."""
    sections = {"hosts": HOSTS, "order": [["m2", "w1"], ["m1"]], "swarm": {"first_manager": "m1"}}
    left = without_lost(resolve(parse(sections)))

    assert (["m2", "w1"], (("m2", "w1"),), "m2") == (list(left.file.hosts), left.batches, left.first_manager)


@pytest.mark.parametrize(
    ("expected", "sections"), [(frozenset({"m2"}), {"swarm": {}}), (None, {})], ids=["with swarm", "without"]
)
def test_who_is_a_manager(expected, sections):
    """A host is one if the file calls it a manager and not lost, and has the section `swarm`."""
    assert expected == resolve(parse({"hosts": HOSTS, **sections})).roles.managers


@pytest.mark.parametrize(
    ("expected", "way"),
    [
        ({"10.9.0.1"}, {"address": "10.9.0.1"}),
        ({"10.9.0.1", "10.8.0.1"}, {"address": "10.9.0.1", "advertise_address": "10.8.0.1:2377"}),
        ({"2001:db8::1"}, {"address": "2001:0db8::1"}),
        (set(), {"address": "m1.example.com", "advertise_address": "eth0"}),
        (set(), {"address": "127.0.0.1"}),
        (set(), {"local": True}),
    ],
)
def test_addresses_that_members_may_know_a_host_by(expected, way):
    """Those that the file says, in one form; not what each host calls itself."""
    assert expected == addresses(HostAccess(name="m1", **way))


def test_no_host_is_resolved_twice():
    """A plan has what was made for the checks: with each host anew for each host, 1000 hosts took 18 s."""
    validation = validate({"hosts": WATCHED, "gwbridge": GWBRIDGE})

    assert planned(validation, "infra/prod").access is validation.resolved.access
    assert validation.resolved.bridges is validation.resolved.bridges


def test_configuration_is_read_once():
    """Pulumi configures each provider anew, and each with the same."""
    given = settings(hosts=HOSTS)

    assert configured_hosts(given) is configured(dict(given))


@pytest.mark.parametrize("value", ["{}", "[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]"])
def test_hosts_are_known_whatever_is_wrong_beside_them(value):
    """A stack whose networks make no sense any more can still be destroyed."""
    given = {**settings(hosts=HOSTS), "swarmnet:ingress": value}

    assert set(HOSTS) == configured_hosts(given).file.hosts.keys()


@pytest.mark.parametrize(
    ("expected", "read"),
    [
        (["hosts.m1: needs one of address and local: true"], configured_hosts),
        (["hosts.m1: needs one of address and local: true", "ingress.subnet: is required"], configured),
    ],
    ids=["hosts alone", "every section"],
)
def test_configuration_is_refused_with_all_that_is_wrong(expected, read):
    """Every section counts before the first write; for hosts alone, problems elsewhere do not."""
    with pytest.raises(StackFileError) as refusal:
        read(settings(hosts={"m1": {}}, ingress={}))

    assert expected == refusal.value.problems


WATCHED = {"m1": {"address": "10.9.0.1", "role": "manager"}}
WIN = {"address": "10.9.0.9", "unwatched": True}
UNWATCHED = {**WATCHED, "win": WIN}


def test_unwatched_host_is_a_member_and_nothing_more():
    """It is not reached, nothing is changed there, and the ingress is told who it is."""
    sections = {"swarm": {}, "gwbridge": GWBRIDGE, "ingress": {"subnet": "10.11.0.0/16"}}
    alone, both = (planned(validate({"hosts": hosts, **sections}), "i/t") for hosts in (WATCHED, UNWATCHED))

    assert ("10.9.0.9", "win") == (both.ingress and both.ingress.unwatched)
    assert (["m1"], frozenset({"win"})) == (list(both.access), both.unwatched)
    assert [spec.resource_name for spec in alone.specs] == [spec.resource_name for spec in both.specs]
    assert alone.ingress
    assert "unwatched" not in alone.ingress.model_dump(exclude_none=True)


@pytest.mark.parametrize(
    ("problem", "sections"),
    [
        ("hosts: all are unwatched; a stack needs at least one that is reached", {"hosts": {"win": WIN}}),
        (
            "ingress.subnet: 10.9.0.0/24 contains hosts.win.address 10.9.0.9/32",
            {"hosts": {"m1": {"address": "m1"}, "win": WIN}, "ingress": {"subnet": "10.9.0.0/24"}},
        ),
    ],
)
def test_what_can_not_be_said_of_an_unwatched_host(problem, sections):
    """Nothing is changed there, and its address is taken all the same."""
    (line,) = validate(sections).problems

    assert problem == line[: len(problem)]


# Workers declared between the managers.
FIVE = {
    name: {"address": f"10.0.0.{number}", "role": "manager" if name[0] == "m" else "worker"}
    for number, name in enumerate(("m1", "w1", "m2", "w2", "m3"), start=1)
}
WORKERS = {name: FIVE[name] for name in ("w1", "w2")}


@pytest.mark.parametrize(
    ("expected", "sections"),
    [
        ([["w1", "w2"], ["m2"], ["m3"], ["m1"]], {"hosts": FIVE}),
        ([["w1", "w2"], ["m1"], ["m3"], ["m2"]], {"hosts": FIVE, "swarm": {"first_manager": "m2"}}),
        ([["m1"], ["w1", "m2"], ["w2", "m3"]], {"hosts": FIVE, "order": [["m1"], [], ["w1", "m2"], ["w2", "m3"]]}),
        ([["w1", "w2"]], {"hosts": WORKERS}),
    ],
    ids=["the first manager last", "the one named last", "the order, less empty waves", "others keep the managers"],
)
def test_waves(expected, sections):
    """Without an order: all workers at once, each further manager alone, the first manager last."""
    assert expected == [list(batch) for batch in resolve(parse(sections)).batches]
