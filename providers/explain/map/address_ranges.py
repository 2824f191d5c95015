"""Claims on ranges: which are used, kept free or probably taken, and by whom; and which of them overlap."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from providers.explain.facts_file import FactsFile, NetworkFacts
from providers.rules.checks.across_stacks import shared
from providers.rules.checks.engine_defaults import LIKELY, first_of_engine_pool
from providers.rules.checks.overlaps import clashes, clashing
from providers.rules.checks.ranges import OURS, Range, meetings, overlap_message, ranges
from providers.rules.checks.whole_file import Validation
from providers.rules.stack_file.model import Ingress, Overlay
from providers.rules.vocabulary.addresses import is_subnet
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.words import some

OVERLAY_POOL = "allocation"
ENGINE = "engine"
FOREIGN = "foreign"
OUTGOING = "outgoing"
_ENGINES = dict(zip(LIKELY.values(), ("docker0", "Engines' own pool"), strict=True))
_FOREIGN_WHY = dict.fromkeys(product(OURS[:3], [FOREIGN]), "the hosts have it already, and the stack file does not")


@dataclass(frozen=True)
class Stack:
    """A stack as it is drawn: what is said of its file, and what was found on its hosts if that is given."""

    name: str
    validation: Validation
    facts: FactsFile | None = None


@dataclass(frozen=True)
class AddressRange:
    """A range and what it is for.

    stack: empty for what belongs to none. kind: one of OURS, `host`, `reserved`, `special`, OVERLAY_POOL (what
    free ranges are named from), ENGINE (what Engines take by themselves), FOREIGN (on the hosts and in no stack
    file), OUTGOING (on the hosts, if the stack file has another range). path: the key of the stack file, words for
    what has none, or empty.
    """

    stack: str
    kind: str
    subnet: str
    name: str
    what: str
    path: str


@dataclass(frozen=True)
class Overlap:
    """Ranges that must not share an address and do, two and two; `line` is the whole of it in words."""

    stack: str
    line: str
    pairs: tuple[tuple[AddressRange, AddressRange], ...]


def address_ranges(stacks: Sequence[Stack], met: Sequence[Overlap]) -> list[AddressRange]:
    """Return every claim of the stacks and of their Engines, each once. met: what overlaps."""
    special = [side for overlap in met for pair in overlap.pairs for side in pair]
    declared = [
        address_range(stack, each)
        for stack in stacks
        for each in (*_ranges(stack), *found(stack))
        if each.kind != "special"
    ]
    engines = [AddressRange("", ENGINE, subnet, _ENGINES[subnet], words, "") for words, subnet in LIKELY.items()]
    return list(dict.fromkeys([*declared, *special, *engines]))


def overlaps(stacks: Sequence[Stack]) -> list[Overlap]:
    """Find overlaps within each stack, with its hosts, and with stacks that it is connected to."""
    within = [overlap for stack in stacks for overlap in (*_within(stack), *_with_hosts(stack))]
    named = {stack.name: stack for stack in stacks}
    across = [
        Overlap(
            each.stack,
            each.line,
            ((address_range(named[each.stack], each.ranges[0]), address_range(named[each.other], each.ranges[1])),),
        )
        for each in shared({stack.name: stack.validation.resolved for stack in stacks})
        if each.joined
    ]
    return [*within, *across]


def address_range(stack: Stack, each: Range) -> AddressRange:
    """Say what a range of a stack is for, in the words of a picture."""
    name, what = _words(stack, each)
    kind = ENGINE if each.kind in ("first ingress", "replaced ingress") else each.kind
    owner = "" if kind == "special" else stack.name
    path = "" if kind in (FOREIGN, OUTGOING) else each.path.rstrip(",")
    return AddressRange(owner, kind, each.subnet, name, what, path)


def found(stack: Stack) -> Iterator[Range]:
    """Yield ranges that networks and bridges have on the hosts and that the stack file does not give them."""
    if not stack.facts:
        return
    foreign = undeclared(stack)
    for name, network in stack.facts.networks.items():
        desired = declared_as(stack, name, network)
        if is_subnet(network.subnet) and not (desired and desired.subnet == network.subnet):
            yield Range(FOREIGN if name in foreign else OUTGOING, name, network.subnet)
    bridges = stack.validation.resolved.bridges
    for host, facts in stack.facts.hosts.items():
        bridge = bridges.get(host)
        desired_subnet = bridge.subnet if bridge else None
        if facts.bridge and is_subnet(facts.bridge.subnet) and facts.bridge.subnet != desired_subnet:
            yield Range(OUTGOING if desired_subnet else FOREIGN, f"{GATEWAY_BRIDGE} of {host}", facts.bridge.subnet)


def declared_as(stack: Stack, name: str, network: NetworkFacts) -> Ingress | Overlay | None:
    """Return the stack file's section for a network of the swarm; the ingress is one whatever its name."""
    file = stack.validation.stackfile
    return file.ingress if network.ingress else file.overlays.get(name)


def undeclared(stack: Stack) -> dict[str, NetworkFacts]:
    """Return the networks of the swarm that the stack file does not have, by name."""
    found = stack.facts.networks if stack.facts else {}
    return {
        name: network
        for name, network in found.items()
        if not declared_as(stack, name, network) and name not in stack.validation.waiting
    }


def bridged(stack: Stack, path: str) -> list[str]:
    """Return the hosts whose docker_gwbridge has the range at a path."""
    hosts: Mapping[str, object] = stack.validation.stackfile.hosts
    own = {f"hosts.{name}.gwbridge.subnet": name for name in hosts}
    if path in own:
        return [own[path]]
    shared_with = stack.validation.stackfile.hosts.items()
    return [name for name, host in shared_with if not (host.gwbridge and host.gwbridge.subnet)]


def _ranges(stack: Stack) -> Iterator[Range]:
    file = stack.validation.stackfile
    yield from ranges(stack.validation.resolved)
    yield from first_of_engine_pool(stack.validation.resolved)
    if file.pools.overlays:
        yield Range(OVERLAY_POOL, "pools.overlays", file.pools.overlays.range)


def _words(stack: Stack, each: Range) -> tuple[str, str]:
    """Return the name of a range, and what it is."""
    file = stack.validation.stackfile
    match each.kind:
        case "gwbridge":
            return GATEWAY_BRIDGE, f"bridge of {some(bridged(stack, each.path))}"
        case "overlay":
            return each.path.split(".")[1], "overlay"
        case "ingress":
            return (file.ingress.name if file.ingress else "ingress"), "for published ports"
        case "pool":
            return "address pool", "for undeclared networks"
        case "host":
            name = each.path.split(".")[1] if each.path.startswith("hosts.") else "bastion"
            return name, "host" + ", unwatched" * (name in stack.validation.resolved.unwatched)
        case "reserved":
            return each.kept_for, "kept free"
        case "allocation":
            return "pool for overlays", "free ranges are named from it"
        case "first ingress" | "replaced ingress":
            return "first ingress", "made by the Engine at init"
        case "special":
            return each.path, "for no network"
    return each.path, "not declared" if each.kind == FOREIGN else "until it is changed"


def _within(stack: Stack) -> Iterator[Overlap]:
    resolved = stack.validation.resolved
    for line, clash in zip(clashes(resolved), clashing(resolved), strict=True):
        yield Overlap(
            stack.name,
            line,
            tuple((address_range(stack, one), address_range(stack, other)) for one, other in clash.pairs),
        )


def _with_hosts(stack: Stack) -> Iterator[Overlap]:
    for one, other, why in meetings([*ranges(stack.validation.resolved), *found(stack)], _FOREIGN_WHY):
        both_bridges = one.kind == "gwbridge" and other.path.startswith(GATEWAY_BRIDGE)  # they never leave their hosts
        if not both_bridges:
            yield Overlap(
                stack.name,
                f"{overlap_message(one, other)}: {why}",
                ((address_range(stack, one), address_range(stack, other)),),
            )
