"""Options and labels that nobody declared differ if they are new, and are kept if they were there."""

from dataclasses import replace
from typing import Any

import pytest

from providers.rules.live import overlay_migration
from providers.rules.resource_types import gwbridge, ingress, overlay
from providers.rules.resource_types.table import INGRESS, OVERLAY
from providers.rules.vocabulary import undeclared
from providers.rules.vocabulary.answers import pairs
from providers.rules.vocabulary.facts import GwbridgeFacts, IngressFacts, Member, Network, OverlayFacts, made
from providers.rules.vocabulary.network_config import NetworkConfig, Pool
from providers.rules.vocabulary.network_options import GATEWAY_MODE, HOST_BINDING, MTU, NEUTRAL
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, OverlaySpec, Spec
from providers.rules.vocabulary.steps import Blocked, CreateNetwork, Done
from providers.simulate import SimulatorState
from tests.support import lifecycle
from tests.support.decisions import reason
from tests.support.lifecycle import OWNER, gwbridge_spec, ingress_spec, overlay_spec
from tests.support.others import bare
from tests.support.simulated import SimulatedHosts
from tests.support.swarms import a_swarm
from tests.support.tables import cases

VNI = ("com.docker.network.driver.overlay.vxlanid_list", "4097")
STACK_OF_DOCKER = ("com.docker.stack.namespace", "shop")
OURS = ("swarmnet.owner", OWNER)


CREATION: dict[type, Any] = {
    GwbridgeSpec: gwbridge.creation,
    IngressSpec: ingress.creation,
    OverlaySpec: overlay.creation,
}
OUTSIDE = Member(host="m1", state="inactive")


def shown(spec: Any, *more: tuple[str, str], **given: Any) -> Network:
    """A network as an Engine shows it, made by nobody in particular, just as a spec wants it but for what is given."""
    asked = CREATION[type(spec)](spec).config
    config = replace(asked, **{"labels": (), "options": pairs({**dict(asked.options), **dict(more)}), **given})
    return made(config, id="n" * 25, scope="local" if config.driver == "bridge" else "swarm")


def said(spec: Any, found: Network) -> str:
    """Return why a create leaves it alone; empty if it takes it over."""
    match spec:
        case GwbridgeSpec():
            decision = gwbridge.next_step(spec, GwbridgeFacts(member=OUTSIDE, bridge=found), known=False)
        case IngressSpec():
            facts = IngressFacts(network=found, swarm=a_swarm(), hosts=(), nodes=())
            decision = ingress.next_step(spec, facts, known=False)
        case _:
            decision = overlay.next_step(spec, OverlayFacts(network=found))
    return "" if decision == Done() else reason(decision)


DUAL_STACK = (Pool(subnet="10.12.0.0/16", gateway="10.12.0.1"), Pool(subnet="fd00:1::/64", gateway="fd00:1::1"))
TWO = (Pool(subnet="10.20.0.0/24", gateway="10.20.0.1"), Pool(subnet="10.21.0.0/24", gateway="10.21.0.9"))
BRIDGE, MESH, APP = gwbridge_spec(), ingress_spec(), overlay_spec()


KEPT = (Pool(subnet="10.12.0.0/16", gateway="10.12.0.1", aux=(("a", "10.12.0.9"),)),)


@cases(
    "expected, spec, options, given",
    {
        "encrypted ingress": ("encrypted: True, desired False", MESH, [("encrypted", "")], {}),
        "host binding": ("127.0.0.1, desired none", BRIDGE, [(HOST_BINDING, "127.0.0.1")], {}),
        "unprotected": ("nat-unprotected", BRIDGE, [(GATEWAY_MODE, "nat-unprotected")], {}),
        "option": ("options.x: y, desired none", APP, [("x", "y")], {}),
        "dual-stack bridge": ("fd00:1::/64", BRIDGE, [], {"pools": DUAL_STACK, "ipv6": True}),
        "IPv6 that is off": ("fd00:1::/64, and IPv6 is off", BRIDGE, [], {"pools": DUAL_STACK}),
        "attachable bridge": ("containers may join it (attachable)", BRIDGE, [], {"attachable": True}),
        "no IPv4": ("it is without IPv4", BRIDGE, [], {"ipv4": False}),
        "macvlan": ("its driver is macvlan", APP, [], {"driver": "macvlan", "pools": TWO}),
        "macvlan as managers show it": ("its driver is macvlan", APP, [], {"driver": "macvlan", "pools": ()}),
        "second range": ("10.21.0.0/24", APP, [], {"pools": TWO}),
        "IPv6": ("it has IPv6, which swarms don't give addresses to", APP, [], {"ipv6": True}),
        "config-from": ("its settings come from the network tmpl", APP, [], {"config_from": "tmpl"}),
        "config-only": ("it is a template for other networks", APP, [], {"config_only": True}),
        "IPAM driver": ("its addresses come from the IPAM driver other", APP, [], {"ipam_driver": "other"}),
        "IPAM option": ("its IPAM driver has the option x=y", APP, [], {"ipam_options": (("x", "y"),)}),
        "kept address": ("it keeps 10.12.0.9 for a", BRIDGE, [], {"pools": KEPT}),
        "internal ingress": ("it is internal: containers have no external connectivity", MESH, [], {"internal": True}),
    },
)
def test_identical_means_all_that_an_engine_shows(
    expected: str, spec: Any, options: list[tuple[str, str]], given: dict[str, Any]
):
    """A network with anything that an Engine shows and nobody declared is not `identical`, with or without a key for
    it."""
    assert expected in said(spec, shown(spec, *options, **given))


SERIAL = (("com.docker.network.ipam.serial", "true"),)


@cases(
    "spec, options, given",
    {
        "options that say what is so anyway": (BRIDGE, NEUTRAL["bridge"].items(), {}),
        "an MTU left to the Engine": (BRIDGE, [(MTU, "0")], {}),
        "the VNI that the swarm gave": (APP, [VNI], {}),
        "the swarm's IPAM": (APP, [VNI], {"ipam_options": SERIAL}),
        "labels of others": (APP, [], {"labels": (STACK_OF_DOCKER,)}),
    },
)
def test_what_engines_fill_in_is_no_difference(spec: Any, options: list[tuple[str, str]], given: dict[str, Any]):
    """Each Engine fills in what was measured on it (measurements.md#options-by-engine)."""
    assert "" == said(spec, shown(spec, *options, **given))


def test_declared_option_is_compared():
    """It is compared as an Engine shows it, or as it is if nothing is shown."""
    spec = gwbridge_spec(options={HOST_BINDING: "127.0.0.1"})

    assert "" == said(spec, shown(spec))
    assert f"options.{HOST_BINDING}: 0.0.0.0, desired 127.0.0.1" in said(spec, shown(BRIDGE))


def test_declared_option_that_says_nothing_is_as_good_as_none():
    """An Engine that shows none has the same."""
    bare_options = tuple(each for each in shown(BRIDGE).options if each[0] != HOST_BINDING)

    assert "" == said(gwbridge_spec(options={HOST_BINDING: "0.0.0.0"}), shown(BRIDGE, options=bare_options))


def test_what_a_preview_has_not_shown_stays():
    """An update for another reason carries it over; one whose preview showed that it goes, drops it."""
    found = shown(BRIDGE, (HOST_BINDING, "127.0.0.1"), labels=(OURS, ("team", "a"), ("of", "others"))).config
    told = BRIDGE.model_copy(update={"dropped": frozenset({f"options.{HOST_BINDING}", "labels.team"})})
    bare_config = NetworkConfig(name="docker_gwbridge", driver="bridge", labels=(OURS,))
    remade = [undeclared.carried(spec, bare_config, found) for spec in (BRIDGE, told)]

    assert [("127.0.0.1", "a"), ("0.0.0.0", None)] == [(new.option(HOST_BINDING), new.label("team")) for new in remade]
    assert ["others", "others"] == [new.label("of") for new in remade]


def touched(found: Network, options: dict[str, str], labels: dict[str, str]) -> Network:
    """A network to which somebody gave more options and labels."""
    return replace(
        found,
        options=pairs({**dict(found.options), **options}),
        labels=pairs({**dict(found.labels), **labels}),
    )


def swarm_with(spec: Spec) -> SimulatedHosts:
    """A simulated swarm with a network, to which somebody gave other things too."""
    sim: SimulatorState = lifecycle.made(bare(*lifecycle.HOSTS), *lifecycle.whole_stack()[:-2], spec)
    theirs = [touched(each, {"site": "x"}, dict([STACK_OF_DOCKER])) for each in sim.swarm.networks]
    return SimulatedHosts(sim.agreed(networks=tuple(theirs)))


def test_ingress_keeps_what_nobody_declared_through_a_change_of_its_range():
    """Labels and options both, by the note that is on the swarm meanwhile."""
    hosts = swarm_with(MESH)
    desired = ingress_spec(subnet="10.99.0.0/16", gateway="10.99.0.1")
    lifecycle.make(hosts, desired, known=lifecycle.id_of(hosts.sim, MESH))
    actual = hosts.sim.swarm.ingress

    assert actual is not None
    assert ("10.99.0.0/16", "x", "shop") == (actual.subnet, actual.option("site"), actual.label(STACK_OF_DOCKER[0]))


def test_bridge_of_a_member_keeps_what_nobody_declared():
    """The note on its node keeps it meanwhile."""
    host = lifecycle.running().host("w1")
    bridge = next(each for each in host.networks if each.name == "docker_gwbridge")
    more = touched(bridge, {HOST_BINDING: "127.0.0.1"}, {"of": "others"})
    hosts = SimulatedHosts(lifecycle.running().with_host(host.with_network(more)))
    lifecycle.make(hosts, gwbridge_spec("w1", subnet="10.99.0.0/16", gateway="10.99.0.1"), known=bridge.id)
    actual = hosts.sim.host("w1").network("docker_gwbridge")

    assert actual is not None
    assert ("10.99.0.0/16", "127.0.0.1", "others") == (actual.subnet, actual.option(HOST_BINDING), actual.label("of"))


def test_twin_and_new_overlay_have_what_nobody_declared():
    """An overlay that moves its services is like the old one in all that nobody declared."""
    hosts = swarm_with(APP)
    found = next(net for net in hosts.sim.swarm.networks if net.name == "app")
    twin = overlay_migration.twin_creation(APP, found).config
    new = overlay.creation(overlay_spec(subnet="10.99.0.0/24", gateway="10.99.0.1"), twin).config

    assert [("x", "shop"), ("x", "shop")] == [
        (each.option("site"), each.label(STACK_OF_DOCKER[0])) for each in (twin, new)
    ]
    assert (None, ("0", None)) == (new.label("swarmnet.twin"), (new.option(MTU), new.option(VNI[0])))


def test_defaults_of_daemon_json_do_not_slip_into_what_we_make():
    """Defaults that Engines would take from daemon.json are declared; unknown ones stay, and are not removed time
    and again."""
    sim = bare("m1")
    defaults = pairs({HOST_BINDING: "127.0.0.1", MTU: "1234", "site": "x"})
    hosts = SimulatedHosts(sim.with_host(replace(sim.host("m1"), bridge_defaults=defaults)))
    lifecycle.make(hosts, BRIDGE)
    creations = [step for step in hosts.steps if isinstance(step, CreateNetwork)]
    actual = hosts.sim.host("m1").network("docker_gwbridge")

    assert actual is not None
    assert (1, "0.0.0.0", "0") == (len(creations), actual.option(HOST_BINDING), actual.option(MTU))


def test_what_stays_is_told_to_the_state():
    """The next refresh finds no difference in it; a later addition is one."""
    found = shown(APP, ("x", "y"), labels=(OURS,))
    more = touched(found, {"z": "1"}, {})
    known = {"network_id": found.id, **OVERLAY.kept(APP, {}, found)}
    live = [OVERLAY.status(APP, known, OverlayFacts(network=each)).live for each in (found, more)]

    assert {"kept": ["x"], "network_id": found.id} == known
    assert [{}, {"z": "1"}] == [each.options for each in live if each]
    assert {} == INGRESS.kept(MESH, {}, shown(MESH))


def test_keys_that_bring_several_ranges_are_asked_for_and_read_back():
    """IPv6 of a bridge, further ranges and a number of an overlay, on the simulated swarm."""
    six = gwbridge_spec("m1", ipv6={"subnet": "fd00:1::/64", "gateway": "fd00:1::1"}, ip_range="10.12.4.0/24")
    app = overlay_spec(subnets=("10.21.0.0/24",), vxlan_id=1000)
    hosts = SimulatedHosts(lifecycle.made(bare(*lifecycle.HOSTS), six, *lifecycle.whole_stack()[1:-1], app))
    bridge = hosts.sim.host("m1").network("docker_gwbridge")
    network = next(net for net in hosts.sim.swarm.networks if net.name == "app")

    assert bridge is not None
    assert ["", ""] == [said(six, bridge), said(app, network)]
    assert (True, ("10.20.0.0/24", "10.21.0.0/24"), "1000,4098") == (
        bridge.ipv6,
        network.subnets,
        network.option(VNI[0]),
    )
    assert "vxlan_id: 1000, desired 1001" in overlay.describe_difference(overlay_spec(vxlan_id=1001), network)


def test_number_of_another_networks_vxlan_is_refused():
    """The swarm would take it and never give it addresses."""
    other = shown(overlay_spec("data", subnet="10.30.0.0/24", gateway="10.30.0.1"), (VNI[0], "1000,4100"))

    assert "its vxlan_id 1000 is that of the swarm's network data" in reason(
        overlay.next_step(overlay_spec(vxlan_id=1000), OverlayFacts(network=None, listed=(other,)))
    )


@pytest.mark.parametrize(("release", "expected"), [("26.1.5", ""), ("28.5.2", "isolated"), ("2.0.0", "isolated")])
def test_option_that_the_engine_would_refuse_is_named_before_anything_is_removed(release: str, expected: str):
    """An older one had kept it; declared otherwise, it is no hindrance."""
    found = shown(BRIDGE, (GATEWAY_MODE, "isolated"), labels=(OURS,))
    facts = GwbridgeFacts(member=replace(OUTSIDE, release=release), bridge=found)
    desired = gwbridge_spec(mtu=1400)
    decision = gwbridge.next_step(desired, facts, known=True)

    assert expected in (reason(decision) if isinstance(decision, Blocked) else "")
    assert isinstance(decision, Blocked) is bool(expected)
    declared = desired.model_copy(update={"options": {GATEWAY_MODE: "nat"}})
    assert not isinstance(gwbridge.next_step(declared, facts, known=True), Blocked)
