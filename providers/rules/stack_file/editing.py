"""Changes values in the text of a stack file and keeps every other character.

A parser finds where a value stands; nothing is written anew, so that comments, order and quotes stay.
"""

from collections.abc import Mapping

import yaml

from providers.rules.stack_file.field_types import AUTO
from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.errors import StackFileError

_SECTIONS = (f"{NAMESPACE}:overlays", "overlays")


def with_subnets(text: str, subnets: Mapping[str, str]) -> str:
    """Return the text with a subnet in place of `auto`, by the overlay's name.

    Raises StackFileError if the value does not stand in the overlay's own section: in one that several share by an
    anchor, or in JSON text.
    """
    places: dict[tuple[int, int], str] = {}
    unclear = []
    for name, subnet in subnets.items():
        place = _place(text, name)
        if not place or place in places:
            unclear.append(f"overlays.{name}.subnet: write `subnet: {AUTO}` in the overlay's own section")
        else:
            places[place] = subnet
    if unclear:
        raise StackFileError(unclear)
    for (start, end), subnet in sorted(places.items(), reverse=True):  # from the end, so that places stay
        text = text[:start] + subnet + text[end:]
    return text


def _place(text: str, name: str) -> tuple[int, int] | None:
    """Return where the value of an overlay's `subnet` begins and ends, in characters."""
    config = _value(yaml.compose(text, yaml.SafeLoader), "config")
    section = next((found for key in _SECTIONS if (found := _value(config, key))), None)
    value = _value(_value(section, name), "subnet")
    if not isinstance(value, yaml.ScalarNode):
        return None
    start, end = value.start_mark.index, value.end_mark.index
    return (start, end) if text[start:end].strip("'\"") == AUTO else None  # else it carries an anchor or a tag


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)
