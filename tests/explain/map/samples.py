"""Stacks to draw: those of the project, a shop with two mistakes and its facts, one with hostile names, a large one."""

from functools import cache
from pathlib import Path

from providers.explain.facts_file import FactsFile
from providers.explain.map.address_ranges import Stack
from providers.rules.checks.whole_file import validate
from providers.rules.stack_file.reading import from_yaml
from tests.support.stackfiles import SHIPPED, net, said

ROOT = Path(__file__).resolve().parents[3]
SHOP = Path(__file__).resolve().parent / "sample"
HOSTILE = "</title><script>alert('name')</script><img src=x onerror=alert(1)>\"];end\n%%{init"


def stack(name="prod", facts=None, **sections):
    """A stack of two hosts, or of others, with more sections."""
    return Stack(name, said(**sections), facts)


def of_file(path, facts=None):
    """The stack of a file."""
    name = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    return Stack(name, validate(from_yaml(path.read_bytes())), facts)


@cache
def projects():
    """The stacks that come with the project."""
    return [of_file(path) for path in SHIPPED.values()]


@cache
def shop():
    """Two ranges that overlap; facts with services, a network that nobody declared, an old bridge, an unreachable
    host."""
    return of_file(SHOP / "Pulumi.shop.yaml", FactsFile.parse((SHOP / "shop.facts.json").read_bytes()))


def hostile_facts(words):
    """Facts in which each word that a host or an Engine chooses is this."""
    services = [{"name": words, "ports": [words, f"8080/{words}"], "tasks": 1}]
    foretold = {
        "drained": [words],
        "restarted": [words],
        "stopped": [words],
        "stages": [{"doing": words, "seconds": 1}],
    }
    foretold["absences"] = [{"service": words, "ports": [words], "seconds": 3}]
    foretold["restarts"] = [{"service": words, "tasks": 1, "times": 2}]
    return FactsFile.model_validate(
        {
            "schema": 1,
            "stack": words,
            "taken_at": "2026-11-20T21:04:00Z",
            "state": words,
            "hosts": {
                "w1": {"role": words, "availability": words, "tasks": {words: 1}, "bridge": {"subnet": words}},
                words: {"silent": words, "state": words},
            },
            "networks": {
                "app": {"id": words, "subnet": words, "services": services, "containers": [words]},
                words: {"id": "x", "subnet": "10.77.0.0/24", "gateway": words, "ingress": True, "services": services},
            },
            "forecast": [
                {"resource": "ingress", "seconds": 1, **foretold},
                {"resource": "swarm", "problem": words},
            ],
        }
    )


@cache
def hostile():
    """A stack, services, containers and hosts with names that a stack file refuses, but files and Engines may have."""
    return stack(HOSTILE, hostile_facts(HOSTILE), overlays={"app": net("10.3.0.0/24")})


@cache
def large(overlays=200):
    """A stack with many overlays and hosts."""
    hosts = {f"h{number}": {"address": f"10.9.0.{number + 1}", "role": "manager"} for number in range(50)}
    return stack("large", hosts=hosts, overlays={f"net-{at}": net(f"10.210.{at}.0/24") for at in range(overlays)})
