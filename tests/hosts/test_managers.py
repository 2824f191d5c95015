"""Any good manager, the one with the newest API, and who is asked for the unlock key; rules/live/trust.py decides
who is trusted to be a manager."""

import threading

import pytest

from providers.hosts.observe import from_manager, self_report
from providers.hosts.perform import perform, unlock_key
from providers.rules.stack_file.access import UNSAID, Roles
from providers.rules.vocabulary.errors import NoQuorum, NoSwarm, NotAManager, Unproved, Unreachable
from providers.rules.vocabulary.facts import UnreachableHost
from providers.rules.vocabulary.steps import UnlockSwarm, UpdateService
from tests.support.memberships import info, node_id, places

NO_LEADER = "The swarm does not have a leader."
NO_MANAGER = {"message": "This node is not a swarm manager."}
NAMES = ("m1", "w1", "w2")
VERSIONS = {"m1": "1.45", "w1": "1.100", "w2": "1.51"}  # docker-py knows no such version
MANAGER = {"control": True}
WORKER: dict[str, object] = {}


def says(host, **word):
    """Have a host's Engine say this of its membership. It takes all three for managers, so that each one's own word
    decides."""
    host.engine.answer("GET /info", body=info(host.name, places(NAMES), **word))


def is_named(*names):
    """Return the roles of a stack file that has these managers."""
    return Roles(managers=frozenset(names))


@pytest.fixture
def hosts(new_host):
    """Three hosts with an Engine of another age each: a manager, and two workers."""
    hosts = {name: new_host(name) for name in NAMES}
    for name, host in hosts.items():
        host.engine.api_version = VERSIONS[name]
        says(host, control=name == "m1")
    return hosts


def test_manager_is_remembered(hosts, fleet):
    """One search serves the process, and also those who seek it while they ask each host."""
    assert dict.fromkeys(NAMES, "m1") == fleet.each(lambda engine: fleet.manager().name)
    assert 1 == hosts["m1"].engine.requests.count("GET /v1.45/info")


def test_lost_host_is_not_asked_for_its_self_report(hosts, fleet):
    """It is not among the hosts that are reached: its membership goes by the managers' word alone."""
    assert UnreachableHost(host="w9", why="w9: not asked, since it is lost") == self_report(fleet, "w9", leaving=True)


def test_newest_manager_is_remembered(hosts, fleet):
    """The good manager with the newest API is asked; numbers are compared, not letters."""
    for host in hosts.values():
        says(host, **MANAGER)

    assert ["w1"] * 3 == [fleet.newest_manager().name for _ in range(3)]
    assert 1 == hosts["w1"].engine.requests.count("GET /v1.100/info")


def test_services_are_read_from_the_newest_manager(hosts, fleet):
    """It is asked whichever manager is remembered for all else, since their specs are written back whole."""
    assert "m1" == fleet.manager().name
    says(hosts["w1"], **MANAGER)

    assert "w1" == from_manager(fleet, lambda engine: engine.name, newest=True)


@pytest.mark.parametrize("seek", ["manager", "newest_manager"])
@pytest.mark.parametrize("how", ["it fails", "it is forgotten"])
def test_manager_is_sought_again(hosts, fleet, seek, how):
    """Another good manager is sought after an answer that it could not give, or once it is told to forget the one it
    knows."""
    manager = getattr(fleet, seek)()
    if how == "it fails":
        hosts["m1"].engine.answer("GET /nodes", 503, NO_MANAGER)
        with pytest.raises(NotAManager):
            manager.read("/nodes", object)
    else:
        fleet.forget_manager()
    says(hosts["m1"])
    says(hosts["w1"], **MANAGER)

    assert ("m1", "w1") == (manager.name, getattr(fleet, seek)().name)


def test_slow_host_is_not_waited_for(hosts, fleet):
    """The search ends as soon as a good manager and one that names it have answered."""
    over = threading.Event()
    hosts["w1"].engine.does("GET /info", lambda: (200, over.wait(60)))

    assert "m1" == fleet.manager().name
    over.set()


def test_nobody_but_managers_is_asked(hosts, fleet_of):
    """If the stack file names the managers, only they are asked."""
    fleet = fleet_of(hosts, is_named("m1"))

    assert ("m1", ["m1"]) == (fleet.manager().name, [each.name for each in fleet.managers()])
    assert [0, 0] == [hosts[name].logins for name in ("w1", "w2")]


NONE = r"^no declared host can answer for the swarm: "
REFUSED = r"{} \(127.0.0.1:\d+\): connection refused"
OUT = {"state": "inactive"}


@pytest.mark.parametrize(
    ("said", "managers", "kind", "told"),
    [
        ([WORKER, OUT, {"state": "locked"}], None, NotAManager, "m1: a worker; w1: in no swarm; w2: locked$"),
        ([OUT, OUT, OUT], None, NoSwarm, "m1: in no swarm; w1: in no swarm; w2: in no swarm$"),
        ([OUT, OUT, None], None, Unreachable, f"m1: in no swarm; w1: in no swarm; {REFUSED.format('w2')}$"),
        (
            [{"control": True, "error": NO_LEADER}, None, WORKER],
            None,
            NoQuorum,
            f"m1: {NO_LEADER}; {REFUSED.format('w1')}; w2: a worker$",
        ),
        ([None, WORKER, WORKER], None, Unreachable, f"{REFUSED.format('m1')}; w1: a worker; w2: a worker$"),
        (
            [WORKER, WORKER, WORKER],
            "w1",
            NotAManager,
            r"m1: a worker; .*; declare a manager that the swarm has \(role: manager\) until w1 is one$",
        ),
        (
            [MANAGER, WORKER, WORKER],
            "w1",
            Unproved,
            r"m1: it says that it is a manager, and the stack file calls it a worker: .*; w1: a worker; w2: a worker$",
        ),
    ],
    ids=[
        "each says another thing",
        "every host is in no swarm: what was in one is gone",
        "an unreachable host might be in a swarm",
        "no quorum",
        "an unreachable host might be the manager",
        "the manager was replaced, and taken out",
        "the new manager is none yet",
    ],
)
def test_no_manager_says_what_each_host_said(hosts, fleet_of, said, managers, kind, told):
    """One line, with every host by its own words, and what to do."""
    for host, word in zip(hosts.values(), said, strict=True):
        if word is None:
            host.close()
        else:
            says(host, **word)
    with pytest.raises(kind, match=NONE + told) as caught:
        fleet_of(hosts, is_named(*managers.split()) if managers else UNSAID).manager()

    assert kind is type(caught.value)


@pytest.fixture
def verified(hosts, fleet):
    """The fleet whose one manager was verified before the hosts that confirmed it fell silent."""
    fleet.manager()
    for name in ("w1", "w2"):
        hosts[name].close()
    fleet.forget_manager()
    return fleet


def test_a_manager_stays_verified(verified):
    """A verified manager stays verified while the hosts that confirmed it are away."""
    assert "m1" == verified.manager().name


def test_a_host_stays_verified_as_that_member_only(hosts, verified):
    """It left and says that it is another one."""
    says(hosts["m1"], control=True, claims="another")

    with pytest.raises(Unproved, match="m1: it says that it is a manager, and no other host that answers confirms it"):
        verified.manager()


@pytest.mark.parametrize("read_on", ["w1", "w2"])
def test_services_are_written_where_they_were_read(hosts, fleet, read_on):
    """Another manager that answers by then is not used."""
    hosts[read_on].engine.answer("POST /services/s1/update", body={})

    perform(fleet, UpdateService(service_id="s1", version=7, spec="{}", read_on=read_on))

    assert f"POST /v{VERSIONS[read_on]}/services/s1/update?version=7" in hosts[read_on].engine.requests


@pytest.mark.parametrize("roles", [UNSAID, is_named("m1", "w1")], ids=["without swarm", "with swarm"])
@pytest.mark.parametrize(("hostname", "is_locked"), [("w1", True), ("other", False)], ids=["locked", "before"])
def test_a_manager_gets_the_unlock_key(hosts, fleet_of, roles, hostname, is_locked):
    """Another one gives the key to a locked manager that it lists by its name; to one that will be locked before that,
    when it says which member it is and others confirm that."""
    says(hosts["w1"], **({"state": "locked"} if is_locked else MANAGER))
    status = {"ID": node_id("w1"), "Version": {"Index": 1}, "Status": {"State": "ready", "Addr": "10.9.9.9"}}
    spec = {"Spec": {"Role": "manager", "Availability": "active"}, "Description": {"Hostname": hostname}}
    hosts["m1"].engine.answer("GET /nodes", body=[status | spec])
    hosts["m1"].engine.answer("GET /swarm/unlockkey", body={"UnlockKey": "SWMKEY-1-x"})
    hosts["w1"].engine.answer("POST /swarm/unlock", body={})
    fleet = fleet_of(hosts, roles)

    assert "SWMKEY-1-x" == unlock_key(fleet, "w1")
    perform(fleet, UnlockSwarm(host="w1"))
    assert {"UnlockKey": "SWMKEY-1-x"} == hosts["w1"].engine.bodies[-1]
