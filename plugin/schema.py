"""The package's schema, from which Pulumi makes an SDK in each language: made of the stack file's model and the specs.

https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
"""

from typing import Any

from cli import VERSION
from plugin.spelling import camel
from providers.rules.resource_types.table import RESOURCE_TYPES
from providers.rules.stack_file.model import Host, Preparation, StackFile
from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.specs import Spec

JSON = dict[str, Any]
COMPONENT = f"{NAMESPACE}:index:Networks"
# Programs have commands and references of their own, and no second stack file beside them.
LEFT_OUT = frozenset({"prepare", "connected_to"})
SECTIONS = tuple(key for key in StackFile.model_fields if key not in LEFT_OUT)
# What the plugin itself knows, or keeps: no property that anybody declares.
OWN = frozenset({"owner", "row", "settled", "declared", "digest", "seen", "replaces", "dropped", "before"})
_ANY = {"$ref": "pulumi.json#/Any"}


_RESOURCES = frozenset(kind.name for kind in RESOURCE_TYPES)


def token(name: str) -> str:
    """Return the token of a resource, or of a type of no resource's name."""
    return f"{NAMESPACE}:index:{name}"


def type_token(name: str) -> str:
    """Return the token of a type: a section with a resource's name would have the name of its arguments in SDKs."""
    return token(f"{name}Settings" if name in _RESOURCES else name)


def schema() -> JSON:
    """Return the schema."""
    types: JSON = {}
    model = StackFile.model_json_schema()
    for name, section in model["$defs"].items():
        if name != Preparation.__name__:
            types[type_token(name)] = _object(section, types, LEFT_OUT if name == Host.__name__ else frozenset())
    inputs = _object(model, types, LEFT_OUT)
    networks = {
        "description": "The networks of one Docker Swarm: its docker_gwbridge, ingress and overlays, and the swarm.",
        "isComponent": True,
        "inputProperties": inputs["properties"],
        "requiredInputs": inputs["required"],
        "properties": {
            "swarmnet": {**_ANY, "description": "what deployments of apps read: names, ids and ranges"},
            "compose": {"type": "string", "description": "the overlays as text of a Compose file"},
        },
        "required": ["swarmnet", "compose"],
    }
    resources = {token(kind.name): _resource(kind.spec, kind.output, types) for kind in RESOURCE_TYPES}
    return {
        "name": NAMESPACE,
        "displayName": "Swarmnet",
        "version": VERSION,
        "description": "The networks of Docker Swarms, over SSH.",
        "license": "Apache-2.0",
        "config": {},
        "provider": {
            "description": "Which hosts there are and how they are reached: sections of the stack file.",
            "inputProperties": inputs["properties"],
        },
        "types": types,
        "resources": {COMPONENT: networks, **resources},
        "language": {
            "nodejs": {"respectSchemaVersion": True},
            "python": {"respectSchemaVersion": True, "pyproject": {"enabled": True}},
            "go": {"respectSchemaVersion": True, "importBasePath": "swarmnet", "generateResourceContainerTypes": True},
            "csharp": {"respectSchemaVersion": True},
        },
    }


def _resource(spec: type[Spec], output: str, types: JSON) -> JSON:
    model = spec.model_json_schema()
    for name, part in model.get("$defs", {}).items():
        if any(f"/{name}" in str(each) for each in _declared(model).values()):
            types[type_token(name)] = _object(part, types)
    inputs = _object({**model, "properties": _declared(model)}, types)
    outputs = {
        camel(output): {"type": "string", "description": "the Engine's id"},
        "adopted": {"type": "boolean", "description": "whether it was there before this stack"},
    }
    return {
        "description": f"{model['description'].partition(chr(10))[0]} `Networks` declares it.",
        "inputProperties": inputs["properties"],
        "requiredInputs": inputs["required"],
        "properties": {**inputs["properties"], **outputs},
        "required": [*inputs["required"], *outputs],
    }


def _declared(model: JSON) -> JSON:
    return {key: value for key, value in model["properties"].items() if key not in OWN}


def _object(model: JSON, types: JSON, left_out: frozenset[str] = frozenset()) -> JSON:
    """Return an object type; the enumerations of its keys are added to `types`."""
    keys = {key: value for key, value in model.get("properties", {}).items() if key not in left_out}
    found: JSON = {"type": "object"}
    if "description" in model:
        found["description"] = model["description"].partition("\n")[0]
    return found | {
        "properties": {camel(key): _property(key, value, types) for key, value in keys.items()},
        "required": [camel(key) for key in model.get("required", []) if key in keys],
    }


def _property(key: str, value: JSON, types: JSON) -> JSON:
    described = {"description": value["description"]} if "description" in value else {}
    return {**_type(key, value, types), **described}


def _type(key: str, value: JSON, types: JSON) -> JSON:
    """Return a type as Pulumi has it: an enumeration by its name, either of two forms as one of them."""
    if "$ref" in value:
        return {"$ref": f"#/types/{type_token(value['$ref'].rpartition('/')[2])}"}
    if forms := value.get("anyOf", value.get("oneOf")):
        told = [_type(key, form, types) for form in forms if form.get("type") != "null"]
        return told[0] if len(told) == 1 else {"oneOf": told}
    if "enum" in value:
        name = token("FindingId" if key == "id" else key.title().replace("_", ""))
        types[name] = {"type": "string", "enum": [{"value": each} for each in value["enum"]]}
        return {"$ref": f"#/types/{name}"}
    if value.get("type") == "array":
        return {"type": "array", "items": _type(key, value["items"], types)}
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return {
            "type": "object",
            "additionalProperties": _type(key, inner, types) if isinstance(inner, dict) else _ANY,
        }
    return {"type": value["type"]}
