"""A network's shape in the Engine's JSON, both ways."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from providers.rules.vocabulary.answers import form
from providers.rules.vocabulary.network_config import NetworkConfig, Pool, to_json

TEXT = st.text(max_size=3)
PAIRS = st.dictionaries(TEXT, TEXT, max_size=2).map(lambda mapping: tuple(sorted(mapping.items())))
RANGES = st.sampled_from(["10.0.0.0/24", "fd00:77::/64"])
POOL = st.builds(
    Pool, subnet=RANGES, gateway=st.sampled_from(["", "10.0.0.1"]), ip_range=st.just("") | RANGES, aux=PAIRS
)
POOLS = st.lists(POOL, max_size=2).map(tuple)
SHAPES = st.builds(
    NetworkConfig,
    name=TEXT,
    driver=TEXT,
    pools=POOLS,
    options=PAIRS,
    labels=PAIRS,
    attachable=st.booleans(),
    internal=st.booleans(),
    ingress=st.booleans(),
    ipv4=st.booleans(),
    ipv6=st.booleans(),
    config_only=st.booleans(),
    config_from=TEXT,
    ipam_driver=st.sampled_from(["default", "null"]),
    ipam_options=PAIRS,
)


def shown(raw: dict[str, Any]) -> object:
    """The shape in an Engine's answer."""
    return form(NetworkConfig).validate_json(json.dumps(raw), strict=True)


@given(SHAPES)
def test_what_is_asked_for_is_read_back(config):
    """Nothing of a shape is lost on its way to an Engine, or back."""
    assert config == shown(to_json(config))


def test_request_has_the_engines_names():
    """The whole body of a request; what of a range nobody said is left to the Engine."""
    config = NetworkConfig(
        name="app",
        driver="overlay",
        pools=(Pool(subnet="10.20.0.0/24", ip_range="10.20.0.128/25"),),
        options=(("encrypted", ""),),
        labels=(("team", "a"),),
        attachable=True,
    )
    expected = {
        "Name": "app",
        "Driver": "overlay",
        "CheckDuplicate": True,
        "Attachable": True,
        "Internal": False,
        "Ingress": False,
        "EnableIPv6": False,
        "Options": {"encrypted": ""},
        "Labels": {"team": "a"},
        "IPAM": {"Driver": "default", "Config": [{"Subnet": "10.20.0.0/24", "IPRange": "10.20.0.128/25"}]},
    }
    assert expected == to_json(config)


def test_without_a_range_the_engine_chooses():
    """A request that names no range has no IPAM at all."""
    assert "IPAM" not in to_json(NetworkConfig(name="app", driver="overlay"))


def test_what_an_engine_leaves_out_is_empty():
    """A network that never got addresses shows null in many places."""
    raw = {"Name": "app", "Driver": "", "IPAM": {"Config": None}, "Options": None, "Labels": None}
    assert NetworkConfig(name="app", driver="") == shown(raw)
