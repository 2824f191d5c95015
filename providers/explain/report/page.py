"""The whole report as Markdown: the summary, problems, the networks, what is disturbed, the picture, the diff.

It fits into a comment: each section has a share of the space and is cut between two of its items.
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from providers.explain.escape import code, cut, fenced, prose
from providers.explain.facts_file import FactsFile
from providers.explain.report import networks
from providers.explain.report.changes import Change, changes, desired, natural, others
from providers.explain.report.details import details, other
from providers.explain.report.effects import Disturbs, effect
from providers.explain.report.findings import blocked, findings, source
from providers.explain.report.foreseen import foreseen
from providers.explain.report.preview import Diagnostic, Preview, name_in
from providers.explain.report.summary import joining, summary
from providers.rules.checks.ranges import Range
from providers.rules.plan import Plan
from providers.rules.vocabulary.words import some

# Forges take 65,536 characters in a comment (https://github.com/orgs/community/discussions/41331); what adds a line
# of its own to this has room.
MOST = 60_000
# The first line of a comment, which shows nothing: by it a later run finds the one that it has to edit.
MARKER = "<!-- swarmnet report -->"
# Of what is left, so much may be taken by: problems, networks, what is disturbed, the picture, the diff.
SHARES = (0.3, 0.5, 0.4, 0.5, 1.0)
MESSAGE = 2_000  # characters of one problem
# What Pulumi puts before the words of a program or provider, and what it says of itself.
WRAPPING = re.compile(r"^(?:(?:error|warning): |Preview failed: |\S+ resource '[^']*': (?=property ))+")
NO_NEWS = frozenset({"preview failed", "update failed"})
AMBIENT = "using pulumi-"  # which plugin was found where
MARKS = {Disturbs.SURELY: "⚠️ ", Disturbs.MAYBE: "❔ ", Disturbs.NOTHING: ""}


@dataclass(frozen=True)
class Section:
    """A part of the page: lines that stand or fall together with it, and items between them that may be cut."""

    head: Sequence[str]
    items: Sequence[Sequence[str]]
    foot: Sequence[str] = ()
    noun: str = "more"

    def within(self, space: float) -> list[str]:
        """Return the lines that fit into `space` characters; none if no item fits."""
        room = space - _size([*self.head, *self.foot]) - 200  # for the line that says what is missing
        taken: list[str] = []
        for at, item in enumerate(self.items):
            room -= _size(item)
            if room < 0:
                left = f"{len(self.items) - at} {self.noun} left out here: too long for a comment"
                missing = left if self.foot and self.foot[0].startswith("```") else f"\n*{left}*"
                return [*self.head, *taken, missing, *self.foot] if at else []
            taken += item
        return [*self.head, *taken, *self.foot] if taken else []


def comment(pages: Sequence[str]) -> str:
    """Join the reports on the stacks of a pull request to one comment."""
    return f"{MARKER}\n" + "\n".join(pages)


def no_page(name: str, why: str) -> str:
    """Return the page for a stack without a preview to read."""
    return f"### Networks of {code(name)}\n\n**No preview: {prose(why)}.**\n"


def page(
    preview: Preview, facts: FactsFile | None = None, age: timedelta = timedelta(), most: int = MOST - len(MARKER) - 1
) -> str:
    """Return the report on a preview, in at most so many characters. `age` is that of the facts."""
    plan, reserved = desired(preview)
    found, beside = changes(preview, plan), others(preview)
    errors = _messages_of(preview.diagnostics, "error")
    refused = foreseen(found) + (blocked(found, facts) if facts else [])
    joins = joining(found)
    problems, failed = len(errors) + len(refused), bool(errors)
    head = [
        f"### Networks of {code(preview.stack or 'a stack')}",
        "",
        f"**{summary(found, joins, facts, others=beside, problems=problems, failed=failed)}**",
    ]
    diff = [details(change) for change in found] + [other(step) for step in beside]
    sections = (
        _problems(errors, refused, _messages_of(preview.diagnostics, "warning")),
        _networks(found, plan, failed),
        _disturbed(found, joins, facts, age),
        _picture(networks.rows(found, plan), reserved),
        _diff(diff),
    )
    lines = list(head)
    for section, share in zip(sections, SHARES, strict=True):
        lines += section.within((most - _size(lines)) * share)
    return "\n".join(lines) + "\n"


def _size(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _messages_of(diagnostics: Sequence[Diagnostic], severity: str) -> list[tuple[str, str]]:
    """Messages with the resource that each is about, without Pulumi's wrapping, each once."""
    found = {
        (name_in(each.urn) if each.urn else "", WRAPPING.sub("", each.message.strip()))
        for each in diagnostics
        if each.severity == severity
    }
    news = {(name, words) for name, words in found if words not in NO_NEWS and not words.startswith(AMBIENT)}
    left = news or (found if severity == "error" else set())
    return sorted(left, key=lambda each: (natural(each[0]), each[1]))


def _problems(
    errors: Sequence[tuple[str, str]], refused: Sequence[tuple[str, str]], warnings: Sequence[tuple[str, str]]
) -> Section:
    items = [f"- {_message(name, words)}" for name, words in errors]
    items += [f"- `up` would be refused: {_message(name, words)}" for name, words in refused]
    items += [f"- warning: {_message(name, words)}" for name, words in warnings]
    return Section(["", "#### Problems" if errors or refused else "#### Warnings", ""], [[line] for line in items])


def _message(name: str, words: str) -> str:
    text = prose(cut(words, MESSAGE))
    return f"{code(name)}: {text}" if name else text


def _networks(found: Sequence[Change], plan: Plan | None, failed: bool) -> Section:
    head = ["", "#### Networks, before and after", ""]
    if failed:
        head += ["The preview ended early: what it did not reach is shown as the stack file wants it.", ""]
    rows = networks.rows(found, plan) if found or failed else []
    changed = [row for row in rows if row.change]
    stay = [row for row in rows if not row.change] if len(rows) > 100 else []
    lines = [[networks.line(row)] for row in ([*changed, *stay] if stay else rows)]
    return Section([*head, *networks.HEAD], lines, noun="networks")


def _disturbed(found: Sequence[Change], joins: Set[str], facts: FactsFile | None, age: timedelta) -> Section:
    alike = groupby(found, lambda change: (type(change.spec), effect(change, joins)))  # one after the other
    items = [item for number, (_, group) in enumerate(alike, 1) for item in _items(number, list(group), joins, facts)]
    foot = ["", *source(found, facts, age)] if facts else []
    return Section(["", "#### What it does, in this order", ""], items, foot, noun="changes")


def _items(number: int, group: Sequence[Change], joins: Set[str], facts: FactsFile | None) -> Iterator[list[str]]:
    """List what a group of changes does, then what facts know of each of them; between any two the page may be cut."""
    does = effect(group[0], joins)
    names = some([code(change.name) for change in group], networks.NAMED)
    yield [f"{number}. {MARKS[does.disturbs]}{names}: {prose(does.words)}"]
    for change in group if facts else ():
        whose = f"{code(change.name)}: " if len(group) > 1 else ""
        yield [f"   - {whose}{line}" for line in findings(change, facts)] if facts else []


def _picture(rows: Sequence[networks.Row], reserved: Sequence[Range]) -> Section:
    changed = any(row.change for row in rows)
    block = fenced("mermaid", networks.picture(rows, reserved)) if changed else []
    return Section(["", "#### Address plan", ""], [block] if block else [])


def _diff(entries: Sequence[Sequence[str]]) -> Section:
    if not entries:
        return Section([], [])
    opening, *_, closing = fenced("diff", [line for entry in entries for line in entry])
    head = ["", "<details><summary>Full diff</summary>", "", opening]
    return Section(head, entries, [closing, "", "</details>"], noun="resources")
