"""The page: headings, pictures and tables of stacks, in one file that needs no other and no network."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from providers.explain.map.blocks import blocks
from providers.explain.map.boxes import AddressPlan, host_boxes, network_boxes, plan_box
from providers.explain.map.claims import Claim, Overlap, Stack, claims, overlaps
from providers.explain.map.flowchart import flowchart
from providers.explain.map.layout import WIDTH, placed
from providers.explain.map.markup import element, page_text
from providers.explain.map.style import page_style, picture_style
from providers.explain.map.svg import Drawing, document, figure, legend
from providers.explain.map.tables import hosts_table, networks_table, plan_table
from providers.rules.checks.across_stacks import shared
from providers.rules.vocabulary.words import some

# Nothing is loaded and nothing runs, whatever stands in a name: https://www.w3.org/TR/CSP3/
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PLAN = (
    "Each box is a range, within the range that it lies in, in the order of addresses. A box grows by the same step "
    "with each doubling of its addresses; the thin bars are to scale and show what is taken."
)


def page(stacks: Sequence[Stack]) -> str:
    """Return the whole page."""
    head = element(
        "head",
        None,
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("title", None, title(stacks)),
        element("style", None, page_style() + picture_style()),
    )
    plan = address_plan(stacks)
    parts = (*_top(stacks, plan), *_plan(plan), *(_stack(at, each) for at, each in enumerate(stacks)))
    main = element("main", None, *parts)
    return page_text(element("html", {"lang": "en"}, head, element("body", None, main)))


def svg(stacks: Sequence[Stack]) -> str:
    """Return all pictures of the page as one SVG."""
    plan = address_plan(stacks)
    found = [_plan_drawing(plan)]
    for stack in stacks:
        found += [_hosts_drawing(stack), *([_networks_drawing(stack)] if stack.facts else [])]
    return document(title(stacks), _summary(stacks, plan), [each for each in found if each.placed])


def mermaid(stacks: Sequence[Stack]) -> str:
    """Return the pictures as a flowchart for Mermaid."""
    plan = address_plan(stacks)
    groups = {"Address plan": [plan_box(plan, each) for each in plan.blocks]}
    for stack in stacks:
        groups[f"Hosts of {stack.name}"] = list(host_boxes(stack))
        if stack.facts:
            groups[f"Networks of {stack.name}"] = list(network_boxes(stack))
    return flowchart(groups)


def title(stacks: Sequence[Stack]) -> str:
    """Say what the page is about."""
    return f"Networks of {some([stack.name for stack in stacks], 9)}"


def summary(stacks: Sequence[Stack]) -> str:
    """`1 stack, 5 hosts, 4 networks, 1 overlap`; networks are bridges of hosts, ingress and overlays."""
    return _summary(stacks, address_plan(stacks))


def _summary(stacks: Sequence[Stack], plan: AddressPlan) -> str:
    hosts = sum(len(stack.verdict.stackfile.hosts) for stack in stacks)
    networks = sum(each.stack != "" and each.kind in ("gwbridge", "ingress", "overlay") for each in plan.claims)
    counted = ((len(stacks), "stack"), (hosts, "host"), (networks, "network"), (len(plan.overlaps), "overlap"))
    return ", ".join(f"{number or 'no'} {noun}{'' if number == 1 else 's'}" for number, noun in counted)


def address_plan(stacks: Sequence[Stack]) -> AddressPlan:
    """Return the address plan of the stacks."""
    every = overlaps(stacks)
    overlapping: dict[Claim, list[str]] = {}
    for one, other in (pair for overlap in every for pair in overlap.pairs):
        for claim, met in ((one, other), (other, one)):
            whose = f" of {met.stack}" if met.stack and len(stacks) > 1 else ""
            overlapping.setdefault(claim, []).append(f"{met.name} {met.subnet}{whose}")
    named = tuple(stack.name for stack in stacks)
    found = claims(stacks, every)
    return AddressPlan(named, found, every, blocks(found, named), overlapping)


def _top(stacks: Sequence[Stack], plan: AddressPlan) -> Iterator[Element]:
    found = plan.overlaps
    yield element("h1", None, title(stacks))
    yield element("p", None, f"{_summary(stacks, plan)}.")
    for stack in stacks:
        if stack.facts:
            taken = f"{stack.facts.taken_at:%Y-%m-%d %H:%M %Z}"
            yield element("p", None, f"What was found on the hosts of {stack.name} is as of {taken}.")
    yield from _contents(stacks)
    yield from _lines("Overlaps", "problems", [f"{each.stack}: {each.line}" for each in found])
    yield from _lines("Other problems", "problems", list(_others(stacks, found)))
    warned = [f"{stack.name}: {line}" for stack in stacks for line in stack.verdict.warnings]
    yield from _lines("Warnings", "notes", warned)
    together = shared({stack.name: stack.verdict.resolved for stack in stacks})
    told = [f"{each.stack}: {each.line}" for each in together if not each.joined]
    yield from _lines("Ranges that stacks share without harm", "notes", told)


def _contents(stacks: Sequence[Stack]) -> Iterator[Element]:
    links = [("plan", "Address plan"), *((f"stack-{at}", f"Stack {each.name}") for at, each in enumerate(stacks))]
    items = (element("li", None, element("a", {"href": f"#{anchor}"}, words)) for anchor, words in links)
    yield element("nav", {"aria-label": "Contents"}, element("ul", None, *items))


def _others(stacks: Sequence[Stack], found: Sequence[Overlap]) -> Iterator[str]:
    """Problems of the stack files that are no overlaps."""
    told = {(each.stack, each.line) for each in found}
    for stack in stacks:
        yield from (f"{stack.name}: {line}" for line in stack.verdict.why_no_plan if (stack.name, line) not in told)


def _lines(heading: str, style: str, lines: Sequence[str]) -> Iterator[Element]:
    if lines:
        yield element("h2", None, heading)
        yield element("ul", {"class": style}, *(element("li", None, line) for line in lines))


def _plan(plan: AddressPlan) -> Iterator[Element]:
    drawing = _plan_drawing(plan)
    yield element("h2", {"id": "plan"}, "Address plan")
    yield element("p", None, _PLAN)
    kinds = {"viewBox": f"-2 0 {WIDTH + 4} 18", "role": "group", "aria-label": "Colours"}
    yield element("figure", None, element("svg", kinds, *legend([drawing], 2)), *figure(drawing, "plan"))
    yield plan_table(plan)


def _stack(number: int, stack: Stack) -> Element:
    parts = [element("h2", {"id": f"stack-{number}"}, f"Stack {stack.name}"), element("h3", None, "Hosts")]
    parts += [element("figure", None, *figure(_hosts_drawing(stack), f"hosts-{number}")), hosts_table(stack)]
    parts.append(element("h3", None, "Networks"))
    if stack.facts:
        parts.append(element("figure", None, *figure(_networks_drawing(stack), f"networks-{number}")))
    return element("section", {"aria-labelledby": f"stack-{number}"}, *parts, networks_table(stack))


def _plan_drawing(plan: AddressPlan) -> Drawing:
    return Drawing("Address plan", _PLAN, *placed([plan_box(plan, each) for each in plan.blocks]))


def _hosts_drawing(stack: Stack) -> Drawing:
    words = "Each box is a host with its docker_gwbridge."
    return Drawing(f"Hosts of {stack.name}", words, *placed(list(host_boxes(stack))))


def _networks_drawing(stack: Stack) -> Drawing:
    words = "Each box is a network with the services and containers that were found on it."
    return Drawing(f"Networks of {stack.name}", words, *placed(list(network_boxes(stack))))
