"""Driver options of a stack file, and keys beside them: what is warned of, and what is refused."""

from providers.rules.checks.preflight import findings
from providers.rules.checks.whole_file import verdict
from providers.rules.plan import plan_of
from providers.rules.stack_file import model
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary.network_options import GATEWAY_MODE, HOST_BINDING, INHIBIT, release
from providers.rules.vocabulary.snapshot import HostReport

HOSTS = {"m1": {"address": "10.9.0.1", "role": "manager"}, "w2": {"address": "10.9.0.2"}}


def refused(options: dict[str, object], **engines: int) -> tuple[str, ...]:
    """Return what hosts with these Engines lack for the options of docker_gwbridge."""
    raw = {"hosts": HOSTS, "gwbridge": {"subnet": "10.64.0.0/20", "options": options}}
    reports = [HostReport(host=host, engine=engine) for host, engine in engines.items()]
    return findings(resolve(model.parse(raw)), "infra/prod", reports).refused


def test_option_that_an_engine_is_too_old_for_is_refused_by_host():
    """It would keep it and do nothing, without a word; of a host whose Engine is not known nothing is said."""
    line = f"gwbridge.options: {GATEWAY_MODE} needs 28: w2 has 26, which would keep it and do nothing: "

    found = refused({GATEWAY_MODE: "routed", HOST_BINDING: "127.0.0.1"}, m1=28, w2=26)
    assert [line] == [each[: len(line)] for each in found]
    assert () == refused({GATEWAY_MODE: "routed"}, m1=29, w2=0)


def test_engine_is_known_by_the_api_that_it_speaks():
    """Each Engine of the lab was seen to say it."""
    assert [20, 26, 28, 29, 0] == [release(api) for api in ("1.41", "1.45", "1.51", "1.56", "")]


def test_unknown_option_is_passed_on_with_a_warning():
    """It is passed on for either driver; truth and numbers are text to an Engine."""
    raw = {
        "hosts": HOSTS,
        "gwbridge": {"subnet": "10.64.0.0/20", "options": {"com.example.a": 1, INHIBIT: True}},
        "overlays": {"app": {"subnet": "10.64.32.0/24", "options": {"com.example.b": "x"}}},
    }
    plan = plan_of(raw, "infra/prod")

    assert {"com.example.a": "1", INHIBIT: "true"} == plan.gwbridges[0][0].options
    assert ["gwbridge.options: com.example.a", "overlays.app.options: com.example.b"] == [
        line.partition(" is unknown to Swarmnet")[0] for line in plan.warnings if "options" in line
    ]


def test_gateways_that_are_left_out():
    """The first address of the part that containers get theirs from, and of the range of IPv6."""
    bridge = {"subnet": "10.64.0.0/20", "ip_range": "10.64.4.0/24", "ipv6": {"subnet": "fd00:64::/64"}}
    own = {"w2": {**HOSTS["w2"], "gwbridge": {"subnet": "10.65.0.0/20"}}}
    specs = [spec for wave in plan_of({"hosts": HOSTS | own, "gwbridge": bridge}, "a/b").gwbridges for spec in wave]

    assert {("m1", "10.64.4.0", "10.64.4.0/24", "fd00:64::1"), ("w2", "10.65.0.1", None, "fd00:64::1")} == {
        (spec.host, spec.gateway, spec.ip_range, spec.ipv6.gateway if spec.ipv6 else "") for spec in specs
    }


def test_two_overlays_with_one_number_are_refused():
    """The swarm would take the second and never give it addresses."""
    overlays = {name: {"subnet": f"10.64.{at}.0/24", "vxlan_id": 1000} for at, name in enumerate(("app", "data"), 32)}

    assert ["overlays.data.vxlan_id: 1000 is that of overlays.app too; choose another number"] == verdict(
        {"hosts": HOSTS, "overlays": overlays}
    ).problems
