"""The start of the plugin: each `pulumi` command pays for the imports and values of a process."""

import json
import subprocess
import sys

import pytest

from tests.plugin.process import ROOT
from tests.plugin.test_plugin import APP, KNOWN

# What only a look at hosts, or a write, needs.
LATE = (
    "docker",
    "paramiko",
    "providers.hosts",
    "providers.loop.dry_run",
    "providers.rules.doctor",
    "providers.simulate",
)

SCRIPT = """
import gc, json, sys
from types import SimpleNamespace
from providers.overlay import OverlayProvider
from providers.rules.vocabulary.specs import Spec

def kinds(of):
    return {kind for each in of.__subclasses__() for kind in (each, *kinds(each))}

app, known = json.loads(sys.argv[1]), json.loads(sys.argv[2])
provider = OverlayProvider()
provider.configure(SimpleNamespace(config={"swarmnet:hosts": '{"h1": {"address": "192.0.2.1", "role": "manager"}}'}))
inputs = provider.check({}, app).inputs
assert provider.diff("overlay/app", {**inputs, **known}, inputs).changes is False
built = [kind.__name__ for kind in kinds(Spec) if kind.__pydantic_complete__]
print(json.dumps({"modules": sorted(sys.modules), "specs": built, "looked through": gc.get_stats()[2]["collections"]}))
"""


@pytest.mark.whole
def test_an_up_with_nothing_to_do_begins_with_little():
    """Checks and compares: nothing that reaches hosts or tries changes is imported, and one resource type's validator
    is built. What is kept is never looked through for what could go."""
    command = [sys.executable, "-c", SCRIPT, json.dumps(APP), json.dumps(KNOWN)]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found = json.loads(ended.stdout)

    assert (["OverlaySpec"], 0) == (found["specs"], found["looked through"])
    assert [] == [name for name in found["modules"] if name.startswith(LATE)]
