"""What the map shows, as boxes: the address plan, each host with its bridge, each network with who is on it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from providers.explain.facts_file import Attached, HostFacts, NetworkFacts
from providers.explain.flowchart import Box
from providers.explain.map.address_ranges import AddressRange, Overlap, Stack, address_ranges, undeclared
from providers.explain.map.blocks import Block, blocks
from providers.rules.stack_file.model import Ingress, Overlay
from providers.rules.vocabulary.addresses import first_address
from providers.rules.vocabulary.keys import OverlayFlags
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.words import some

_FLAGS = (*OverlayFlags.model_fields, "protect")


def groups(stacks: Sequence[Stack], overlaps: Sequence[Overlap]) -> dict[str, tuple[Box, ...]]:
    """Return all that is drawn, by its heading."""
    found = {"Address plan": _address_plan(stacks, overlaps)}
    for stack in stacks:
        found[f"Hosts of {stack.name}"] = tuple(_hosts(stack))
        found[f"Networks of {stack.name}"] = tuple(_networks(stack))
    return {heading: boxes for heading, boxes in found.items() if boxes}


def _address_plan(stacks: Sequence[Stack], overlaps: Sequence[Overlap]) -> tuple[Box, ...]:
    names = [stack.name for stack in stacks]
    met = defaultdict[AddressRange, list[str]](list)
    for one, other in (pair for overlap in overlaps for pair in overlap.pairs):
        for address_range, beside in ((one, other), (other, one)):
            whose = f" of {beside.stack}" if beside.stack and len(names) > 1 else ""
            met[address_range].append(f"{beside.name} {beside.subnet}{whose}")
    return tuple(_block(each, None, names, met) for each in blocks(address_ranges(stacks, overlaps), names))


def _block(block: Block, around: Block | None, stacks: Sequence[str], met: Mapping[AddressRange, Sequence[str]]) -> Box:
    name = some(dict.fromkeys(each.name for each in block.address_ranges)) or block.range
    meets = list(dict.fromkeys(line for each in block.address_ranges for line in met.get(each, ())))
    remarks = [some(dict.fromkeys(each.path for each in block.address_ranges if each.path))]
    remarks += [f"overlaps {some(meets)}"] if meets else []
    remarks += [f"largest: {block.largest}"] if block.free_for and "/" not in block.range else []
    return Box(
        kind="free" if block.free_for else block.address_ranges[0].kind if block.address_ranges else "outline",
        name=name,
        detail=block.range if name != block.range else "",
        words="OVERLAP · " * bool(meets) + _what(block, stacks),
        remarks="; ".join(filter(None, remarks)),
        share=((int(block.first) - int(around.first)) / around.size, block.size / around.size) if around else None,
        alarm=bool(meets),
        inside=tuple(_block(each, block, stacks, met) for each in block.inside),
    )


def _what(block: Block, stacks: Sequence[str]) -> str:
    """Say what a block is, of which stacks if there are many, and how much of it is free, rounded down."""
    size = f"{block.size:,} {'address' if block.size == 1 else 'addresses'}"
    if block.free_for:
        kept_by = some([stack for stack in stacks if stack not in block.free_for])
        return f"free{f', not for {kept_by}' if kept_by else ''}, {size}"
    what = " and ".join(dict.fromkeys(each.what for each in block.address_ranges)) or size
    whose = some(dict.fromkeys(each.stack for each in block.address_ranges if each.stack)) if len(stacks) > 1 else ""
    free = f", {100 * block.free // block.size} % free" if block.free else ""
    return f"{f'{whose} · ' if whose else ''}{what}{free}"


def _hosts(stack: Stack) -> Iterator[Box]:
    """Yield each host with its bridge: as the stack file has it, and as it was found where that is something else."""
    found: Mapping[str, HostFacts] = stack.facts.hosts if stack.facts else {}
    declared = stack.validation.stackfile.hosts
    for name in dict.fromkeys([*declared, *found]):
        host, facts = declared.get(name), found.get(name)
        words = [host.role, host.availability] if host else ["not in the file"]
        words += ["no answer"] if facts and facts.silent else []
        actual = [facts.silent or "found", facts.state, facts.role, facts.availability] if facts else []
        address = (host.address or "this machine") if host else ""
        remarks = ", ".join(filter(None, actual))
        yield Box("host", name, address, ", ".join(words), remarks, inside=tuple(_bridges(stack, name)))


def _bridges(stack: Stack, host: str) -> Iterator[Box]:
    """Yield what a host's docker_gwbridge is to be, and what it is."""
    file = stack.validation.stackfile
    desired = stack.validation.resolved.bridges.get(host)
    facts = stack.facts.hosts.get(host) if stack.facts else None
    has = facts.bridge if facts else None
    if desired and desired.subnet:
        own = file.hosts[host].gwbridge
        words = "bridge of its own" if own and own.subnet else "bridge"
        gateway = desired.gateway or first_address(desired.subnet, desired.ip_range)
        yield Box("gwbridge", GATEWAY_BRIDGE, desired.subnet, words, f"gateway {gateway}")
    if has and has.subnet and not (desired and desired.subnet == has.subnet):
        kind, words = ("outgoing", "until it is changed") if desired else ("foreign", "not declared")
        yield Box(kind, GATEWAY_BRIDGE, has.subnet, words)


def _networks(stack: Stack) -> Iterator[Box]:
    """Yield each network that is declared or was found, with the services and containers on it."""
    file = stack.validation.stackfile
    found = stack.facts.networks if stack.facts else {}
    if file.ingress:
        facts = next((each for each in found.values() if each.ingress), None)
        yield _network(stack, "ingress", file.ingress.name, file.ingress, facts)
    for name, overlay in file.overlays.items():
        yield _network(stack, "overlay", name, overlay, found.get(name))
    for name in stack.validation.waiting:
        yield _network(stack, "overlay", name, None, found.get(name))
    for name, network in undeclared(stack).items():
        yield _network(stack, "foreign", name, network, network)


def _network(
    stack: Stack, kind: str, name: str, as_it_is: Ingress | Overlay | NetworkFacts | None, found: NetworkFacts | None
) -> Box:
    words = ["not declared" if kind == "foreign" else kind]
    inside = tuple(_users(found)) if found else ()
    if stack.facts and not inside:
        words.append("nothing attached" if found else "not there yet")
    if not as_it_is:
        return Box(kind, name, "range still to be chosen", ", ".join(words), inside=inside)
    ip_range = as_it_is.ip_range if isinstance(as_it_is, Overlay) else None
    gateway = as_it_is.gateway or (first_address(as_it_is.subnet, ip_range) if kind != "foreign" else "")
    remarks = [f"gateway {gateway}" if gateway else ""]
    remarks += [flag for flag in _FLAGS if getattr(as_it_is, flag, False)]
    remarks += [f"on the hosts {found.subnet}"] if found and found.subnet != as_it_is.subnet else []
    ranges = ", ".join((as_it_is.subnet, *getattr(as_it_is, "subnets", ())))
    return Box(kind, name, ranges, ", ".join(words), ", ".join(filter(None, remarks)), inside=inside)


def _users(found: NetworkFacts) -> Iterator[Box]:
    for each in found.services:
        yield Box("service", each.name, ", ".join(each.ports), f"service, {_tasks(each)}")
    for container in found.containers:
        yield Box("service", container, words="container")


def _tasks(service: Attached) -> str:
    return f"{service.tasks} {'task' if service.tasks == 1 else 'tasks'}"
