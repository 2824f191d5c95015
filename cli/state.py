"""What Pulumi's state has of a stack, read by `pulumi stack export`."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from providers.rules.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec

KINDS: Mapping[str, type[Spec]] = {
    "Gwbridge": GwbridgeSpec,
    "Swarm": SwarmSpec,
    "Node": NodeSpec,
    "Ingress": IngressSpec,
    "Overlay": OverlaySpec,
}
SECONDS = 60.0

Outputs = Mapping[str, Any]
State = Mapping[str, tuple[Spec, Outputs]]


class NoState(Exception):
    """Pulumi can't be asked, or knows no such stack; the message says which."""


def state_of(stack: str, directory: Path) -> State:
    """The resources that the state has, by name: what was wanted of each, and its outputs.

    `directory` lies in the Pulumi project. Raises NoState with Pulumi's own words.
    """
    command = ["pulumi", "stack", "export", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=SECONDS, check=True)
    except FileNotFoundError as error:
        raise NoState("there is no `pulumi` on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise NoState(f"`pulumi stack export` does not answer within {SECONDS:.0f} s") from error
    except subprocess.CalledProcessError as error:
        words = " ".join(error.stderr.split()) or f"it ended with {error.returncode}"
        raise NoState(f"`pulumi stack export`: {words.removeprefix('error: ')}") from error
    return resources(json.loads(done.stdout))


def resources(exported: Mapping[str, Any]) -> State:
    """The resources in an exported state that are Swarmnet's."""
    found = {}
    for each in (exported.get("deployment") or {}).get("resources") or []:
        kind = KINDS.get(each["type"].rpartition(":")[2]) if "swarmnet" in each["type"] else None
        if kind is not None and not each.get("delete"):
            outputs = each.get("outputs") or {}
            inputs = {key: value for key, value in outputs.items() if key in kind.model_fields}
            found[each["urn"].rpartition("::")[2]] = (kind.model_validate(inputs), outputs)
    return found
