"""What each change does to what runs, and how sure that is, as far as a preview alone can say: it has not seen hosts.

One account for all who tell of it: the report, its first line, and the row of the resource in `pulumi preview`. What
the hosts report (facts) adds names and numbers. Where the words come from: docs/live-changes.md.
"""

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace
from enum import StrEnum

from providers.explain.report.changes import Change
from providers.rules.resource_types.departure import STAYS_ON_HOSTS
from providers.rules.stack_file.access import left_behind
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec


class Disturbs(StrEnum):
    """The certainty that running workloads feel a change."""

    NOTHING = "nothing"
    MAYBE = "maybe"
    SURELY = "surely"


@dataclass(frozen=True)
class Effect:
    """The effect of a change. words: they go on after the resource's name and a colon.

    summary: the same in few words; `{network}` stands for the names of all networks of which it is so. row: a line that
    fits on the resource's row, `{host}` for its host; None if the words do.
    """

    words: str
    summary: str
    disturbs: Disturbs = Disturbs.NOTHING
    row: str | None = None


SETTINGS = Effect(
    "only how Swarmnet treats it changes, nothing on any host",
    "how Swarmnet treats {resource} changes, nothing on any host",
)
STATE_ONLY = Effect(STAYS_ON_HOSTS, "{resource} removed from the state only")
BRIDGE_CHANGE = (
    "the host is drained, its tasks move away and stay away, the bridge is recreated, docker restarted, and the host "
    "checked and returned to service; one host at a time, and none after a failure"
)
ON_DEMAND = "replaced on request (`--replace`, `pulumi state taint`)"
PORTS = "every port published through it is unavailable for some seconds"
PORTS_LEAVE = (
    f"{PORTS} (4 to 20, and the longest `stop_grace_period` of a task "
    "that ignores TERM), then comes back as it was; each task of a publishing service restarts twice"
)
PORTS_AWAY = "every published port is unavailable for some seconds; tasks of publishing services restart twice"
CREATED, REMOVED, REPLACED = "{network} created", "{network} removed", "{resource} replaced on demand"
# What becomes of a member whose host goes from the stack file.
LEAVES = "leaves the swarm: drained, tasks move away"
LOST = "removed as lost: from the managers' list, without contacting its host"
STAYS = "removed from state: stays a member"
NEW_BRIDGE = "new bridge for {host}: drained first if in a swarm already"
MOVED = "its services move to a temporary network and back: each of their tasks restarts twice"


def effect(change: Change, joining: Set[str]) -> Effect:
    """Say what a change does. `joining`: the hosts that this very run lets join the swarm."""
    if change.on_demand:
        return _of_replacement(change)
    if change.is_removed_from_state_only:
        return STATE_ONLY
    match change.spec:
        case GwbridgeSpec(host=host):
            return _of_gwbridge(change, host in joining)
        case SwarmSpec():
            return _of_swarm(change, change.spec)
        case NodeSpec():
            return _of_node(change, change.spec)
        case IngressSpec():
            return _of_ingress(change, bool(joining))
        case OverlaySpec():
            return _of_overlay(change)
    raise TypeError(type(change.spec).__name__)


def consequence(change: Change, joining: Set[str]) -> str:
    """Say what running workloads may feel of a change, in a line that fits on a row; empty if they feel nothing."""
    does = effect(change, joining)
    if does.disturbs is Disturbs.NOTHING:
        return ""
    return does.words if does.row is None else does.row.replace("{host}", getattr(change.spec, "host", ""))


def drains(change: Change) -> bool:
    """Tell whether a member that stays is to be drained."""
    before, after = change.before, change.after
    if not (isinstance(before, NodeSpec) and isinstance(after, NodeSpec)):
        return False
    return before.availability != after.availability == "drain"


def _of_replacement(change: Change) -> Effect:
    """Of what never is replaced by itself; it goes first: `delete_before_replace` in program/declare.py."""
    if replace(change, op="delete", after=None).is_removed_from_state_only:
        return Effect(f"{ON_DEMAND}: removed from the state only, then taken over as it is", REPLACED)
    if isinstance(change.spec, IngressSpec):
        swapped = f"{ON_DEMAND}: swapped for the Engine's own, then back; each time {PORTS_LEAVE}"
        return Effect(swapped, REPLACED, Disturbs.SURELY)
    refused = f"{ON_DEMAND}: refused while networks, services or members stand on it"
    return Effect(refused, REPLACED, Disturbs.MAYBE)


def _of_gwbridge(change: Change, joining: bool) -> Effect:
    if change.op == "delete":
        return Effect("removed once its host has left the swarm; the Engine makes its own at the next join", REMOVED)
    if change.op == "create" and joining:
        return Effect("created before its host joins, so nothing is disturbed", CREATED)
    if change.op == "create":
        made = f"made; if its host is in a swarm already, {BRIDGE_CHANGE}"
        row = "if {host} is in a swarm already, it is drained and its docker restarted"
        return Effect(made, NEW_BRIDGE, Disturbs.MAYBE, row)
    unfinished = f"unfinished ({change.unfinished}): " if change.unfinished else ""
    if not (change.properties or unfinished):
        return SETTINGS
    drained = "another bridge for {host}: drained and docker restarted, one host at a time"
    row = "{host} is drained and its docker restarted"
    return Effect(unfinished + BRIDGE_CHANGE, drained, Disturbs.SURELY, row)


def _of_swarm(change: Change, spec: SwarmSpec) -> Effect:
    if change.op == "create":
        return Effect(f"created on {spec.first_manager}, unless the hosts are in one already", "a swarm is created")
    if change.op == "delete":
        ended = "ended with its last manager; refused while members, services or networks of others are in it"
        return Effect(ended, "the swarm ends")
    changed = "settings of the swarm change"
    if fixed := change.properties & SwarmSpec.INIT_ONLY:
        only = f"{', '.join(sorted(fixed))} can only be set when the swarm is created"
        return Effect(f"refused unless it is so already: {only}", changed, Disturbs.MAYBE)
    return Effect("its settings change in place; nothing restarts", changed) if change.properties else SETTINGS


def _of_node(change: Change, after: NodeSpec) -> Effect:
    before = change.before
    if change.lost:
        return Effect(LOST, "{host} removed as lost", Disturbs.SURELY)
    if change.op == "delete":
        gone = "drained: its tasks move to other hosts; demoted if it is a manager; then it leaves the swarm"
        return Effect(gone, "{host} drained and taken out of the swarm", Disturbs.SURELY)
    if not isinstance(before, NodeSpec):
        return Effect(f"joins the swarm as a {after.role}, unless it is a member already", "{host} joining the swarm")
    if left := left_behind(before.access, after.access):
        again = f"if members know it by {left}, it is drained, leaves the swarm, and joins again by the new address"
        return Effect(again, "{host} leaving and joining again", Disturbs.MAYBE, again)
    parts = []
    if before.role != after.role:
        parts.append("promoted" if after.role == "manager" else "demoted, never at the price of the quorum")
    if before.availability != after.availability:
        goes = {
            "drain": "drained: its tasks move away",
            "pause": "paused: gets no new tasks",
            "active": "takes tasks again",
        }
        parts.append(goes[after.availability])
    if "labels" in change.properties:
        parts.append("labels change in place: tasks bound to them by a constraint may move")
    if change.unfinished:
        parts.append(f"unfinished ({change.unfinished}): brought back")
    words, changed = "; ".join(parts), "{host} changed in place"
    if drains(change):
        row = "{host} is drained: its tasks move to other hosts"
        return Effect(words, "{host} drained: tasks move away", Disturbs.SURELY, row)
    if "labels" in change.properties:
        return Effect(words, changed, Disturbs.MAYBE, "tasks that a constraint binds to labels of {host} may move")
    return Effect(words, changed) if parts else SETTINGS


def _of_ingress(change: Change, begins: bool) -> Effect:
    if change.op == "delete":
        swapped = "swapped for the Engine's own"
        return Effect(f"{swapped}: {PORTS_LEAVE}", f"the ingress is {swapped}: {PORTS}", Disturbs.SURELY)
    if change.op == "create" and begins:
        return Effect("created in place of the Engine's own, before anything is published through it", CREATED)
    if change.op == "create":
        made = "created; an ingress through which services already publish is handled as `adopt` says"
        # Otherwise it is refused where something publishes.
        converges = getattr(change.spec, "adopt", "") == "converge"
        row = f"if services publish through one already, {PORTS_AWAY}" if converges else ""
        return Effect(made, CREATED, Disturbs.MAYBE, row)
    if change.unfinished:
        back = f"unfinished ({change.unfinished}): brought back on every host"
        swapped_too = PORTS_AWAY if change.properties else None
        return Effect(back, f"the ingress is {back}", Disturbs.MAYBE, swapped_too)
    changed = f"the ingress changes: {PORTS}"
    return Effect(PORTS_LEAVE, changed, Disturbs.SURELY, PORTS_AWAY) if change.properties else SETTINGS


def _of_overlay(change: Change) -> Effect:
    if change.op == "delete":
        return Effect("removed; refused, by name, while anything uses it", REMOVED, Disturbs.MAYBE)
    if change.op == "create":
        return Effect("created; disturbs nothing", CREATED)
    if change.op == "replace":
        words = "removed and recreated; refused, by name, while anything uses it"
        row = "it is removed and recreated; refused while anything uses it"
        return Effect(words, "{overlay} replaced, which is refused while in use", Disturbs.MAYBE, row)
    if change.properties:
        migrated = "{overlay} migrated: each task there restarts twice"
        return Effect(f"{MOVED}; other containers on it block", migrated, Disturbs.SURELY, MOVED)
    if change.unfinished:
        finished = "{overlay} finished, where a run was cut"
        return Effect(f"unfinished ({change.unfinished}): finished", finished, Disturbs.MAYBE)
    return SETTINGS


ReportEffect = Callable[[str, str], None]


class Consequences:
    """Tells the consequences of one preview, each once, from the diff alone. report: shows a line on the row of a URN.

    Names, numbers and what goes are in the report and in `swarmnet plan`.
    """

    def __init__(self, report: ReportEffect) -> None:
        self._report = report
        self._known: set[str] = set()  # names of what the state has
        self._reported: set[str] = set()
        self._joining: set[str] = set()
        self._bridges: dict[str, Spec] = {}  # to be made on hosts; each host's node will say whether it joins

    def checked(self, spec: Spec, *, known: bool, begins: bool) -> None:
        """A resource was checked: bridges first, then nodes, then the ingress. known: the state has it. begins: the
        stack file says which hosts are in the swarm.

        Of what is replaced at a user's word (`--replace`) Pulumi says the same as of what is new.
        """
        if known:
            self._known.add(spec.resource_name)
            if isinstance(spec, NodeSpec) and spec.host in self._bridges:
                self._report_change(_created(self._bridges.pop(spec.host)))
        elif isinstance(spec, NodeSpec):
            self._joining.add(spec.host)
            self._bridges.pop(spec.host, None)
        elif isinstance(spec, GwbridgeSpec) and begins:
            self._bridges[spec.host] = spec
        else:
            self._report_change(_created(spec))

    def differs(self, before: Spec, after: Spec, *, replaced: bool) -> None:
        """Note that the state's resource is changed, or replaced. Silent if `after` was not checked, as in a
        refresh.
        """
        if after.resource_name in self._known:
            op = "replace" if replaced else "update"
            self._report_change(Change(name=after.resource_name, op=op, before=before, after=after))

    def gone(self, before: Iterable[str], swarm: SwarmSpec, fate: Callable[[str], str]) -> tuple[str, ...]:
        """Tell on its row what becomes of each member whose host goes, which Pulumi asks no provider of.

        before: the hosts that the state's swarm has. Returns those that stay no members.
        """
        left, came = (tuple(sorted(each)) for each in ({*before} - {*swarm.members}, {*swarm.members} - {*before}))
        renamed = f"; nothing, if it is {' or '.join(came[:3])} now" if came else ""
        fates = {host: fate(host) for host in left}
        for host, words in fates.items():
            self._report(swarm.row_of_member(host), f"{words}{renamed if words == LEAVES else ''}")
        return tuple(host for host, words in fates.items() if words != STAYS)

    def _report_change(self, change: Change) -> None:
        words = consequence(change, self._joining)
        if words and change.name not in self._reported:
            self._reported.add(change.name)
            self._report(change.spec.row, f"{words}; names: `swarmnet plan {change.spec.owner.rpartition('/')[2]}`")


def _created(spec: Spec) -> Change:
    return Change(name=spec.resource_name, op="create", before=None, after=spec)
