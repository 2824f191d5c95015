"""A network as it was before its change, whole, so that it can be made again: with the options and labels that nobody
declared. It is journaled before anything is removed; where the new one is refused, the old one comes back from it.
"""

import json
from dataclasses import replace

from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.network_options import VNI
from providers.rules.vocabulary.shape import NetworkShape
from providers.rules.vocabulary.shape_json import to_json, to_shape
from providers.rules.vocabulary.steps import MANAGER, CreateNetwork


def text(network: Network) -> str:
    """The label's value: the request that makes it again, as JSON."""
    return json.dumps(to_json(asked_for(network)), separators=(",", ":"))


def creation(text: str, host: str = MANAGER) -> CreateNetwork:
    """The step that makes it again, on that host where it is one host's own."""
    return CreateNetwork(host=host, shape=to_shape(json.loads(text)))


def asked_for(network: Network) -> NetworkShape:
    """What has to be asked for to get one like it. Which VNI it gets is the swarm's affair."""
    return replace(network.shape, options=tuple((key, value) for key, value in network.options if key != VNI))
