"""Driver options that a stack file names itself: which have a key of their own, and which values the known ones take.

Which Engine knows which: rules/vocabulary/network_options.py.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from providers.rules.vocabulary.network_options import (
    BRIDGE_NAME,
    ENCRYPTED,
    ICC,
    KNOWN,
    MASQUERADE,
    MTU,
    VNI,
)

_KEYS: Mapping[str, Mapping[str, str]] = {
    "bridge": {MTU: "mtu", BRIDGE_NAME: "bridge_name", ICC: "icc", MASQUERADE: "masquerade"},
    "overlay": {MTU: "mtu", ENCRYPTED: "encrypted", VNI: "vxlan_id"},
}
_SHARED = {
    "com.docker.network.mtu": "mtu",  # which Engines keep, and which does nothing
    "com.docker.network.enable_ipv6": "ipv6",
}
_REFUSED = {
    "com.docker.network.enable_ipv4": "networks here always have IPv4",
    "com.docker.network.bridge.default_bridge": "docker0 alone is that",
    "secure": "Engines ignore it; it was the name of encrypted",
}


def _checked(driver: str, options: dict[str, str]) -> dict[str, str]:
    """Check options of a network of that driver. Raises ValueError with all that is wrong."""
    problems = [problem for key, value in options.items() if (problem := _problem(driver, key, value))]
    if problems:
        raise ValueError("; ".join(problems))
    return options


def _problem(driver: str, key: str, value: str) -> str:
    own = _KEYS[driver].get(key) or _SHARED.get(key)
    if own:
        return f"{key} has a key of its own: write {own} beside options"
    if not key or key != key.strip():
        return f"{key!r} is not an option name: write it without blanks"
    if reason := _REFUSED.get(key):
        return f"{key} is refused: {reason}"
    known = KNOWN.get(key)
    if known is None:
        return ""
    if known.driver != driver:
        return f"{key} is an option of {known.driver} networks, and does nothing here"
    return "" if known.takes(value) else f"{key}: {value!r} should be {known.words}"


def _as_text(value: Any) -> Any:  # noqa: ANN401 # whatever stands in the file
    """Return truth and numbers as Engines take them, which is as text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, int) else value


def unknown(driver: str, options: Mapping[str, str]) -> list[str]:
    """Return the options that are passed on though Swarmnet does not know them."""
    return [key for key in options if key not in KNOWN or KNOWN[key].driver != driver]


Value = Annotated[str, BeforeValidator(_as_text)]
BridgeOptions = Annotated[dict[str, Value], AfterValidator(partial(_checked, "bridge"))]
OverlayOptions = Annotated[dict[str, Value], AfterValidator(partial(_checked, "overlay"))]
