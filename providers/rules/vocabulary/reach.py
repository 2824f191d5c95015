"""The packets sent from host to host to see whether they arrive, and what became of them. hosts/probe sends them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# What a swarm needs between two hosts: TCP to managers, gossip, the data path (VXLAN), packets of full size on it, data
# over TCP within it, ESP; ping, which tells why the data path is closed.
Channel = Literal["managers", "gossip-tcp", "gossip-udp", "data-path", "full-size", "data", "esp", "ping"]
Outcome = Literal["open", "closed", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One channel from one host to another. port: None if the protocol has none. why: of what is closed or unknown,
    in the words of the sender's kernel, or ours."""

    sender: str
    receiver: str
    channel: Channel
    outcome: Outcome
    port: int | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class EngineLog:
    """A member's Engine on gossip over UDP, in the last minute. unanswered: addresses of members that did not answer
    it. refused: sources of datagrams that it can't read, address and port."""

    unanswered: frozenset[str] = frozenset()
    refused: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Reach:
    """All that was tried. silent: hosts on which nothing could be, with the reason. taken: ports that another program
    has, by host. logs: of each member, or why it can't be read."""

    trials: tuple[Trial, ...] = ()
    silent: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    logs: Mapping[str, EngineLog | str] = field(default_factory=dict)
