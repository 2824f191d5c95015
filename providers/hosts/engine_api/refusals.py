"""The meaning of the Engine's refusals: one table, from status and words to our errors; and which Engines we refuse.

gRPC's codes reach HTTP in odd ways: a loss of quorum is a 500, and something that is in use a 400 or a 403
(measurements.md#refusals).
"""

import re

from providers.hosts.engine_api.schema import Info
from providers.rules.vocabulary.errors import Conflict, EngineError, InUse, NoQuorum, NotAManager, NotFound

UNLOCK = "run `docker swarm unlock` there"

# The Engine's status (None: any), what its words match, what that means, and what to do, if anything helps.
# The first that fits counts.
MEANINGS: tuple[tuple[int | None, str, type[EngineError], str], ...] = (
    # A container that is stopped, or started, already.
    (304, "", Conflict, ""),
    (None, "update out of sequence", Conflict, ""),
    (None, "does not have a leader|too few managers", NoQuorum, ""),
    # A node that is paused or drained, and a deadline that says nothing about a quorum.
    (None, "attaching to network failed", EngineError, ""),
    (None, "deadline ?exceeded|code = unavailable", NoQuorum, ""),
    (503, "needs to be unlocked|encrypted and locked", NotAManager, UNLOCK),
    (None, "not a swarm manager", NotAManager, ""),
    (403, "from a worker node", NotAManager, ""),
    (503, "(already|not) part of a swarm", Conflict, ""),
    (500, "name conflicts with an existing object", Conflict, ""),
    (403, "has active endpoints", InUse, ""),
    (400, "is in use by|depends on it", InUse, ""),
    # A manager that still has its own copy of a removed network.
    (500, r"network \S+ not found$", NotFound, ""),
    (404, "", NotFound, ""),
    (409, "", Conflict, ""),
)


def refusal(host: str, status: int, words: str) -> EngineError:
    """Return the error that an answer which is no success means; its message is `<host>: <the Engine's words>`."""
    words = " ".join(words.split()) or f"the Engine answered {status} without a message"
    for its_status, pattern, kind, remedy in MEANINGS:
        if its_status in (None, status) and re.search(pattern, words, re.IGNORECASE):
            return kind(f"{host}: {words}" + (f": {remedy}" if remedy else ""))
    return EngineError(f"{host}: {words}")


def unsupported(info: Info) -> str:
    """Say why swarm networks do not work on an Engine, by its `/info`, and what to do; empty if they work."""
    if info.platform == "Docker Desktop":
        return (
            "this is Docker Desktop, whose Engine lives in a virtual machine of its own, where no other host reaches "
            "its overlays: install Docker Engine, or leave the host out"
        )
    if "name=rootless" in info.security:
        # https://docs.docker.com/engine/security/rootless/#known-limitations
        return (
            "its docker is rootless, which has no overlay networks: set up a docker that runs as root, and let this "
            "user reach that one (`docker context use default` there, or sudo: true)"
        )
    if info.os_type != "linux":
        return f"its Engine runs {info.os_type} containers: swarm networks are made on Linux hosts alone"
    return ""


def doubtful(info: Info) -> str:
    """Say why other hosts may not reach an Engine, by its `/info`, and what to do; empty if nothing shows so."""
    if "microsoft" in info.kernel.lower():
        return (
            "it is WSL, a virtual machine behind Windows, which translates addresses and has a firewall of its own: "
            "use `networkingMode=mirrored`, and ignore this once all channels are open"
        )
    # https://github.com/moby/moby/blob/v28.5.2/daemon/info.go, operatingSystem
    if info.platform.endswith("(containerized)"):
        return (
            "its dockerd runs in a container, which other hosts reach only where it has an address of theirs, or the "
            "host's own network: give it that, and ignore this once all channels are open"
        )
    return ""
