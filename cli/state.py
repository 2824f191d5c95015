"""What Pulumi's state has of a stack, read by `pulumi stack export`."""

import json
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from cli.project import NoState, asked
from providers.rules.nouns.table import KINDS, noun_of
from providers.rules.plan import Plan
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.specs import HostSpec, OverlaySpec, Spec

Outputs = Mapping[str, Any]
State = Mapping[str, tuple[Spec, Outputs]]


def state_of(stack: str, directory: Path) -> State:
    """The resources that the state has, by name: what was wanted of each, and its outputs. Raises NoState."""
    return resources(json.loads(exported(stack, directory)))


def exported(stack: str, directory: Path) -> str:
    """The state as JSON. Raises NoState with Pulumi's own words."""
    return asked("stack", "export", stack=stack, directory=directory)


def state_if_known(stack: str, directory: Path) -> tuple[State, str]:
    """What the state has, and why that is not known, empty where it is."""
    try:
        return state_of(stack, directory), ""
    except NoState as problem:
        return {}, str(problem)


def left(state: State, wanted: Plan, lost: Set[str]) -> dict[str, HostAccess]:
    """How hosts are reached that only the state still knows, those that are `lost` apart."""
    hosts = (spec for spec, _ in state.values() if isinstance(spec, HostSpec) and spec.access)
    return {
        spec.host: HostAccess.recorded(spec.access, spec.host)
        for spec in hosts
        if spec.host not in wanted.access and spec.host not in lost
    }


def resources(exported: Mapping[str, Any]) -> State:
    """The resources in an exported state that are Swarmnet's, as they are recorded there."""
    found: dict[str, tuple[Spec, Outputs]] = {}
    for each in (exported.get("deployment") or {}).get("resources") or []:
        kind = KINDS.get(each["type"].rpartition(":")[2]) if "swarmnet" in each["type"] else None
        if kind is not None and not each.get("delete"):
            outputs = each.get("outputs") or {}
            inputs = dict(outputs)
            if kind is OverlaySpec:
                inputs["retain"] = bool(each.get("retainOnDelete"))  # an output follows other changes only
            name = each["urn"].rpartition("::")[2]
            spec = kind.recorded(inputs, each.get("id", ""))
            known = spec.model_dump(mode="json", exclude_none=True, warnings=False)
            found[name] = spec, {noun_of(spec).output: "", **outputs, **known}
    return found
