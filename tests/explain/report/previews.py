"""Previews by the words of a test: what is there before and after, by name."""

from collections.abc import Mapping
from typing import Any

from providers.explain.report.preview import Diagnostic, Preview, State, Step
from providers.rules.plan import plan_of
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec

OWNER = {"owner": "swarmnet/prod"}
STACK = "urn:pulumi:prod::swarmnet::"
RANGES = {name: {"subnet": f"10.{at}.0.0/24", "gateway": f"10.{at}.0.1"} for at, name in enumerate("abcdef", 1)}


def bridge(host: str = "w1", where: str = "a", **values: Any) -> GwbridgeSpec:
    """docker_gwbridge of a host."""
    return GwbridgeSpec(**OWNER, host=host, **{**RANGES[where], **values})


def node(host: str = "w1", **values: Any) -> NodeSpec:
    """A host's membership."""
    return NodeSpec(**OWNER, host=host, **values)


def swarm(**values: Any) -> SwarmSpec:
    """The swarm."""
    return SwarmSpec(**OWNER, first_manager="m1", members=("m1", "w1"), **values)


def ingress(where: str = "b", **values: Any) -> IngressSpec:
    """The ingress."""
    return IngressSpec(**OWNER, **{**RANGES[where], **values})


def overlay(name: str = "app", where: str = "c", **values: Any) -> OverlaySpec:
    """An overlay."""
    return OverlaySpec(**OWNER, name=name, **{**RANGES[where], **values})


def step(op: str, before: Spec | None = None, after: Spec | None = None, **outputs: Any) -> Step:
    """A step of Pulumi's on one of Swarmnet's resources."""
    spec = after or before
    assert spec is not None
    kind = type(spec).__name__.removesuffix("Spec")
    old, new = (each and State(inputs=inputs(each), outputs=outputs) for each in (before, after))
    return Step(
        op=op, urn=f"{STACK}pulumi-python:dynamic/swarmnet:{kind}::{spec.resource_name}", oldState=old, newState=new
    )


def inputs(spec: Spec) -> Mapping[str, Any]:
    """A resource's inputs as Pulumi shows them: numbers as they come, and nothing that is absent."""
    return {**spec.model_dump(mode="json", exclude_none=True), "__provider": "gASVLAAAAAAAAACM"}


def foreign(op: str = "create", kind: str = "command:remote:Command", name: str = "deploy") -> Step:
    """A step on what is not Swarmnet's, with a value that nobody may see."""
    return Step(op=op, urn=f"{STACK}{kind}::{name}", newState=State(inputs={"password": "hunter2"}))


def prepared(name: str, op: str, before: str = "", after: str = "new") -> Step:
    """A step on a command of `prepare`, by its marks."""
    old, new = (State(inputs={"environment": {"ran": mark}}) for mark in (before, after))
    return Step(op=op, urn=f"{STACK}command:local:Command::prepare/{name}", oldState=old, newState=new)


def preview(*steps: Step, errors: Mapping[str, str] | None = None, config: Mapping[str, str] | None = None) -> Preview:
    """A preview with these steps; `errors` by the name of the resource that each is about."""
    stack = Step(op="same", urn=f"{STACK}pulumi:pulumi:Stack::swarmnet-prod")
    told = [
        Diagnostic(message=f"error: {words}\n", severity="error", urn=f"{STACK}any::{name}" if name else "")
        for name, words in (errors or {}).items()
    ]
    return Preview(config=config or {}, steps=(stack, *steps), diagnostics=tuple(told))


def planned(**sections: Any) -> Any:
    """The plan of a stack file with these sections."""
    return plan_of(sections, "swarmnet/prod")
