"""Stack files for tests: those that come with the project, and others as raw keys and as what is said about them."""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from providers.rules.checks.whole_file import Validation, validate

STACKS = Path(__file__).resolve().parents[2] / "stacks"
# By the stack's name. Every other file in `stacks` is its user's own, and no test reads it.
SHIPPED = {
    path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path
    for path in (*sorted((STACKS / "samples").glob("Pulumi.*.yaml")), STACKS / "Pulumi.lab.yaml")
    if path.is_file()
}
# Ranges that often meet each other.
SUBNETS = st.builds(
    lambda third, prefix: str(IPv4Network(f"10.12.{third}.0/{prefix}", strict=False)),
    st.integers(0, 255),
    st.integers(18, 24),
)


def net(subnet, **keys):
    """A section with a subnet."""
    return {"subnet": subnet, **keys}


def raw(w1=None, **sections):
    """The keys of a stack of two hosts, 10.99.0.1 and 10.99.0.2; `w1` is that host's own `gwbridge`."""
    hosts = {"m1": {"address": "10.99.0.1", "role": "manager"}, "w1": {"address": "10.99.0.2"}}
    if w1 is not None:
        hosts["w1"]["gwbridge"] = w1
    return {"hosts": hosts, **sections}


def said(w1=None, **sections) -> Validation:
    """Return the verdict on such a stack."""
    return validate(raw(w1, **sections))


def problems(w1=None, **sections) -> list[str]:
    """The problems of such a stack, those that wait for a range included."""
    return said(w1, **sections).why_no_plan


def merged(*parts: dict[str, Any]) -> dict[str, Any]:
    """The keys of all parts; what a later one says of a key counts."""
    found: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(found.get(key), dict)
            found[key] = merged(found[key], value) if both else value
    return found


def at(path: str, value: Any) -> dict[str, Any]:
    """The keys that say one thing, by its path in problems: `overlays.app.subnet`, `reserved[0]`."""
    for step in reversed(path.split(".")):
        name, listed, _ = step.partition("[")
        value = {name: [value] if listed else value}
    return dict(value)


def stating(*told: str) -> dict[str, Any]:
    """The keys of such a stack with others besides, each told as `overlays.app.subnet 10.12.0.0/24`, values as YAML."""
    split = (each.partition(" ") for each in told)
    return merged(raw(), *(at(path, yaml.safe_load(value)) for path, _, value in split))
