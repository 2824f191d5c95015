"""The full diff: each property of each resource that changes, as lines of a diff.

It leaves out what only Pulumi or a provider needs: the owner's name, the resource's own row, the pickled provider, what
a member is told of its networks.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from providers.explain.escape import shown
from providers.explain.report.changes import Change
from providers.explain.report.preview import Step
from providers.rules.vocabulary.specs import HostSpec, Spec

INTERNAL = frozenset({"owner", "row", "ingress", "gwbridge", "declared"})
REACHED = ("address", "bastion", "port", "user")
VERBS = {"create": "create", "update": "change", "replace": "replace", "delete": "remove"}


def details(change: Change) -> list[str]:
    """The lines of one resource: a head, then its properties. Of what comes or goes, those that are no default."""
    both = change.before is not None and change.after is not None
    old, new = (dict(flat(_shown(spec, both))) if spec else {} for spec in (change.before, change.after))
    verb = "forget" if change.is_removed_from_state_only else VERBS[change.op]
    return [f"@@ {shown(change.name)}: {verb} @@", *_lines(old, new)]


def other(step: Step) -> list[str]:
    """A resource that is not Swarmnet's. Its values are not shown: what is secret among them is not known here."""
    return [f"@@ {shown(step.name)} ({shown(step.type)}): {shown(step.op)} @@"]


def _lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for path in sorted(old.keys() | new.keys()):
        if path in old and old.get(path) != new.get(path):
            yield f"- {shown(path)}: {_value(old[path])}"
        if path in new and old.get(path) != new.get(path):
            yield f"+ {shown(path)}: {_value(new[path])}"


def _shown(spec: Spec, defaults: bool) -> dict[str, Any]:
    values = spec.model_dump(mode="json", exclude=set(INTERNAL), exclude_defaults=not defaults, exclude_none=True)
    if isinstance(spec, HostSpec) and spec.access and not defaults:
        # Of how a host is reached, what comes or goes with it is where; a change of it is shown whole.
        values["access"] = {key: value for key, value in spec.access.items() if key in REACHED}
    return values


def flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each value, and each within one by itself, with its path."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", each) for inner, each in value.items())
        else:
            yield key, value


def _value(value: object) -> str:
    return (
        shown(value) if isinstance(value, str) and value == shown(value) else shown(json.dumps(value, sort_keys=True))
    )
