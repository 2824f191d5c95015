"""Stack files for tests: those that come with the project, and others as raw keys and as what is said about them."""

from pathlib import Path

from providers.rules.checks.whole_file import Verdict, verdict

STACKS = Path(__file__).resolve().parents[2] / "stacks"
# By the stack's name. Every other file in `stacks` is its user's own, and no test reads it.
SHIPPED = {
    path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path
    for path in (*sorted((STACKS / "samples").glob("Pulumi.*.yaml")), STACKS / "Pulumi.lab.yaml")
    if path.is_file()
}


def net(subnet, **keys):
    """A section with a subnet."""
    return {"subnet": subnet, **keys}


def raw(w1=None, **sections):
    """The keys of a stack of two hosts, 10.99.0.1 and 10.99.0.2; `w1` is that host's own `gwbridge`."""
    hosts = {"m1": {"address": "10.99.0.1", "role": "manager"}, "w1": {"address": "10.99.0.2"}}
    if w1 is not None:
        hosts["w1"]["gwbridge"] = w1
    return {"hosts": hosts, **sections}


def said(w1=None, **sections) -> Verdict:
    """Return the verdict on such a stack, named prod."""
    return verdict(raw(w1, **sections), "prod")


def problems(w1=None, **sections) -> list[str]:
    """The problems of such a stack, those that wait for a range included."""
    return said(w1, **sections).why_no_plan
