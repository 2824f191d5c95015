"""Answers of an Engine 28, by path: a manager of a small swarm with a service on the ingress and an overlay."""

from typing import Any

VERSION = {"Index": 7}
CREATED = "2026-11-24T04:00:00.123456789Z"


def network(name: str, subnet: str, **more: object) -> dict[str, Any]:
    """One network."""
    return {
        "Name": name,
        "Id": f"id-{name}",
        "Created": CREATED,
        "Scope": "swarm",
        "Driver": "overlay",
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": [{"Subnet": subnet, "Gateway": f"{subnet[:-4]}1"}]},
        "Internal": False,
        "Attachable": False,
        "Ingress": False,
        "Containers": None,
        "Options": {"com.docker.network.driver.overlay.vxlanid_list": "4096"},
        "Labels": None,
        **more,
    }


ENDPOINT = {"Name": "ingress-endpoint", "EndpointID": "e1", "MacAddress": "", "IPv4Address": "10.0.0.2/24"}
INGRESS = network("ingress", "10.0.0.0/24", Ingress=True, Containers={"ingress-sbox": ENDPOINT})
APP = network("app", "10.1.0.0/24", Attachable=True, Labels={"swarmnet.owner": "swarmnet/prod"})
BRIDGE = network(
    "docker_gwbridge",
    "172.18.0.0/16",
    Scope="local",
    Driver="bridge",
    Containers={"c1": {"Name": "gateway_ingress-sbox", "IPv4Address": "172.18.0.2/16"}},
)
PORT = {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"}
SPEC = {
    "Name": "web",
    "Labels": {"team": "net"},
    "TaskTemplate": {
        "ContainerSpec": {
            "Image": "nginx",
            "StopGracePeriod": 10_000_000_000,
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1_000_000_000, "Retries": 3},
        },
        "Resources": {"Reservations": {"NanoCPUs": 1, "MemoryBytes": 1}},
        "RestartPolicy": {"Condition": "any", "Delay": 5_000_000_000, "MaxAttempts": 0},
        "Placement": {"Constraints": ["node.role==worker"], "MaxReplicas": 2},
        "Networks": [{"Target": "id-app", "Aliases": ["web"]}],
        "ForceUpdate": 0,
    },
    "Mode": {"Replicated": {"Replicas": 2}},
    "UpdateConfig": {"Parallelism": 1, "FailureAction": "pause", "Monitor": 5_000_000_000, "Order": "stop-first"},
    "EndpointSpec": {"Mode": "vip", "Ports": [PORT]},
}
ANSWERS: dict[str, Any] = {
    "/info": {
        "OperatingSystem": "Debian GNU/Linux 12",
        "OSType": "linux",
        "SecurityOptions": ["name=seccomp,profile=builtin"],
        "Swarm": {
            "NodeID": "n1",
            "NodeAddr": "10.9.0.1",
            "LocalNodeState": "active",
            "ControlAvailable": True,
            "Error": "",
            "RemoteManagers": [{"NodeID": "n1", "Addr": "10.9.0.1:2377"}],
            "Cluster": {"ID": "s1"},
        },
    },
    "/nodes": [
        {
            "ID": "n1",
            "Version": VERSION,
            "Spec": {"Labels": {"rack": "r1"}, "Role": "manager", "Availability": "active"},
            "Description": {"Hostname": "m1", "Resources": {"NanoCPUs": 2_000_000_000, "MemoryBytes": 2**33}},
            "Status": {"State": "ready", "Addr": "10.9.0.1"},
            "ManagerStatus": {"Leader": True, "Reachability": "reachable", "Addr": "10.9.0.1:2377"},
        }
    ],
    "/nodes/n1": {"ID": "n1", "Version": VERSION, "Spec": {"Labels": {}, "Role": "worker", "Availability": "active"}},
    "/networks": [BRIDGE, INGRESS, APP],
    "/networks/docker_gwbridge": BRIDGE,
    "/networks/id-docker_gwbridge": BRIDGE,
    "/networks/id-ingress": INGRESS,
    "/networks/id-app": APP,
    "/networks/net1": APP,
    "/services": [
        {
            "ID": "s1",
            "Version": VERSION,
            "Spec": SPEC,
            "PreviousSpec": SPEC,
            "Endpoint": {
                "Spec": {"Mode": "vip", "Ports": [PORT]},
                "Ports": [PORT],
                "VirtualIPs": [{"NetworkID": "id-ingress", "Addr": "10.0.0.3/24"}],
            },
            "UpdateStatus": {"State": "completed", "Message": "update completed"},
        }
    ],
    "/tasks": [
        {
            "ID": "t1",
            "Version": VERSION,
            "Spec": {"Placement": {"Constraints": ["node.role==worker"]}, "Networks": [{"Target": "id-app"}]},
            "ServiceID": "s1",
            "NodeID": "n1",
            "Slot": 1,
            "Status": {
                "Timestamp": CREATED,
                "State": "running",
                "Message": "started",
                "ContainerStatus": {"ContainerID": "c2", "PID": 1, "ExitCode": 0},
            },
            "DesiredState": "running",
            "NetworksAttachments": [{"Network": {"ID": "id-app", "Spec": {}}, "Addresses": ["10.1.0.3/24"]}],
        }
    ],
    "/swarm": {
        "ID": "s1",
        "Version": VERSION,
        "Spec": {
            "Name": "default",
            "Labels": {"swarmnet.owner": "swarmnet/prod"},
            "Orchestration": {"TaskHistoryRetentionLimit": 5},
            "EncryptionConfig": {"AutoLockManagers": False},
            "CAConfig": {"NodeCertExpiry": 7_776_000 * 10**9},
            "Dispatcher": {"HeartbeatPeriod": 5 * 10**9},
            "Raft": {"SnapshotInterval": 10_000, "KeepOldSnapshots": 0},
        },
        "DataPathPort": 4789,
        "DefaultAddrPool": ["10.0.0.0/8"],
        "SubnetSize": 24,
        "JoinTokens": {"Worker": "SWMTKN-1-w", "Manager": "SWMTKN-1-m"},
    },
    "/containers/json": [
        {
            "Id": "c1",
            "Names": ["/db"],
            "State": "running",
            "Labels": {},
            "NetworkSettings": {"Networks": {"app": {"NetworkID": "id-app", "IPAddress": "10.1.0.4"}}},
        }
    ],
    "/containers/c1/json": {"Id": "c1", "State": {"Status": "running", "StartedAt": CREATED}},
    "/secrets": [{"ID": "x1", "Spec": {"Name": "db", "Labels": {}}}],
    "/configs": [{"ID": "x2", "Spec": {"Name": "nginx", "Labels": {}}}],
    "/networks/create": {"Id": "id-app", "Warning": ""},
    "/swarm/init": "n1",
    "/swarm/join": None,
}
