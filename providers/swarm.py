"""The swarm itself as a Pulumi resource. Decisions are in rules/nouns/swarm.py."""

import pulumi

from providers.resource import Props, Provider, SwarmnetResource
from providers.rules.nouns.swarm import KEEP_THE_KEY
from providers.rules.nouns.table import SWARM
from providers.rules.vocabulary.door import Door
from providers.rules.vocabulary.facts import SwarmFacts
from providers.rules.vocabulary.specs import SwarmSpec
from providers.run import Progress, Turn, one_line


class SwarmProvider(Provider[SwarmSpec, SwarmFacts]):
    """The swarm. It is never replaced: what only init can set is refused."""

    noun = SWARM
    begins_membership = True

    def turn(self, spec: SwarmSpec, known: Props, door: Door) -> Turn:
        """Let all that concerns managers take turns."""
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


class Swarm(SwarmnetResource, module="swarmnet", name="Swarm"):
    """The swarm that the stack's hosts form."""

    swarm_id: pulumi.Output[str]
    adopted: pulumi.Output[bool]
    outputs = ("swarm_id", "adopted")

    def __init__(self, name: str, spec: SwarmSpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SwarmProvider(), name, spec, opts)
