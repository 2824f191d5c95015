"""Changes that an operator can make by hand on three lab hosts, and the drift that each is to be told as.

Everything is done with docker's own commands. What does not get in each other's way is done at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.machines import Group, Host, eventually

BRIDGE, MTU = "com.docker.network.bridge.", "com.docker.network.driver.mtu"
OVERLAY = ("network", "create", "--driver=overlay")
LACKS_INGRESS = (True, "is not attached to the ingress: its sandbox or gateway endpoint is missing")

ANY = object()  # a value that nobody can foresee
GONE = {"exists": (True, False)}
REMADE = {"network_id": (ANY, ANY), "adopted": (False, True), "labels.team": ("net", None)}
Told = dict[tuple[str, str], dict[str, tuple[Any, Any]]]


@dataclass(frozen=True)
class Drift:
    """Something done by hand; what is told, by resource and host, from what to what; and what must go before `up`.

    refused: resources that the next `up` refuses.
    """

    by_hand: Callable[[Group], object]
    told: Told
    refused: frozenset[str] = frozenset()
    undo: Callable[[Group], object] = field(default=lambda hosts: None)


def manager(hosts: Group) -> Host:
    """The swarm's one manager."""
    return hosts["f1"]


def state_of(hosts: Group, name: str) -> str:
    """Return the state of a member as the manager knows it."""
    return str(manager(hosts).nodes()[name]["Status"]["State"])


def cut_off_ingress(hosts: Group) -> None:
    """The ingress of one host loses its way out."""
    hosts["f3"].docker("network", "disconnect", "--force", "docker_gwbridge", "gateway_ingress-sbox")


def remove_bridge(hosts: Group) -> None:
    """Remove the bridge of a live member."""
    cut_off_ingress(hosts)
    hosts["f3"].docker("network", "rm", "docker_gwbridge")


def remake_bridge(hosts: Group) -> None:
    """Make the bridge again with all that can differ."""
    options = {f"{BRIDGE}name": "gw0", f"{BRIDGE}enable_icc": "true", f"{BRIDGE}enable_ip_masquerade": "false"}
    given = [f"--opt={key}={value}" for key, value in {**options, MTU: "1400"}.items()]
    remove_bridge(hosts)
    ranges = ("--subnet=172.31.0.0/16", "--gateway=172.31.0.9")
    hosts["f3"].docker("network", "create", *ranges, *given, "docker_gwbridge")


def change_nodes(hosts: Group) -> None:
    """One thing on each."""
    manager(hosts).docker("node", "promote", "f2")
    manager(hosts).docker("node", "update", "--availability=pause", "f3")
    manager(hosts).docker("node", "update", "--label-rm=rack", "f1")


def remove_overlay(hosts: Group) -> None:
    """Remove an overlay that is not in use."""
    manager(hosts).docker("network", "rm", "monitoring")


def remake_overlay(hosts: Group) -> None:
    """Make the overlay again with all that can differ."""
    ranges = ("--subnet=10.209.0.0/24", "--gateway=10.209.0.9", "--ip-range=10.209.0.128/25")
    manager(hosts).docker("network", "rm", "app")
    manager(hosts).docker(*OVERLAY, *ranges, f"--opt={MTU}=1400", "--internal", "--opt=encrypted", "app")


def kill_overlay(hosts: Group) -> None:
    """Another in its place, on a range that is taken: the Engine says yes, and gives it nothing."""
    remove_overlay(hosts)
    manager(hosts).docker(*OVERLAY, "--subnet=10.202.0.0/25", "--label=team=ops", "monitoring")


def remove_ingress(hosts: Group) -> None:
    """Remove the ingress as an operator does: the docker command asks whether one is sure."""
    manager(hosts).run("sh", "-c", "yes | docker network rm ingress")
    eventually(lambda: not any(host.network("ingress") for host in hosts))


def remake_ingress(hosts: Group) -> None:
    """Make the ingress again with all that can differ; no idle host gets it by itself."""
    remove_ingress(hosts)
    ranges = ("--subnet=10.99.0.0/24", "--gateway=10.99.0.9")
    manager(hosts).docker(*OVERLAY, "--ingress", *ranges, f"--opt={MTU}=1400", "mesh")


DRIFTS = {
    "bridge gone": Drift(
        remove_bridge, {("docker_gwbridge@f3", "f3"): GONE, ("ingress", "f3"): {"settled": LACKS_INGRESS}}
    ),
    "bridge otherwise": Drift(
        remake_bridge,
        {
            ("docker_gwbridge@f3", "f3"): {
                **REMADE,
                "subnet": ("10.200.0.0/20", "172.31.0.0/16"),
                "gateway": ("10.200.0.1", "172.31.0.9"),
                "mtu": (None, 1400),
                "icc": (False, True),
                "masquerade": (True, False),
                "bridge_name": ("docker_gwbridge", "gw0"),
                "settled": (True, "the ingress is not attached to the bridge"),
            },
            ("ingress", "f3"): {"settled": LACKS_INGRESS},
        },
    ),
    "members otherwise": Drift(
        change_nodes,
        {
            ("node/f1", "f1"): {"labels.rack": ("r1", None)},
            ("node/f2", "f2"): {"role": ("worker", "manager")},
            ("node/f3", "f3"): {"availability": ("active", "pause")},
        },
    ),
    "overlay gone": Drift(remove_overlay, {("overlay/monitoring", ""): GONE}),
    "overlay otherwise": Drift(
        remake_overlay,
        {
            ("overlay/app", ""): {
                **REMADE,
                "subnet": ("10.202.0.0/24", "10.209.0.0/24"),
                "gateway": ("10.202.0.1", "10.209.0.9"),
                "ip_range": (None, "10.209.0.128/25"),
                "mtu": (None, 1400),
                "attachable": (True, False),
                "internal": (False, True),
                "encrypted": (False, True),
            }
        },
        refused=frozenset({"overlay/app"}),
        undo=lambda hosts: manager(hosts).docker("network", "rm", "app"),
    ),
    "overlay dead": Drift(
        kill_overlay,
        {
            ("overlay/monitoring", ""): {
                "network_id": (ANY, ANY),
                "adopted": (False, True),
                "subnet": ("10.202.1.0/24", ""),
                "gateway": ("10.202.1.1", ""),
                "settled": (True, "the swarm gave it no addresses: nothing can start on it"),
            }
        },
        refused=frozenset({"overlay/monitoring"}),
        undo=remove_overlay,
    ),
    "ingress gone": Drift(remove_ingress, {("ingress", ""): GONE}),
    "ingress otherwise": Drift(
        remake_ingress,
        {
            ("ingress", ""): {
                **REMADE,
                "name": ("ingress", "mesh"),
                "subnet": ("10.201.0.0/20", "10.99.0.0/24"),
                "gateway": ("10.201.0.1", "10.99.0.9"),
                "mtu": (None, 1400),
            },
            **{("ingress", host): {"settled": LACKS_INGRESS} for host in ("f1", "f2", "f3")},
        },
    ),
}


# By what is done at once.
ROUNDS = {
    " and ".join(names): [DRIFTS[name] for name in names]
    for names in (
        ("bridge gone", "overlay gone"),
        ("ingress gone",),
        ("bridge otherwise", "overlay dead"),
        ("members otherwise", "overlay otherwise"),
        ("ingress otherwise",),
    )
}
