"""The line that stands first: what changes, in few words, and the worst of what it does. Names of users only as
code.
"""

import re
from collections.abc import Iterator, Sequence, Set

from providers.explain.escape import code, plain, prose
from providers.explain.facts_file import FactsFile
from providers.explain.forecast import lasting
from providers.explain.report.changes import Change
from providers.explain.report.effects import Disturbs, effect
from providers.explain.report.findings import forecast, services
from providers.explain.report.preview import Step
from providers.rules.vocabulary.specs import IngressSpec, NodeSpec
from providers.rules.vocabulary.words import some

# So many names are told, then their number.
NAMED = 3
FORETOLD = "the ingress changes: no published ports for"
PLACE = re.compile(r"\{(\w+)\}")  # of names in an effect's summary
OWN_NAME = {"host": "host", "overlay": "name"}  # the property that has it; of others the resource's is told


def summary(
    changes: Sequence[Change],
    joining: Set[str],
    facts: FactsFile | None,
    *,
    others: Sequence[Step],
    problems: int,
    failed: bool,
) -> str:
    """Return one sentence. `others`: steps on what is no resource of Swarmnet's own; `failed`: the preview itself."""
    commands = [each for each in others if each.of_prepare]
    parts = [*_commands(commands), *_changes(changes, joining, facts)]
    if beside := len(others) - len(commands):
        parts.append(f"changes beside Swarmnet's: {_count(beside, 'resource')}")
    if problems:
        found = _count(problems, "problem")
        parts.insert(0, f"the preview fails with {found}" if failed else f"this would be refused: {found}")
    text = "; ".join(parts) or "nothing changes"
    return f"{text[0].upper()}{text[1:]}."


def _commands(steps: Sequence[Step]) -> Iterator[str]:
    """Commands of `prepare`: those that run, come before all else; of those that go some may have nothing to undo."""
    run = [each for each in steps if each.op != "delete" and each.marks[0] != each.marks[1]]
    for found, where in ((run, "run first on"), ([each for each in steps if each.op == "delete"], "taken from")):
        if found:
            hosts = sorted({each.name.split("/")[1] for each in found})
            yield f"{_count(len(found), 'command')} of `prepare` {where} {_names('host', hosts)}"


def joining(changes: Sequence[Change]) -> frozenset[str]:
    """Return the hosts that are to join the swarm."""
    return frozenset(each.spec.host for each in changes if each.op == "create" and isinstance(each.spec, NodeSpec))


def _changes(changes: Sequence[Change], joining: Set[str], facts: FactsFile | None) -> Iterator[str]:
    """What several changes do alike, with their names, in the order of the first of each."""
    alike: dict[str, list[Change]] = {}
    for change in changes:
        alike.setdefault(_ports(change, facts) or prose(effect(change, joining).summary), []).append(change)
    for words, group in alike.items():
        felt = "" if words.startswith(FORETOLD) or not facts else _felt(group, joining, facts)
        for noun in PLACE.findall(words)[:1]:
            names = [str(getattr(each.spec, OWN_NAME.get(noun, ""), each.name)) for each in group]
            words = words.replace(f"{{{noun}}}", _names(noun, names), 1)
        yield words + felt


def _ports(change: Change, facts: FactsFile | None) -> str:
    """Say which services lose their ports for how long, if a change of the ingress was foretold."""
    ingress = isinstance(change.spec, IngressSpec) and change.op == "update" and change.properties
    foretold = forecast(change, facts) if facts and ingress else None
    if not foretold or not foretold.absences:
        return ""
    services = _names("service", [each.service for each in foretold.absences])
    return f"{FORETOLD} {lasting(max(each.seconds for each in foretold.absences))} for {services}"


def _felt(changes: Sequence[Change], joining: Set[str], facts: FactsFile) -> str:
    """Say which services changes disturb, with the ports that go away; empty if none, or if that is not sure."""
    sure = [each for each in changes if effect(each, joining).disturbs is Disturbs.SURELY]
    felt = {name: ports for each in sure for name, ports in services(each, facts).items()}
    if len(felt) > NAMED:
        return f" ({_count(len(felt), 'service')})"
    listed = ", ".join(" ".join([code(name), *map(plain, ports)]) for name, ports in felt.items())
    return f" (services: {listed})" if listed else ""


def _names(noun: str, names: Sequence[str]) -> str:
    if len(names) > NAMED:
        return _count(len(names), noun)
    return f"{noun}{'s' if names[1:] else ''} {some([code(name) for name in names])}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
