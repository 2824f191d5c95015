"""Finds clashes of a found swarm: in itself, so that no stack file could say it, and with its surroundings.

A section that clashes is left out, since a stack file with a clash is refused as a whole; what stays can be taken over.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from providers.discovery.found import Found, Remark
from providers.discovery.text import flow
from providers.rules.checks.across_stacks import declared_by_others
from providers.rules.checks.preflight import findings
from providers.rules.checks.whole_file import validate
from providers.rules.stack_file.model import Host, StackFile
from providers.rules.stack_file.problems import Raw, readable
from providers.rules.stack_file.resolved import Resolved, resolve

_POOL = "swarm.default_addr_pool"
_MTU = Host.model_fields["mtu"].default


def unclaimed(raw: Raw, others: Mapping[str, Resolved]) -> tuple[Raw, list[Remark]]:
    """Return the sections without what another stack file declares of the same swarm, and what was taken out."""
    remarks = []
    for path, why in declared_by_others(resolve(readable(StackFile, raw).model), others):
        remarks.append(Remark("not managed", path[0], f"{'.'.join(path)}: {why}; {left_out(raw, path)}"))
        raw = without(raw, path)
    return raw, remarks


def mended(raw: Raw, beside: Collection[str] = ()) -> tuple[Raw, list[Remark]]:
    """Return the sections without what keeps them from being a stack file, and what is said of those and of the rest.

    Each turn takes one part away. A problem that no part can be left out for stays one of the file. No range of
    `beside`, what hosts have, is named as free.
    """
    remarks: list[Remark] = []
    while True:
        validation = validate(raw, beside)
        found = ((line, path) for line in validation.why_no_plan if (path := _to_leave_out(raw, line)))
        line, path = next(found, ("", ()))
        if not path:
            break
        remarks.append(Remark("clash", path[0], f"{line}; {left_out(raw, path)}"))
        raw = without(raw, path)
        if path[-1] == "default_addr_pool":
            raw = without(raw, ("swarm", "default_addr_pool_prefix"))  # it means nothing without its pool
    pool_left_out = any(f"left out: {_POOL}" in remark.line for remark in remarks)
    remarks += [Remark("clash", "hosts", line) for line in validation.why_no_plan]
    warnings = [line for line in validation.warnings if not (pool_left_out and _POOL in line)]
    return raw, [*remarks, *(Remark("unusual", line.partition(".")[0], line) for line in warnings)]


def _to_leave_out(raw: Raw, line: str) -> tuple[str, ...]:
    """Return the path of the part without which there is no such problem; empty if there is none.

    A pool is needed by networks to come alone, and a host's measured MTU by nothing: they go before any network does.
    """
    hosts, overlays = _mapping(raw, "hosts"), _mapping(raw, "overlays")
    if _POOL in line and "default_addr_pool" in _mapping(raw, "swarm"):
        return "swarm", "default_addr_pool"
    if (key := re.match(r"swarm\.([a-z_]+): ", line)) and key[1] in _mapping(raw, "swarm"):
        return "swarm", key[1]
    low = re.search(r"is more than hosts\.([a-z0-9-]+)\.mtu", line)
    if low and hosts[low[1]].get("mtu", _MTU) < _MTU:
        return "hosts", low[1], "mtu"
    first, second, third = [*re.split(r"[.\[:]", line)[:3], "", ""][:3]
    if first == "overlays" and second in overlays:
        return first, second
    if first == "hosts" and third in ("gwbridge", "labels", "advertise_address") and third in hosts.get(second, {}):
        return first, second, third
    return (first,) if first in ("gwbridge", "ingress") and first in raw else ()


def _mapping(raw: Raw, key: str) -> dict[str, Any]:
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def path_of(raw: Raw, resource: str) -> tuple[str, ...]:
    """Return the path of the section that a resource is made of."""
    kind, _, name = resource.replace("docker_gwbridge@", "gwbridge/").partition("/")
    if kind == "gwbridge" and "gwbridge" in _mapping(_mapping(raw, "hosts"), name):
        return "hosts", name, "gwbridge"
    sections = {"overlay": "overlays", "node": "hosts"}
    return (sections[kind], name) if kind in sections else (kind,)


def left_out(raw: Raw, path: tuple[str, ...]) -> str:
    """Say what is left out, so that it can be added by hand if it is desired all the same."""
    value: object = raw
    for key in path:
        value = value[key] if isinstance(value, dict) else None
    return f"left out: {'.'.join(path)}: {flow(value)}"


def without(raw: Raw, path: tuple[str, ...]) -> Raw:
    """Return the sections less what stands at a path; without its last overlay, `overlays` goes too."""
    key, *rest = path
    left = without(_mapping(raw, key), tuple(rest)) if rest else {}
    if not rest or (key == "overlays" and not left):
        return {name: value for name, value in raw.items() if name != key}
    return {name: left if name == key else value for name, value in raw.items()}


def outside(raw: Raw, found: Found, owner: str) -> Iterator[Remark]:
    """Find clashes of what is declared with what hosts have: routes, addresses, resolvers, their other networks."""
    resolved = validate(raw).resolved
    reports = [member.report for member in found.reached if member.report and member.name in resolved.file.hosts]
    met = findings(resolved, owner, reports)
    for line in (*met.refused, *met.warnings):
        key = line.partition(".")[0]
        yield Remark("clash", key, line) if key in raw else Remark("not seen", "hosts", line)
