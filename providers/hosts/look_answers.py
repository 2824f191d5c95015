"""Parses the output of look.py's script into a value: text that makes no sense counts as not read.

A host's answer is input: each piece is checked against its form, and what is kept of its words is one short line.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from typing_extensions import TypedDict

from providers.hosts.engine_api.schema import read_answer
from providers.rules.vocabulary.addresses import is_ip
from providers.rules.vocabulary.answers import Few
from providers.rules.vocabulary.look import Link, Look, Subject, Way
from providers.rules.vocabulary.words import line

T = TypeVar("T")

LONGEST = 200  # letters that are kept of a host's words
_DAEMON_KEYS = ("iptables", "default-network-opts", "firewall-backend")
_FLAG = re.compile(r"--(iptables|default-network-opt|firewall-backend)(?:=(.*))?")
_FLAGS = {"default-network-opt": "default-network-opts"}
_PACKAGES = {"iptables-save": "iptables", "ip": "iproute2", "df": "coreutils"}


def parsed(said: str) -> Look:
    """Parse the script's output; text that makes no sense counts as not read."""
    found = Look()
    answered = set()
    for name, status, text in answers(said):
        subject = next((each for each in _READERS if each == name), None)
        if subject is None:
            continue
        answered.add(subject)
        if status:
            found = _with(found, subject, why_not_read(status, text))
            continue
        try:
            found = _READERS[subject](found, text)
        except (ValueError, KeyError, IndexError):
            found = _with(found, subject, "what the host answers makes no sense")
    for subject in _READERS:
        if subject not in answered:
            found = _with(found, subject, "the host does not answer")
    return found


def answers(said: str) -> Iterator[tuple[str, int, str]]:
    """Yield of each question of a script its subject, how it ended, and what was printed."""
    for piece in re.split(r"^@ ", said, flags=re.MULTILINE)[1:]:
        head, _, text = piece.partition("\n")
        subject, _, status = head.partition(" ")
        if status.isdecimal():
            yield subject, int(status), "\n".join(each[1:] for each in text.splitlines())


def why_not_read(status: int, text: str) -> str:
    """Return the reason why something can't be read, and behind a colon what to do."""
    if status == 127:
        program = text.strip() or "such program"
        return f"there is no {line(program)[:LONGEST]}: install the package {_PACKAGES.get(program, program)}"
    last = line(next((each for each in reversed(text.splitlines()) if each.strip()), "it says nothing"))[:LONGEST]
    denied = "denied" in last.lower() or last.startswith("sudo:")
    return f"{last}: " + ("log in as root or let sudo run it (docs/doctor.md)" if denied else "look there by hand")


def _with(found: Look, subject: Subject, why: str) -> Look:
    return replace(found, unread={**found.unread, subject: found.unread.get(subject, why)})


class _Address(TypedDict, total=False):
    local: str


class _Link(TypedDict):
    ifname: str
    mtu: Few
    addr_info: list[_Address]


class _Way(TypedDict, total=False):
    dev: str
    prefsrc: str
    dst: str


def _links(found: Look, text: str) -> Look:
    raw = read_answer(list[_Link], text)
    links = (
        Link(
            name=line(each["ifname"])[:20],
            mtu=each["mtu"],
            addresses=tuple(a["local"] for a in each["addr_info"] if is_ip(a.get("local", ""))),
        )
        for each in raw
    )
    return replace(found, links=tuple(links))


def _routes(found: Look, text: str) -> Look:
    if "rp_filter" in text:
        values = dict(re.findall(r"conf/([^/\s]+)/rp_filter:(\d)", text))
        return replace(found, strict=frozenset(name for name, own in values.items() if _strict(own, values)))
    ways = []
    for each in text.splitlines():
        if not each.startswith("["):  # no route to it: iproute2's own words
            continue
        raw = read_answer(list[_Way], each)
        if raw:
            source = raw[0].get("prefsrc", "")
            ways.append(Way(to=raw[0]["dst"], device=line(raw[0]["dev"])[:20], source=source if is_ip(source) else ""))
    return replace(found, ways=tuple(ways))


def _strict(own: str, values: Mapping[str, str]) -> bool:
    """The larger of a link's own and everybody's counts, and 2 is loose:
    https://docs.kernel.org/networking/ip-sysctl.html"""
    return max(own, values.get("all", "0")) == "1"


def _daemon(found: Look, text: str) -> Look:
    if text.lstrip().startswith("{"):
        raw = read_answer(dict[str, object], text)
        given = {key: json.dumps(raw[key])[:LONGEST] for key in _DAEMON_KEYS if key in raw}
    else:
        flags = (match for each in text.splitlines() if (match := _FLAG.fullmatch(each)))
        given = {_FLAGS.get(match[1], match[1]): (match[2] or "")[:LONGEST] for match in flags}
    return replace(found, daemon={**found.daemon, **given})


def _modules(found: Look, text: str) -> Look:
    words = {"yes": True, "no": False, "unknown": None, "forbidden": False}
    lines = [each.split() for each in text.splitlines()]
    forbidden = frozenset(name for name, value in lines if value == "forbidden")
    return replace(found, modules={name: words[value] for name, value in lines}, forbidden=forbidden)


def _offload(found: Look, text: str) -> Look:
    said = [each.split() for each in text.splitlines()]
    drivers = {words[1]: words[2][:20] for words in said if words[:1] == ["driver"]}
    offloads = {words[1]: words[2] == "on" for words in said if words[:1] == ["offload"]}
    if lacking := [name for name, driver in drivers.items() if driver == "vmxnet3" and name not in offloads]:
        return _with(found, "offload", f"{', '.join(lacking)}: install the package ethtool")
    links = (replace(each, driver=drivers.get(each.name, ""), offloads=offloads.get(each.name)) for each in found.links)
    return replace(found, links=tuple(links))


def _saved(text: str) -> Iterator[str]:
    """Rules of iptables-save, each behind its table; chains and policies as `filter :INPUT DROP`."""
    table = ""
    for each in text.splitlines():
        if each.startswith("*"):
            table = each[1:]
        elif each.startswith(("-A ", ":")):
            yield f"{table} {each.partition(' [')[0] if each.startswith(':') else each}"


def _rules(found: Look, text: str) -> Look:
    rules = tuple(_saved(text))
    if not rules:
        return _with(found, "rules", "iptables-save shows no table: look at `nft list ruleset`")
    return replace(found, rules=rules)


def _legacy(found: Look, text: str) -> Look:
    return replace(found, legacy=sum(" -A " in each for each in _saved(text)))


def _zone(found: Look, text: str) -> Look:
    return replace(found, zone=line(text)[:LONGEST])


def _room(found: Look, text: str) -> Look:
    words = text.splitlines()[-1].split()
    return replace(found, whole=int(words[-5]), room=int(words[-3]))


def _forwarding(found: Look, text: str) -> Look:
    return replace(found, forwarding=text.strip() == "1")


_READERS: Mapping[Subject, Callable[[Look, str], Look]] = {
    "links": _links,
    "routes": _routes,
    "forwarding": _forwarding,
    "modules": _modules,
    "daemon": _daemon,
    "room": _room,
    "offload": _offload,
    "rules": _rules,
    "legacy": _legacy,
    "zone": _zone,
}
