"""The pictures' content in tables: for screen readers, for searching, for copying."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from xml.etree.ElementTree import Element

from providers.explain.facts_file import HostFacts, NetworkFacts
from providers.explain.map.blocks import Block, walk
from providers.explain.map.boxes import AddressPlan, anchor, caption_of, free_share, host_caption, row_id, tasks_of
from providers.explain.map.claims import Claim, Stack, undeclared
from providers.explain.map.markup import element
from providers.rules.stack_file.model import Ingress, Overlay
from providers.rules.vocabulary.addresses import first_address
from providers.rules.vocabulary.keys import OverlayFlags
from providers.rules.vocabulary.words import some

_FLAGS = (*OverlayFlags.model_fields, "protect")


@dataclass(frozen=True)
class Row:
    """The cells of a row, the first of them its head. `alarm`: the last one tells of an overlap."""

    cells: tuple[str, ...]
    anchor: str = ""
    depth: int = 0
    alarm: bool = False


def plan_table(plan: AddressPlan) -> Element:
    """Return every block of the address plan, one row for each claim, those inside a block below it."""
    heads = {"Range": "range", "Addresses": "number", "What": "", "Stack": "", "Key": "", "Remarks": ""}
    rows = [row for depth, block in walk(plan.blocks) for row in _block_rows(plan, block, depth)]
    if not plan.many:
        del heads["Stack"]
        rows = [replace(row, cells=(*row.cells[:3], *row.cells[4:])) for row in rows]
    return table("The address plan in the order of addresses; what lies inside a range is indented.", heads, rows)


def hosts_table(stack: Stack) -> Element:
    """Return each host with its bridge."""
    heads = {"Host": "", "Address": "range", "In the swarm": "", "docker_gwbridge": "range", "Gateway": "range"}
    found = stack.facts.hosts if stack.facts else {}
    if stack.facts:
        heads["Found"] = ""
    rows = []
    for name in dict.fromkeys([*stack.verdict.stackfile.hosts, *found]):
        cells = (*_host_cells(stack, name, found.get(name)), _host_found(found.get(name)))
        rows.append(Row(cells[: len(heads)], row_id("host", stack.name, name)))
    return table(f"Hosts of {stack.name} and their bridges", heads, rows)


def networks_table(stack: Stack) -> Element:
    """The ingress and each overlay, and with facts what is attached to each, also to those that nobody declared."""
    heads = {"Network": "", "Kind": "", "Range": "range", "Gateway": "range", "Flags": ""}
    if stack.facts:
        heads |= {"Found": "", "Attached": ""}
    rows = [Row(cells[: len(heads)], row_id(kind, stack.name, cells[0])) for kind, cells in _networks(stack)]
    return table(f"Ingress and overlays of {stack.name}", heads, rows)


def table(caption: str, heads: dict[str, str], rows: Sequence[Row]) -> Element:
    """Return a table in a frame that a narrow screen can scroll; `heads` has the class of each column."""
    top = (element("th", {"scope": "col", "class": style}, head) for head, style in heads.items())
    frame = {"class": "table", "role": "region", "aria-label": caption, "tabindex": "0"}
    body = element("tbody", None, *(_row(row, list(heads.values())) for row in rows))
    head = element("thead", None, element("tr", None, *top))
    return element("div", frame, element("table", None, element("caption", None, caption), head, body))


def _row(row: Row, styles: Sequence[str]) -> Element:
    name = {"scope": "row", "class": styles[0]} | (
        {"style": f"padding-left: {1.25 * row.depth:g}rem"} if row.depth else {}
    )
    cells = [element("td", {"class": style}, text) for style, text in zip(styles[1:], row.cells[1:], strict=True)]
    if row.alarm:
        cells[-1].set("class", "alarm-text")
    return element("tr", {"id": row.anchor} if row.anchor else {}, element("th", name, row.cells[0]), *cells)


def _block_rows(plan: AddressPlan, block: Block, depth: int) -> Iterator[Row]:
    if not block.claims:
        yield Row(_unclaimed(plan, block), anchor(block), depth)
    for number, claim in enumerate(block.claims):
        lines = plan.overlapping.get(claim, ())
        remarks = f"overlaps {some(lines)}" if lines else free_share(block) if block.free else ""
        yield Row(_claimed(claim, remarks), "" if number else anchor(block), depth, alarm=bool(lines))


def _unclaimed(plan: AddressPlan, block: Block) -> tuple[str, ...]:
    if block.free_for:
        largest = "" if "/" in block.range else f"largest: {block.largest}"
        return block.range, f"{block.size:,}", caption_of(plan, block), "", "", largest
    return block.range, f"{block.size:,}", "", "", "", free_share(block) if block.free else ""


def _claimed(claim: Claim, remarks: str) -> tuple[str, ...]:
    size = IPv4Network(claim.subnet).num_addresses
    what = claim.name if claim.name == claim.what else f"{claim.name}: {claim.what}"
    return claim.subnet.removesuffix("/32"), f"{size:,}", what, claim.stack, claim.path, remarks


def _host_cells(stack: Stack, name: str, found: HostFacts | None) -> tuple[str, ...]:
    file = stack.verdict.stackfile
    host = file.hosts.get(name)
    bridge = stack.verdict.resolved.bridges.get(name)
    subnet = (bridge.subnet if bridge else None) or ""
    gateway = (bridge.gateway if bridge else None) or (
        first_address(subnet, bridge.ip_range) if bridge and subnet else ""
    )
    address = (host.address or "this machine") if host else ""
    return name, address, host_caption(host, found), subnet or "not declared", gateway


def _host_found(found: HostFacts | None) -> str:
    if not found:
        return "nothing"
    if found.silent:
        return f"no answer: {found.silent}"
    bridge = f"bridge {found.bridge.subnet}" if found.bridge else "no bridge"
    return ", ".join(part for part in (found.state, found.role, found.availability, bridge) if part)


def _networks(stack: Stack) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the kind of box and the cells of each network; the last two cells need facts."""
    file = stack.verdict.stackfile
    found = stack.facts.networks if stack.facts else {}
    if file.ingress:
        facts = next((each for each in found.values() if each.ingress), None)
        yield "ingress", _network(file.ingress.name, "ingress", file.ingress, facts)
    for name, overlay in file.overlays.items():
        yield "overlay", _network(name, "overlay", overlay, found.get(name))
    for name in stack.verdict.waiting:
        yield "overlay", (name, "overlay", "still to be chosen", "", "", *_found("", found.get(name)))
    for name, network in undeclared(stack).items():
        kind = "ingress" if network.ingress else "overlay"
        there = ("not declared", _attached(network))
        yield "foreign", (name, kind, network.subnet, network.gateway, _flags(network), *there)


def _network(name: str, kind: str, wanted: Ingress | Overlay, found: NetworkFacts | None) -> tuple[str, ...]:
    ip_range = wanted.ip_range if isinstance(wanted, Overlay) else None
    gateway = wanted.gateway or first_address(wanted.subnet, ip_range)
    subnets = ", ".join((wanted.subnet, *wanted.subnets))
    return name, kind, subnets, gateway, _flags(wanted), *_found(wanted.subnet, found)


def _found(subnet: str, found: NetworkFacts | None) -> tuple[str, str]:
    if not found:
        return "nothing", ""
    return "as declared" if found.subnet == subnet else found.subnet, _attached(found)


def _flags(network: Ingress | Overlay | NetworkFacts) -> str:
    return ", ".join(flag for flag in _FLAGS if getattr(network, flag, False))


def _attached(found: NetworkFacts) -> str:
    services = (f"{each.name} ({', '.join((tasks_of(each), *each.ports))})" for each in found.services)
    return "; ".join([*services, *(f"container {each}" for each in found.containers)]) or "nothing"
