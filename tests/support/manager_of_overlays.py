"""A fake manager whose swarm has overlays: it lists, shows and removes them, and nobody uses them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from providers.hosts.hosts_api import Hosts
from providers.rules.stack_file.access import Roles
from providers.rules.vocabulary.labels import OWNER
from tests.support.engine_answers import network
from tests.support.fake_engine import FakeEngine
from tests.support.memberships import places
from tests.support.near_host import NearHost

Json = dict[str, Any]

OURS = "p/s"
NAMES = [f"app{number}" for number in range(5)]
SWARM: Json = {"ID": "s1", "Version": {"Index": 7}, "Spec": {"Name": "default"}}
NODE: Json = {
    **{"ID": "n-m1", "Version": {"Index": 5}, "Status": {"State": "ready"}, "Description": {"Hostname": "m1"}},
    "Spec": {"Role": "manager", "Availability": "active", "Labels": {}},
}


def subnet(name: str) -> str:
    """Return an overlay's range: each has one of its own."""
    return f"10.1.{NAMES.index(name)}.0/24"


def overlay(name: str, owner: str = OURS, **more: object) -> Json:
    """An overlay as the swarm has it."""
    return network(name, subnet(name), **{"Labels": {OWNER: owner}, **more})


def has_overlays(engine: FakeEngine, actual: dict[str, Json]) -> None:
    """Let a manager answer for its swarm, with what is `there` by id at that moment; what is removed is gone."""
    engine.answer("GET /nodes", body=[NODE])
    engine.answer("GET /swarm", body=SWARM)
    for what in ("services", "tasks", "containers/json"):
        engine.answer(f"GET /{what}", body=[])
    engine.does("GET /networks", lambda: (200, list(actual.values())))
    for name in NAMES:
        key = f"id-{name}"
        engine.does(f"GET /networks/{key}", partial(_shown, actual, key))
        engine.does(f"DELETE /networks/{key}", partial(_removed, actual, key))


def _shown(actual: dict[str, Json], key: str) -> tuple[int, Json]:
    return (200, actual[key]) if key in actual else _unknown(key)


def _removed(actual: dict[str, Json], key: str) -> tuple[int, Json | None]:
    return (204, None) if actual.pop(key, None) else _unknown(key)


def _unknown(key: str) -> tuple[int, Json]:
    return 404, {"message": f"network {key} not found"}


def api_to(hosts: Mapping[str, NearHost]) -> Callable[[], Hosts]:
    """Return what gives an API to hosts to these hosts, of which m1 is the manager: one for each resource, as the
    plugin has."""
    known_at = places(hosts)
    accesses = {name: host.access(advertise_address=known_at[name]) for name, host in hosts.items()}
    return lambda: Hosts(accesses, Roles(managers=frozenset({"m1"})))
