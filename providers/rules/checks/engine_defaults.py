"""Checks ranges that an Engine chooses by itself: the swarm's address pool, the first ingress, docker0.

Its real choice is known only on the hosts, so most of it is a warning.
"""

from collections.abc import Iterator
from itertools import product

from providers.rules.checks.ranges import OURS, Range, meetings, overlap_message, ranges
from providers.rules.stack_file.model import Swarm
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import prefix_length

_PREFIX = 24  # of subnets from the swarm's pool, where nothing is given
_POOL_START = "10.0.0.0"  # https://docs.docker.com/engine/swarm/networking/
_MANY = 256  # networks made without a subnet in one swarm: more are unlikely

# What suggestions keep clear of. https://docs.docker.com/engine/network/#automatic-subnet-allocation
LIKELY = {
    "the range that most Engines give docker0": "172.17.0.0/16",
    "the first networks of the Engines' own pool": f"{_POOL_START}/16",
}

# Only `init` takes a pool, and no stack file says whether its swarm is still to be made.
_SAY = (
    "say which pool in swarm.default_addr_pool before the swarm is made; in one that runs, give each network a subnet"
)
_WHY = {
    **dict.fromkeys(product(OURS[:3], ["docker0"]), "an Engine refuses the network or its tasks where docker0 has it"),
    ("gwbridge", "first networks"): f'tasks on such networks would be rejected with "Pool overlaps"; {_SAY}',
    ("overlay", "first networks"): f"a network made without a subnet may take the range first; {_SAY}",
    ("ingress", "first networks"): f"a network made without a subnet may take the range first; {_SAY}",
    ("host", "first networks"): f"containers on such networks would not reach that address; {_SAY}",
    ("reserved", "first networks"): f"containers on such networks would not reach what is there; {_SAY}",
}


def pool_masks(resolved: Resolved) -> Iterator[str]:
    """Yield pools smaller than the subnets that are taken from them."""
    swarm = resolved.file.swarm or Swarm()
    prefix = _prefix(swarm)
    for number, subnet in enumerate(swarm.default_addr_pool):
        if prefix_length(subnet) > prefix:
            yield f"swarm.default_addr_pool[{number}]: {subnet} is smaller than the /{prefix} that networks take of it"


def first_of_engine_pool(resolved: Resolved) -> Iterator[Range]:
    """Yield the ingress that an Engine makes at init, if the stack begins the swarm without a pool of its own.

    An ingress of the stack may be the very same, and takes its place before any overlay comes, yet after the hosts have
    joined.
    """
    swarm = resolved.file.swarm
    if swarm and not swarm.default_addr_pool:
        kind = "replaced ingress" if resolved.file.ingress else "first ingress"
        yield Range(kind, "the ingress that the Engine makes at init,", f"{_POOL_START}/{_prefix(swarm)}")


def warnings(resolved: Resolved) -> Iterator[str]:
    """Yield clashes with ranges that Engines probably choose, as `path: problem`; one for each kind that one key
    mends."""
    seen: set[tuple[str, str]] = set()
    for first, other, why in meetings([*ranges(resolved), *_likely(resolved)], _WHY):
        kinds = (first.kind, other.kind)
        if other.kind == "docker0" or kinds not in seen:
            seen.add(kinds)
            yield f"{overlap_message(first, other)}: {why}"


def _likely(resolved: Resolved) -> Iterator[Range]:
    """Yield the ranges that Engines probably choose."""
    docker0, own_pool = LIKELY.items()
    yield Range("docker0", *docker0)
    swarm = resolved.file.swarm
    if swarm and not swarm.default_addr_pool:
        bits = _MANY.bit_length() - 1
        yield Range("first networks", own_pool[0], f"{_POOL_START}/{max(_prefix(swarm) - bits, 8)}")


def _prefix(swarm: Swarm) -> int:
    return swarm.default_addr_pool_prefix or _PREFIX
