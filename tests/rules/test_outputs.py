"""The outputs that deployments of apps read, as docs/outputs.md promises them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from providers.rules.outputs import compose, exports
from providers.rules.plan import plan_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "outputs.md"
RAW = {
    "hosts": {"m1": {"address": "10.9.0.1", "role": "manager"}, "w1": {"address": "10.9.0.2"}},
    "swarm": {},
    "gwbridge": {"subnet": "10.1.0.0/20", "mtu": 1400, "ip_range": "10.1.1.0/24", "ipv6": {"subnet": "fd00:1::/64"}},
    "ingress": {"subnet": "10.2.0.0/20", "mtu": 1450, "encrypted": True, "subnets": ["10.2.16.0/20"]},
    "overlays": {
        "app": {
            "subnet": "10.3.0.0/24",
            "mtu": 1450,
            "ip_range": "10.3.0.128/25",
            "subnets": ["10.3.1.0/24"],
            "vxlan_id": 1000,
        }
    },
}
IDS = {"swarm": "s1", "ingress": "i1", "overlay/app": "o1"}
# Keys that are names of the user's own, and how the page writes them.
NAMED = {"m1": "HOST", "w1": "HOST", "app": "NAME"}


def fragment(*names):
    """The fragment of a stack with these overlays."""
    overlays = {name: {"subnet": f"10.3.{number}.0/24"} for number, name in enumerate(names)}
    plan = plan_of({"hosts": RAW["hosts"], "overlays": overlays}, "swarmnet/test")
    return compose(plan, {spec.resource_name: "id" for spec in plan.overlays})


def paths(value: object, at: str = "") -> Iterator[str]:
    """Yield the path of each plain value of the output: `networks.NAME.id`."""
    if not isinstance(value, dict):
        yield at
        return
    for key, inner in value.items():
        yield from paths(inner, f"{at}.{NAMED.get(key, key)}".removeprefix("."))


def test_page_lists_every_key_of_the_output_and_no_other():
    """The contract is whole: what is exported is promised, and what is promised is exported."""
    promised = re.findall(r"^\| `([\w.]+)` \|", PAGE.read_text(), re.MULTILINE)

    assert sorted(set(paths(exports(plan_of(RAW, "swarmnet/test"), IDS)))) == sorted(promised)


def test_compose_fragment_has_the_overlays_by_name():
    """Each is external, so that `docker stack deploy` takes what is there and makes none."""
    expected = ["networks:", '  "app":', "    external: true", '  "monitoring":', "    external: true"]

    assert expected == fragment("app", "monitoring").split("\n")


def test_what_a_partial_run_did_not_make_is_left_out():
    """A network without an id is in neither output, nor are a swarm and an ingress without one."""
    plan = plan_of(RAW, "swarmnet/test")

    assert ["schema", "gwbridge", "networks"] == list(exports(plan, {}))
    assert ({}, {"networks": {}}) == (exports(plan, {})["networks"], yaml.safe_load(compose(plan, {})))


@pytest.mark.parametrize("name", ["on", "null", "42", "1e5", "0o7", "1_000"])
def test_compose_fragment_keeps_names_that_look_like_something_else(name):
    """Readers of YAML disagree on bare words like these; in quotes each is a name to all of them."""
    assert f'\n  "{name}":\n' in fragment(name)
