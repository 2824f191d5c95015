"""The stack file of examples/bare-hosts."""

from pathlib import Path

import pytest

from providers.explain.firewall import script
from providers.rules.checks.whole_file import validate
from providers.rules.doctor.ports import host_rules
from providers.rules.plan import planned
from providers.rules.stack_file.reading import from_yaml

FILE = Path(__file__).resolve().parents[2] / "examples" / "bare-hosts" / "Pulumi.bare.yaml"
JUDGED = validate(from_yaml(FILE.read_bytes()))


def test_it_is_a_plan_with_commands_before_it():
    """Each host has the same three, in this order."""
    plan = planned(JUDGED, "swarmnet/bare")

    assert [["docker", "firewall", "members"]] * 3 == [[each.desired.name for each in host] for host in plan.commands]
    assert ("ingress", 3, 1) == (plan.ingress and plan.ingress.name, len(plan.nodes), len(plan.overlays))


@pytest.mark.parametrize("rules", host_rules(JUDGED.resolved), ids=lambda rules: rules.host)
def test_rules_in_it_are_those_that_are_printed_of_it(rules):
    """One line follows, which keeps them."""
    (members,) = JUDGED.stackfile.hosts[rules.host].prepare
    *printed, kept = members.run.splitlines()

    assert script("nftables", [rules]).splitlines() == printed
    assert kept.endswith("nft -s list table inet filter ) >/etc/nftables.conf")
