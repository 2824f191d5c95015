"""A swarm as a manager shows it, for tests to which only some of it matters."""

from typing import Any

from providers.rules.vocabulary.facts import Swarm


def a_swarm(**given: Any) -> Swarm:
    """A swarm with the Engine's own settings and no pool shown, but for what is given."""
    settings = {
        "id": "s1",
        "data_path_port": 4789,
        "default_addr_pool": (),
        "default_addr_pool_prefix": 24,
        "autolock": False,
        "task_history_limit": 5,
    }
    return Swarm(**{**settings, **given})
