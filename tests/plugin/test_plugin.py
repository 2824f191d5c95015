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
from tests.plugin.fake_pulumi import FakePulumi
from tests.plugin.process import Plugin

ROW = "urn:pulumi:t::swarmnet::pulumi-python:dynamic/swarmnet:Overlay::overlay/app"
COMMON = {"__owner": "swarmnet/t", "adopt": "identical", "timeout": 60, "__row": ROW, "protect": False}
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
MEMBER = {
    **{"ID": "n1", "Description": {"Hostname": "h1"}, "Status": {"State": "ready"}, "Version": {"Index": 1}},
    "Spec": {"Role": "manager", "Availability": "active", "Labels": {}},
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


def complaint(call, *arguments) -> str:
    """Return what Pulumi shows when a call fails."""
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments)
    return str(caught.value.details()).removesuffix("\n")


# check


def test_check_gives_canonical_inputs(plugin):
    """Defaults are filled in, and whatever the stack file leaves open is left out."""
    sent = {"__owner": "swarmnet/t", "name": "app", "subnet": "10.20.0.0/24", "gateway": "10.20.0.1", "mtu": None}
    unset = {key: value for key, value in APP.items() if key not in ("mtu", "__row")}

    assert ({**unset, "__row": "", "attachable": False, "labels": {}}, {}) == plugin.check(OverlayProvider, sent)


def test_preview_says_once_what_a_change_disturbs(plugin, pulumi_engine):
    """The program says that it is one, which neither the state nor the run after the prompt is told."""
    wider = {**APP, "subnet": "10.20.0.0/23"}
    for _ in range(2):
        assert (wider, {}) == plugin.check(OverlayProvider, {**wider, "__preview": True}, APP)
        plugin.diff(OverlayProvider, APP, wider)

    words = "it is removed and made anew; refused while anything uses it; names: `swarmnet plan t`"
    assert [(ROW, words)] == pulumi_engine.lines


def test_check_says_what_is_wrong_by_property(plugin):
    """Each wrong property has its own reason."""
    _, failures = plugin.check(OverlayProvider, {**APP, "subnet": "10.20.0.5/24", "mtu": 1450.5})

    assert {"subnet", "mtu"} == failures.keys()
    assert "Value error, 10.20.0.5/24 has host bits set: write 10.20.0.0/24" == failures["subnet"]


def test_check_lets_unknowns_pass(plugin):
    """A value that a preview cannot know yet is no mistake."""
    assert ({**APP, "subnet": UNKNOWN}, {}) == plugin.check(OverlayProvider, {**APP, "subnet": UNKNOWN})


def test_check_refuses_a_change_of_what_is_protected(plugin):
    """Pulumi's own protection minds removal alone; this one minds changes."""
    before = {**APP, "protect": True}
    _, failures = plugin.check(OverlayProvider, {**before, "internal": True}, before)

    assert {"internal": "is protected: set protect to false in one `pulumi up` before changing it"} == failures


def test_protection_is_lifted_before_a_change_not_with_it(plugin):
    """A change of what is protected takes two reviewed steps."""
    before = {**APP, "protect": True}
    _, at_once = plugin.check(OverlayProvider, {**APP, "internal": True}, before)
    _, lifted = plugin.check(OverlayProvider, APP, before)

    assert ({"internal"}, set()) == (at_once.keys(), lifted.keys())


# diff


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"__row": "urn:another", "timeout": 90, "adopt": "refuse"}, id="what-says-how-it-is-worked-on"),
    ],
)
def test_diff_of_equals_is_none(plugin, change):
    """Outputs that echo the inputs are no difference; ids and how the work is done count for nothing."""
    answer = plugin.diff(OverlayProvider, {**APP, **KNOWN}, {**APP, **change})

    assert DiffResponse.DIFF_NONE == answer.changes


def test_diff_leaves_the_details_to_pulumi(plugin):
    """Pulumi shows each property only if a provider says that it does not know."""
    answer = plugin.diff(OverlayProvider, {**APP, **KNOWN}, {**APP, "mtu": 1400})

    assert DiffResponse.DIFF_UNKNOWN == answer.changes


def test_changed_overlay_is_replaced_the_old_one_first(plugin):
    """Its name and its range are free only once the old one is gone."""
    answer = plugin.diff(OverlayProvider, {**APP, **KNOWN}, {**APP, "mtu": 1400, "on_in_use": "refuse"})

    assert (["mtu"], True) == (list(answer.replaces), answer.deleteBeforeReplace)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"mtu": 1400, "on_in_use": "migrate"}, id="migrated"),
        pytest.param({"protect": True}, id="treated-otherwise"),
    ],
)
def test_overlay_is_updated_where_it_need_not_be_replaced(plugin, change):
    """A migration and another treatment are updates."""
    answer = plugin.diff(OverlayProvider, {**APP, **KNOWN}, {**APP, **change})

    assert (DiffResponse.DIFF_UNKNOWN, [], False) == (
        answer.changes,
        list(answer.replaces),
        answer.deleteBeforeReplace,
    )


@pytest.mark.parametrize(
    ("provider", "props"),
    [
        pytest.param(GwbridgeProvider, GWBRIDGE, id="gwbridge"),
        pytest.param(IngressProvider, INGRESS, id="ingress"),
    ],
)
def test_gwbridge_and_ingress_are_never_replaced(plugin, provider, props):
    """A change of theirs is one guarded update."""
    answer = plugin.diff(provider, {**props, **KNOWN}, {**props, "subnet": "10.13.0.0/16", "gateway": "10.13.0.1"})

    assert (DiffResponse.DIFF_UNKNOWN, [], False) == (
        answer.changes,
        list(answer.replaces),
        answer.deleteBeforeReplace,
    )


def test_unknowns_replace_nothing(plugin):
    """A value that nobody knows yet may turn out to be the old one."""
    answer = plugin.diff(OverlayProvider, {**APP, **KNOWN}, {**APP, "subnet": UNKNOWN})

    assert (DiffResponse.DIFF_UNKNOWN, []) == (answer.changes, list(answer.replaces))


# create, read, update, delete


def test_create_takes_two_requests(plugin, host):
    """Make it, and see that it got its addresses. What hosts have was compared once, at the first, and which names are
    taken was asked once."""
    has_no_overlay(host)
    plugin.create(OverlayProvider, {**APP, "name": "first"})
    host.engine.requests.clear()

    assert ("overlay/app", {**APP, **KNOWN}) == plugin.create(OverlayProvider, APP)
    assert ["POST /networks/create", "GET /networks/n1"] == asked(host)


def test_numbers_reach_the_engine_whole(plugin, host):
    """The wire makes 1450 into 1450.0; the Engine would refuse that."""
    has_no_overlay(host)
    plugin.create(OverlayProvider, APP)
    body = next(body for body in host.engine.bodies if body)

    assert {"com.docker.network.driver.mtu": "1450"} == body["Options"]


def test_progress_shows_on_the_row_of_the_resource(plugin, host, pulumi_engine):
    """Each step is told before it is taken, and the result at the end."""
    has_no_overlay(host)
    plugin.create(OverlayProvider, APP)

    assert [(ROW, "create overlay app"), (ROW, "overlay app has 10.20.0.0/24")] == pulumi_engine.lines


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


def test_read_of_what_is_gone_gives_no_id(plugin, host):
    """An empty id makes Pulumi plan to create it again."""
    something_was_written(plugin, host)
    host.engine.answer("GET /nodes", body=[MEMBER])

    assert ("", {}, {}) == plugin.read(OverlayProvider, "overlay/app", {**APP, **KNOWN})


def test_read_that_cannot_tell_fails(plugin, host):
    """A manager without a quorum answers 404 for networks that exist: that is no absence."""
    something_was_written(plugin, host)
    host.engine.answer("GET /nodes", status=500, body={"message": "rpc error: The swarm does not have a leader."})

    assert "NoQuorum: h1: rpc error: The swarm does not have a leader." == complaint(
        plugin.read, OverlayProvider, "overlay/app", {**APP, **KNOWN}
    )


def test_update_of_its_treatment_writes_nothing(plugin, host):
    """The state takes the new value; the hosts have nothing to do."""
    has_overlay(host)
    news = {**APP, "protect": True}

    assert {**news, **KNOWN} == plugin.update(OverlayProvider, "overlay/app", {**APP, **KNOWN}, news)
    assert [] == [request for request in asked(host) if not request.startswith("GET")]


def deleted(plugin, host, network_id) -> list[str]:
    """Take an overlay away; returns what was asked."""
    has_overlay(host, Id=network_id)
    host.engine.answer(f"GET /networks/{network_id}", body={**LIVE, "Id": network_id})

    def gone() -> tuple[int, object]:
        host.engine.answer("GET /networks", body=[])
        host.engine.answer(f"GET /networks/{network_id}", status=404, body={"message": "network not found"})
        return 204, None

    host.engine.answers[f"DELETE /v1.51/networks/{network_id}"] = gone
    plugin.delete(OverlayProvider, "overlay/app", {**APP, **KNOWN, "network_id": network_id})
    return asked(host)


def test_delete_removes_it_by_id(plugin, host):
    """It goes by the id that the state knows, and is gone when the call returns."""
    requests = deleted(plugin, host, "n9")

    assert ["DELETE /networks/n9"] == [request for request in requests if not request.startswith("GET")]


def test_who_holds_it_is_asked_once_before_it_goes(plugin, host):
    """All tasks of a swarm are megabytes."""
    requests = deleted(plugin, host, "n8")

    assert 1 == requests[: requests.index("DELETE /networks/n8")].count("GET /tasks")


# What goes wrong


def test_error_is_one_line(plugin, host):
    """The kind of problem, the host, the Engine's words: no traceback, no module path."""
    host.engine.answer("GET /networks", status=500, body={"message": "something is wrong\nhere"})

    assert "EngineError: h1: something is wrong here" == complaint(plugin.create, OverlayProvider, APP)


def test_refusal_is_one_line(plugin, host):
    """One line says what clashes with what, and what to do."""
    has_overlay(host, Name="data")

    assert (
        "Blocked: overlay app: its subnet 10.20.0.0/24 overlaps 10.20.0.0/24 of the swarm's network data: "
        "choose another range, or free that one first"
    ) == complaint(plugin.create, OverlayProvider, APP)


@pytest.mark.whole
def test_debugging_shows_the_whole_story(pulumi_engine, config, closed_port):
    """The line is a traceback down to the cause with SWARMNET_DEBUG."""
    h1 = json.loads(config["swarmnet:hosts"])["h1"] | {"port": closed_port}
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
    assert [] == [request for request in asked(host) if not request.startswith("GET")]


@pytest.mark.whole
def test_problem_of_the_configuration_is_told(pulumi_engine):
    """Refresh and destroy get the state's copy of the configuration, which may be another version's."""
    with closing(Plugin(pulumi_engine.address, {"swarmnet:hosts": '{"h1": {}}'}, {"SWARMNET_DEBUG": ""})) as plugin:
        assert "StackFileError: hosts.h1: needs one of address and local: true" == complaint(
            plugin.create, OverlayProvider, APP
        )
