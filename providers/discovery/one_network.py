"""Turns one found network into its section, or says why that can't be done: another's deployment, or no key for it."""

from typing import Any

from providers.discovery.found import Remark
from providers.rules.resource_types import adoption
from providers.rules.stack_file.model import Section
from providers.rules.stack_file.problems import Raw
from providers.rules.vocabulary.addresses import canonical_subnet, first_address, first_address_ipv6
from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.field_mappings import field_mappings
from providers.rules.vocabulary.labels import TWIN
from providers.rules.vocabulary.network_options import FIRST_VNI
from providers.rules.vocabulary.specs import OverlaySpec, Spec

STACK, PROJECT = "com.docker.stack.namespace", "com.docker.compose.project"
NOT_DECLARABLE = ("swarmnet.", "com.docker.", "io.docker.", "org.dockerproject.")
_NO_ADDRESS = "0.0.0.0"


def base(network: Network, owner: str) -> dict[str, Any]:
    """Return a spec to be filled with what is live; its labels are the keys that are looked at."""
    return {"owner": owner, "subnet": "0.0.0.0/0", "gateway": _NO_ADDRESS, "labels": declarable(network.labels)}


def chosen_number(network: Network) -> int | None:
    """Return the number of its VXLAN if somebody chose it, as far as numbers tell: the swarm's own begin at 4096."""
    number: int | None = field_mappings(OverlaySpec)["vxlan_id"].read(network)
    return number if number and number < FIRST_VNI else None


def section(
    thing: str, where: str, network: Network, live: Spec, model: type[Section]
) -> tuple[Raw | None, list[Remark]]:
    """Return the keys of a network's section, or None if it can't be taken over, with the remarks on it."""
    foreign = adoption.foreign_refusal(thing, network.labels, live.owner)
    reason = elsewhere(network) or foreign or _unfit(network, live)
    if reason:
        message = reason if reason.startswith(thing) else f"{thing}: {reason}"
        return None, [Remark("not managed", where, message)]
    actual = live.model_dump(mode="json", warnings=False)
    values = {key: actual[key] for key in model.model_fields if key in actual}
    ipv6 = values.get("ipv6")
    if ipv6:
        usual = ipv6["gateway"] in ("", first_address_ipv6(ipv6["subnet"]))
        values["ipv6"] = {"subnet": ipv6["subnet"]} if usual else ipv6
    if values["gateway"] in (_NO_ADDRESS, first_address(values["subnet"], values.get("ip_range"))):
        values["gateway"] = None
    return less_defaults(values, model), []


def elsewhere(network: Network) -> str | None:
    """Name the deployment that looks after a network, or return None if none does."""
    stack, project, original = network.label(STACK), network.label(PROJECT), network.label(TWIN)
    if original is not None:
        return f"it stands in for overlay {original} while that is changed"
    if stack is not None:
        return f"made by the Docker stack {stack}, which looks after it"
    return f"made by the Compose project {project}, which looks after it" if project is not None else None


def _unfit(network: Network, live: Spec) -> str | None:
    """Say why a stack file can't describe a network, or return None if it can."""
    if live.settled is not True:
        return str(live.settled)
    try:
        for subnet in (
            network.subnet,
            *filter(None, (pool.ip_range for pool in network.pools if not pool.is_ipv6)),
        ):
            canonical_subnet(subnet)
    except ValueError as problem:
        return str(problem)
    return None


def less_defaults(values: Raw, model: type[Section]) -> Raw:
    """Return the values that are there and not the model's own."""
    fields = model.model_fields
    return {key: value for key, value in values.items() if value is not None and value != fields[key].default}


def declarable(labels: Pairs) -> dict[str, str]:
    """Return the labels that a stack file may declare; the others are Docker's or Swarmnet's."""
    return {key: value for key, value in labels if not key.startswith(NOT_DECLARABLE)}
