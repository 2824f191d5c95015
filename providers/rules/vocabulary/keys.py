"""Keys of what a stack declares, each in one place: its words, its default, its type, and where a network keeps it.

Specs, sections of the stack file and reports are made of these. Where a stack file takes less than hosts may show, its
section has a narrower type of its own.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from providers.rules.vocabulary.field_mappings import attribute, first_number, name, presence, switch
from providers.rules.vocabulary.network_options import BRIDGE_NAME, ENCRYPTED, GATEWAY_BRIDGE, ICC, MASQUERADE, VNI

Labels = dict[str, str]
Options = dict[str, str]
OPTIONS = "options for the driver that have no key here, by their Docker names"
OnRemove = Annotated[
    Literal["keep", "restore_default"], Field(description="what happens to it when this section is removed")
]
Protect = Annotated[bool, Field(description="refuse changes and removal")]


class Keys(BaseModel):
    """A model of keys, whose validator is built at its first use, by the thread that comes first.

    A process works with few models, and to build all of them takes a third of its start.
    """

    model_config = ConfigDict(defer_build=True)


class OverlayFlags(Keys):
    """The yes-or-no keys of an overlay."""

    attachable: Annotated[bool, attribute("attachable")] = Field(
        default=False, description="whether containers that are not of a service may join"
    )
    internal: Annotated[bool, attribute("internal")] = Field(default=False, description="no external connectivity")
    encrypted: Annotated[bool, presence(ENCRYPTED)] = Field(default=False, description="IPsec between the hosts")


class OverlayKeys(OverlayFlags):
    """The keys of an overlay, except its range and its MTU."""

    vxlan_id: Annotated[int | None, first_number(VNI)] = Field(
        default=None, description="number of the VXLAN (VNI); default: the swarm's choice"
    )
    options: Options = Field(default={}, description=OPTIONS)
    labels: Labels = Field(default={}, description="labels of the network; text")
    on_in_use: Literal["refuse", "migrate"] = Field(
        default="refuse", description="what a change does if services use the network"
    )
    protect: Protect = False
    retain: bool = Field(
        default=False, description="on removal from the file, drop it from the state but keep the network"
    )


class IngressKeys(Keys):
    """The keys of the ingress, except its name, its range and its MTU."""

    encrypted: Annotated[bool, presence(ENCRYPTED)] = Field(default=False, description="IPsec between the hosts")
    options: Options = Field(default={}, description=OPTIONS)
    labels: Labels = Field(default={}, description="labels of the network; text")
    dynamic_ports: Literal["pin", "renumber"] = Field(
        default="pin", description="whether ports that the swarm chose keep their numbers when the ingress is changed"
    )
    on_remove: OnRemove = "keep"
    protect: Protect = False


class GwbridgeKeys(Keys):
    """The keys of docker_gwbridge, except its range and its MTU."""

    icc: Annotated[bool, switch(ICC)] = Field(
        default=False, description="whether containers reach each other through the bridge"
    )
    masquerade: Annotated[bool, switch(MASQUERADE)] = Field(
        default=True, description="whether containers reach the outside with the host's address"
    )
    bridge_name: Annotated[str, name(BRIDGE_NAME)] = Field(
        default=GATEWAY_BRIDGE, description="name of the Linux bridge"
    )
    options: Options = Field(default={}, description=OPTIONS)
    labels: Labels = Field(default={}, description="labels of the network; text")
    disturb: bool = Field(
        default=False, description="whether a change may interrupt containers that can't move to other hosts"
    )
    lose_auto_removed: bool = Field(
        default=False, description="whether a change may lose containers started with `--rm`, which end with docker"
    )
    on_remove: OnRemove = "keep"
    protect: Protect = False


class SwarmKeys(Keys):
    """The keys of the swarm, except those that can only be given at init."""

    autolock: bool | None = Field(default=None, description="whether managers need an unlock key after a restart")
    task_history_limit: int | None = Field(default=None, description="ended tasks kept for each slot")
    cert_expiry: float | None = Field(
        default=None,
        description="seconds that a member's certificate lasts; it is renewed in the second half of them; "
        "default: the Engine's, 7776000 (90 days)",
    )
    dispatcher_heartbeat: float | None = Field(
        default=None,
        description="seconds between two heartbeats of a member; three missing ones mean that it is down; "
        "default: the Engine's, 5",
    )
    snapshot_interval: int | None = Field(
        default=None, description="entries in the managers' log between two snapshots; default: the Engine's, 10000"
    )
    keep_old_snapshots: int | None = Field(
        default=None, description="snapshots that managers keep beside the newest; default: the Engine's, 0"
    )
    labels: Labels = Field(default={}, description="labels of the swarm; text")


class NodeKeys(Keys):
    """The keys of a host's membership."""

    role: Literal["manager", "worker"] = Field(default="worker", description="role in the swarm")
    availability: Literal["active", "pause", "drain"] = Field(
        default="active", description="whether tasks may run on it"
    )
    labels: Labels = Field(default={}, description="labels of the node; text")
