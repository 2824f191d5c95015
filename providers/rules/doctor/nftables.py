"""Tells what native rules of nftables do to a packet that begins a connection: rules that no tool of iptables shows.

A condition that is not understood may hold or not: a rule with one drops nothing for sure, and may accept.
https://wiki.nftables.org/wiki-nftables/index.php/Quick_reference-nftables_in_10_minutes
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

from providers.rules.vocabulary.addresses import is_ip

_BASE = re.compile(r"type filter hook (\w+) .*?policy (\w+);.*")
_CONDITION = re.compile(
    r"(iifname|oifname|iif|oif|ip [sd]addr|ct state|meta l4proto|ip protocol|meta nfproto|(?:tcp|udp) dport)"
    r" (!= )?(\{[^}]*\}|[^ ]+) ?"
)
# What says nothing of which packets it is: counters, the log, comments.
_ASIDE = re.compile(r'counter( name \S+)? ?|comment "[^"]*" ?|log( (prefix "[^"]*"|(level|flags) \w+))* ?')
_VERDICT = re.compile(r"(accept|drop|reject|return|jump|goto)\b ?(\S*).*")
POLICY = "policy drop"
_DEEPEST = 16  # jumps, of which a kernel takes no more
_LONGEST = 4_000  # characters of a rule that is read; a longer one may accept anything
_TOLD = 200  # characters of one that is told
_STATES = re.compile(r"ct state vmap \{(?![^}]*\bnew :)[^}]*\}")  # it does nothing to a packet that is new


@dataclass(frozen=True, kw_only=True)
class Packet:
    """The first packet of a connection; what is empty or 0 is not known. into, out: the links that it comes and leaves
    by, of which a host's own packets have only one. source, to: IPv4 addresses."""

    protocol: str = "tcp"
    port: int = 0
    source: str = ""
    to: str = ""
    into: str = ""
    out: str = ""

    def value(self, condition: str) -> str:
        """Return what it has of a condition."""
        of = {"iif": self.into, "oif": self.out, "ip saddr": self.source, "ip daddr": self.to}
        of |= {"ct state": "new", "meta nfproto": "ipv4", "ip protocol": self.protocol, "meta l4proto": self.protocol}
        return of[condition.removesuffix("name")] if not condition.endswith("dport") else str(self.port or "")


def drop_reason(chains: Mapping[str, tuple[str, ...]], hook: str, packet: Packet) -> str:
    """Return the first rule at a hook that surely drops a packet, behind its chain (`inet filter forward: … drop`), or
    its chain's policy; empty if none does. chains: of a host, as ObservedHost has them."""
    for name, rules in chains.items():
        base = _BASE.fullmatch(rules[0]) if rules else None
        if base and base[1] == hook:
            by_policy = ("drop", f"{name}: {POLICY}") if base[2] == "drop" else ("accept", "")
            verb, rule = _Walk(chains, packet).end_of(name) or by_policy
            if verb == "drop":
                return rule
    return ""


@dataclass
class _Walk:
    """The way of a packet through chains, each of which is looked at once. deep: how many lead to this one."""

    chains: Mapping[str, tuple[str, ...]]
    packet: Packet
    deep: int = 0
    ends: dict[str, tuple[str, str] | None] = field(default_factory=dict)

    def end_of(self, name: str) -> tuple[str, str] | None:
        """Return `accept` or `drop` and the rule, or None if the chain leaves it to its caller."""
        if name not in self.ends:
            self.ends[name] = ("accept", "") if self.deep > _DEEPEST else None  # one that leads to itself ends there
            self.deep += 1
            self.ends[name] = self.ends[name] or next(self._ends(name), None)
            self.deep -= 1
        return self.ends[name]

    def _ends(self, name: str) -> Iterator[tuple[str, str] | None]:
        """Yield what becomes of the packet at each rule that ends its way through this chain."""
        table = name.rpartition(" ")[0]
        for rule in self.chains.get(name, ()):
            if _BASE.fullmatch(rule):
                continue
            fits, verb, target = _read(rule, self.packet)
            rule_text = f"{name}: {rule[:_TOLD]}"
            if fits is False or not verb:
                continue
            if verb in ("drop", "reject"):
                if fits:
                    yield "drop", rule_text
            elif verb in ("jump", "goto"):
                inner = self.end_of(f"{table} {target}")
                if inner and (fits or inner[0] == "accept"):
                    yield inner
                if verb == "goto" and fits:
                    yield None
            elif verb == "accept" or not fits:  # a return that may be one: what comes then is not known
                yield "accept", rule_text
            else:
                yield None


def _read(rule: str, packet: Packet) -> tuple[bool | None, str, str]:
    """Return whether a rule is for a packet (None if that is not known), its verb, and the chain that it names."""
    if len(rule) > _LONGEST or " vmap " in (rest := _STATES.sub("", rule).strip()):
        return None, "accept", ""
    fits, sure = True, True
    while rest:
        if aside := _ASIDE.match(rest):
            rest = rest[aside.end() :]
        elif condition := _CONDITION.match(rest):
            holds = _holds(condition[1], condition[3], packet, but=bool(condition[2]))
            sure, fits = sure and holds is not None, fits and holds is not False
            rest = rest[condition.end() :]
        elif validation := _VERDICT.fullmatch(rest):
            return (None if fits and not sure else fits), validation[1], validation[2]
        else:  # a condition that is not understood, whose words go on to the verdict
            sure, rest = False, rest.partition(" ")[2]
    return fits, "", ""


def _holds(condition: str, values: str, packet: Packet, *, but: bool) -> bool | None:
    """Tell whether a condition holds, None if that is not known. but: it is about all but these values."""
    own = packet.value(condition)
    desired = [each.strip().strip('"') for each in values.strip("{} ").split(",")]
    if condition.endswith("dport") and condition.partition(" ")[0] != packet.protocol:
        return False
    if not own or any(each.startswith("@") for each in desired):
        return None
    if condition.endswith("dport"):
        found: bool | None = any(_from_to(int(own), each) for each in desired)
    elif condition.endswith("addr"):
        found = _within(own, desired)
    else:
        found = any(fnmatchcase(own, each) for each in desired)
    return None if found is None else found is not but


def _from_to(port: int, text: str) -> bool:
    first, _, last = text.partition("-")
    return first.isdecimal() and int(first) <= port <= int(last if last.isdecimal() else first)


def _within(address: str, ranges: list[str]) -> bool | None:
    """Tell whether an address is in one of these; None if one is written in a form that is not understood."""
    if not all(is_ip(each.partition("/")[0]) and "-" not in each for each in ranges):
        return None
    try:
        return any(ip_address(address) in ip_network(each, strict=False) for each in ranges)
    except ValueError:  # the number behind the slash
        return None
