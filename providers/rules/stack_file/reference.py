"""Makes the keys of the stack file into a table, from its model."""

from collections.abc import Iterator
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Host, PartialGwbridge, Preparation, Reach, StackFile
from providers.rules.stack_file.problems import section

Row = tuple[str, str, str]

_INNER: dict[object, str] = {dict: ".<name>", list: "[]"}


def table() -> str:
    """Return the keys as Markdown: key, default, meaning."""
    rows = [("key", "default", "meaning"), ("---", "---", "---"), *_rows(StackFile, "")]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(model: type[BaseModel], prefix: str) -> Iterator[Row]:
    for name, field in model.model_fields.items():
        if model is Host and name in Reach.model_fields:
            continue  # told in one row, below
        path, inner = f"{prefix}{name}", section(field.annotation)
        yield f"`{path}`", _default(model, name, field), _meaning(field)
        # Those of one host's `gwbridge` and `prepare` are told with the shared ones.
        if inner and inner is not PartialGwbridge and not (model is Host and inner is Preparation):
            yield from _rows(inner, f"{path}{_INNER.get(get_origin(field.annotation), '')}.")
    if model is Host:
        yield f"`{prefix}<key>`", "from `ssh`", "any key of `ssh`, for this host alone"


def _default(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = HostAccess.model_fields[name].default if model is Reach else field.default
    if value is None or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(field: FieldInfo) -> str:
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    listed = f" ({', '.join(f'`{choice}`' for choice in choices)})" if choices else ""
    return f"{field.description}{listed}"
