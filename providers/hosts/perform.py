"""Performers of steps: one function for each kind, each one Engine call or one host command (and the read that a
write needs). No resource type is known here, nothing is decided and nothing is waited for, an Engine's restart apart.

Join tokens are read, used and forgotten here.
"""

import json
from typing import TypeVar

from providers.hosts.archive import encrypted
from providers.hosts.engine_api import schema
from providers.hosts.engine_api.engine import Engine, at
from providers.hosts.fleet import Fleet
from providers.hosts.observe import nodes
from providers.rules.vocabulary.addresses import ip_only
from providers.rules.vocabulary.answers import NANOSECONDS
from providers.rules.vocabulary.errors import Conflict, EngineError, NotAManager, NotFound
from providers.rules.vocabulary.network_config import Json, to_json
from providers.rules.vocabulary.steps import (
    CreateNetwork,
    DisconnectEndpoint,
    InitSwarm,
    JoinSwarm,
    LeaveSwarm,
    PauseContainer,
    RemoveNetwork,
    RemoveNode,
    RestartEngine,
    StartContainer,
    StartEngine,
    Step,
    StopContainer,
    SwarmSettings,
    UnlockSwarm,
    UpdateNode,
    UpdateService,
    UpdateSwarm,
)

ToUpdate = TypeVar("ToUpdate", schema.NodeToUpdate, schema.SwarmToUpdate)

LISTEN = "0.0.0.0:2377"
# The docker command's default for `--default-addr-pool-mask-length`; the API takes 0 for it, and gives nobody then
# an address, not even the ingress.
POOL_PREFIX = 24
# A join that gets no answer gives up by itself after 20 s and goes on in the background
# (measurements.md#refused-joins).
JOIN_SECONDS = 40.0
# It ends the manager first, which takes up to 17 s (measurements.md#force-a-new-cluster).
FORCE_SECONDS = 120.0
# Where a swarm's spec has each setting, and how many of its units are one of ours:
# https://docs.docker.com/reference/api/engine/version/v1.51/#tag/Swarm/operation/SwarmUpdate
SETTING = {
    "autolock": ("EncryptionConfig", "AutoLockManagers", None),
    "task_history_limit": ("Orchestration", "TaskHistoryRetentionLimit", None),
    "cert_expiry": ("CAConfig", "NodeCertExpiry", NANOSECONDS),
    "dispatcher_heartbeat": ("Dispatcher", "HeartbeatPeriod", NANOSECONDS),
    "snapshot_interval": ("Raft", "SnapshotInterval", None),
    "keep_old_snapshots": ("Raft", "KeepOldSnapshots", None),
}


def perform(fleet: Fleet, step: Step) -> str | None:
    """Perform one step; returns the id of the network that it made or took away, None if it did neither. Raises
    HostError and EngineError.
    """
    match step:
        case CreateNetwork():
            return asked(fleet, step.host).create("/networks/create", to_json(step.config))
        case RemoveNetwork():
            return step.id if remove(asked(fleet, step.host), at("networks", step.id)) else None
        case DisconnectEndpoint():
            disconnect(fleet.engine(step.host), step)
        case RestartEngine():
            restart(fleet, step)
        case StartEngine():
            fleet.engine(step.host).start()
        case UnlockSwarm():
            unlock(fleet.engine(step.host), unlock_key(fleet, step.host))
        case StopContainer():
            fleet.engine(step.host).post(at("containers", step.id, "stop"))
        case StartContainer():
            fleet.engine(step.host).post(at("containers", step.id, "start"))
        case PauseContainer():
            fleet.engine(step.host).post(at("containers", step.id, "pause"))
        case InitSwarm():
            init(fleet, step)
        case JoinSwarm():
            join(fleet, step)
        case LeaveSwarm():
            fleet.engine(step.host).post("/swarm/leave", force=step.force)
            fleet.forget_manager()
        case UpdateSwarm():
            update_swarm(fleet.manager(), step)
        case UpdateNode():
            update_node(fleet.manager(), step)
        case RemoveNode():
            remove(fleet.manager(), at("nodes", step.node_id), force=step.force)
        case UpdateService():
            update_service(fleet.engine(step.read_on), step)
    return None


def engine_of(fleet: Fleet, step: Step) -> Engine:
    """Return the Engine that a step is sent to."""
    return asked(fleet, step.read_on if isinstance(step, UpdateService) else getattr(step, "host", ""))


def asked(fleet: Fleet, host: str) -> Engine:
    """Return the Engine of a host by name, or any good manager's."""
    return fleet.engine(host) if host else fleet.manager()


def remove(engine: Engine, path: str, **params: bool) -> bool:
    """Remove an object; returns False if it is not there, which is no error."""
    try:
        engine.delete(path, **params)
    except NotFound:
        return False
    return True


def disconnect(engine: Engine, step: DisconnectEndpoint) -> None:
    """Force an endpoint off by its inspected name; the only form that works for sandboxes and leftovers."""
    try:
        engine.post(at("networks", step.network, "disconnect"), {"Container": step.endpoint, "Force": True})
    except NotFound:
        return


def restart(fleet: Fleet, step: RestartEngine) -> None:
    """Restart an Engine; the key that it will need is in hand before."""
    engine = fleet.engine(step.host)
    key = unlock_key(fleet, step.host) if step.unlock else None
    if step.noted:
        update_node(fleet.manager(), step.noted)
    if step.archive:
        with encrypted(step.archive) as file:
            engine.pack(file)
        engine.start()
    else:
        engine.restart()
    if key is not None:
        unlock(engine, key)


def unlock_key(fleet: Fleet, host: str) -> str:
    """Return the unlock key from another manager than the one that needs it, which must list that one as a manager.

    Raises NotAManager if none can give it, EngineError if none lists the host, which does not pass by itself.
    """
    others = [other for other in fleet.managers() if other.name != host]
    if not others:
        raise NotAManager(f"{host}: it needs the swarm's unlock key and no other manager among the hosts can give it")
    other = others[0]
    if not fleet.lists_as_manager(host, nodes(other)):
        raise EngineError(
            f"{host}: it is not sent the swarm's unlock key, since {other.name} lists no manager of its name or at its "
            f"address: where it is one run `docker swarm unlock` on it, or write hosts.{host}.advertise_address as the "
            "swarm has it"
        )
    return other.read("/swarm/unlockkey", schema.UnlockKey).key


def unlock(engine: Engine, key: str) -> None:
    """Unlock a manager after its restart; one that is not locked needs none."""
    try:
        engine.post("/swarm/unlock", {"UnlockKey": key})
    except Conflict:
        return


def addresses(fleet: Fleet, host: str) -> Json:
    """Return the stack file's addresses of a host in the swarm, for the request; the Engine finds out the others."""
    access = fleet.engine(host).connection.access
    return {
        "ListenAddr": access.listen_address or LISTEN,
        "AdvertiseAddr": access.advertise_address or "",
        "DataPathAddr": access.data_path_address or "",
    }


def init(fleet: Fleet, step: InitSwarm) -> None:
    """Begin a swarm, or go on with one as its only manager. What the request's spec leaves out keeps the Engine's
    default at init (and only there), or its present value."""
    own = addresses(fleet, step.host)
    body = {
        **own,
        "AdvertiseAddr": own["AdvertiseAddr"] or step.address,
        "ForceNewCluster": step.force_new,
        "DataPathPort": step.data_path_port or 0,
        "DefaultAddrPool": list(step.default_addr_pool) or None,
        "SubnetSize": step.default_addr_pool_prefix or POOL_PREFIX,
        "Spec": with_settings({"Labels": dict(step.labels)}, step),
    }
    fleet.engine(step.host).post("/swarm/init", body, timeout=FORCE_SECONDS if step.force_new else JOIN_SECONDS)
    fleet.forget_manager()


def join(fleet: Fleet, step: JoinSwarm) -> None:
    """Join the swarm of a good manager, with the role's token fetched from it now."""
    manager = fleet.manager()
    tokens = manager.read("/swarm", schema.Tokens)
    known = manager.read("/info", schema.Managers).addresses
    body = {
        **addresses(fleet, step.host),
        "RemoteAddrs": list(filter(ip_only, known)),
        "JoinToken": tokens.manager if step.role == "manager" else tokens.worker,
        "Availability": step.availability,
    }
    fleet.engine(step.host).post("/swarm/join", body, timeout=JOIN_SECONDS)


def current(engine: Engine, path: str, kind: type[ToUpdate], step: UpdateSwarm | UpdateNode) -> Json:
    """Return the object's spec, to be written back to this very Engine, with the labels as the step wants them and all
    others as they are.

    Raises Conflict if it is not as it was when the step was decided.
    """
    found = engine.read(path, kind)
    if found.version != step.version:
        raise Conflict(f"{engine.name}: {path} changed while it was being decided on")
    kept = {key: value for key, value in found.labels if key not in step.drop_labels}
    return {**json.loads(found.spec), "Labels": {**kept, **dict(step.set_labels)}}


def update_swarm(engine: Engine, step: UpdateSwarm) -> None:
    """Change settings in the spec as it is: an empty one would set everything to zero."""
    spec = current(engine, "/swarm", schema.SwarmToUpdate, step)
    rotated = dict.fromkeys(("rotateWorkerToken", "rotateManagerToken"), step.rotate or None)
    engine.post("/swarm/update", with_settings(spec, step), version=step.version, **rotated)


def with_settings(spec: Json, step: SwarmSettings) -> Json:
    """Return a swarm's spec with what the step sets, and all else as it is. The Engine has durations in nanoseconds."""
    for name, (part, key, unit) in SETTING.items():
        value = getattr(step, name)
        if value is not None:
            spec[part] = {**(spec.get(part) or {}), key: value if unit is None else round(value * unit)}
    return spec


def update_node(engine: Engine, step: UpdateNode) -> None:
    """Change a member: the Engine wants its whole spec."""
    spec = current(engine, at("nodes", step.node_id), schema.NodeToUpdate, step)
    spec["Role"] = step.role or spec["Role"]
    spec["Availability"] = step.availability or spec["Availability"]
    engine.post(at("nodes", step.node_id, "update"), spec, version=step.version)


def update_service(engine: Engine, step: UpdateService) -> None:
    """Write a whole service spec back to the Engine that it was read from, at the newest API version that it speaks."""
    engine.post(at("services", step.service_id, "update"), json.loads(step.spec), version=step.version)
