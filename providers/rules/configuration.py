"""The two forms in which a stack's configuration arrives, brought to one. Text in, data out; no file is read.

Both give the keys of the namespace `swarmnet` without it; what belongs to other namespaces is left out.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from providers.rules.errors import StackFileError
from providers.rules.problems import Raw

NAMESPACE = "swarmnet"


class _Loader(yaml.SafeLoader):
    """YAML as Pulumi reads it: `yes`, `on`, 12:30 and 2026-01-01 are text, and no key comes twice.

    Pulumi parses with yaml.v3 (https://pkg.go.dev/gopkg.in/yaml.v3), PyYAML follows YAML 1.1.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A mapping; raises ConstructorError where a key comes twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge" and key.value in seen:
                raise yaml.constructor.ConstructorError(problem=f"{key.value} comes twice", problem_mark=key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep)


_WORDS = {
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "int": (r"^[-+]?[0-9]+$|^0x[0-9a-fA-F]+$", "-+0123456789"),
    "float": (r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    "null": (r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    "merge": (r"^<<$", "<"),
}
