"""The text of a stack file for what was found: sections as YAML, remarks as comments above what they are about."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

import yaml

from providers.discovery.found import Kind, Remark
from providers.rules.stack_file.problems import Raw
from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.words import INVISIBLE, line

_WIDTH = 110
_KINDS: tuple[Kind, ...] = ("clash", "not seen", "unusual", "not managed")
_SECTIONS = ("hosts", "ssh", "swarm", "gwbridge", "ingress", "overlays")
# Text that every version of YAML reads as text without quotes.
_PLAIN = re.compile(
    r"(?!(?i:true|false|null|yes|no|on|off|y|n)$)[A-Za-z][\w./@-]*|~?/[\w./@-]+|swarmnet:[a-z_]+|\d+(\.\d+){3}(/\d+)?"
)


class _Dumper(yaml.SafeDumper):
    """Quotes all text that is not plainly text: PyYAML knows YAML 1.1 alone, and Pulumi reads 1.2."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _PLAIN.fullmatch(text) else '"')


_Dumper.add_representer(str, _text)


def stack_file_text(
    sections: Raw,
    remarks: Iterable[Remark],
    heading: Sequence[str],
    kept: Mapping[str, object] | None = None,
    routes: Mapping[str, str] | None = None,
) -> str:
    """Return the whole file. `heading`: paragraphs above all; `kept`: what else the file has at its top level.

    routes: what hosts have routes to, with whose they are: `reserved`, for a person to take the marks away.
    """
    remaining = list(remarks)
    lines = ["# yaml-language-server: $schema=schema.json"]
    for paragraph in heading:
        lines += _comment(paragraph)
    lines.append("config:")
    for key in _SECTIONS:
        lines += [f"  {line}" for line in _section(key, sections, remaining)]
    lines += [f"  {line}" for line in _reserved(routes or {})]
    others = {key: value for key, value in sections.items() if key not in _SECTIONS}
    lines += [f"  {line}" for line in _yaml(others)]
    lines += _yaml(kept or {})
    return "\n".join(lines) + "\n"


def _section(key: str, sections: Raw, remarks: Iterable[Remark]) -> Iterator[str]:
    """Yield one top-level key under `config`, after the remarks that are about it."""
    for remark in put_first(remarks, key):
        yield from _comment(f"{remark.kind}: {remark.line}")
    if key in sections:
        yield from _yaml({f"{NAMESPACE}:{key}": sections[key]})


def _reserved(routes: Mapping[str, str]) -> Iterator[str]:
    """Yield a section that is none until somebody takes its marks away: what nothing here may meet only he knows."""
    if routes:
        yield from _comment("Hosts have routes to these. Uncomment those that no network here may overlap:")
        yield f"# {NAMESPACE}:reserved:"
        yield from (f"#   - {subnet} # {line(words)}" for subnet, words in routes.items())


def put_first(remarks: Iterable[Remark], where: str) -> list[Remark]:
    """Return the remarks on one key, clashes before all others."""
    return sorted((each for each in remarks if each.where == where), key=lambda each: _KINDS.index(each.kind))


def _yaml(values: Mapping[str, object]) -> Iterator[str]:
    """Block style outside, flow style for what has no further level."""
    for key, value in values.items():
        style = None if isinstance(value, dict | list) else False
        yield from _dumped({key: value}, style).splitlines()


def flow(value: object) -> str:
    """Return a value in one line."""
    return _dumped(value, style=True).removesuffix("\n...\n").strip()


def _dumped(value: object, style: bool | None) -> str:
    """Return YAML, with letters of all languages as they are, but none that is invisible or turns the line round."""

    def dump(*, letters: bool) -> str:
        return yaml.dump(
            value, Dumper=_Dumper, sort_keys=False, default_flow_style=style, width=10_000, allow_unicode=letters
        )

    text = dump(letters=True)
    return dump(letters=False) if INVISIBLE.search(text.replace("\n", "")) else text


def _comment(paragraph: str) -> list[str]:
    """Return a paragraph as comment lines; what a host said in several lines or with control characters is one."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in line(paragraph)).split())
    first, *rest = textwrap.wrap(plain, _WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"# {first}".rstrip(), *(f"#   {line}" for line in rest)]
