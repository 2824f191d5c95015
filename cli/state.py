"""Pulumi's state of a stack, read by `pulumi stack export`."""

from collections.abc import Set
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from cli.project import NoState, asked
from providers.loop.forecasts import State
from providers.rules.plan import Plan
from providers.rules.resource_types.resource_type import Known
from providers.rules.resource_types.table import KINDS, type_of
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.specs import HostSpec, NodeSpec, OverlaySpec, Spec
from providers.rules.vocabulary.words import reason


def state_of(stack: str, directory: Path) -> State:
    """Return the resources that the state has, by name: what was desired of each, and its outputs. Raises NoState."""
    try:
        found = from_json(exported(stack, directory))
    except ValueError as error:
        raise NoState("`pulumi stack export` does not print JSON") from error
    return resources(found)


def exported(stack: str, directory: Path) -> str:
    """Return the state as JSON. Raises NoState with Pulumi's own words."""
    return asked("stack", "export", stack=stack, directory=directory)


def state_if_known(stack: str, directory: Path) -> tuple[State, str]:
    """Return the state, and why it is not known, empty if it is."""
    try:
        return state_of(stack, directory), ""
    except NoState as problem:
        return {}, str(problem)


def hosts_left(state: State, desired: Plan, lost: Set[str]) -> dict[str, HostAccess]:
    """Return how hosts are reached that only the state still knows, those that are `lost` or unwatched apart."""
    hosts = (spec for spec, _ in state.values() if isinstance(spec, HostSpec) and spec.access)
    return {
        spec.host: HostAccess.recorded(spec.access, spec.host)
        for spec in hosts
        if spec.host not in desired.access and spec.host not in {*lost, *desired.unwatched}
    }


def members_of(state: State) -> dict[str, str]:
    """Return the names of hosts by the node ids that the state has of them."""
    return {known["node_id"]: spec.host for spec, known in state.values() if isinstance(spec, NodeSpec)}


class _Resource(BaseModel):
    """A resource of an exported state: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go"""

    type: str
    urn: str
    id: str = ""
    outputs: dict[str, Any] | None = None
    delete: bool = False
    retained: bool = Field(default=False, alias="retainOnDelete")


class _Deployment(BaseModel):
    resources: list[_Resource] | None = None


class _Exported(BaseModel):
    deployment: _Deployment | None = None


def _recorded(exported: object) -> list[_Resource]:
    """Return all resources of an exported state. Raises NoState if it is none."""
    try:
        deployment = _Exported.model_validate(exported).deployment
    except ValidationError as error:
        (problem, *_) = error.errors(include_url=False, include_input=False)
        where = ".".join(map(str, problem["loc"])) or "it"
        raise NoState(
            f"`pulumi stack export` does not print a state: {where}: {reason(problem['msg']).lower()}"
        ) from error
    return (deployment.resources if deployment else None) or []


def resources(exported: object) -> State:
    """Return the resources in an exported state that are Swarmnet's, as they are recorded there. Raises NoState."""
    found: dict[str, tuple[Spec, Known]] = {}
    for each in _recorded(exported):
        kind = KINDS.get(each.type.rpartition(":")[2]) if "swarmnet" in each.type else None
        if kind is not None and not each.delete:
            outputs = each.outputs or {}
            inputs = dict(outputs)
            if kind is OverlaySpec:
                inputs["retain"] = each.retained  # an output follows other changes only
            name = each.urn.rpartition("::")[2]
            spec = kind.recorded(inputs, each.id)
            found[name] = spec, type_of(spec).known(spec, outputs)
    return found
