"""Hosts that are right already, or as Docker makes them by itself: what `up` takes over, and what it writes."""

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.machines import Group, eventually, identities
from tests.support.project import Project
from tests.support.what_hosts_show import networks_of, promised, shown, stack_of

pytestmark = pytest.mark.lab

BRIDGE_OPTIONS = {"bridge.name": "docker_gwbridge", "bridge.enable_icc": "false", "bridge.enable_ip_masquerade": "true"}


def form_swarm(hosts: Group, *options: str) -> None:
    """Form a swarm as an operator does: init on the first host, join on the others."""
    manager, *workers = hosts
    manager.docker("swarm", "init", f"--advertise-addr={manager.address}", *options)
    token = manager.docker("swarm", "join-token", "--quiet", "worker")
    for worker in workers:
        worker.docker("swarm", "join", f"--token={token}", f"{manager.address}:2377")
    eventually(lambda: all(networks_of(host)["way out"] for host in hosts))


def do_the_whole_job(hosts: Group) -> None:
    """Make by hand, with the docker command, what `stack_of` declares."""
    options = [f"--opt=com.docker.network.{key}={value}" for key, value in BRIDGE_OPTIONS.items()]
    for host in hosts:
        host.docker("network", "create", "--subnet=10.200.0.0/20", "--gateway=10.200.0.1", *options, "docker_gwbridge")
    # The swarm's first network, the ingress, takes the first range of the pool.
    form_swarm(hosts, "--default-addr-pool=10.201.0.0/16", "--default-addr-pool-mask-length=20")
    manager = hosts["t1"]
    manager.update_swarm(
        lambda spec: spec.update(Labels={"team": "net"}, Orchestration={"TaskHistoryRetentionLimit": 4})
    )
    create = ("network", "create", "--driver=overlay")
    manager.docker(*create, "--attachable", "--subnet=10.202.0.0/24", "app")
    manager.docker(*create, "--subnet=10.202.1.0/24", "--label=team=ops", "monitoring")
    for name in hosts.hosts:
        manager.docker("node", "update", "--label-add=rack=r1", name)


def test_with_an_empty_state_what_is_ours_is_taken_over_without_a_write(standing: Standing, project: Project):
    """A user who lost the state runs `up` again: every resource is in the state, and no host was written to."""
    project.declare(standing.sections)
    before = identities(standing.hosts), [host.writes() for host in standing.hosts]

    again = project.up()

    assert (True, standing.first.steps) == (again.ok, again.steps), again.told
    assert before == (identities(standing.hosts), [host.writes() for host in standing.hosts])
    assert standing.project.output() == project.output()


def test_what_others_made_alike_is_adopted_without_a_write_and_forgotten(bare: Group, project: Project):
    """All of it made by hand: `up` writes nothing, says `adopted`, and `destroy` leaves everything as it is."""
    sections = stack_of(bare)
    do_the_whole_job(bare)
    assert promised(sections) == shown(bare)
    project.declare(sections)
    before = identities(bare), [host.writes() for host in bare]

    assert project.up().ok
    assert before == (identities(bare), [host.writes() for host in bare])
    outputs = [each.get("outputs", {}) for each in project.state().values()]
    assert [True] * 10 == [each["adopted"] for each in outputs if "adopted" in each]
    assert project.is_settled()

    assert project.destroy().ok
    assert before == (identities(bare), [host.writes() for host in bare])


def test_members_that_others_began_leave_with_their_hosts(bare: Group, project: Project):
    """One is taken out of the file, one is cut off and lost: neither is a member. `destroy` leaves the others."""
    form_swarm(bare)
    manager, second, last = bare
    hosts = {host.name: {"address": host.address} for host in bare}
    hosts[manager.name]["role"] = "manager"
    sections = {"hosts": hosts, "ssh": stack_of(bare)["ssh"], "swarm": {}}
    project.declare(sections)
    assert project.up().ok
    del hosts[last.name]
    project.declare(sections)

    up = project.up()

    assert up.ok, up.told
    assert ("inactive", {manager.name, second.name}) == (last.swarm()["LocalNodeState"], set(manager.nodes()))
    bare.fault(second.name, "cut")
    hosts[second.name]["lost"] = True
    project.declare(sections)
    up = project.up()
    bare.fault(second.name, "heal")
    assert up.ok, up.told
    assert [manager.name] == [*manager.nodes()]
    assert project.destroy().ok
    assert [manager.name] == [*manager.nodes()]


def test_networks_as_docker_makes_them_give_way(bare: Group, project: Project):
    """A swarm that somebody formed has 172.18.0.0/16 and 10.0.0.0/24: `up` puts the declared ones in their place."""
    form_swarm(bare)
    sections = stack_of(bare)
    project.declare({key: value for key, value in sections.items() if key != "swarm"})

    up = project.up()

    assert up.ok, up.told
    assert promised(sections)["hosts"] == {host.name: networks_of(host) for host in bare}
    assert project.is_settled()
