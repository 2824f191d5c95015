"""A network as it was before its change, with the options and labels that nobody declared, so that it can be made
again. It is journaled before anything is removed. If the new network is refused, the old one is made again from it."""

import json
from dataclasses import replace

from pydantic import ValidationError

from providers.rules.vocabulary.answers import form
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import FORMER
from providers.rules.vocabulary.network_config import NetworkConfig, to_json
from providers.rules.vocabulary.network_options import VNI
from providers.rules.vocabulary.steps import MANAGER, CreateNetwork


def text(network: NetworkConfig) -> str:
    """Return the label's value: the request that makes the network again, as JSON."""
    return json.dumps(to_json(request_for(network)), separators=(",", ":"))


def creation(text: str, host: str = MANAGER) -> CreateNetwork:
    """Return the step that makes the network again, on that host if it is one host's own. Raises Blocked if Swarmnet
    did not write the text: then nobody knows what the network was like."""
    try:
        config = form(NetworkConfig).validate_json(text, strict=True)
    except ValidationError as error:
        raise Blocked(
            f"the label {FORMER} on {host or 'the swarm'} was not written by Swarmnet: the previous settings of the "
            "network are unknown: remove the label, then run again"
        ) from error
    return CreateNetwork(host=host, config=config)


def parse_noted(text: str | None) -> NetworkConfig | None:
    """Return the noted network config, or None if nothing was noted, or nothing that a change wrote."""
    try:
        config: NetworkConfig = form(NetworkConfig).validate_json(text or "", strict=True)
    except ValidationError:
        return None
    return config


def request_for(network: NetworkConfig) -> NetworkConfig:
    """Return the request for a network like it. The swarm chooses the VNI."""
    return replace(network, options=tuple((key, value) for key, value in network.options if key != VNI))
