"""The line that stands first: what changes, in few words, and the worst of what it does. Names of users only as
code.
"""

from collections.abc import Iterator, Sequence, Set

from providers.explain.escape import code, prose
from providers.explain.facts_file import FactsFile
from providers.explain.report.changes import Change
from providers.explain.report.effects import MADE_ON_MEMBER, PORTS, SETTINGS, drains, effect
from providers.explain.report.findings import forecast
from providers.explain.report.networks import NETWORKS
from providers.explain.report.preview import Step
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, SwarmSpec

# So many names are told, then their number.
NAMED = 3


def verdict(
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
    said = [*_commands(commands), *_changes(changes, joining, facts)]
    if beside := len(others) - len(commands):
        said.append(f"{_count(beside, 'resource')} beside Swarmnet's {'changes' if beside == 1 else 'change'}")
    if problems:
        found = _count(problems, "problem")
        said.insert(0, f"the preview fails with {found}" if failed else f"this would be refused: {found}")
    text = "; ".join(said) or "nothing changes"
    return f"{text[0].upper()}{text[1:]}."


def _commands(steps: Sequence[Step]) -> Iterator[str]:
    """Commands of `prepare`: those that run, come before all else; of those that go some may have nothing to undo."""
    run = [each for each in steps if each.op != "delete" and each.marks[0] != each.marks[1]]
    for found, one, several in (
        (run, "runs first on", "run first on"),
        ([each for each in steps if each.op == "delete"], "goes from", "go from"),
    ):
        if found:
            hosts = sorted({each.name.split("/")[1] for each in found})
            verb = one if len(found) == 1 else several
            yield f"{_count(len(found), 'command')} of `prepare` {verb} {_names('host', hosts)}"


def joining(changes: Sequence[Change]) -> frozenset[str]:
    """Return the hosts that are to join the swarm."""
    return frozenset(each.spec.host for each in changes if each.op == "create" and isinstance(each.spec, NodeSpec))


def _changes(changes: Sequence[Change], joining: Set[str], facts: FactsFile | None) -> Iterator[str]:
    lively = [each for each in changes if not each.forgotten and effect(each, joining) != SETTINGS]
    networks = [each for each in lively if isinstance(each.spec, NETWORKS)]
    yield from _counted([each for each in networks if each.op == "create"], "network", "created")
    if any(each.op == "create" and effect(each, joining).words.startswith(MADE_ON_MEMBER) for each in networks):
        yield "hosts that are in a swarm already are drained for their new bridge"
    removed = [each for each in networks if each.op == "delete"]
    if any(isinstance(each.spec, IngressSpec) for each in removed):
        yield f"the ingress is swapped for the Engine's own: {PORTS}"
    yield from _counted([each for each in removed if not isinstance(each.spec, IngressSpec)], "network", "removed")
    yield from _counted([each for each in changes if each.forgotten], "resource", "forgotten, not removed")
    on_demand = [each.name for each in lively if each.on_demand]
    if on_demand:
        yield f"{_names('resource', on_demand)} {'is' if len(on_demand) == 1 else 'are'} replaced on demand"
    yield from _swarm([each for each in lively if isinstance(each.spec, SwarmSpec) and not each.on_demand])
    yield from _members([each for each in lively if isinstance(each.spec, NodeSpec)])
    yield from _overlays([each for each in lively if isinstance(each.spec, OverlaySpec)])
    changed = [each for each in networks if each.op == "update"]
    yield from _bridges([each for each in changed if isinstance(each.spec, GwbridgeSpec)])
    yield from (_ingress(each, facts) for each in changed if isinstance(each.spec, IngressSpec))
    settings = [each.name for each in changes if effect(each, joining) == SETTINGS]
    if settings:
        yield f"how Swarmnet treats {_names('resource', settings)} changes, nothing on any host"


def _counted(changes: Sequence[Change], noun: str, verb: str) -> Iterator[str]:
    if changes:
        yield f"{_count(len(changes), noun)} {verb}"


def _swarm(changes: Sequence[Change]) -> Iterator[str]:
    for each in changes:
        says = {"create": "a swarm begins", "delete": "the swarm ends", "update": "settings of the swarm change"}
        yield says[each.op]


def _members(changes: Sequence[Change]) -> Iterator[str]:
    done: dict[str, list[str]] = {"create": [], "delete": [], "drain": [], "update": []}
    for each in changes:
        assert isinstance(each.spec, NodeSpec)
        if not each.on_demand:
            done["drain" if drains(each) else each.op].append(each.spec.host)
    for what, one, several in (
        ("create", "joins", "join"),
        ("delete", "is drained and leaves", "are drained and leave"),
        ("drain", "is drained: its tasks move away", "are drained: their tasks move away"),
        ("update", "changes in its place", "change in their places"),
    ):
        if done[what]:
            yield f"{_names('host', done[what])} {one if len(done[what]) == 1 else several}"


def _overlays(changes: Sequence[Change]) -> Iterator[str]:
    named = [(each, each.spec.name) for each in changes if isinstance(each.spec, OverlaySpec)]
    replaced = [name for each, name in named if each.op == "replace"]
    moved = [name for each, name in named if each.op == "update" and each.properties]
    unfinished = [name for each, name in named if each.op == "update" and not each.properties]
    if replaced:
        verb = "is" if len(replaced) == 1 else "are"
        yield f"{_names('overlay', replaced)} {verb} replaced, which is refused while anything uses it"
    if moved:
        verb = "migrates" if len(moved) == 1 else "migrate"
        yield f"{_names('overlay', moved)} {verb}: each task on it restarts twice"
    if unfinished:
        verb = "is" if len(unfinished) == 1 else "are"
        yield f"{_names('overlay', unfinished)} {verb} finished, where a run was cut"


def _bridges(changes: Sequence[Change]) -> Iterator[str]:
    hosts = [each.spec.host for each in changes if isinstance(each.spec, GwbridgeSpec)]
    if len(hosts) == 1:
        yield f"the bridge of {code(hosts[0])} changes: the host is drained and its docker restarted"
    elif hosts:
        each = "one after the other is drained and its docker restarted"
        yield f"the bridge changes on {_count(len(hosts), 'host')}: {each}"


def _ingress(change: Change, facts: FactsFile | None) -> str:
    if not change.properties:
        return f"the ingress is brought back on every host: unfinished ({prose(change.unfinished)})"
    foretold = forecast(change, facts) if facts else None
    if not foretold or not foretold.absences:
        return f"the ingress changes: {PORTS}"
    services = _names("service", [each.service for each in foretold.absences])
    seconds = max(each.seconds for each in foretold.absences)
    verb = "is" if len(foretold.absences) == 1 else "are"
    return f"the ingress changes: {services} {verb} without published ports for about {max(seconds, 1):.0f} s"


def _names(noun: str, names: Sequence[str]) -> str:
    if len(names) > NAMED:
        return _count(len(names), noun)
    *most, last = map(code, names)
    return f"{noun}{'s' if most else ''} {', '.join(most)}{' and ' if most else ''}{last}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
