"""Boxes in boxes with their words, which all pictures are made of. Their places on a page are in layout.py."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.explain.facts_file import Attached, HostFacts, NetworkFacts
from providers.explain.map.blocks import Block
from providers.explain.map.claims import OVERLAY_POOL, Claim, Overlap, Stack, bridged, undeclared
from providers.rules.stack_file.model import Host
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.words import some

_SMALL = 6  # bits of boxes that are no ranges, which gives them one width
_AVAILABILITY = {"active": "", "pause": "paused", "drain": "drained"}


@dataclass(frozen=True)
class Segment:
    """A part of a block to scale: where it starts and how long it is, as parts of one, and its kind."""

    start: float
    length: float
    kind: str


@dataclass(frozen=True)
class Box:
    """A box in a picture.

    kind: for its colours. caption: what it is. detail: its addresses. words: all of it for those who don't look.
    bits: 8 for a /24. anchor: the id of its row in a table, if it has one. scale: what is in it, to scale.
    """

    kind: str
    caption: str
    name: str
    detail: str
    words: str
    bits: float = _SMALL
    anchor: str = ""
    alarm: bool = False
    inside: tuple["Box", ...] = ()
    scale: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class AddressPlan:
    """The address plan of stacks: its claims and overlaps, its blocks, and what overlaps each claim, in words."""

    stacks: tuple[str, ...]
    claims: Sequence[Claim]
    overlaps: Sequence[Overlap]
    blocks: tuple[Block, ...]
    overlapping: Mapping[Claim, Sequence[str]]

    @property
    def many(self) -> bool:
        """Tell whether a claim has to name its stack."""
        return len(self.stacks) > 1

    def kept_by(self, block: Block) -> str:
        """Return the stacks that free space is not free for, since they have reserved it."""
        return some([stack for stack in self.stacks if stack not in block.free_for])

    def alarm(self, block: Block) -> list[str]:
        """Say what overlaps a block."""
        return list(dict.fromkeys(line for each in block.claims for line in self.overlapping.get(each, ())))


def plan_box(plan: AddressPlan, block: Block) -> Box:
    """Return a block of the address plan."""
    name, caption = name_of(block), caption_of(plan, block)
    lines = plan.alarm(block)
    inside = tuple(plan_box(plan, each) for each in block.inside)
    share = f", {free_share(block)}" if inside and block.free else ""
    detail = block.range if block.range != name else ""
    told = f"{name}, {detail}" if detail else name
    words = f"{told}: {caption}{share}" + (f"; overlaps {some(lines)}" if lines else "")
    return Box(
        kind=kind_of(block),
        caption=f"OVERLAP · {caption}" if lines else caption + share,
        name=name,
        detail=detail,
        words=words,
        bits=block.bits,
        anchor=anchor(block),
        alarm=bool(lines),
        inside=inside,
        scale=tuple(_scale(block, block.inside)) if block.free else (),
    )


def kind_of(block: Block) -> str:
    """Return the kind that gives a block its colours."""
    if block.claims:
        return block.claims[0].kind
    return "free" if block.free_for else "outline"


def name_of(block: Block) -> str:
    """Return the names of a block's claims; without any, how many addresses are free or the range itself."""
    if block.free_for:
        return f"{block.size:,} {'address' if block.size == 1 else 'addresses'}"
    return some(list(dict.fromkeys(each.name for each in block.claims))) or block.range


def caption_of(plan: AddressPlan, block: Block) -> str:
    """Say what a block is, and of which stacks if there are many."""
    if block.free_for:
        return f"free, not for {plan.kept_by(block)}" if plan.kept_by(block) else "free"
    what = " and ".join(dict.fromkeys(each.what for each in block.claims)) or f"{block.size:,} addresses"
    whose = some([stack for stack in dict.fromkeys(each.stack for each in block.claims) if stack])
    return f"{whose} · {what}" if plan.many and whose else what


def free_share(block: Block) -> str:
    """Say how much of a block is free, rounded down: what is not empty is not called free."""
    return f"{100 * block.free // block.size} % free"


def anchor(block: Block) -> str:
    """Return the id of a block's row: no two blocks have the same range."""
    return f"a{int(block.first):x}-{int(block.last):x}"


def row_id(*parts: str) -> str:
    """Return the id of a row of something with a name, whatever stands in the name."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}_", "-".join(parts))


def host_boxes(stack: Stack) -> Iterator[Box]:
    """Yield each host with its bridge: as the stack file has it, and as it was found where that is something else."""
    file = stack.verdict.stackfile
    found: Mapping[str, HostFacts] = stack.facts.hosts if stack.facts else {}
    for name in dict.fromkeys([*file.hosts, *found]):
        host = file.hosts.get(name)
        bridges = tuple(_bridge(kind, caption, subnet) for kind, caption, subnet in bridge_ranges(stack, name))
        caption = host_caption(host, found.get(name))
        detail = (host.address or "this machine") if host else ""
        words = f"{name}, {detail}: {caption}; " + ("; ".join(each.words for each in bridges) or "no bridge declared")
        yield Box("host", caption, name, detail, words, anchor=row_id("host", stack.name, name), inside=bridges)


def host_caption(host: Host | None, found: HostFacts | None) -> str:
    """Say what a host is in the swarm, and whether it was silent."""
    parts = [host.role, _AVAILABILITY[host.availability]] if host else ["not in the file"]
    return ", ".join(part for part in (*parts, "no answer" if found and found.silent else "") if part)


def bridge_ranges(stack: Stack, host: str) -> Iterator[tuple[str, str, str]]:
    """Yield the kind, the words and the range of what a host's docker_gwbridge is to have, and of what it has."""
    file = stack.verdict.stackfile
    wanted = stack.verdict.resolved.bridges.get(host)
    facts = stack.facts.hosts.get(host) if stack.facts else None
    has = facts.bridge.subnet if facts and facts.bridge else ""
    if wanted and wanted.subnet:
        own = host in bridged(stack, f"hosts.{host}.gwbridge.subnet") and file.hosts[host].gwbridge
        yield "gwbridge", "bridge of its own" if own and own.subnet else "bridge", wanted.subnet
    if has and not (wanted and wanted.subnet == has):
        yield ("outgoing", "until it is changed", has) if wanted else ("foreign", "not declared", has)


def network_boxes(stack: Stack) -> Iterator[Box]:
    """Yield each network that is declared or was found, with the services and containers on it."""
    file = stack.verdict.stackfile
    found = stack.facts.networks if stack.facts else {}
    if file.ingress:
        facts = next((each for each in found.values() if each.ingress), None)
        yield _network(stack, "ingress", file.ingress.name, file.ingress.subnet, facts)
    for name, overlay in file.overlays.items():
        yield _network(stack, "overlay", name, overlay.subnet, found.get(name))
    for name in stack.verdict.waiting:
        yield _network(stack, "overlay", name, "", found.get(name))
    for name, network in undeclared(stack).items():
        yield _network(stack, "foreign", name, network.subnet, network)


def _network(stack: Stack, kind: str, name: str, subnet: str, found: NetworkFacts | None) -> Box:
    inside = tuple(_users(found)) if found else ()
    caption = "not declared" if kind == "foreign" else kind
    caption += "" if inside else ", nothing attached" if found else ", not there yet"
    words = f"{name}, {subnet or 'range still to be chosen'}: {caption}" + "".join(f"; {each.words}" for each in inside)
    return Box(kind, caption, name, subnet, words, anchor=row_id(kind, stack.name, name), inside=inside)


def _users(found: NetworkFacts) -> Iterator[Box]:
    for each in found.services:
        ports = ", ".join(each.ports)
        tasks = tasks_of(each)
        yield Box(
            "service", f"service, {tasks}", each.name, ports, f"service {each.name}, {tasks}, {ports}".rstrip(", ")
        )
    for container in found.containers:
        yield Box("service", "container", container, "", f"container {container}")


def tasks_of(service: Attached) -> str:
    """`1 task`."""
    return f"{service.tasks} {'task' if service.tasks == 1 else 'tasks'}"


def _bridge(kind: str, caption: str, subnet: str) -> Box:
    return Box(kind, caption, GATEWAY_BRIDGE, subnet, f"{GATEWAY_BRIDGE} {subnet}, {caption}")


def _scale(outer: Block, inside: Iterable[Block]) -> Iterator[Segment]:
    """Return the used parts, to scale, of whatever depth; a block that only surrounds free space is looked into."""
    for each in inside:
        looked_into = each.inside and {claim.kind for claim in each.claims} <= {OVERLAY_POOL, "reserved"} and each.free
        if looked_into:
            yield from _scale(outer, each.inside)
        elif not each.free_for:
            start = (int(each.first) - int(outer.first)) / outer.size
            yield Segment(start, each.size / outer.size, kind_of(each))
