"""One run of Pulumi: its settings, its questions before the first write, its turns, and what Pulumi said so far.

The plugin process serves one run and holds one `Run`; tests build their own. It treats all resource types alike.
"""

import threading
from typing import TYPE_CHECKING, TypeVar

from providers.rules.resource_types.resource_type import Known
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.specs import NetworkSpec, Spec
from providers.rules.vocabulary.undeclared import dropped_keys
from providers.run.preflight import Preflight
from providers.run.progress import Progress
from providers.run.settings import Reach, Settings, real
from providers.run.turns import Turns

if TYPE_CHECKING:
    from providers.explain.report.effects import Consequences

S = TypeVar("S", bound=Spec)


class Run:
    """One run of Pulumi.

    to_be_replaced: ids of resources that make way for a new one. gone: ids of resources that a refresh found gone.
    declared: ids of resources that the program declares and the state has; unchanged: those that are declared as the
    state has them. removed_from_state: ids of resources that went without a look. found: the Engines' ids of what
    declared resources have. replaced: the networks that make way for a new one, and what the state had of each, by id.
    in_earnest: resources were checked for a run, not for a preview. leaving: hosts whose memberships end, as a preview
    found.
    """

    def __init__(self, reach: Reach = real) -> None:
        self.settings = Settings(reach)
        self.preflight = Preflight(self.settings)
        self.turns = Turns()
        self.to_be_replaced: set[str] = set()
        self.gone: set[str] = set()
        self.declared: set[str] = set()
        self.unchanged: set[str] = set()
        self.removed_from_state: set[str] = set()
        self.found: set[str] = set()
        self.replaced: dict[str, tuple[NetworkConfig, Known]] = {}
        self.in_earnest = False
        self.leaving: tuple[str, ...] = ()
        self._consequences: Consequences | None = None
        self._loading = threading.Lock()

    @property
    def consequences(self) -> "Consequences":
        """Return those of a preview; nobody else tells any."""
        from providers.explain.report.effects import Consequences

        with self._loading:
            self._consequences = self._consequences or Consequences(lambda urn, line: Progress(urn)(line, stays=True))
            return self._consequences

    def in_place_of(self, spec: S) -> S:
        """Return the spec with the network it replaces, if this run removes that: what nobody declared of it comes
        back.
        """
        if not isinstance(spec, NetworkSpec) or spec.resource_name not in self.replaced:
            return spec
        before, known = self.replaced[spec.resource_name]
        return spec.model_copy(update={"before": before, "dropped": dropped_keys(spec, known)})


PROCESS = Run()
