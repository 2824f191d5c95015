"""Disturbance by each change, and how sure it is, as far as a preview alone can say: it has not seen the hosts.

What the hosts report (facts) adds names and numbers to it. Where the words come from: docs/live-changes.md.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from enum import StrEnum

from providers.explain.report.changes import Change
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, SwarmSpec


class Disturbs(StrEnum):
    """The certainty that running workloads feel a change."""

    NOTHING = "nothing"
    MAYBE = "maybe"
    SURELY = "surely"


@dataclass(frozen=True)
class Effect:
    """The effect of a change, in words that go on after the resource's name and a colon."""

    words: str
    disturbs: Disturbs = Disturbs.NOTHING


SETTINGS = Effect("only how Swarmnet treats it changes, nothing on any host")
FORGOTTEN = Effect("forgotten: it stays on the hosts just as it is")
BRIDGE_CHANGE = (
    "the host is drained, its tasks move away and stay away, the bridge is made anew, docker restarted, and the host "
    "checked and given back; one host at a time, and none after a failure"
)
ON_DEMAND = "replaced, since somebody asked for that (`--replace`, `pulumi state taint`)"
MADE_ON_MEMBER = "made; if its host is in a swarm already, "
PORTS = "every port published through it goes away for seconds"
PORTS_AWAY = (
    f"{PORTS} (about 10, and the longest `stop_grace_period` of a task "
    "that ignores TERM), then comes back as it was; each task of a publishing service restarts twice"
)


def effect(change: Change, joining: Set[str]) -> Effect:
    """Say what a change does. `joining`: the hosts that this very run lets join the swarm."""
    if change.on_demand:
        return _of_replacement(change)
    match change.spec:
        case GwbridgeSpec(host=host):
            return _of_gwbridge(change, host in joining)
        case SwarmSpec():
            return _of_swarm(change)
        case NodeSpec():
            return _of_node(change)
        case IngressSpec():
            return _of_ingress(change, bool(joining))
        case OverlaySpec():
            return _of_overlay(change)
    raise TypeError(type(change.spec).__name__)


def _of_replacement(change: Change) -> Effect:
    """Of what never is replaced by itself; it goes first: `delete_before_replace` in __main__.py."""
    if replace(change, op="delete", after=None).forgotten:
        return Effect(f"{ON_DEMAND}: forgotten, then taken over just as it is")
    if isinstance(change.spec, IngressSpec):
        return Effect(f"{ON_DEMAND}: swapped for the Engine's own, then back; each time {PORTS_AWAY}", Disturbs.SURELY)
    return Effect(f"{ON_DEMAND}: refused while networks, services or members stand on it", Disturbs.MAYBE)


def drains(change: Change) -> bool:
    """Tell whether a member that stays is to be drained."""
    before, after = change.before, change.after
    if not (isinstance(before, NodeSpec) and isinstance(after, NodeSpec)):
        return False
    return before.availability != after.availability == "drain"


def _of_gwbridge(change: Change, joining: bool) -> Effect:
    if change.op == "delete":
        removed = Effect("removed once its host has left the swarm; the Engine makes its own at the next join")
        return FORGOTTEN if change.forgotten else removed
    if change.op == "create":
        if joining:
            return Effect("made before its host joins, so that nothing is disturbed")
        return Effect(f"{MADE_ON_MEMBER}{BRIDGE_CHANGE}", Disturbs.MAYBE)
    if change.unfinished:
        return Effect(f"unfinished ({change.unfinished}): {BRIDGE_CHANGE}", Disturbs.SURELY)
    return Effect(BRIDGE_CHANGE, Disturbs.SURELY) if change.properties else SETTINGS


def _of_swarm(change: Change) -> Effect:
    assert isinstance(change.spec, SwarmSpec)
    if change.op == "create":
        return Effect(f"begun on {change.spec.first_manager}, unless the hosts are in one already")
    if change.op == "delete":
        ended = Effect("ended with its last manager; refused while members, services or networks of others are in it")
        return FORGOTTEN if change.forgotten else ended
    if change.properties & SwarmSpec.INIT_ONLY:
        fixed = ", ".join(sorted(change.properties & SwarmSpec.INIT_ONLY))
        return Effect(f"refused unless it is so already: {fixed} can only be said when a swarm begins", Disturbs.MAYBE)
    return Effect("its settings change in place; nothing restarts") if change.properties else SETTINGS


def _of_node(change: Change) -> Effect:
    before, after = change.before, change.after
    if change.op == "delete":
        gone = "drained: its tasks move to other hosts; demoted if it is a manager; then it leaves the swarm"
        return FORGOTTEN if change.forgotten else Effect(gone, Disturbs.SURELY)
    assert isinstance(after, NodeSpec)
    if not isinstance(before, NodeSpec):
        return Effect(f"joins the swarm as a {after.role}, unless it is a member already")
    said = []
    if before.role != after.role:
        said.append("promoted" if after.role == "manager" else "demoted, never at the price of the quorum")
    if before.availability != after.availability:
        goes = {
            "drain": "drained: its tasks move away",
            "pause": "paused: gets no new tasks",
            "active": "takes tasks again",
        }
        said.append(goes[after.availability])
    if "labels" in change.properties:
        said.append("labels change in place: tasks bound to them by a constraint may move")
    if change.unfinished:
        said.append(f"unfinished ({change.unfinished}): brought back")
    disturbs = (
        Disturbs.SURELY if drains(change) else Disturbs.MAYBE if "labels" in change.properties else Disturbs.NOTHING
    )
    return Effect("; ".join(said), disturbs) if said else SETTINGS


def _of_ingress(change: Change, begins: bool) -> Effect:
    if change.op == "delete":
        return FORGOTTEN if change.forgotten else Effect(f"swapped for the Engine's own: {PORTS_AWAY}", Disturbs.SURELY)
    if change.op == "create":
        if begins:
            return Effect("made in the place of the Engine's own, before anything is published through it")
        return Effect("made; what services publish through already is a matter of `adopt`", Disturbs.MAYBE)
    if change.unfinished:
        return Effect(f"unfinished ({change.unfinished}): brought back on every host", Disturbs.MAYBE)
    return Effect(PORTS_AWAY, Disturbs.SURELY) if change.properties else SETTINGS


def _of_overlay(change: Change) -> Effect:
    if change.op == "delete":
        removed = Effect("removed; refused, by name, while anything uses it", Disturbs.MAYBE)
        return FORGOTTEN if change.forgotten else removed
    if change.op == "create":
        return Effect("made; disturbs nothing")
    if change.op == "replace":
        return Effect("removed and made anew; refused, by name, while anything uses it", Disturbs.MAYBE)
    if change.properties:
        moved = "its services move to a twin and back: each of their tasks restarts twice; other containers on it block"
        return Effect(moved, Disturbs.SURELY)
    return Effect(f"unfinished ({change.unfinished}): finished", Disturbs.MAYBE) if change.unfinished else SETTINGS
