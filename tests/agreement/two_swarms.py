"""The two swarms that are held against each other, behind one interface: the simulated one, and real hosts.

Only how something is done or read may differ here; what is done is in scripts.py, what is compared in comparable.py.
"""

import time
from json import dumps
from typing import Any

from providers import simulate
from providers.hosts import observe, overlays
from providers.hosts.fleet import Fleet
from providers.hosts.perform import perform
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.facts import GwbridgeFacts, Node, OverlayFacts, SwarmFacts, Task
from providers.rules.vocabulary.steps import Step
from providers.simulate import members
from providers.simulate.observe import tasks
from tests.support import others
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Group

Json = dict[str, Any]

HOSTS = ("s1", "s2", "s3")
# Requests to a simulated swarm take no time; what has a bound there is looked at so often.
POLL = 0.1


class Simulated:
    """The simulated swarm. Everything raises HostError and EngineError as real hosts do."""

    def __init__(self) -> None:
        self.sim = others.bare(*HOSTS)

    def perform(self, step: Step) -> None:
        """Take one step."""
        self.sim = simulate.perform(self.sim, step)

    def create_service(self, spec: Json, *, ends: str = "", stubborn: bool = False) -> None:
        """Create a service at a manager.

        ends: its tasks do by themselves, and end up `failed` or `complete`. stubborn: they have to be killed. On real
        hosts their command sees to that.
        """
        self.sim = others.create_service(self.sim, dumps(spec, sort_keys=True), ends=ends, stubborn=stubborn)

    def remove_service(self, name: str) -> None:
        """Remove a service."""
        self.sim = others.remove_service(self.sim, name)

    def break_service(self, name: str) -> None:
        """The new tasks of this service's updates die at once; on real hosts their command sees to that."""
        self.sim = others.break_service(self.sim, name)

    def run_container(self, host: str, network: str, *, ends: bool = False) -> None:
        """Run a standalone container that restarts with its Engine on a network, by the network's id.

        ends: its process runs to an end, and nothing but a start by hand follows.
        """
        self.sim = others.run_container(self.sim, host, network, ends=ends)

    def stop_docker(self, host: str) -> None:
        """Stop a host's Engine."""
        self.sim = members.stop_docker(self.sim, host)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.sim = simulate.elapse(self.sim, seconds)

    def gwbridge(self, host: str) -> GwbridgeFacts:
        """One host's docker_gwbridge, copies of the ingress, and containers."""
        return simulate.gwbridge_facts(self.sim, host)

    def swarm(self) -> SwarmFacts:
        """Members, services and networks."""
        return simulate.swarm_facts(self.sim, ending=True)

    def known_by(self, host: str) -> tuple[Node, ...]:
        """The members as one manager has them, by a single request: nothing passes unseen while others are asked."""
        return self.swarm().nodes

    def overlay(self, name: str) -> OverlayFacts:
        """One overlay."""
        return simulate.overlay_facts(self.sim, name)

    def tasks(self) -> tuple[Task, ...]:
        """All tasks."""
        return tasks(self.sim)

    def job_is_over(self) -> bool:
        """Tell whether a job's task ran to its end. On a simulated swarm a job has no task, only its ports."""
        return True


class Real:
    """Lab hosts, asked the same, over connections of their own: those to hosts before a reset are dead."""

    def __init__(self, group: Group) -> None:
        self.group = group
        keys = {"key_file": str(KEY_FILE), "known_hosts": str(KNOWN_HOSTS)}
        self.fleet = Fleet(
            {
                host.name: HostAccess(name=host.name, address=host.address, advertise_address=host.address, **keys)
                for host in group
            }
        )

    def perform(self, step: Step) -> None:
        perform(self.fleet, step)

    def create_service(self, spec: Json, *, ends: str = "", stubborn: bool = False) -> None:
        self.fleet.manager().post("/services/create", spec)

    def remove_service(self, name: str) -> None:
        self.fleet.manager().delete(f"/services/{name}")

    def break_service(self, name: str) -> None:
        """Nothing: the script's command does it."""

    def run_container(self, host: str, network: str, *, ends: bool = False) -> None:
        engine = self.fleet.engine(host)
        settings = {"NetworkMode": network, "RestartPolicy": {"Name": "no" if ends else "always"}}
        body = {"Image": "busybox:lab", "HostConfig": settings, **({"Cmd": ["sleep", "2"]} if ends else {})}
        container = engine.create("/containers/create", body)
        engine.post(f"/containers/{container}/start")

    def stop_docker(self, host: str) -> None:
        self.group.fault(host, "stop-docker")

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def gwbridge(self, host: str) -> GwbridgeFacts:
        return observe.gwbridge_facts(self.fleet, host)

    def swarm(self) -> SwarmFacts:
        return observe.swarm_facts(self.fleet, ending=True)

    def known_by(self, host: str) -> tuple[Node, ...]:
        return observe.nodes(self.fleet.engine(host))

    def overlay(self, name: str) -> OverlayFacts:
        return overlays.OverlayReader(self.fleet, name)()

    def tasks(self) -> tuple[Task, ...]:
        return observe.from_manager(self.fleet, observe.tasks)

    def job_is_over(self) -> bool:
        return any(task.state == "complete" for task in self.tasks())


Side = Simulated | Real
