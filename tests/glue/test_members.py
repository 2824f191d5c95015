"""Members that go, die and move: what a preview's rows say, who is asked, and what a run says of dead managers."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from providers.explain.report.effects import LEAVES, LOST, STAYS
from providers.rules.resource_types.resource_type import to_props
from providers.rules.stack_file.access import HostAccess, Roles
from providers.rules.vocabulary.errors import NoSwarm
from providers.rules.vocabulary.labels import ROTATED
from providers.rules.vocabulary.steps import UpdateSwarm
from providers.run import Run
from providers.run.resource import PREVIEW, Provider
from providers.run.settings import Settings
from providers.simulate import SimulatorState, elapse, members
from tests.glue.stack import INGRESS, NODE, OVERLAY, SWARM, configure, known, provider_of, resource_type
from tests.support import lifecycle
from tests.support.others import bare
from tests.support.simulated import SimulatedHosts, on_host

ROW = "urn:pulumi:prod::infra::pulumi-python:dynamic/swarmnet:Swarm::swarm"
MANAGERS = ("m1", "m2", "m3")


def previewed(changed: tuple[str, ...], *, adopted: bool = False) -> None:
    """A preview of the swarm with other members, as Pulumi asks for it."""
    provider, before = provider_of(SWARM), to_props(SWARM)
    news = {**to_props(SWARM.model_copy(update={"members": changed, "row": ROW})), PREVIEW: True}
    checked = provider.check(before, news)
    provider.diff("swarm", {**before, "adopted": adopted, "swarm_id": "s"}, checked.inputs)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({}, {"w1": LEAVES, "w2": LEAVES}),
        ({"w1": {"lost": True, "address": "10.9.0.2"}}, {"w1": LOST, "w2": LEAVES}),
        ({"w1": {"unwatched": True, "address": "10.9.0.2"}}, {"w1": STAYS, "w2": LEAVES}),
    ],
    ids=["taken out", "lost", "unwatched"],
)
def test_row_says_what_becomes_of_a_member(bare_hosts, pulumi_engine, file, said):
    """Each host that goes has a line on the row of its membership, though Pulumi asks no provider of it."""
    configure(hosts={"m1": {"address": "10.9.0.1", "role": "manager"}, **file}, swarm={})
    previewed(("m1",))

    assert {ROW.replace("Swarm::swarm", f"Node::node/{host}"): words for host, words in said.items()} == dict(
        pulumi_engine.lines
    )


def test_row_of_a_host_that_may_be_renamed_says_so(bare_hosts, pulumi_engine):
    """The preview can't tell."""
    previewed(("m1", "w1", "w9"))

    assert [f"{LEAVES}; nothing, if it is w9 now"] == [line for _, line in pulumi_engine.lines]


def test_preview_warns_where_the_same_edit_used_to_forget(bare_hosts, pulumi_engine):
    """The swarm was taken over; members that joined left before too."""
    previewed(("m1", "w1"), adopted=True)

    (_, (row, warning)) = pulumi_engine.lines
    assert (ROW, True) == (row, "version 0.1.0 would only have forgotten w2 here" in warning)


# Dead managers


def three_managers() -> SimulatorState:
    """A swarm of three, of which one is dead."""
    nodes = (lifecycle.node_spec(name, role="manager") for name in MANAGERS)
    sim = lifecycle.made(bare(*MANAGERS), lifecycle.swarm_spec(members=MANAGERS), *nodes)
    return elapse(members.stop_docker(sim, "m3"), 60)


@pytest.mark.parametrize("refresh", [True, False], ids=["refresh", "up"])
def test_dead_manager_is_named_though_nothing_changes(on, pulumi_engine, refresh):
    """It is named once in a run, and not in a preview, which asks no host."""
    swarm = known(on(three_managers()), lifecycle.swarm_spec(members=MANAGERS, row=ROW))
    provider = provider_of(SWARM)
    provider.check(swarm.outputs, {**to_props(swarm.spec), PREVIEW: True})
    provider.diff("swarm", swarm.outputs, to_props(swarm.spec))
    assert [] == pulumi_engine.lines

    if refresh:
        swarm.read()
    provider.check(swarm.outputs, to_props(swarm.spec))
    provider.diff("swarm", swarm.outputs, to_props(swarm.spec))

    ((row, line),) = pulumi_engine.lines
    assert (ROW, "warning: manager m3: no answer to the others: 2 of 3 managers answer; one more loss") == (
        row,
        line[:83],
    )


# Lost hosts

Asked = tuple[SimulatedHosts, list[Mapping[str, HostAccess]]]


@pytest.fixture
def asked(on, monkeypatch, tmp_path) -> Asked:
    """The whole stack, at rest, in a project, and how its hosts are reached, look by look."""
    simulated: SimulatedHosts = on(lifecycle.running())
    seen: list[Mapping[str, HostAccess]] = []

    def reach(accesses: Mapping[str, HostAccess], roles: Roles) -> SimulatedHosts:
        seen.append(dict(accesses))
        for host in simulated.sim.hosts:
            simulated.sim = on_host(simulated.sim, host.name, declared=host.name in accesses)
        return simulated

    monkeypatch.setattr(Provider, "run", Run(reach))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: infra\nruntime: python\n")
    configure(hosts=declared(), swarm={})
    return simulated, seen


def declared(**more: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """The section `hosts`."""
    roles = {"m1": {"role": "manager"}}
    return {
        host: {"address": f"10.9.0.{n}", **roles.get(host, {}), **more.get(host, {})}
        for n, host in enumerate(lifecycle.HOSTS, 1)
    }


def write(**more: Mapping[str, object]) -> None:
    """Write the stack file, which says more of these hosts than the state's copy does."""
    config = {"swarmnet:hosts": declared(**more), "swarmnet:swarm": {}}
    Path("Pulumi.prod.yaml").write_text(json.dumps({"config": config}))


def test_who_asks_hosts_already_keeps_them_while_the_file_takes_one_out(tmp_path, monkeypatch):
    """Resources are read side by side, and each provider is configured when it is first needed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: infra\nruntime: python\n")
    given: list[Mapping[str, HostAccess]] = []

    def reach(accesses: Mapping[str, HostAccess], roles: Roles) -> SimulatedHosts:
        given.append(accesses)
        return SimulatedHosts(lifecycle.running())

    settings = Settings(reach)
    settings.configure({"swarmnet:hosts": json.dumps(declared())})
    settings.hosts()
    write(w1={"address": "10.9.0.9"})
    settings.follow_the_file("infra/prod")
    settings.hosts()

    assert [True, False] == ["w1" in accesses for accesses in given]


@pytest.mark.parametrize("spec", [NODE, lifecycle.gwbridge_spec("w1"), SWARM, INGRESS, OVERLAY], ids=resource_type)
@pytest.mark.parametrize("said", [{"lost": True}, {"address": "10.9.0.9"}], ids=lambda said: next(iter(said)))
def test_refresh_asks_no_host_that_is_lost_or_moved_and_drops_nothing(asked, spec, said):
    """Its file says so since the last `up`: what it has stays in the state as it is. At the new address may be another
    machine."""
    hosts, seen = asked
    hosts.sim = members.stop_docker(hosts.sim, "w1")
    write(w1=said)
    before = known(hosts, spec)
    id_, outputs, _ = before.read()

    assert (spec.resource_name, before.outputs) == (id_, {**outputs, **before.outputs})
    assert [] == [each for each in seen if "w1" in each]


@pytest.mark.parametrize("said", [{"lost": True}, {"address": "10.9.0.9"}], ids=lambda said: next(iter(said)))
def test_refresh_that_leaves_hosts_out_proves_no_absence(asked, said):
    """The swarm may live on in what is not asked."""
    hosts, _ = asked
    before = known(hosts, OVERLAY)
    hosts.sim = bare(*lifecycle.HOSTS)
    write(w1=said)

    with pytest.raises(NoSwarm):
        before.read()


def test_refresh_knocks_with_the_files_keys_and_follows_it_in_no_login(asked):
    """That comes with the next `up`."""
    hosts, seen = asked
    write(w1={"key_file": "~/.ssh/new", "user": "ops"})
    known(hosts, SWARM).read()

    assert ("~/.ssh/new", None) == (seen[-1]["w1"].key_file, seen[-1]["w1"].user)


def test_up_after_a_refresh_asks_a_host_where_the_file_has_it(asked):
    """Its former address counts no more."""
    hosts, seen = asked
    write(w1={"address": "10.9.0.9"})
    before = known(hosts, SWARM)
    before.read()
    refreshed = {*seen[-1]}
    configure(hosts=declared(w1={"address": "10.9.0.9"}), swarm={})
    before.read()

    assert ({"m1", "w2"}, "10.9.0.9") == (refreshed, seen[-1]["w1"].address)


@pytest.mark.parametrize("text", [None, "config: [", "config: {'swarmnet:hosts': 1}"], ids=["none", "no YAML", "wrong"])
def test_refresh_without_a_file_that_makes_sense_goes_by_the_state(asked, text):
    """It is as if there were none."""
    hosts, seen = asked
    if text:
        Path("Pulumi.prod.yaml").write_text(text)
    known(hosts, SWARM).read()

    assert {*lifecycle.HOSTS} == set(seen[-1])


@pytest.mark.parametrize("rotate", [False, True])
def test_up_asks_no_lost_host(asked, rotate):
    """Its membership goes all the same; join tokens are replaced by new ones where the file says so."""
    hosts, seen = asked
    hosts.sim = elapse(members.stop_docker(hosts.sim, "w1"), 60)
    gone = known(hosts, NODE)
    configure(hosts=declared(w1={"lost": True}), swarm={"rotate": rotate})
    Provider.run.settings.accesses.pop("w1")
    gone.delete()

    assert [] == [each for each in seen if "w1" in each]
    assert "w1" not in [node.hostname for node in hosts.sim.swarm.nodes]
    assert [True] * rotate == [step.rotate for step in hosts.steps if isinstance(step, UpdateSwarm) and step.rotate]
    assert hosts.sim.swarm.settings.label(ROTATED) is None
