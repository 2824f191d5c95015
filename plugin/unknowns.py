"""A stack file of which some values are not known yet, as in the preview of a program that makes the hosts itself.

Two stand-ins take the place of each such value. What is said of the file with both of them does not come from them;
what differs between the two waits for the value. So the checks and the plan need to know nothing of unknown values.
"""

import copy
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal, get_args, get_origin

from pulumi.output import UNKNOWN, Unknown
from pydantic import BaseModel

from plugin.sdk import Place, Plain
from providers.rules.checks.whole_file import Validation, validate
from providers.rules.plan import Plan, desired
from providers.rules.resource_types.resource_type import to_props
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.problems import Raw, path, readable
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.specs import Spec

Pair = tuple[object, object]


@dataclass(frozen=True)
class Checked:
    """A file that may be a plan. raw: with a stand-in for each unknown value. waiting: the paths of those."""

    plan: Plan
    other: Plan
    raw: Raw
    waiting: tuple[str, ...]
    warnings: tuple[str, ...]
    validation: Validation

    def inputs(self, spec: Spec) -> dict[str, Plain]:
        """Return the inputs of one of the plan's resources; unknown is what hangs on an unknown value."""
        twin = next((each for each in self.other.specs if each.resource_name == spec.resource_name), spec)
        found: dict[str, Plain] = common(to_props(spec), to_props(twin))
        return found


def check_known(raw: Raw, owner: str) -> Checked:
    """Check a whole file, whatever of it is known. owner: `<project>/<stack>`.

    Raises StackFileError with every problem that does not wait for an unknown value.
    """
    places = tuple(unknown(raw))
    waiting = tuple(map(path, places))
    one, two = stand_ins(raw, places)
    first, second = validate(one), validate(two)
    known = [line for line in first.why_no_plan if line in second.why_no_plan and not _is_at(line, waiting)]
    if known:
        raise StackFileError(known)
    plan, other = (desired(each.resolved, owner) for each in (first, second))
    warnings = tuple(line for line in first.warnings if line in second.warnings)
    return Checked(plan, other, one, waiting, warnings, first)


def unknown(value: Plain, place: Place = ()) -> Iterator[Place]:
    """Yield the places of unknown values."""
    if isinstance(value, Unknown):
        yield place
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from unknown(each, (*place, key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from unknown(each, (*place, at))


def stand_ins(raw: Raw, places: Sequence[Place]) -> tuple[Raw, Raw]:
    """Return the file twice, each with another sensible value at every unknown place that one is known for."""
    left = dict.fromkeys(places, 0)
    while True:
        pairs = {place: _PAIRS[choice](at) for at, (place, choice) in enumerate(left.items()) if choice < len(_PAIRS)}
        one, two = (_filled(raw, {place: pairs.get(place, (None, None))[at] for place in places}) for at in (0, 1))
        problems = (*readable(StackFile, one).problems, *readable(StackFile, two).problems)
        refused = [place for place in pairs if any(_is_at(line, (path(place),)) for line in problems)]
        if not refused:
            return one, two
        left |= {place: left[place] + 1 for place in refused}


def _filled(raw: Raw, values: Mapping[Place, object]) -> Raw:
    filled = copy.deepcopy(raw)
    for place in sorted(values, key=lambda each: [str(step) for step in each], reverse=True):
        *parents, key = place
        node: Any = filled
        for step in parents:
            node = node[step]
        if values[place] is None:
            node.pop(key)
        else:
            node[key] = values[place]
    return filled


def _is_at(line: str, paths: Sequence[str]) -> bool:
    """Tell whether a problem is of the value at one of the paths, or of what stands below it, and not of the key."""
    where, _, problem = line.partition(": ")
    below = tuple(f"{each}{end}" for each in paths for end in (".", "["))
    return (where in paths or where.startswith(below)) and not problem.startswith(("unknown key", "is refused"))


def common(one: Plain, two: Plain) -> Plain:
    """Return what two values have in common, and `UNKNOWN` in the place of what differs."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        return {key: common(one.get(key), two.get(key)) for key in {**one, **two}}
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        return [common(*both) for both in zip(one, two, strict=True)]
    return one if one is two or (type(one) is type(two) and one == two) else UNKNOWN


def _choices(model: type[BaseModel]) -> Iterator[Pair]:
    """Yield two words of each enumeration in a model."""
    left: list[object] = [model]
    for kind in left:
        if get_origin(kind) is Literal:
            first, second, *_ = get_args(kind)
            yield first, second
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            left += [field.annotation for field in kind.model_fields.values() if field.annotation not in left]
        else:
            left += [part for part in get_args(kind) if part not in left]


def _always(pair: Pair) -> Callable[[int], Pair]:
    return lambda at: pair


def _host_key(at: int) -> str:
    """Return a public key that nobody has: https://www.rfc-editor.org/rfc/rfc8709#section-4."""
    kind, key = b"ssh-ed25519", at.to_bytes(32)
    packed = b"".join(len(each).to_bytes(4) + each for each in (kind, key))
    return f"ssh-ed25519 {b64encode(packed).decode()}"


# No host is ever reached by them: they are kept for documents and measurements.
# https://www.rfc-editor.org/rfc/rfc2544, https://www.rfc-editor.org/rfc/rfc6761, https://www.rfc-editor.org/rfc/rfc3849
_ADDRESS, _ADDRESS_IPV6 = IPv4Address("198.18.0.1"), IPv6Address("2001:db8::1")
# Pairs to try for the unknown value of some number, one after the other until the model takes both.
_PAIRS: tuple[Callable[[int], Pair], ...] = (
    lambda at: (f"not-known-yet-{at}.invalid", str(_ADDRESS + at)),
    lambda at: (str(_ADDRESS + at), str(_ADDRESS + at + 2**16)),
    lambda at: (f"198.18.{at % 256}.0/24", f"198.19.{at % 256}.0/24"),
    lambda at: (str(_ADDRESS_IPV6 + at), str(_ADDRESS_IPV6 + at + 2**16)),
    lambda at: (f"2001:db8:{at % 2**16:x}::/64", f"2001:db8:{at % 2**16:x}:1::/64"),
    lambda at: (_host_key(2 * at), _host_key(2 * at + 1)),
    *(_always(pair) for pair in dict.fromkeys(_choices(StackFile))),
    _always((False, True)),
    lambda at: (1024 + at, 2048 + at),
    _always((24, 25)),
    _always(({}, {"not-known-yet": "1"})),
    _always(([], ["198.18.0.0/24"])),
    _always(({}, {})),
    _always(([], [])),
)
