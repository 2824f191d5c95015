"""The JSON of `pulumi preview --json`, as far as a report needs it.

The form: https://github.com/pulumi/pulumi/blob/master/pkg/display/json.go. Resources that stay as they are have no step
in it, only the stack itself has.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from providers.rules.vocabulary.words import reason

# With PULUMI_ENABLE_STREAMING_JSON_PREVIEW Pulumi writes events, a line each, that begin like this.
STREAM = '{"sequence":'


class NotAPreview(ValueError):
    """A text is not what `pulumi preview --json` writes; the message says why, in one line."""


def _present(value: object) -> object:
    return {} if value is None else value


Properties = Annotated[Mapping[str, Any], BeforeValidator(_present)]


class _Part(BaseModel):
    """A part of the JSON; keys that nobody asked for are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class State(_Part):
    """A resource before or after."""

    inputs: Properties = {}
    outputs: Properties = {}


class Step(_Part):
    """A step on one resource: `op` is Pulumi's word, such as create, update, replace, delete, same, refresh."""

    op: str
    urn: str
    old: State | None = Field(default=None, alias="oldState")
    new: State | None = Field(default=None, alias="newState")

    @property
    def name(self) -> str:
        """Return the resource's name: `overlay/app`."""
        return name_in(self.urn)

    @property
    def type(self) -> str:
        """Return the resource's type: `pulumi-python:dynamic/swarmnet:Overlay`."""
        return self.urn.split("::")[2] if self.urn.count("::") > 2 else ""

    @property
    def of_prepare(self) -> bool:
        """Tell whether it is a command of `prepare`."""
        return self.type == "command:local:Command" and self.name.startswith("prepare/")

    @property
    def marks(self) -> tuple[str, str]:
        """Of such a command: what tells whether it ran as it was before, and as it is after."""
        old, new = (each.inputs.get("environment", {}).get("ran", "") if each else "" for each in (self.old, self.new))
        return old, new


class Diagnostic(_Part):
    """A message of Pulumi, the program or a provider. `urn` is empty if it is about no resource."""

    message: str
    severity: str
    urn: str = ""


class Preview(_Part):
    """A whole preview. `config` is the stack's configuration, structured values as JSON; secrets are not in it."""

    config: Mapping[str, str] = {}
    steps: tuple[Step, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Return the preview in a text. Raises NotAPreview."""
        if not text.strip():
            raise NotAPreview("it is empty: `pulumi preview --json` ended before it began; its stderr says why")
        if (text.decode(errors="replace") if isinstance(text, bytes) else text).lstrip().startswith(STREAM):
            raise NotAPreview(
                "it is a stream of events: unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW, then preview again"
            )
        try:
            found = cls.model_validate_json(text)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, problem["loc"])) or "it"
            raise NotAPreview(
                f"not what `pulumi preview --json` writes: {where}: {reason(problem['msg']).lower()}"
            ) from error
        if not found.steps and not found.diagnostics:
            raise NotAPreview("not what `pulumi preview --json` writes: it has neither steps nor diagnostics")
        return found

    @property
    def owner(self) -> str:
        """`<project>/<stack>`; empty if no step says it."""
        parts = self.steps[0].urn.split("::") if self.steps else []
        return f"{parts[1]}/{parts[0].rpartition(':')[2]}" if len(parts) > 1 else ""

    @property
    def stack(self) -> str:
        """Return the stack's own name; empty if no step says it."""
        return self.owner.rpartition("/")[2]


def name_in(urn: str) -> str:
    """Return the name in a URN: `urn:pulumi:lab::swarmnet::…:Overlay::overlay/app` has overlay/app."""
    return urn.split("::", 3)[-1]
