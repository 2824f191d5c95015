"""The swarm itself as a Pulumi resource. Decisions are in rules/resource_types/swarm.py."""

import pulumi

from providers.rules.resource_types.resource_type import Status
from providers.rules.resource_types.swarm import KEEP_THE_KEY
from providers.rules.resource_types.table import SWARM
from providers.rules.vocabulary.facts import SwarmFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import SwarmSpec
from providers.rules.vocabulary.words import some
from providers.run.progress import Progress, one_line
from providers.run.resource import DiffResult, Props, Provider
from providers.run.turns import Turn

# Up to 0.1.0 the same edit forgot such a member. Which one it is only a node's own state tells.
TAKEN_OVER = (
    "warning: this swarm was taken over, and version 0.1.0 would only have forgotten {members} here: `unwatched: true` "
    "for one `pulumi up` still does that"
)


class SwarmProvider(Provider[SwarmSpec, SwarmFacts]):
    """The swarm. It is never replaced: what only init can set is refused."""

    resource_type = SWARM
    begins_membership = True

    def previewed(self, olds: Props, spec: SwarmSpec) -> None:
        """Tell what becomes of members that go: of what goes Pulumi asks no provider anything in a preview."""
        if olds and not pulumi.contains_unknowns(olds):
            before = self.resource_type.spec.recorded(olds).members
            self.run.leaving = self.run.consequences.gone(before, spec, self.settings.fate)

    def diff(self, id_: str, olds: Props, news: Props) -> DiffResult:
        """Tell what differs; beside it which of the members that leave others had made, and in a run which managers do
        not answer."""
        found = super().diff(id_, olds, news)
        if self.run.leaving and olds.get("adopted"):
            warning = TAKEN_OVER.format(members=some(self.run.leaving))
            Progress(self.resource_type.spec.recorded(news).row)(warning, stays=True)
            self.run.leaving = ()
        if self.run.in_earnest:
            self.run.preflight.warn_of_managers(
                Progress(self.resource_type.spec.recorded(news).row), self.settings.hosts()
            )
        return found

    def found(self, spec: SwarmSpec, known: Props) -> Status[SwarmSpec]:
        """Return how it stands on the hosts, with a word on managers that do not answer."""
        status = super().found(spec, known)
        if status.actual:
            self.run.preflight.warn_of_managers(Progress(spec.row), self.settings.hosts().at_rest())
        return status

    def observe(self, api: HostsApi, spec: SwarmSpec, known: Props) -> SwarmFacts:
        """Return its facts; a swarm that is taken over may have managers that do not answer."""
        facts = super().observe(api, spec, known)
        if facts.nodes:
            self.run.preflight.warn_of_managers(Progress(spec.row), api)
        return facts

    def identify(self, api: HostsApi, id_: str) -> Props:
        """Find the swarm of the declared hosts."""
        swarm = api.swarm().swarm
        if swarm is None or id_ not in ("swarm", swarm.id):
            return {}
        members = list(self.settings.accesses)
        managers = [host for host in members if host in self.settings.managers]
        return {"first_manager": next(iter(managers), ""), "members": members, "swarm_id": swarm.id}

    def turn(self, spec: SwarmSpec, known: Props, api: HostsApi) -> Turn:
        """Run exclusively: it affects managers."""
        return "alone"

    def brought_about(self, spec: SwarmSpec, known: Props) -> Props:
        """Bring it about. After autolock was turned on, a line that stays says how to see the key."""
        outputs = super().brought_about(spec, known)
        if spec.autolock and not known.get("autolock"):
            with one_line():
                Progress(spec.row)(KEEP_THE_KEY, stays=True)
        return outputs

    def turn_of_removal(self, spec: SwarmSpec, known: Props) -> Turn:
        """Its end too."""
        return "alone"
