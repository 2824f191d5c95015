"""`python -m tests.recorded`: make the expected reports anew, to be read in the diff before they are committed.

`python -m tests.recorded GROUP` records the previews anew first, on three running lab hosts of that group (root, some
minutes; the hosts are made bare before). Only paths of the recording machine are taken out.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.recorded import FOLDER, markdown, names, rendered
from tests.support import machines
from tests.support.machines import ROOT, Group
from tests.support.project import Project
from tests.support.services import deploy
from tests.support.what_hosts_show import stack_of

Json = Any
# Where in the machine's folders code lies.
PATHS = frozenset({"sourcePosition", "stackTrace"})
PROGRAMS = str(Path(shutil.which("pulumi") or "pulumi").parent)
HOSTILE = {"note": "a|b `c` <img src=x> [x](https://example.com) @all #1", "two": "first\nsecond", "fence": "```"}
SERVICES = {
    "web": "--replicas 2 --publish 8080:80 busybox:lab",
    "api": "--replicas 3 --publish 8443:443 --network monitoring busybox:lab",
    "inside": "--network monitoring busybox:lab",
}


@dataclass
class Recorder:
    """One stack on real hosts, of which previews are recorded."""

    hosts: Group
    project: Project
    sections: dict[str, Json]

    def preview(self, name: str, sections: Mapping[str, Json] | None = None, *words: str) -> None:
        """Record a preview; `sections` take the place of those that stand, None takes one away."""
        desired = {**self.sections, **(sections or {})}
        self.project.declare({key: value for key, value in desired.items() if value is not None})
        self.record(name, "preview", *words)

    def record(self, name: str, *words: str) -> None:
        """Record what a command of pulumi writes."""
        command = ["pulumi", *words, "--json", "--non-interactive", "--stack", self.project.stack]
        done = subprocess.run(command, cwd=self.project.folder, env=self._environment(), capture_output=True, text=True)
        found = without_paths(json.loads(done.stdout))
        (FOLDER / f"{name}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")

    def facts(self, name: str) -> None:
        """Record what `swarmnet facts` finds, with the stack file of the last preview."""
        where = ["--dir", str(self.project.folder / "stacks"), "--out", str(FOLDER / f"{name}.facts.json")]
        command = [sys.executable, "-m", "cli", "facts", self.project.stack, *where]
        subprocess.run(command, cwd=ROOT, env=self._environment(), check=True)

    def up(self, **sections: Json) -> None:
        """Bring what stands to these sections."""
        self.sections.update(sections)
        self.project.declare(self.sections)
        run = self.project.up("--refresh")
        assert run.ok, run.told

    def host(self, name: str, **changed: Json) -> dict[str, Json]:
        """The hosts, with one of them changed."""
        return {**self.sections["hosts"], name: {**self.sections["hosts"][name], **changed}}

    def overlays(self, **changed: Json) -> dict[str, Json]:
        """The overlays, with some added or in the place of others."""
        return {"overlays": {**self.sections["overlays"], **changed}}

    def _environment(self) -> dict[str, str]:
        streaming = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
        return {key: value for key, value in self.project._environment().items() if key != streaming}


def record(group: str) -> None:
    """Every kind of preview."""
    hosts = Group(group, machines.running(group)).reset()
    hosts.provide_image()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        sections = {**stack_of(hosts), "reserved": ["172.16.0.0/12"]}
        each = Recorder(hosts, Project(Path(folder), Path(home), "lab"), sections)
        each.preview("all-created")
        each.up()
        each.preview("nothing")
        one_by_one(each)
        with_facts(each)
        failures(each)
        hosts.mend()


def one_by_one(each: Recorder) -> None:
    """Each kind of change by itself, and some together."""
    _, second, third = each.hosts.hosts
    each.preview("overlay-added", each.overlays(data={"subnet": "10.202.2.0/24", "encrypted": True, "internal": True}))
    wider = {"subnet": "10.202.4.0/23", "attachable": True, "mtu": 1400}
    each.preview("overlay-replaced", each.overlays(app=wider))
    each.preview("overlay-migrated", each.overlays(app={**wider, "on_in_use": "migrate"}))
    each.preview(
        "gwbridge-changed", {"gwbridge": {**each.sections["gwbridge"], "subnet": "10.204.0.0/20", "mtu": 1400}}
    )
    each.preview("node-label-changed", {"hosts": each.host(third, labels={"rack": "r2", "disk": "ssd"})})
    each.preview("node-role-changed", {"hosts": each.host(second, role="manager")})
    each.preview("node-drained", {"hosts": each.host(third, availability="drain")})
    each.preview("swarm-changed", {"swarm": {"task_history_limit": 2, "labels": {"team": "net", "site": "north"}}})
    each.preview("treatment-changed", {"ingress": {**each.sections["ingress"], "protect": True}})
    staying = {name: host for name, host in each.sections["hosts"].items() if name != third}
    each.preview("host-leaving", {"hosts": staying})
    each.preview("sections-removed", dict.fromkeys(("swarm", "ingress", "overlays", "gwbridge")))
    hostile = {"subnet": "10.202.9.0/24", "labels": HOSTILE}
    each.preview("several", {"ingress": {"subnet": "10.203.0.0/20"}, **each.overlays(hostile=hostile, app=wider)})
    many = {f"net-{number:03}": {"subnet": f"10.202.{number}.0/24"} for number in range(200)}
    each.preview("200-networks", {"overlays": many})
    each.preview("nothing")
    each.record("destroyed", "destroy", "--preview-only")


def with_facts(each: Recorder) -> None:
    """Changes of what services use: with facts of this very change, and with some from before it."""
    first, second, _ = each.hosts.hosts
    deploy(each.hosts[first], SERVICES)
    for name in ("ingress-changed-later", "overlay-in-use-later"):
        each.facts(name)
    each.preview("ingress-changed-later", {"ingress": {"subnet": "10.203.0.0/20", "mtu": 1400}})
    each.preview("ingress-changed", {"ingress": {"subnet": "10.203.0.0/20", "mtu": 1400}})
    each.facts("ingress-changed")
    each.preview("overlay-in-use-later", each.overlays(monitoring={"subnet": "10.202.6.0/24"}))
    each.preview("overlay-in-use", each.overlays(monitoring={"subnet": "10.202.6.0/24"}))
    each.facts("overlay-in-use")
    each.preview("gwbridge-changed-on-one", {"hosts": each.host(second, gwbridge={"subnet": "10.204.0.0/20"})})
    each.facts("gwbridge-changed-on-one")


def failures(each: Recorder) -> None:
    """Hosts that differ or do not answer, and stack files that are refused."""
    first, _, third = each.hosts.hosts
    each.hosts[first].docker("node", "update", "--label-add", "rack=r9", third)
    each.preview("drifted", None, "--refresh")
    each.hosts.fault(third, "cut")
    each.preview("host-unreachable", None, "--refresh")
    each.hosts.fault(third, "heal")
    each.preview("stack-file-wrong", each.overlays(app={"subnet": "172.18.0.0/24"}, web={"subnet": "10.202.1.128/25"}))
    each.up(ingress={**each.sections["ingress"], "protect": True})
    each.preview("blocked", {"ingress": {"subnet": "10.203.0.0/20", "protect": True}})


def without_paths(found: Json) -> Json:
    """The same without folders of this machine."""
    if isinstance(found, dict):
        return {key: without_paths(value) for key, value in found.items() if key not in PATHS}
    if isinstance(found, list):
        return [without_paths(value) for value in found]
    return found.replace(PROGRAMS, "/usr/local/bin") if isinstance(found, str) else found


if __name__ == "__main__":
    for group in sys.argv[1:]:
        record(group)
    for name in names():
        markdown(name).write_text(rendered(name))
