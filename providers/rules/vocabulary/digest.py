"""A digest of twelve characters of what a stack file wants of networks: with it, an empty state recognises its own
change.

How the change is carried out (times, hosts' addresses, treatment) is not part of it: after a cut somebody may give it
more time.
"""

import json
from collections.abc import Iterable
from hashlib import sha256

from providers.rules.vocabulary.field_mappings import field_mappings
from providers.rules.vocabulary.specs import Spec

LENGTH = 12
# Parts of a network that its network config does not keep for keys of the stack file.
BESIDE = frozenset({"labels", "name", "options"})


def digest_of(specs: Iterable[Spec]) -> str:
    """Return hexadecimal characters that stand for the networks among the specs, whatever their order.

    Defaults are left out, so that a key of a later version changes nothing for those who don't use it.
    """
    networks = {
        spec.resource_name: spec.model_dump(mode="json", include={*kept, *BESIDE}, exclude_defaults=True)
        for spec in specs
        if (kept := field_mappings(type(spec)))
    }
    text = json.dumps(networks, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:LENGTH]
