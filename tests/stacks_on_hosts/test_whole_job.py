"""The whole job on Engine 28 and on others: bare hosts, one `pulumi up`, what each host's own Engine then shows."""

import json

import pytest

from tests.stacks_on_hosts.conftest import Status
from tests.support import machines
from tests.support.machines import OUTSIDE, Group, eventually
from tests.support.project import Project
from tests.support.what_hosts_show import is_bare, promised, shown, stack_of

pytestmark = pytest.mark.lab


def test_one_up_creates_every_resource(status: Status):
    """One `up` on bare hosts creates a bridge and a node for each host, the swarm, the ingress and each overlay."""
    expected = {
        *(f"docker_gwbridge@{host.name}" for host in status.hosts),
        *(f"node/{host.name}" for host in status.hosts),
        *("stack", "swarm", "ingress", "overlay/app", "overlay/monitoring"),
    }

    assert dict.fromkeys(expected, "create") == status.first.steps


def test_every_host_shows_what_the_stack_file_promises(status: Status):
    """Right bridge, ingress with its sandbox and way out, ready nodes, allocated overlays, labels, settings."""
    assert promised(status.sections) == shown(status.hosts)


def test_bridges_keep_containers_apart_and_say_whose_they_are(status: Status):
    """Each docker_gwbridge has the Engine's own options, all others said and neutral, and the label of its stack."""
    for host in status.hosts:
        bridge = host.network("docker_gwbridge")
        expected = {
            "com.docker.network.bridge.name": "docker_gwbridge",
            "com.docker.network.bridge.enable_icc": "false",
            "com.docker.network.bridge.enable_ip_masquerade": "true",
            "com.docker.network.bridge.gateway_mode_ipv4": "nat",
            "com.docker.network.bridge.gateway_mode_ipv6": "nat",
            "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
            "com.docker.network.bridge.inhibit_ipv4": "false",
            "com.docker.network.driver.mtu": "0",
        }

        assert (expected, {"swarmnet.owner": "swarmnet/t"}) == (bridge["Options"], bridge["Labels"])


def test_swarm_nodes_and_networks_say_whose_they_are(status: Status):
    """The swarm, each member, and each network carry the label of the stack that made them."""
    manager = status.hosts["t1"]
    labels = [
        manager.swarm()["Cluster"]["Spec"]["Labels"],
        *(node["Spec"]["Labels"] for node in manager.nodes().values()),
        *manager.networks().values(),
    ]

    assert {"swarmnet/t"} == {each["swarmnet.owner"] for each in labels}


def test_previews_are_empty_afterwards(status: Status):
    """Nothing is left to do, by the state alone and by what the hosts report."""
    quick = status.project.preview("--expect-no-changes")
    thorough = status.project.preview("--refresh", "--expect-no-changes")

    assert (0, 0) == (quick.code, thorough.code), f"{quick.told}{thorough.told}"


def test_a_second_up_asks_the_hosts_for_nothing(status: Status):
    """`up` with the same stack file changes no resource and writes to no host."""
    before = [host.writes() for host in status.hosts]

    again = status.project.up()

    assert (True, {}) == (again.ok, again.steps)
    assert before == [host.writes() for host in status.hosts]


def test_containers_on_different_hosts_reach_each_other(status: Status):
    """They do so by name, over the declared attachable overlay; and they reach the world by docker_gwbridge."""
    here, actual = status.hosts["t2"], status.hosts["t3"]
    actual.docker("run", "--detach", "--rm", "--name=there", "--network=app", "busybox:lab")
    try:
        ping = ("run", "--rm", "--network=app", "busybox:lab", "ping", "-c1", "-W2")

        assert "1 packets received" in eventually(lambda: here.docker(*ping, "there", check=False), 20)
        assert "1 packets received" in here.docker(*ping, OUTSIDE)
    finally:
        actual.docker("stop", "there")


def test_output_is_what_app_deployments_read(status: Status):
    """The output `swarmnet` is versioned JSON, with the Engine's ids."""
    manager = status.hosts["t1"]
    bridge = {"name": "docker_gwbridge", "subnet": "10.200.0.0/20", "gateway": "10.200.0.1"}
    flags = {"encrypted": False, "internal": False}

    expected = {
        "schema": 1,
        "swarm": {"id": manager.swarm()["Cluster"]["ID"], "managers": {"t1": manager.address}},
        "gwbridge": {"t1": bridge, "t2": bridge, "t3": bridge},
        "ingress": {
            "id": manager.network("ingress")["Id"],
            "name": "ingress",
            "subnet": "10.201.0.0/20",
            "gateway": "10.201.0.1",
        },
        "networks": {
            "app": {
                **{"id": manager.network("app")["Id"], "name": "app", "attachable": True},
                **{"subnet": "10.202.0.0/24", "gateway": "10.202.0.1", **flags},
            },
            "monitoring": {
                **{"id": manager.network("monitoring")["Id"], "name": "monitoring", "attachable": False},
                **{"subnet": "10.202.1.0/24", "gateway": "10.202.1.1", **flags},
            },
        },
    }

    assert expected == status.project.output()


def test_no_secret_is_kept_or_shown(status: Status):
    """Neither the state nor what `up` printed holds a join token or a private key."""
    told = json.dumps(status.project.state()) + status.first.text

    assert [] == [word for word in ("SWMTKN-", "SWMKEY-", "PRIVATE KEY") if word in told]


def test_destroy_takes_down_in_order_what_up_made(status: Status):
    """Overlays, ingress, nodes, swarm, bridges: each only once nothing stands on it; and the hosts are bare again."""
    status.stands = False

    end = status.project.destroy()

    assert end.ok, end.told
    kinds = [name.partition("/")[0].partition("@")[0] for name in end.steps]
    assert ["overlay", "ingress", "node", "swarm", "docker_gwbridge", "stack"] == list(dict.fromkeys(kinds))
    assert [True, True, True] == [is_bare(host) for host in status.hosts]


def test_one_connection_for_each_host_and_process(bare: Group, project: Project):
    """It is so from bare hosts to a swarm with its networks, whatever the number of resources, and in a refresh."""
    project.declare(stack_of(bare))
    for host in bare:
        host.end_sshd()
        host.start_sshd("-E", "/run/sshd.log")

    for logins, run in ((1, project.up), (2, project.refresh)):
        assert run().ok
        assert [logins] * 3 == [host.run("cat", "/run/sshd.log").count("Accepted publickey") for host in bare]


# A refresh has to be over within 40 s on a machine of its own; this is where a test stops waiting.
PATIENCE = 60.0


def test_nothing_is_gone_while_two_of_three_managers_are_down(bare: Group, project: Project):
    """A manager without a quorum answers 404 for overlays that exist: a refresh does not believe it, tells one line for
    each resource, and keeps the state as it was."""
    sections = stack_of(bare, managers=3)
    project.declare(sections)
    up = project.up()
    assert up.ok, up.told
    before = properties(project)
    bare.fault("t2", "stop-docker")
    bare.fault("t3", "stop-docker")
    eventually(lambda: bare["t1"].swarm()["Error"])

    run = project.refresh(seconds=PATIENCE)

    assert (False, []) == (run.ok, [line for line in run.errors.values() if "\n" in line])
    assert before == properties(project)
    assert {"swarm", "node/t1", "ingress", "overlay/app", "overlay/monitoring"} <= set(run.errors)
    assert "t2: the Engine does not answer" in run.errors["docker_gwbridge@t2"]
    bare.fault("t2", "start-docker")
    bare.fault("t3", "start-docker")
    assert eventually(project.is_settled)
    assert promised(sections) == shown(bare)


def properties(project: Project) -> dict[str, object]:
    """Inputs and outputs in the state, by resource."""
    return {name: (each.get("inputs"), each.get("outputs")) for name, each in project.state().items()}


# The oldest beside the lab's own; `make engines` has the others.
ENGINES = ["20.10,28,20.10", *(pytest.param(each, marks=pytest.mark.every_engine) for each in ("26", "29", "29,26,28"))]


@pytest.fixture(params=ENGINES)
def others(request: pytest.FixtureRequest):
    """Three bare hosts with another Engine than all other tests."""
    yield machines.start("u", request.param)
    machines.end("u")


def test_up_previews_and_destroy(others: machines.Group, project: Project):
    """One `up` makes every host right, nothing is left to do then, and `destroy` leaves bare hosts."""
    sections = stack_of(others)
    project.declare(sections)

    up = project.up()
    assert up.ok, up.told
    assert promised(sections) == shown(others)
    assert project.is_settled()

    end = project.destroy()
    assert end.ok, end.told
    assert [True, True, True] == [is_bare(host) for host in others]
