"""Labels that say who owns a thing, and what `create` does with a thing that it finds.

Only labels and intent are compared here. Each resource type knows its own differences.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.labels import OWNER, owner_of
from providers.rules.vocabulary.specs import Adopt, GwbridgeSpec, IngressSpec, Spec

S = TypeVar("S", GwbridgeSpec, IngressSpec)


def adoption_refusal(
    thing: str,
    labels: Pairs,
    owner: str,
    adopt: Adopt,
    difference: str,
    *,
    engine_default: bool = False,
    goes_on: bool = False,
) -> str | None:
    """Say why `create` may not take or change something found, or None if it may.

    thing: what was found and where, such as `overlay app`. difference: what differs from intent, in words, empty
    where nothing does. engine_default: it is just as the Engine makes it by itself, so that its place may be taken.
    goes_on: the swarm is in the middle of a change with our own digest, such as a first run that was cut left.
    """
    theirs = owner_of(labels)
    if theirs == owner:
        return other_state_message(thing, difference) if difference and not goes_on else None
    if theirs is not None:
        return _other_stack_message(thing, theirs, owner)
    if engine_default:
        return None
    if adopt == "refuse":
        return f"{thing} exists already and adopt is refuse: remove it, or set adopt to identical or converge"
    if adopt == "identical" and difference:
        return (
            f"{thing} exists already and differs ({difference}) and adopt is identical: "
            f"make the stack file match it, or set adopt to converge to have it changed"
        )
    return None


def foreign_refusal(thing: str, labels: Pairs, owner: str) -> str | None:
    """Say why an update must leave it alone: it carries another stack's label. None if it does not."""
    theirs = owner_of(labels)
    return None if theirs in (None, owner) else _other_stack_message(thing, theirs, owner)


def other_state_message(thing: str, difference: str) -> str:
    """Say what to do about something that carries our label, differs from what we want, and is not in the state."""
    return (
        f"{thing} is labelled as this stack's, but is missing from the current state, and differs "
        f"({difference}): `pulumi login` where the state that has it is, or write what is there into the stack file, "
        "which takes it over, and change it then"
    )


def _other_stack_message(thing: str, theirs: str, owner: str) -> str:
    return (
        f"{thing} belongs to {theirs} (label {OWNER}), not to {owner}: take it out of one of the two stack files; "
        f"if {theirs} no longer exists, remove by hand what it left, or `pulumi stack rename` this one to that name"
    )


def kept_if_adopted(spec: S, known: Mapping[str, Any]) -> S:
    """Return the spec for a removal: what others had made stays, whatever `on_remove` says."""
    return spec.model_copy(update={"on_remove": "keep"}) if known.get("adopted") else spec


def describe_difference(desired: Spec, live: Spec, changed: frozenset[str] | None = None) -> str:
    """Return the differing properties as `subnet: 172.18.0.0/16, desired 10.11.0.0/16; mtu: ...`. Each option and label
    stands by itself; unfinished work is told in its own words.

    live: the same with what is found, which may be no value that a spec allows. changed: those to tell, else all.
    """
    before, after = desired.model_dump(), live.model_dump(warnings=False)
    keys = desired.changed(live) if changed is None else changed
    return "; ".join(part for key in sorted(keys) for part in _differences(key, before[key], after[key]))


def _differences(key: str, desired: object, live: object) -> Iterator[str]:
    if key == "settled" and isinstance(live, str):
        yield live
    elif isinstance(desired, dict) and isinstance(live, dict):
        both = sorted(name for name in desired.keys() | live.keys() if desired.get(name) != live.get(name))
        yield from (f"{key}.{name}: {live.get(name, 'not set')}, desired {desired.get(name, 'none')}" for name in both)
    else:
        yield f"{key}: {live}, desired {desired}"
