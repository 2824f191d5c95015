"""Every range of addresses that a stack file names, with its path and its kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.rules.stack_file.field_types import ipv4_in
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import overlapping, relation

# https://www.iana.org/assignments/iana-ipv4-special-registry
SPECIAL = {
    "the unusable range": "0.0.0.0/8",
    "the loopback range": "127.0.0.0/8",
    "the link-local range": "169.254.0.0/16",
    "the multicast range": "224.0.0.0/4",
    "the unassigned range": "240.0.0.0/4",
}
OURS = ("gwbridge", "overlay", "ingress", "pool")


@dataclass(frozen=True)
class Range:
    """A range as it is told of: `path` is a key of the stack file, or words for what no key says.

    kind: one of OURS, `host`, `reserved`, `special`, or a kind of the module that made it.
    """

    kind: str
    path: str
    subnet: str

    @property
    def kept_for(self) -> str:
        """Return its name in pictures if it is `reserved`: its own name, if it has one."""
        return self.path.partition("reserved.")[2] or "reserved"


def ranges(resolved: Resolved) -> Iterator[Range]:
    """Yield every range in the file, in the order of blame: of two that clash, the first is reported."""
    file = resolved.file
    for name, host in file.hosts.items():
        if host.gwbridge and host.gwbridge.subnet:
            yield Range("gwbridge", f"hosts.{name}.gwbridge.subnet", host.gwbridge.subnet)
    if file.gwbridge:
        yield Range("gwbridge", "gwbridge.subnet", file.gwbridge.subnet)
    for name, overlay in reversed(file.overlays.items()):
        yield Range("overlay", f"overlays.{name}.subnet", overlay.subnet)
        yield from _further("overlay", f"overlays.{name}", overlay.subnets)
    if file.ingress:
        yield Range("ingress", "ingress.subnet", file.ingress.subnet)
        yield from _further("ingress", "ingress", file.ingress.subnets)
    for number, subnet in enumerate(file.swarm.default_addr_pool if file.swarm else ()):
        yield Range("pool", f"swarm.default_addr_pool[{number}]", subnet)
    yield from _addresses(resolved)
    yield from reserved(file)
    for name, subnet in SPECIAL.items():
        yield Range("special", name, subnet)


def reserved(file: StackFile) -> Iterator[Range]:
    """Yield the ranges that nothing may meet: `reserved.vpn` if it has a name, else `reserved[0]`."""
    named = file.reserved.items() if isinstance(file.reserved, dict) else ()
    listed = () if isinstance(file.reserved, dict) else enumerate(file.reserved)
    for name, subnet in named:
        yield Range("reserved", f"reserved.{name}", subnet)
    for number, subnet in listed:
        yield Range("reserved", f"reserved[{number}]", subnet)


def _further(kind: str, path: str, subnets: Sequence[str]) -> Iterator[Range]:
    for number, subnet in enumerate(subnets):
        yield Range(kind, f"{path}.subnets[{number}]", subnet)


def meetings(declared: Sequence[Range], why: Mapping[tuple[str, str], str]) -> Iterator[tuple[Range, Range, str]]:
    """Yield every two ranges that share an address though their kinds must not, and the reason."""
    for one, other in sorted(overlapping([each.subnet for each in declared])):
        first, second = declared[one], declared[other]
        if reason := why.get((first.kind, second.kind)):
            yield first, second, reason


def overlap_message(first: Range, other: Range) -> str:
    """Describe two ranges that share an address."""
    return f"{first.path}: {first.subnet} {relation(first.subnet, other.subnet)} {other.path} {other.subnet}"


def _addresses(resolved: Resolved) -> Iterator[Range]:
    """Yield the hosts' own addresses and their bastions', if they are numbers; each once.

    A bastion's counts because a host sends its answers there.
    """
    seen = {"0.0.0.0"}  # an Engine that listens everywhere
    for name, host in resolved.access.items():
        declared = resolved.file.hosts[name]
        for key in ("address", "advertise_address", "data_path_address", "listen_address", "bastion"):
            address = ipv4_in(getattr(host, key) or "")
            if address and address not in seen:
                seen.add(address)
                yield Range("host", f"hosts.{name}.{key}" if getattr(declared, key) else f"ssh.{key}", f"{address}/32")
    for name, place in resolved.unwatched.items():
        address = ipv4_in(place)
        if address and address not in seen:
            seen.add(address)
            yield Range("host", f"hosts.{name}.address", f"{address}/32")
