"""States that releases wrote on real hosts, as users have them: `VERSION/whole-stack.json`; `before-0.1.0` is what a
checkout wrote before the first release, with names of outputs that have changed since.

Taken out is what says where code lay on the recording machine, and the salt of its passphrase, which is empty. How one
is recorded: tests/states/__main__.py.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.project import name

Json = Any
FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class FormerState:
    """A state by its text. The stack file is in it too, as the configuration of Pulumi's own provider resource."""

    version: str
    text: str

    @property
    def resources(self) -> dict[str, Json]:
        """Return the resources of the stack, by name."""
        return {name(each["urn"]): each for each in json.loads(self.text)["deployment"]["resources"]}

    @property
    def of_providers(self) -> dict[str, Json]:
        """The resources that Swarmnet's own providers made."""
        return {each: found for each, found in self.resources.items() if "__provider" in found.get("inputs", {})}

    @property
    def sections(self) -> dict[str, Json]:
        """The sections of the stack file."""
        flat = self.resources["default"]["inputs"]
        return {key.removeprefix("swarmnet:"): json.loads(text) for key, text in flat.items()}

    def with_words(self, words: Mapping[str, str]) -> "FormerState":
        """The same with each of these words replaced wherever it stands by itself, all at once."""
        found = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b")
        return FormerState(self.version, found.sub(lambda word: words[word[0]], self.text))

    def by_other_sdks(self) -> "FormerState":
        """The same as SDKs such as 3.226 hand it to a plugin: without the two names of 0.1.0 that begin with `__`."""
        hidden = re.compile(r'"__(?:owner|row)": "[^"]*",?\s*')
        return FormerState(f"{self.version} by SDK 3.226", hidden.sub("", self.text))


def former_states() -> list[FormerState]:
    """All that are recorded."""
    return [FormerState(path.parent.name, path.read_text()) for path in sorted(FOLDER.glob("*/whole-stack.json"))]
