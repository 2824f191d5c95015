"""Names and numbers that facts add to a change: from the forecast if it is of this change, else from what was there.

The forecast in a facts file is that of the stack file of then. One that says nothing of a resource that changes now was
made before this change; the services and tasks that were on the network are named all the same.
"""

from collections.abc import Sequence
from datetime import UTC, timedelta

from providers.explain.escape import code, cut, plain
from providers.explain.facts_file import Attached, FactsFile, HostFacts, NetworkFacts
from providers.explain.forecast import NOT_REACHED, Forecast, lasting
from providers.explain.report.changes import Change
from providers.explain.report.effects import drains
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec
from providers.rules.vocabulary.words import some

# What is older is said to be old.
OLD, HOUR = timedelta(hours=24), timedelta(hours=1)
# So many names are told, then their number.
NAMED = 10
LONG = 1_000  # characters of what a forecast says in one line


def findings(change: Change, facts: FactsFile) -> list[str]:
    """Return lines of Markdown on one change; none if the facts have nothing to say of it."""
    foretold, actual = forecast(change, facts), _actual(change, facts)
    if foretold and foretold.stages:
        return _foretold(foretold)
    if isinstance(actual, HostFacts):
        return _on_host(actual, str(getattr(change.spec, "host", "")))
    if actual:
        return _on_it(actual, "publishing through it" if actual.ingress else "on it")
    return []


def services(change: Change, facts: FactsFile) -> dict[str, tuple[str, ...]]:
    """Return the services that a change disturbs, with the ports that it takes from them: as foretold for it, else of
    what was there, which names all the same what has not changed since."""
    foretold, actual = forecast(change, facts), _actual(change, facts)
    if foretold and foretold.stages:
        away = {each.service: each.ports for each in foretold.absences}
        return {**{each.service: () for each in foretold.restarts}, **away}
    if isinstance(actual, HostFacts):
        return dict.fromkeys(sorted(actual.tasks), ())
    return {each.name: each.ports if actual.ingress else () for each in actual.services} if actual else {}


def _actual(change: Change, facts: FactsFile) -> HostFacts | NetworkFacts | None:
    """Return what was on the hosts of what a change disturbs, None if it disturbs or finds nothing."""
    spec, before = change.spec, change.before
    if isinstance(spec, GwbridgeSpec | NodeSpec):
        leaves = drains(change) or change.op == "delete"
        disturbs = change.properties if isinstance(spec, GwbridgeSpec) else leaves
        return facts.hosts.get(spec.host) if disturbs else None
    if isinstance(spec, IngressSpec) and (change.properties or change.op != "update"):
        return next((each for each in facts.networks.values() if each.ingress), None)
    return facts.networks.get(before.name) if isinstance(before, OverlaySpec) else None


def forecast(change: Change, facts: FactsFile) -> Forecast | None:
    """Return the resource's forecast, or None if there is none, so that the facts are older than this change."""
    rows = (each for each in facts.forecast if each.resource == change.name)
    return next((each for each in rows if each.stages or each.problem), None)


def blocked(changes: Sequence[Change], facts: FactsFile) -> list[tuple[str, str]]:
    """Resources of this change that were foretold to be refused or to fail, each with the reason."""
    found = ((change.name, forecast(change, facts)) for change in changes)
    problems = ((name, foretold.problem) for name, foretold in found if foretold)
    return [(name, problem) for name, problem in problems if problem and problem != NOT_REACHED]


def _foretold(foretold: Forecast) -> list[str]:
    return [plain(cut(line, LONG)) for line in (*foretold.felt, f"takes {lasting(foretold.seconds)}")]


def _on_host(host: HostFacts, name: str) -> list[str]:
    known = [] if host.silent else [plain(part) for part in (host.role, host.availability) if part]
    tasks = [f"{number} of {code(service)}" for service, number in sorted(host.tasks.items())]
    sentences = [f"{code(name)} was {', '.join(known)}"] if known else []
    return [*sentences, f"tasks on it: {some(tasks, NAMED)}"] if tasks else sentences


def _on_it(network: NetworkFacts, where: str) -> list[str]:
    sentences = (
        [f"services {where}: {some([_attached(each) for each in network.services], NAMED)}"] if network.services else []
    )
    if network.containers:
        sentences.append(
            f"containers {where} that are not tasks: {some([code(each) for each in network.containers], NAMED)}"
        )
    return sentences or [f"nothing was {where}"]


def _attached(service: Attached) -> str:
    parts = [*service.ports, f"{service.tasks} task{'' if service.tasks == 1 else 's'}"]
    return f"{code(service.name)} ({', '.join(map(plain, parts))})"


def source(changes: Sequence[Change], facts: FactsFile, old: timedelta) -> list[str]:
    """Say where names and numbers come from: how old the facts are, and what they lack. Lines of Markdown."""
    taken = f"{facts.taken_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    advice = "; **that is long ago: take new ones**" if old > OLD else ""
    sentences = [
        f"Names and numbers are from facts taken at {taken}, {max(old, timedelta()) // HOUR} hours before this report, "
        f"with the stack file of then{advice}."
    ]
    unreachable = [code(name) for name, host in sorted(facts.hosts.items()) if host.silent]
    if unreachable:
        sentences.append(f"No answer came from {', '.join(unreachable)}.")
    if facts.state != "known":
        sentences.append(f"The state was unavailable ({plain(facts.state)}): every resource was treated as new.")
    if changes and not any(forecast(change, facts) for change in changes):
        sentences.append(
            "They were taken before this change was made: they show what is affected, not how long it takes."
        )
    return sentences
