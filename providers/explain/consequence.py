"""Lines of a preview on each change that disturbs, once and before anybody says yes: from the diff alone, without a
host. Names, numbers and what goes are in the report and in `swarmnet plan`.
"""

from collections.abc import Callable

from providers.explain.report.changes import Change
from providers.explain.report.effects import consequence
from providers.rules.vocabulary.specs import GwbridgeSpec, NodeSpec, Spec

Tell = Callable[[str, str], None]


class Consequences:
    """Tells the consequences of one preview. tell: shows a line on the row of a URN."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._known: set[str] = set()  # names of what the state has
        self._told: set[str] = set()
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
                self._say(_created(self._bridges.pop(spec.host)))
        elif isinstance(spec, NodeSpec):
            self._joining.add(spec.host)
            self._bridges.pop(spec.host, None)
        elif isinstance(spec, GwbridgeSpec) and begins:
            self._bridges[spec.host] = spec
        else:
            self._say(_created(spec))

    def differs(self, before: Spec, after: Spec, *, replaced: bool) -> None:
        """Note that the state's resource is changed, or replaced. Silent if `after` was not checked, as in a
        refresh.
        """
        if after.resource_name in self._known:
            op = "replace" if replaced else "update"
            self._say(Change(name=after.resource_name, op=op, before=before, after=after))

    def _say(self, change: Change) -> None:
        words = consequence(change, self._joining)
        if words and change.name not in self._told:
            self._told.add(change.name)
            self._tell(change.spec.row, f"{words}; names: `swarmnet plan {change.spec.owner.rpartition('/')[2]}`")


def _created(spec: Spec) -> Change:
    return Change(name=spec.resource_name, op="create", before=None, after=spec)
