"""Hosts by the group: started, ended and reset together, while no other command of the lab does the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lab import cgroups, host, network, state
from lab.shell import LabError
from lab.state import Record

_Each = TypeVar("_Each")
_Gives = TypeVar("_Gives")
_AT_ONCE = 8


def start(group: str, engines: list[str]) -> list[Record]:
    """A running host for each Engine named; those that run that Engine already are left as they are."""
    with state.locked():
        host.make_key(state.KEY)
        records = state.load()
        taken = {record.name: record.address for record in records.values()}
        wanted = network.addresses(group, len(engines), taken)
        rows = [
            (name, group, address, engine)
            for (name, address), engine in zip(wanted.items(), engines, strict=True)
        ]
        _replace(records, [row for row in rows if row[0] not in records or records[row[0]].engine != row[3]])
        at_once(host.wait_ready, [records[name] for name in wanted])
        return [records[name] for name in wanted]


def reset(group: str) -> None:
    """Put new hosts in the place of a group's: same names, addresses, Engines and ssh keys."""
    with state.locked():
        records = state.load()
        ours = of_group(records, group)
        _replace(records, [(old.name, old.group, old.address, old.engine) for old in ours])
        at_once(host.wait_ready, of_group(records, group))


def _replace(records: dict[str, Record], rows: list[tuple[str, str, str, str]]) -> None:
    """End the hosts of those names that run, and start new ones; `records` and the list on disk follow."""
    network.lay_bridge()
    at_once(host.end, [records.pop(row[0]) for row in rows if row[0] in records])
    fresh = at_once(lambda row: host.NewHost(*row), rows)
    records |= {new.record.name: new.record for new in fresh}
    state.save(records)
    at_once(host.NewHost.release, fresh)


def end(group: str | None) -> None:
    """End a group's hosts, or all, and leave nothing of theirs; with the last host goes the lab's own folder."""
    with state.locked():
        records = state.load()
        at_once(host.end, [old for old in records.values() if group in (None, old.group)])
        left = {old.name: old for old in records.values() if group not in (None, old.group)}
        for name in _known(group):
            host.remove(name)
            host.forget_key(name)
        state.save(left)
        if not left:
            network.remove_bridge()
            cgroups.remove_parents()
            shutil.rmtree(state.FOLDER)


def _known(group: str | None) -> set[str]:
    """The hosts of a group, or of all, that ever started, by the files they left."""
    names = {path.stem for folder in (state.FOLDERS, state.HOST_KEYS) for path in folder.glob("*")}
    return {name for name in names if group in (None, name.rstrip("0123456789"))}


def of_group(records: dict[str, Record], group: str) -> list[Record]:
    """The hosts of a group, which must have some."""
    found = [record for record in records.values() if record.group == group]
    if not found:
        raise LabError(f"group {group}: no host runs: start some with `lab/hosts up --group {group}`")
    return found


def at_once(work: Callable[[_Each], _Gives], items: Iterable[_Each]) -> list[_Gives]:
    """Do the same for several hosts in parallel."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(work, items))
