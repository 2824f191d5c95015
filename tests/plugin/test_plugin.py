"""The plugin process as Pulumi drives it: what goes over gRPC, and what of it reaches the hosts."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
import pytest
from pulumi.runtime.proto.provider_pb2 import DiffResponse
from pulumi.runtime.rpc import UNKNOWN

from providers.gwbridge import GwbridgeProvider
from providers.ingress import IngressProvider
from providers.overlay import OverlayProvider
from tests.plugin.process import FakePulumi, Plugin
from tests.support.tables import cases

ROW = "urn:pulumi:t::swarmnet::pulumi-python:dynamic/swarmnet:Overlay::overlay/app"
COMMON = {"owner": "swarmnet/t", "adopt": "identical", "timeout": 60, "row": ROW, "protect": False}
APP = {
    **COMMON,
    **{"name": "app", "subnet": "10.20.0.0/24", "gateway": "10.20.0.1", "mtu": 1450, "labels": {"team": "net"}},
    **{"attachable": True, "internal": False, "encrypted": False, "options": {}, "subnets": []},
    **{"on_in_use": "refuse", "retain": False},
}
GWBRIDGE = {**COMMON, "host": "h1", "subnet": "10.12.0.0/16", "gateway": "10.12.0.1"}
INGRESS = {**COMMON, "subnet": "10.11.0.0/16", "gateway": "10.11.0.1"}
KNOWN = {"network_id": "n1", "adopted": False}
LIVE = {
    **{"Id": "n1", "Name": "app", "Driver": "overlay", "Scope": "swarm", "Attachable": True},
    "IPAM": {"Config": [{"Subnet": "10.20.0.0/24", "Gateway": "10.20.0.1"}]},
    "Options": {"com.docker.network.driver.mtu": "1450", "com.docker.network.driver.overlay.vxlanid_list": "4097"},
    "Labels": {"team": "net", "swarmnet.owner": "swarmnet/t"},
}


def has_no_overlay(host) -> None:
    """The swarm has none yet; the one that is asked for is made at once."""
    host.engine.answer("GET /networks", body=[])
    host.engine.answer("POST /networks/create", status=201, body={"Id": "n1"})
    host.engine.answer("GET /networks/n1", body=LIVE)


def has_overlay(host, **changes) -> None:
    """The swarm has the overlay, with changes to it, and nobody uses it."""
    host.engine.answer("GET /networks", body=[{**LIVE, **changes}])
    host.engine.answer("GET /networks/n1", body={**LIVE, **changes})
    for members in ("nodes", "services", "tasks"):
        host.engine.answer(f"GET /{members}", body=[])


def something_was_written(plugin, host) -> None:
    """Make a write: answers from before it, which would do for all reads of one run, no longer count."""
    has_no_overlay(host)
    plugin.create(OverlayProvider, APP)


def asked(host) -> list[str]:
    """Return the requests that the Engine got for a resource, without the search for a manager."""
    requests = (request.partition("?")[0].replace("/v1.51", "") for request in host.engine.requests)
    return [request for request in requests if request not in ("GET /_ping", "GET /info")]


def written(host) -> list[str]:
    """Return those requests that change something."""
    return [request for request in asked(host) if not request.startswith("GET")]


def complaint(call, *arguments) -> str:
    """Return what Pulumi shows when a call fails."""
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments)
    return str(caught.value.details()).removesuffix("\n")


# check


@cases(
    "expected, sent",
    {
        "defaults are filled in, and what is left open is left out": (
            {**APP, "row": "", "attachable": False, "labels": {}, "mtu": None},
            {"owner": "swarmnet/t", "name": "app", "subnet": "10.20.0.0/24", "gateway": "10.20.0.1", "mtu": None},
        ),
        "a preview's unknown is no mistake": ({**APP, "subnet": UNKNOWN}, {**APP, "subnet": UNKNOWN}),
    },
)
def test_check_gives_canonical_inputs(plugin, expected, sent):
    """They are those that the state will have."""
    actual = {key: value for key, value in expected.items() if value is not None}

    assert (actual, {}) == plugin.check(OverlayProvider, sent)


def test_preview_says_once_what_a_change_disturbs(plugin, pulumi_engine):
    """The program says that it is one, which neither the state nor the run after the prompt is told."""
    wider = {**APP, "subnet": "10.20.0.0/23"}
    for _ in range(2):
        assert (wider, {}) == plugin.check(OverlayProvider, {**wider, "preview": True}, APP)
        plugin.diff(OverlayProvider, APP, wider)

    words = "it is removed and recreated; refused while anything uses it; names: `swarmnet plan t`"
    assert [(ROW, words)] == pulumi_engine.lines


def test_check_says_what_is_wrong_by_property(plugin):
    """Each wrong property has its own reason."""
    _, failures = plugin.check(OverlayProvider, {**APP, "subnet": "10.20.0.5/24", "mtu": 1450.5})

    assert {"subnet", "mtu"} == failures.keys()
    assert "10.20.0.5/24 has host bits set: write 10.20.0.0/24" == failures["subnet"]


# diff

Told = tuple[int, list[str], bool]  # what differs, what is replaced by that, and whether the old one goes first
SAME: Told = (DiffResponse.DIFF_NONE, [], False)
CHANGED: Told = (DiffResponse.DIFF_UNKNOWN, [], False)
TREATMENT = {"row": "urn:another", "timeout": 90, "adopt": "refuse"}
NEW_RANGE = {"subnet": "10.13.0.0/16", "gateway": "10.13.0.1"}


@cases(
    "expected, provider, props, change",
    {
        "nothing": (SAME, OverlayProvider, APP, {}),
        "what says how it is worked on": (SAME, OverlayProvider, APP, TREATMENT),
        "the old one goes first": ((DiffResponse.DIFF_UNKNOWN, ["mtu"], True), OverlayProvider, APP, {"mtu": 1400}),
        "migrated": (CHANGED, OverlayProvider, APP, {"mtu": 1400, "on_in_use": "migrate"}),
        "treated otherwise": (CHANGED, OverlayProvider, APP, {"protect": True}),
        "not known yet": (CHANGED, OverlayProvider, APP, {"subnet": UNKNOWN}),
        "gwbridge": (CHANGED, GwbridgeProvider, GWBRIDGE, NEW_RANGE),
        "ingress": (CHANGED, IngressProvider, INGRESS, NEW_RANGE),
    },
)
def test_diff_replaces_only_what_must_be_replaced(plugin, expected, provider, props, change):
    """An overlay's name and range are free only once the old one is gone; any other change is one guarded update. Which
    properties differ is left to Pulumi, which shows them only if a provider says that it does not know."""
    answer = plugin.diff(provider, {**props, **KNOWN}, {**props, **change})

    assert expected == (answer.changes, list(answer.replaces), answer.deleteBeforeReplace)


# create, read, update, delete


def test_create_takes_two_requests(plugin, host, pulumi_engine):
    """Make it, and see that it got its addresses. What hosts have was compared once, at the first, and which names are
    taken was asked once. Each step is told on the resource's row before it is taken, and the result at the end."""
    has_no_overlay(host)
    plugin.create(OverlayProvider, {**APP, "name": "first"})
    host.engine.requests.clear()
    pulumi_engine.lines.clear()

    assert ("overlay/app", {**APP, **KNOWN}) == plugin.create(OverlayProvider, APP)
    assert ["POST /networks/create", "GET /networks/n1"] == asked(host)
    assert [(ROW, "create overlay app"), (ROW, "overlay app has 10.20.0.0/24")] == pulumi_engine.lines


def test_numbers_reach_the_engine_whole(plugin, host):
    """The wire makes 1450 into 1450.0; the Engine would refuse that."""
    something_was_written(plugin, host)

    assert {"com.docker.network.driver.mtu": "1450"} == next(body for body in host.engine.bodies if body)["Options"]


def test_four_resources_are_worked_on_at_once(plugin, host):
    """Pulumi's plugin has four threads, and none of them waits for another."""
    together = threading.Barrier(4, timeout=10)
    has_no_overlay(host)
    host.engine.answers["POST /v1.51/networks/create"] = lambda: (together.wait() and 0) or (201, {"Id": "n1"})
    names = ["app1", "app2", "app3", "app4"]
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda name: plugin.create(OverlayProvider, {**APP, "name": name}), names)

        assert [f"overlay/{name}" for name in names] == [id_ for id_, _ in made]


def test_read_tells_drift_by_property(plugin, host):
    """Inputs and outputs have what the swarm has, so that Pulumi can compare each property."""
    something_was_written(plugin, host)
    has_overlay(host, Attachable=False)
    drifted = {**APP, "attachable": False}

    assert ("overlay/app", {**drifted, **KNOWN}, drifted) == plugin.read(
        OverlayProvider, "overlay/app", {**APP, **KNOWN}
    )


# What goes wrong


def test_error_is_one_line(plugin, host):
    """The kind of problem, the host, the Engine's words: no traceback, no module path."""
    host.engine.answer("GET /networks", status=500, body={"message": "something is wrong\nhere"})

    assert "EngineError: h1: something is wrong here" == complaint(plugin.create, OverlayProvider, APP)


@pytest.mark.whole
def test_debugging_shows_the_whole_story(pulumi_engine, config):
    """The line is a traceback down to the cause with SWARMNET_DEBUG."""
    h1 = json.loads(config["swarmnet:hosts"])["h1"] | {"port": 1}  # nobody listens there
    off = {"swarmnet:hosts": json.dumps({"h1": h1})}
    with closing(Plugin(pulumi_engine.address, off, {"SWARMNET_DEBUG": "1"})) as plugin:
        shown = complaint(plugin.read, GwbridgeProvider, "docker_gwbridge@h1", GWBRIDGE)

    assert "Traceback (most recent call last):" in shown.splitlines()
    assert "ConnectionRefusedError: [Errno 111] Connection refused" in shown.splitlines()
    assert "providers.rules.vocabulary.errors.Unreachable" == shown.splitlines()[-1].partition(":")[0]


@pytest.mark.whole
def test_cut_run_starts_nothing(config, host):
    """A plugin whose Pulumi was killed looks, writes nothing, and says how to go on."""
    has_no_overlay(host)
    pulumi_engine = FakePulumi()
    with closing(Plugin(pulumi_engine.address, config, {"SWARMNET_DEBUG": ""})) as plugin:
        pulumi_engine.kill()

        assert (
            "RunCut: the run was cut before: create overlay app; run `pulumi cancel`, then `pulumi up` to finish it "
            "(with a changed stack file: `pulumi up --refresh`)"
        ) == complaint(plugin.create, OverlayProvider, APP)
    assert [] == written(host)


@pytest.mark.whole
def test_problem_of_the_configuration_is_told(pulumi_engine):
    """Refresh and destroy get the state's copy of the configuration, which may be another version's."""
    with closing(Plugin(pulumi_engine.address, {"swarmnet:hosts": '{"h1": {}}'}, {"SWARMNET_DEBUG": ""})) as plugin:
        assert "StackFileError: hosts.h1: needs one of address and local: true" == complaint(
            plugin.create, OverlayProvider, APP
        )
