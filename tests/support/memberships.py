"""Memberships as Engines tell them: the JSON of `GET /info`, for hosts that a fake Engine stands for.

The swarm knows the hosts of a test at 10.0.0.1, 10.0.0.2 and so on, in their order, as `fleet` does.
"""

from collections.abc import Iterable

Json = dict[str, object]


def places(names: Iterable[str]) -> dict[str, str]:
    """The address at which the swarm knows each host."""
    return {name: f"10.0.0.{number}" for number, name in enumerate(names, 1)}


def node_id(name: str) -> str:
    """Return the node id of a host."""
    return f"n-{name}"


def info(
    name: str,
    knows: dict[str, str],
    *,
    control: bool = False,
    state: str = "active",
    error: str = "",
    claims: str | None = None,
) -> Json:
    """Return a host's own word. knows: the hosts it takes for managers, and their places. claims: its alleged node
    id."""
    own = node_id(name) if claims is None else claims
    peers = [{"NodeID": node_id(each), "Addr": f"{place}:2377"} for each, place in knows.items()]
    swarm: Json = {"LocalNodeState": state, "ControlAvailable": control, "Error": error, "NodeID": ""}
    return {"Swarm": swarm | {"NodeID": own, "RemoteManagers": peers} if state == "active" else swarm}
