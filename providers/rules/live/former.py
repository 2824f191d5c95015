"""A network as it was before its change, whole, so that it can be made again: with the options and labels that nobody
declared. It is journaled before anything is removed; where the new one is refused, the old one comes back from it.
"""

import json

from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.network_options import VNI
from providers.rules.vocabulary.steps import MANAGER, CreateNetwork


def text(network: Network) -> str:
    """The label's value."""
    creation = recreation(network)
    return json.dumps(
        {
            "name": creation.name,
            "driver": creation.driver,
            "subnet": creation.subnet,
            "gateway": creation.gateway,
            "ip_range": creation.ip_range,
            "options": dict(creation.options),
            "labels": dict(creation.labels),
            "attachable": creation.attachable,
            "internal": creation.internal,
            "ingress": creation.ingress,
        },
        separators=(",", ":"),
    )


def creation(text: str, host: str = MANAGER) -> CreateNetwork:
    """The step that makes it again, on that host where it is one host's own."""
    known = json.loads(text)
    for key in ("options", "labels"):
        known[key] = tuple(sorted(known[key].items()))
    return CreateNetwork(host=host, **known)


def recreation(network: Network, host: str = MANAGER) -> CreateNetwork:
    """The step that makes a network like this one. Which VNI it gets is the swarm's affair."""
    return CreateNetwork(
        host=host,
        name=network.name,
        driver=network.driver,
        subnet=network.subnet or None,
        gateway=network.gateway or None,
        ip_range=network.ip_range or None,
        options=tuple((key, value) for key, value in network.options if key != VNI),
        labels=network.labels,
        attachable=network.attachable,
        internal=network.internal,
        ingress=network.ingress,
    )
