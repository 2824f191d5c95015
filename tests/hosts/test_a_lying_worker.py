"""A worker that says it is a manager, and serves a swarm of its own: nobody joins that, it gets no key, and nothing
that it says is written anywhere else."""

import pytest

from providers.hosts.observe import from_manager, services, swarm_facts
from providers.hosts.perform import perform
from providers.rules.stack_file.access import UNSAID, Roles
from providers.rules.vocabulary.errors import Conflict, EngineError, SwarmnetError, Unproved
from providers.rules.vocabulary.steps import JoinSwarm, UnlockSwarm, UpdateNode, UpdateSwarm, written_back
from tests.support.memberships import info, node_id
from tests.support.tables import cases

HOSTS = ("m1", "w1", "liar", "new")
KNOWN = {"m1": "10.0.0.1"}  # the one true manager, as all members know it
SWARM = {"ID": "s1", "Version": {"Index": 7}, "Spec": {"Name": "default"}}


def says(host, **word):
    """Have a host's Engine say this of its membership."""
    host.engine.answer("GET /info", body=info(host.name, KNOWN, **word))


def serves(host, word):
    """Have a host's Engine answer for a swarm in which this word stands wherever something can be read."""
    service = {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": word}}}
    node = {
        "ID": node_id("m1"),
        "Version": {"Index": 7},
        "Spec": {"Role": "manager", "Availability": "active", "Name": word},
        "Status": {"State": "ready", "Addr": KNOWN["m1"]},
    }
    swarm = SWARM | {"JoinTokens": {"Manager": "SWMTKN-1-m", "Worker": word}, "Spec": {"Name": word}}
    answers = {
        "GET /services": [{"ID": "s1", "Version": {"Index": 7}, "Spec": service}],
        "GET /nodes": [node],
        f"GET /nodes/{node_id('m1')}": node,
        "GET /swarm": swarm,
        "GET /swarm/unlockkey": {"UnlockKey": "SWMKEY-1-x"},
    }
    for request, body in answers.items():
        host.engine.answer(request, body=body)


@pytest.fixture
def hosts(new_host):
    """A manager, a worker, a worker that lies, and a host that is new. All take every write."""
    hosts = {name: new_host(name) for name in HOSTS}
    says(hosts["m1"], control=True)
    says(hosts["w1"])
    says(hosts["liar"], control=True)
    says(hosts["new"], state="inactive")
    serves(hosts["m1"], "true")
    serves(hosts["liar"], "evil")
    writes = ("swarm/join", "swarm/unlock", "swarm/update", "services/s1/update", f"nodes/{node_id('m1')}/update")
    for host in hosts.values():
        for path in writes:
            host.engine.answer(f"POST /{path}", body={})
    return hosts


@pytest.fixture(params=[UNSAID, Roles(managers=frozenset({"m1"}))], ids=["without swarm", "with swarm"])
def fleet(hosts, fleet_of, request):
    """The fleet of a stack file that does not say who is a manager, and of one that does."""
    return fleet_of(hosts, request.param)


def written(host):
    """The bodies of all that was written to a host."""
    return [
        body for what, body in zip(host.engine.requests, host.engine.bodies, strict=True) if what.startswith("POST")
    ]


def test_nothing_is_done_while_the_manager_is_unreachable(hosts, fleet):
    """There is no manager then, and a line says why: no host joins, and nothing is called gone or begun."""
    hosts["m1"].close()

    for act in (lambda: perform(fleet, JoinSwarm(host="new", role="worker")), lambda: swarm_facts(fleet)):
        with pytest.raises(Unproved, match="liar: it says that it is a manager, and"):
            act()
    assert [] == written(hosts["new"])


def test_a_host_joins_the_swarm_of_the_manager(hosts, fleet):
    """It joins with that manager's token, at the addresses that it names."""
    perform(fleet, JoinSwarm(host="new", role="worker"))

    (join,) = written(hosts["new"])
    assert ("true", ["10.0.0.1:2377"]) == (join["JoinToken"], join["RemoteAddrs"])


@pytest.mark.parametrize("claims", [None, node_id("m1")], ids=["its own member", "the manager's member"])
def test_it_is_told_no_unlock_key(hosts, fleet, claims):
    """It says that it is locked, and before that it was perhaps this or that member: no manager lists it as one."""
    says(hosts["liar"], control=True, claims=claims)
    fleet.managers()
    says(hosts["liar"], state="locked")

    with pytest.raises(
        EngineError, match="liar: it is not sent the swarm's unlock key, since m1 lists no manager of its"
    ):
        perform(fleet, UnlockSwarm(host="liar"))

    assert [] == written(hosts["liar"])


def test_its_key_is_no_key(hosts, fleet):
    """A locked member waits for a real manager, and gets no key from a false one."""
    says(hosts["m1"], state="locked")

    with pytest.raises(SwarmnetError, match="no other manager among the hosts can give it"):
        perform(fleet, UnlockSwarm(host="m1"))

    assert [] == written(hosts["m1"])


def test_no_service_of_its_reaches_the_manager(hosts, fleet):
    """It is not asked while the manager is unreachable, and a spec is written back to the host that it was read
    from."""
    hosts["m1"].engine.answer("GET /info", 500, {"message": "not now"})
    with pytest.raises(SwarmnetError):
        from_manager(fleet, services, newest=True)
    says(hosts["m1"], control=True)

    (service,) = from_manager(fleet, services, newest=True)
    perform(fleet, written_back(service, service.spec))

    assert ["true"] == [spec["TaskTemplate"]["ContainerSpec"]["Image"] for spec in written(hosts["m1"])]


@cases("step", {"the swarm": UpdateSwarm(version=7), "a member": UpdateNode(node_id=node_id("m1"), version=7)})
def test_no_other_spec_of_its_reaches_the_manager(hosts, fleet, step):
    """Settings and members are written with the spec that the same Engine has."""
    perform(fleet, step)

    assert (["true"], []) == ([spec["Name"] for spec in written(hosts["m1"])], written(hosts["liar"]))


@cases("step", {"the swarm": UpdateSwarm(version=6), "a member": UpdateNode(node_id=node_id("m1"), version=6)})
def test_what_has_changed_since_the_look_is_not_written(hosts, fleet, step):
    """A spec of another version was not what was decided on."""
    with pytest.raises(Conflict, match="changed while it was being decided on"):
        perform(fleet, step)

    assert [] == written(hosts["m1"])


def test_the_swarm_is_the_managers(hosts, fleet):
    """It is so also if all are asked for their membership first."""
    says(hosts["new"], state="inactive")
    hosts["liar"].engine.answer("GET /swarm", body=SWARM | {"ID": "its own"})

    found = swarm_facts(fleet).swarm
    assert found is not None
    assert "s1" == found.id
