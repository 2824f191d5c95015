"""A stack file of which some values are not known yet."""

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from plugin.unknowns import check_known, common
from providers.rules.stack_file.model import StackFile
from providers.rules.vocabulary.errors import StackFileError

WHOLE: dict[str, Any] = {
    "hosts": {"m1": {"address": UNKNOWN, "role": "manager"}, "w1": {"address": UNKNOWN}},
    "swarm": {},
    "gwbridge": {"subnet": "10.1.0.0/20"},
    "ingress": {"subnet": "10.2.0.0/20"},
    "overlays": {"app": {"subnet": "10.3.0.0/24"}},
}


def refused(**sections: object) -> list[str]:
    """The problems of the whole file with these sections."""
    with pytest.raises(StackFileError) as caught:
        check_known(WHOLE | sections, "shop/prod")
    return [line.partition(": ")[0] for line in caught.value.problems]


def test_plan_is_whole_and_says_what_waits():
    """No resource is missing since an address is unknown; each has what is known of it."""
    checked = check_known(WHOLE, "shop/prod")
    inputs = {spec.resource_name: checked.inputs(spec) for spec in checked.plan.specs}

    assert ("hosts.m1.address", "hosts.w1.address") == checked.waiting
    assert ["docker_gwbridge@w1", "docker_gwbridge@m1", "swarm", "node/m1", "node/w1", "ingress", "overlay/app"] == [
        *inputs
    ]
    assert ("w1", UNKNOWN) == (inputs["node/w1"]["access"]["name"], inputs["node/w1"]["access"]["address"])
    assert "10.3.0.1" == inputs["overlay/app"]["gateway"]


def test_what_follows_from_an_unknown_value_is_unknown():
    """The gateway is the first address of the range, and each member is told the range of the ingress."""
    checked = check_known(WHOLE | {"ingress": {"subnet": UNKNOWN}}, "shop/prod")
    inputs = {spec.resource_name: checked.inputs(spec) for spec in checked.plan.specs}

    assert [UNKNOWN] * 3 == [
        inputs["ingress"]["subnet"],
        inputs["ingress"]["gateway"],
        inputs["node/m1"]["ingress"],
    ]
    assert "ingress" == inputs["ingress"]["name"]


@pytest.mark.parametrize(
    "host",
    [
        {"address": UNKNOWN, "host_key": UNKNOWN},
        {"address": UNKNOWN, "port": UNKNOWN, "user": UNKNOWN, "bastion": UNKNOWN, "key_file": UNKNOWN},
        {"address": UNKNOWN, "advertise_address": UNKNOWN, "data_path_address": UNKNOWN},
        {"address": UNKNOWN, "availability": UNKNOWN, "labels": {"zone": UNKNOWN}, "mtu": UNKNOWN},
        {"address": UNKNOWN, "labels": UNKNOWN, "gwbridge": {"ipv6": {"subnet": UNKNOWN, "gateway": UNKNOWN}}},
        {"address": UNKNOWN, "sudo": UNKNOWN, "connect_timeout": UNKNOWN, "role": UNKNOWN},
    ],
)
def test_nothing_is_refused_for_being_unknown(host: dict[str, object]):
    """A leaf of any type may be."""
    checked = check_known(WHOLE | {"hosts": WHOLE["hosts"] | {"w2": host}}, "shop/prod")

    assert "node/w2" in [spec.resource_name for spec in checked.plan.specs]


@pytest.mark.parametrize("key", sorted(StackFile.model_fields.keys() - {"hosts"}))
def test_whole_sections_may_be_unknown(key: str):
    """They wait."""
    assert key in check_known(WHOLE | {key: UNKNOWN}, "shop/prod").waiting


def test_unknown_hosts_are_nobody_yet():
    """Nothing can be declared of them, nor is their lack a problem."""
    assert () == check_known({"hosts": UNKNOWN}, "shop/prod").plan.specs


@pytest.mark.parametrize(
    ("expected", "sections"),
    [
        (["gwbridge.subnet"], {"overlays": {"app": {"subnet": "10.1.0.0/24"}}}),
        (["swarm"], {"hosts": {"w1": {"address": UNKNOWN}}}),
        (["hosts.w1"], {"hosts": {**WHOLE["hosts"], "w1": {"address": UNKNOWN, "local": True}}}),
        (["colour"], {"colour": UNKNOWN}),
        (["hosts.w1.rôle"], {"hosts": {**WHOLE["hosts"], "w1": {"address": UNKNOWN, "rôle": "worker"}}}),
        (["overlays.app.mtu"], {"overlays": {"app": {"subnet": UNKNOWN, "mtu": 1}}}),
        (["reserved[0]"], {"reserved": ["10.1.2.3.4", UNKNOWN]}),
    ],
    ids=["ranges that clash", "no manager", "two ways", "a key of none", "a key of a host", "a number", "an item"],
)
def test_what_is_known_and_wrong_is_refused(expected: list[str], sections: dict[str, object]):
    """Unknown values beside it change nothing."""
    assert expected == refused(**sections)


def test_all_known_is_the_plain_check():
    """Nothing waits, and the file is the one that was given."""
    hosts = {name: {**host, "address": f"10.9.0.{at}"} for at, (name, host) in enumerate(WHOLE["hosts"].items())}
    checked = check_known(WHOLE | {"hosts": hosts}, "shop/prod")

    assert ((), WHOLE | {"hosts": hosts}) == (checked.waiting, checked.raw)


def test_common_keeps_what_is_the_same():
    """Numbers and words that are alike for Python alone differ."""
    assert {"a": [1, UNKNOWN], "b": UNKNOWN, "c": UNKNOWN} == common(
        {"a": [1, 2], "b": 1}, {"a": [1, 3], "b": True, "c": 0}
    )
