"""Hosts by the group: started, ended and reset together, one command at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lab import access, cgroups, host, network, state
from lab.shell import LabError
from lab.state import Record, Wanted

_Each = TypeVar("_Each")
_Gives = TypeVar("_Gives")
_AT_ONCE = 8


def start(group: str, engines: list[str]) -> list[Record]:
    """Return a host that answers for each Engine named; those that run that Engine already are kept, and mended."""
    with state.locked():
        records = state.load()
        taken = {record.name: record.address for record in records.values()}
        addresses = network.addresses(group, len(engines), taken)
        named = zip(addresses.items(), engines, strict=True)
        wanted = [Wanted(name, group, address, engine) for (name, address), engine in named]
        missing = [one for one in wanted if not _runs(one, records)]
        at_once(host.mend, [records[one.name] for one in wanted if one not in missing])
        _replace(records, missing)
    return _ready([records[name] for name in addresses])


def _runs(wanted: Wanted, records: dict[str, Record]) -> bool:
    return wanted.name in records and records[wanted.name].engine == wanted.engine


def reset(group: str) -> list[Record]:
    """New hosts in the place of a group's: same names, addresses, Engines and ssh keys."""
    with state.locked():
        records = state.load()
        old = of_group(group, records)
        _replace(records, [Wanted(each.name, group, each.address, each.engine) for each in old])
    return _ready([records[each.name] for each in old])


def _replace(records: dict[str, Record], wanted: list[Wanted]) -> None:
    """End the hosts of those names that run and start new ones; `records` and the list on disk follow."""
    at_once(host.end, [records.pop(one.name) for one in wanted if one.name in records])
    access.make_key(state.KEY)
    network.lay_bridge()
    network.make_room(len(records) + len(wanted), state.NEIGHBOURS)
    fresh = at_once(host.NewHost, wanted)
    records |= {new.record.name: new.record for new in fresh}
    state.save(records)
    at_once(host.NewHost.release, fresh)


def _ready(records: list[Record]) -> list[Record]:
    at_once(host.wait_ready, records)
    return records


def end(group: str | None) -> None:
    """End a group's hosts, or all but virtual machines, and leave nothing of theirs."""
    with state.locked():
        records = state.load()
        ended = [record for record in records.values() if group in (None, record.group)]
        left = {name: record for name, record in records.items() if record not in ended}
        at_once(host.end, ended)
        at_once(_forget, _names_on_disk(group))
        state.save(left)
        close_up()


def close_up() -> None:
    """Remove what all hosts share, unless one of either kind runs; the lab's lock is held, and goes with its folder."""
    if not state.load() and not state.load(state.VMS):
        network.remove_bridge()
        network.give_room_back(state.NEIGHBOURS)
        cgroups.remove_parents()
        shutil.rmtree(state.FOLDER)


def _names_on_disk(group: str | None) -> set[str]:
    """Return the hosts of a group, or of all, that have files here, however far their start came."""
    names = {path.stem for folder in (state.FOLDERS, state.HOST_KEYS) for path in folder.glob("*")}
    groups = {name: name.rstrip("0123456789") for name in names}
    return {name for name, its in groups.items() if group == its or (group is None and its != network.VM_GROUP)}


def _forget(name: str) -> None:
    host.remove(name)
    access.forget_key(name)


def of_group(group: str, records: dict[str, Record]) -> list[Record]:
    """Return the hosts of a group among those that run; LabError if there are none."""
    found = [record for record in records.values() if record.group == group]
    if not found:
        raise LabError(f"group {group}: no host runs: start some with `lab/hosts up --group {group}`")
    return found


def at_once(work: Callable[[_Each], _Gives], items: Iterable[_Each]) -> list[_Gives]:
    """Do the same for several hosts in parallel."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(work, items))
