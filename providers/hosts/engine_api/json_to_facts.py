"""Engine objects to facts: answers of `GET` that schema.py has accepted, as frozen values. No calls here.

Fields as in https://docs.docker.com/reference/api/engine/; a network's shape is in shape_json.py. Secrets (join tokens)
are left behind, and addresses are IP addresses or nothing: names could lead anywhere.
"""

import json
from dataclasses import replace

from providers.hosts.engine_api import schema
from providers.rules.stack_file.field_types import ip_only
from providers.rules.vocabulary.facts import Endpoint, Member, Network, Node, Port, Swarm, SwarmService, Task, made
from providers.rules.vocabulary.shape import pairs
from providers.rules.vocabulary.shape_json import to_shape
from providers.rules.vocabulary.words import line

NANOSECONDS = 1_000_000_000  # in a second


def to_network(raw: schema.Network) -> Network:
    """Return a network as `GET /networks` and `GET /networks/<id>` show it."""
    endpoints = (
        Endpoint(name=end.get("Name") or "", key=key, address=end.get("IPv4Address") or "")
        for key, end in sorted((raw.get("Containers") or {}).items())
    )
    network = made(to_shape(raw), id=raw["Id"], scope=raw.get("Scope") or "")
    return replace(network, endpoints=tuple(endpoints))


def to_member(host: str, info: schema.Info) -> Member:
    """Return a host's membership as `GET /info` shows it."""
    swarm = info.get("Swarm") or {}
    return Member(
        host=host,
        state=swarm.get("LocalNodeState") or "inactive",
        node_id=swarm.get("NodeID") or "",
        control=bool(swarm.get("ControlAvailable")),
        error=line(swarm.get("Error") or ""),
        swarm_id=(swarm.get("Cluster") or {}).get("ID") or "",
        node_address=ip_only(swarm.get("NodeAddr")),
        release=line(info.get("ServerVersion") or ""),
        remote_managers=tuple(
            sorted((peer.get("NodeID") or "", ip_only(peer.get("Addr"))) for peer in swarm.get("RemoteManagers") or [])
        ),
    )


def to_node(raw: schema.Node) -> Node:
    """Return a member as `GET /nodes` shows it."""
    spec, manager, described = raw["Spec"], raw.get("ManagerStatus") or {}, raw.get("Description") or {}
    resources, platform = described.get("Resources") or {}, described.get("Platform") or {}
    return Node(
        id=raw["ID"],
        hostname=line(described.get("Hostname") or ""),
        role=spec["Role"],
        availability=spec["Availability"],
        state=raw["Status"]["State"],
        labels=pairs(spec.get("Labels")),
        reachability=manager.get("Reachability") or "",
        leader=bool(manager.get("Leader")),
        address=ip_only(raw["Status"].get("Addr")),
        nano_cpus=resources.get("NanoCPUs") or 0,
        memory_bytes=resources.get("MemoryBytes") or 0,
        os=line(platform.get("OS") or "linux"),
        arch=line(platform.get("Architecture") or ""),
        engine_labels=pairs((described.get("Engine") or {}).get("Labels")),
        version=raw["Version"]["Index"],
    )


def to_swarm(raw: schema.Swarm) -> Swarm:
    """Return the swarm as `GET /swarm` shows it; its join tokens are left behind."""
    spec = raw["Spec"]
    raft, certificates, dispatcher = spec.get("Raft") or {}, spec.get("CAConfig") or {}, spec.get("Dispatcher") or {}
    return Swarm(
        id=raw["ID"],
        data_path_port=raw.get("DataPathPort") or 4789,
        default_addr_pool=tuple(raw.get("DefaultAddrPool") or ()),
        default_addr_pool_prefix=raw.get("SubnetSize") or 0,
        autolock=bool((spec.get("EncryptionConfig") or {}).get("AutoLockManagers")),
        task_history_limit=(spec.get("Orchestration") or {}).get("TaskHistoryRetentionLimit") or 0,
        cert_expiry=(certificates.get("NodeCertExpiry") or 0) / NANOSECONDS,
        dispatcher_heartbeat=(dispatcher.get("HeartbeatPeriod") or 0) / NANOSECONDS,
        snapshot_interval=raft.get("SnapshotInterval") or 0,
        keep_old_snapshots=raft.get("KeepOldSnapshots") or 0,
        labels=pairs(spec.get("Labels")),
        version=raw["Version"]["Index"],
    )


def targets(spec: schema.FormerSpec | schema.ServiceSpec) -> set[str]:
    """Return ids of the networks that a service's spec names."""
    return {net["Target"] for net in (spec.get("TaskTemplate") or {}).get("Networks") or spec.get("Networks") or []}


def to_service(raw: schema.Service, host: str = "") -> SwarmService:
    """A service as a host's `GET /services` shows it. Networks may stand in the task's spec or, of old, in its own."""
    spec, previous = raw["Spec"], raw.get("PreviousSpec") or {}
    update = raw.get("UpdateStatus") or {}
    virtual = (raw.get("Endpoint") or {}).get("VirtualIPs") or []
    ports = (spec.get("EndpointSpec") or {}).get("Ports") or []
    return SwarmService(
        id=raw["ID"],
        name=line(spec["Name"]),
        ports=tuple(to_port(port) for port in ports),
        networks=tuple(sorted({*targets(spec), *(vip["NetworkID"] for vip in virtual)})),
        job=bool({"ReplicatedJob", "GlobalJob"} & set(spec.get("Mode") or {})),
        labels=pairs(spec.get("Labels")),
        update_state=update.get("State") or "",
        rollback_labels=pairs(previous.get("Labels")),
        rollback_networks=tuple(sorted(targets(previous))),
        force_update=(spec.get("TaskTemplate") or {}).get("ForceUpdate") or 0,
        endpoint=json.dumps((raw.get("Endpoint") or {}).get("Ports") or []),
        spec=json.dumps(spec),
        version=raw["Version"]["Index"],
        read_on=host,
    )


def to_port(raw: schema.Port) -> Port:
    """Return one published port of a service's spec."""
    return Port(
        protocol=raw.get("Protocol") or "tcp",
        target=raw.get("TargetPort") or 0,
        published=raw.get("PublishedPort") or 0,
        mode=raw.get("PublishMode") or "ingress",
    )


def to_task(raw: schema.Task) -> Task:
    """Return a task as `GET /tasks` shows it; an attached standalone container is one without a service."""
    status, spec = raw.get("Status") or {}, raw.get("Spec") or {}
    attached = spec.get("NetworkAttachmentSpec") or {}
    container = (status.get("ContainerStatus") or {}).get("ContainerID") or attached.get("ContainerID") or ""
    return Task(
        id=raw["ID"],
        service_id=raw.get("ServiceID") or "",
        node_id=raw.get("NodeID") or "",
        state=status.get("State") or "",
        desired=raw.get("DesiredState") or "",
        networks=tuple(sorted(part["Network"]["ID"] for part in raw.get("NetworksAttachments") or [])),
        container_id=container,
        slot=raw.get("Slot") or 0,
        message=line(status.get("Message") or ""),
        error=line(status.get("Err") or ""),
        placement=json.dumps(spec.get("Placement")),
        since=status.get("Timestamp") or "",
    )
