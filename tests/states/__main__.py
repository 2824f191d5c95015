"""`python -m tests.states VERSION GROUP`: record the state that today's code, about to be released, writes.

On three running lab hosts of that group (root; the hosts are made bare before).
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.recorded.__main__ import without_paths
from tests.states import FOLDER
from tests.support import machines
from tests.support.machines import Group
from tests.support.project import Project
from tests.support.what_hosts_show import SSH

Json = Any


def sections(hosts: Group) -> dict[str, Json]:
    """A stack file with every kind of resource, of which `pulumi destroy` leaves nothing."""
    first, second, third = hosts
    return {
        "hosts": {
            first.name: {"address": first.address, "role": "manager", "labels": {"rack": "r1"}},
            second.name: {"address": second.address, "role": "worker", "labels": {"rack": "r1", "disk": "ssd"}},
            third.name: {"address": third.address, "gwbridge": {"subnet": "10.204.0.0/20", "mtu": 1400}},
        },
        "ssh": dict(SSH),
        "swarm": {},
        "gwbridge": {"subnet": "10.200.0.0/20", "labels": {"team": "net"}, "on_remove": "restore_default"},
        "ingress": {"subnet": "10.201.0.0/20", "on_remove": "restore_default"},
        "overlays": {
            "app": {
                **{"subnet": "10.202.0.0/24", "ip_range": "10.202.0.128/25", "mtu": 1450},
                **{"attachable": True, "labels": {"team": "app"}},
            },
            "monitoring": {"subnet": "10.202.1.0/24", "internal": True},
        },
        "order": [[second.name, third.name], [first.name]],
        "reserved": ["172.16.0.0/12"],
        "timeouts": {"overlay": 90},
    }


def record(version: str, group: str) -> None:
    """Bring the whole stack up and keep its state."""
    hosts = Group(group, machines.running(group)).reset()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        project = Project(Path(folder), Path(home))
        project.declare(sections(hosts))
        run = project.up()
        assert run.ok, run.told
        found = without_paths(json.loads(project.run("stack", "export").text))
    del found["deployment"]["secrets_providers"]
    (FOLDER / version).mkdir()
    (FOLDER / version / "whole-stack.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    record(*sys.argv[1:])
