"""A manager's Engine API, without the Docker command and without anything of this project."""

from collections.abc import Callable
from typing import Any

import docker

from tests.support.machines import Host

Json = Any


class Api:
    """A manager's Engine API at its newest version, over its own socket."""

    def __init__(self, host: Host) -> None:
        self.client = docker.APIClient(f"unix:///proc/{host.pid}/root/run/docker.sock", version="auto", timeout=120)
        self.base = f"http+docker://localhost/v{self.client.api_version}"

    def get(self, path: str) -> Json:
        """Return the JSON at a path."""
        return self.client.get(self.base + path).json()

    def post(self, path: str, body: Json) -> int:
        """Return the status answered."""
        return int(self.client.post(self.base + path, json=body).status_code)

    def create(self, path: str, body: Json) -> str:
        """Return the id of what was created."""
        answered = self.client.post(f"{self.base}{path}/create", json=body).json()
        assert "message" not in answered, answered
        return str(answered.get("Id") or answered["ID"])

    def delete(self, path: str) -> None:
        """Remove what is at a path."""
        self.client.delete(self.base + path)

    def update(self, path: str, change: Callable[[Json], None]) -> None:
        """Change a spec as it is now, again if the swarm was faster."""
        while True:
            found = self.get(path)
            change(found["Spec"])
            if self.post(f"{path}/update?version={found['Version']['Index']}", found["Spec"]) < 400:
                return

    def ingress(self) -> str:
        """Return the id of the swarm's ingress."""
        return str(next(each["Id"] for each in self.get("/networks") if each.get("Ingress")))

    def tasks(self, network: str) -> list[Json]:
        """Return the tasks of services with an address on a network."""
        return [task for task in self.get("/tasks") if network in networks_of(task)]


def networks_of(task: Json) -> set[str]:
    """Return ids of the networks that a task has an address on."""
    return {each["Network"]["ID"] for each in task.get("NetworksAttachments") or []}
