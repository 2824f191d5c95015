"""The full diff of one resource."""

import pytest

from providers.explain.report.changes import changes
from providers.explain.report.details import details, other
from tests.explain.report.previews import bridge, foreign, node, overlay, preview, step


def told(one):
    """The lines of one step."""
    (change,) = changes(preview(one), None)
    return details(change)


ROLE = step("update", node(labels={"a": "1"}), node(labels={"b": "2"}, role="manager"))
WAY = {"address": "10.9.0.1", "key_file": "~/.ssh/key"}


@pytest.mark.parametrize(
    ("expected", "one"),
    [
        ("@@ node/w1: change @@|- labels.a: 1|+ labels.b: 2|- role: worker|+ role: manager", ROLE),
        ("@@ overlay/app: replace @@|- mtu: 1400|+ mtu: 1500", step("replace", overlay(mtu=1400), overlay(mtu=1500))),
        (
            "@@ node/w1: create @@|+ access.address: 10.9.0.1|+ host: w1",
            step("create", after=node(access=WAY, ingress="10.2.0.0/24")),
        ),
        (
            "@@ docker_gwbridge@w1: change @@|- access.key_file: a|+ access.key_file: b",
            step("update", bridge(access={"key_file": "a"}), bridge(access={"key_file": "b"})),
        ),
    ],
    ids=["labels and role", "value", "created host", "way to a host"],
)
def test_details(expected, one):
    """Both values of what changes; of what comes or goes, what is no default."""
    assert expected.split("|") == told(one)


def test_values_stay_on_their_line():
    """They do so whatever is in them."""
    lines = told(step("create", after=overlay(labels={"a\n@@": "x\n- y"})))

    assert '+ labels.a @@: "x\\n- y"' in lines


def test_others_are_named_alone():
    """Their values may be secret."""
    assert ["@@ deploy (command:remote:Command): create @@"] == other(foreign())
