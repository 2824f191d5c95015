"""The full diff of one resource."""

import pytest

from providers.explain.report.changes import changes
from providers.explain.report.details import details, other
from tests.explain.report.previews import bridge, foreign, ingress, node, overlay, preview, step


def told(one):
    """The lines of one step."""
    (change,) = changes(preview(one), None)
    return details(change)


@pytest.mark.parametrize(
    ("expected", "one"),
    [
        (
            ["@@ ingress: change @@", "- gateway: 10.2.0.1", "+ gateway: 10.2.0.9"],
            step("update", ingress(), ingress(gateway="10.2.0.9")),
        ),
        (
            ["@@ node/w1: change @@", "- labels.a: 1", "+ labels.b: 2", "- role: worker", "+ role: manager"],
            step("update", node(labels={"a": "1"}), node(labels={"b": "2"}, role="manager")),
        ),
        (
            ["@@ overlay/app: create @@", "+ gateway: 10.3.0.1", "+ mtu: 1400", "+ name: app", "+ subnet: 10.3.0.0/24"],
            step("create", after=overlay(mtu=1400)),
        ),
        (
            ["@@ overlay/app: replace @@", "- mtu: 1400", "+ mtu: 1500"],
            step("replace", overlay(mtu=1400), overlay(mtu=1500)),
        ),
        (
            ["@@ ingress: forget @@", "- gateway: 10.2.0.1", "- subnet: 10.2.0.0/24"],
            step("delete", ingress()),
        ),
        (
            ["@@ node/w1: create @@", "+ access.address: 10.9.0.1", "+ host: w1"],
            step("create", after=node(access={"address": "10.9.0.1", "key_file": "~/.ssh/key"}, ingress="10.2.0.0/24")),
        ),
        (
            ["@@ docker_gwbridge@w1: change @@", "- access.key_file: a", "+ access.key_file: b"],
            step("update", bridge(access={"key_file": "a"}), bridge(access={"key_file": "b"})),
        ),
    ],
    ids=["value", "labels and role", "created", "added", "forgotten", "created host", "way to a host"],
)
def test_details(expected, one):
    """Both values of what changes; of what comes or goes, what is no default."""
    assert expected == told(one)


def test_values_stay_on_their_line():
    """They do so whatever is in them."""
    lines = told(step("create", after=overlay(labels={"a\n@@": "x\n- y"})))

    assert '+ labels.a @@: "x\\n- y"' in lines


def test_others_are_named_alone():
    """Their values may be secret."""
    assert ["@@ deploy (command:remote:Command): create @@"] == other(foreign())
