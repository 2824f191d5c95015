"""Chooses ranges for overlays with `subnet: auto`."""

from collections.abc import Iterable

from providers.rules.checks.across_stacks import used
from providers.rules.checks.engine_defaults import LIKELY, first_of_engine_pool
from providers.rules.checks.free_space import FreeSpace
from providers.rules.checks.ranges import ranges
from providers.rules.checks.whole_file import Verdict
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.errors import StackFileError


def allocate(stack: Verdict, others: Iterable[Resolved]) -> dict[str, str]:
    """Return the first free range of `pools.overlays` for each overlay that waits for one, by name, in the file's
    order.

    Free means that it meets nothing of this stack, no network and no host of another, and nothing that Engines choose.
    Raises StackFileError if the stack has other problems or the pool is too small.
    """
    if stack.problems:
        raise StackFileError(stack.problems)
    pool = stack.resolved.file.pools.overlays
    if not pool:
        return {}
    before = (each for each in first_of_engine_pool(stack.resolved) if each.kind == "first ingress")
    own = [each.subnet for each in (*ranges(stack.resolved), *before)]
    space = FreeSpace([*own, *used(others), *LIKELY.values()])
    found = {}
    for name in stack.waiting:
        subnet = space.first(pool.range, pool.prefix)
        if not subnet:
            raise StackFileError([f"overlays.{name}.subnet: no /{pool.prefix} of pools.overlays {pool.range} is free"])
        found[name] = space.take(subnet)
    return found
