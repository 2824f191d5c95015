"""A network as it was before its change, with the options and labels that nobody declared, so that it can be made
again. It is journaled before anything is removed. If the new network is refused, the old one is made again from it."""

import json
from dataclasses import replace

from pydantic import BaseModel, Field, ValidationError

from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import FORMER
from providers.rules.vocabulary.network_options import VNI
from providers.rules.vocabulary.shape import NetworkShape
from providers.rules.vocabulary.shape_json import to_json, to_shape
from providers.rules.vocabulary.steps import MANAGER, CreateNetwork


class _Range(BaseModel):
    Subnet: str = ""
    Gateway: str = ""
    IPRange: str = ""


class _Ranges(BaseModel):
    ranges: list[_Range] = Field(default=[], alias="Config")


class _Request(BaseModel):
    """The request as it was written."""

    Name: str
    Driver: str = ""
    Options: dict[str, str] = {}
    Labels: dict[str, str] = {}
    IPAM: _Ranges = _Ranges()


def text(network: NetworkShape) -> str:
    """Return the label's value: the request that makes the network again, as JSON."""
    return json.dumps(to_json(asked_for(network)), separators=(",", ":"))


def creation(text: str, host: str = MANAGER) -> CreateNetwork:
    """Return the step that makes the network again, on that host if it is one host's own. Raises Blocked if Swarmnet
    did not write the text: then nobody knows what the network was like."""
    try:
        _Request.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise Blocked(
            f"the label {FORMER} on {host or 'the swarm'} was not written by Swarmnet: nobody knows what the "
            "network was like before: take the label off, then run again"
        ) from error
    return CreateNetwork(host=host, shape=to_shape(json.loads(text)))


def noted(text: str | None) -> NetworkShape | None:
    """Return the noted shape, or None if nothing was noted, or nothing that a change wrote."""
    try:
        _Request.model_validate_json(text or "", strict=True)
    except ValidationError:
        return None
    return to_shape(json.loads(text or ""))


def asked_for(network: NetworkShape) -> NetworkShape:
    """Return the request for a network like it. The swarm chooses the VNI."""
    return replace(network, options=tuple((key, value) for key, value in network.options if key != VNI))
