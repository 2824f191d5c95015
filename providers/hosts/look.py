"""Looks at a host beside its Engine: look.sh, given on stdin, which reads and writes nothing, and what its answer says.

It runs as the user who logs in; it reads what needs root through `sudo -n` if the host's access says so. A host's
answer is input: each piece is checked against its form, and what is kept of its words is one short line.
"""

import json
import re
import shlex
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from typing_extensions import TypedDict

from providers.hosts.engine_api.engine import Engine
from providers.hosts.engine_api.schema import read_answer
from providers.rules.vocabulary.addresses import is_ip
from providers.rules.vocabulary.diagnosis import ObservedHost, Subject, Way
from providers.rules.vocabulary.errors import CommandFailed
from providers.rules.vocabulary.routes import surroundings
from providers.rules.vocabulary.words import line

TIMEOUT = 60.0  # an emulated host took more than 20 s just after its start (vms.md)
SHELL = ("sh", "-s")
SCRIPT = Path(__file__).with_name("look.sh")
LONGEST = 200  # letters that are kept of a host's words
_DAEMON_KEYS = ("iptables", "default-network-opts", "firewall-backend")
_FLAG = re.compile(r"--(iptables|default-network-opt|firewall-backend)(?:=(.*))?")
_PACKAGES = {"iptables-save": "iptables", "ip": "iproute2", "df": "coreutils"}
_HAS = {"yes": True, "no": False, "unknown": None, "forbidden": False}


def observe_beside_engine(engine: Engine, host: ObservedHost, peers: Collection[str]) -> ObservedHost:
    """Return the host with what its kernel shows, or why it can't be asked at all. Raises HostError if it is
    unreachable.

    peers: IP addresses of the other members.
    """
    try:
        return with_answers(host, answered(engine, "look", host.root, *filter(is_ip, peers)))
    except CommandFailed as problem:
        return without_commands(host, problem)


def without_commands(host: ObservedHost, problem: Exception) -> ObservedHost:
    """Return the host, on which no command can be run, with the reason."""
    why = str(problem).removeprefix(f"{host.host}: ")
    remedy = "let the user who logs in run sh; its kernel and firewall were not checked"
    return replace(host, unread={"commands": f"{why}: {remedy}"})


def answered(engine: Engine, what: str, *words: str) -> str:
    """Return what the script answers on a host. Raises CommandFailed, or HostError if it is unreachable.

    what, words: the script's own, but for sudo.
    """
    text = script(what, "sudo -n" if engine.connection.access.sudo else "", *words)
    return engine.connection.run(SHELL, text.encode(), TIMEOUT, as_root=False)


def script(*words: str) -> str:
    """Return the script with its words, whatever is in them."""
    return f"set -- {shlex.join(words)}\n{SCRIPT.read_text(encoding='utf-8')}"


def with_answers(host: ObservedHost, output: str) -> ObservedHost:
    """Return the host with what the script's output says; invalid text counts as not read."""
    unanswered = set(_READERS)
    for name, status, text in answers(output):
        subject = next((each for each in _READERS if each == name), None)
        if subject is None:
            continue
        unanswered.discard(subject)
        try:
            host = _without(host, subject, why_not_read(status, text)) if status else _READERS[subject](host, text)
        except (ValueError, KeyError, IndexError):
            host = _without(host, subject, "invalid answer from the host")
    for subject in unanswered:
        host = _without(host, subject, "the host does not answer")
    return host


def answers(output: str) -> Iterator[tuple[str, int, str]]:
    """Yield of each question of a script its subject, how it ended, and what was printed."""
    for piece in re.split(r"^@ ", output, flags=re.MULTILINE)[1:]:
        head, _, text = piece.partition("\n")
        subject, _, status = head.partition(" ")
        if status.isdecimal():
            yield subject, int(status), "\n".join(each[1:] for each in text.splitlines())


def why_not_read(status: int, text: str) -> str:
    """Return the reason why something can't be read, and behind a colon what to do."""
    if status == 127:
        program = text.strip() or "such program"
        return f"there is no {line(program)[:LONGEST]}: install the package {_PACKAGES.get(program, program)}"
    last = line(next((each for each in reversed(text.splitlines()) if each.strip()), "no error message"))[:LONGEST]
    denied = "denied" in last.lower() or last.startswith("sudo:")
    return f"{last}: " + ("log in as root or let sudo run it (docs/doctor.md)" if denied else "look there by hand")


def _without(host: ObservedHost, subject: Subject, why: str) -> ObservedHost:
    return replace(host, unread={subject: why, **host.unread})


class _Way(TypedDict, total=False):
    dev: str
    prefsrc: str
    dst: str


def _links(host: ObservedHost, text: str) -> ObservedHost:
    found = surroundings(text)
    if not found.links:
        raise ValueError("there is always one")
    return replace(host, surroundings=found)


def _routes(host: ObservedHost, text: str) -> ObservedHost:
    if "rp_filter" in text:
        values = dict(re.findall(r"conf/([^/\s]+)/rp_filter:(\d)", text))
        return replace(host, strict=frozenset(name for name, own in values.items() if _strict(own, values)))
    found = (
        read_answer(list[_Way], each) for each in text.splitlines() if each.startswith("[")
    )  # else iproute2's own words
    ways = (
        Way(to=way["dst"], device=line(way["dev"])[:20], source=next(filter(is_ip, [way.get("prefsrc", "")]), ""))
        for ways in found
        for way in ways[:1]
    )
    return replace(host, ways=tuple(ways))


def _strict(own: str, values: Mapping[str, str]) -> bool:
    """The larger of a link's own and everybody's counts, and 2 is loose:
    https://docs.kernel.org/networking/ip-sysctl.html"""
    return max(own, values.get("all", "0")) == "1"


def _daemon(host: ObservedHost, text: str) -> ObservedHost:
    if text.lstrip().startswith("{"):
        raw = read_answer(dict[str, object], text)
        given = {key: json.dumps(raw[key])[:LONGEST] for key in _DAEMON_KEYS if key in raw}
    else:
        flags = (match for each in text.splitlines() if (match := _FLAG.fullmatch(each)))
        given = {each[1].replace("-opt", "-opts"): (each[2] or "")[:LONGEST] for each in flags}
    return replace(host, daemon={**host.daemon, **given})


def _modules(host: ObservedHost, text: str) -> ObservedHost:
    values = dict(each.split() for each in text.splitlines())
    forbidden = frozenset(name for name, value in values.items() if value == "forbidden")
    return replace(host, modules={name: _HAS[value] for name, value in values.items()}, forbidden=forbidden)


def _offload(host: ObservedHost, text: str) -> ObservedHost:
    rows = [each.split() for each in text.splitlines()]
    drivers = {words[1]: words[2][:20] for words in rows if words[:1] == ["driver"]}
    offloads = {words[1]: words[2] == "on" for words in rows if words[:1] == ["offload"]}
    if lacking := [name for name, driver in drivers.items() if driver == "vmxnet3" and name not in offloads]:
        return _without(host, "offload", f"{', '.join(lacking)}: install the package ethtool")
    around = host.surroundings
    links = (
        replace(each, driver=drivers.get(each.name, ""), offloads=offloads.get(each.name)) for each in around.links
    )
    return replace(host, surroundings=replace(around, links=tuple(links)))


def _saved(text: str) -> Iterator[str]:
    """Rules of iptables-save, each behind its table; chains and policies as `filter :INPUT DROP`."""
    table = ""
    for each in text.splitlines():
        if each.startswith("*"):
            table = each[1:]
        elif each.startswith(("-A ", ":")):
            yield f"{table} {each.partition(' [')[0] if each.startswith(':') else each}"


def _rules(host: ObservedHost, text: str) -> ObservedHost:
    rules = tuple(_saved(text))
    if not rules:
        return _without(host, "rules", "iptables-save shows no table: look at `nft list ruleset`")
    return replace(host, rules=rules)


def _nft(host: ObservedHost, text: str) -> ObservedHost:
    """Read chains of `nft list ruleset` for IPv4, but for those that an Engine writes itself."""
    chains: dict[str, list[str]] = {}
    table, rules = "", list[str]()
    for each in filter(None, map(str.strip, text.splitlines())):
        kind, *names = each.split()[:3]
        if kind == "table":
            table = " ".join(names)
        elif kind == "chain":
            rules = chains.setdefault(f"{table} {names[0]}", [])
        elif each != "}":
            rules.append(line(each))
    ours = re.compile(r"(inet|ip) (?!docker-bridges )\S+ \S+")
    return replace(host, nft={name: tuple(found) for name, found in chains.items() if ours.fullmatch(name)})


def _room(host: ObservedHost, text: str) -> ObservedHost:
    return replace(host, room=int(text.splitlines()[-1].split()[-3]))


_READERS: Mapping[Subject, Callable[[ObservedHost, str], ObservedHost]] = {
    "links": _links,
    "routes": _routes,
    "forwarding": lambda host, text: replace(host, forwarding=text.strip() == "1"),
    "modules": _modules,
    "daemon": _daemon,
    "room": _room,
    "offload": _offload,
    "rules": _rules,
    "nft": _nft,
    "legacy": lambda host, text: replace(host, legacy=sum(" -A " in each for each in _saved(text))),
    "zone": lambda host, text: replace(host, zone=line(text)[:LONGEST]),
}
