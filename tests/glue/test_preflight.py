"""What is looked at before the first write: the whole stack file against the hosts, and hosts unfit for a change."""

import pytest

from providers import simulate
from providers.rules.resource_types.resource_type import to_props
from providers.rules.vocabulary.diagnosis import Reach, Result
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.routes import Route, Surroundings
from providers.rules.vocabulary.steps import RemoveNetwork
from providers.run.resource import Provider
from tests.glue.stack import (
    GWBRIDGE,
    INGRESS,
    INGRESS_GOING,
    INGRESS_RANGE,
    NODE,
    OVERLAY,
    SWARM,
    configure,
    created,
    known,
    provider_of,
    resource_type,
)
from tests.support import examined, lifecycle, others
from tests.support.tables import cases

VPN = Surroundings(routes=(Route("10.12.0.0/16", "tun0"),))
ROW = "urn:pulumi:prod::infra::pulumi-python:swarmnet:Gwbridge::docker_gwbridge@w1"
CLASH = (
    "^no changes were made: gwbridge.subnet: 10.12.0.0/16 is the same as 10.12.0.0/16, the route by tun0 of m1, w1 and "
)
BRIDGES = {"gwbridge": {"subnet": "10.12.0.0/16"}}


def test_half_a_swarm_is_not_begun(on, bare_hosts):
    """A host that can't be used is named before the first bridge is made on another."""
    hosts = on(others.cut(bare_hosts.sim, "w2"))

    with pytest.raises(Blocked, match="no changes were made: w2: "):
        created(GWBRIDGE)
    assert [] == hosts.steps


def test_clash_is_refused_before_the_first_write(bare_hosts, counted):
    """The first resource says what is wrong; those beside it are not begun either and name it, and nobody looks
    again."""
    bare_hosts.surroundings, looks = VPN, counted(bare_hosts, "reports")
    configure(**BRIDGES)
    with pytest.raises(Blocked, match=CLASH):
        created(GWBRIDGE.model_copy(update={"row": ROW}))

    with pytest.raises(Blocked) as refusal:
        created(lifecycle.gwbridge_spec("w2"))
    assert "no changes were made: see the error of docker_gwbridge@w1" == str(refusal.value)
    assert (1, []) == (len(looks), bare_hosts.steps)


def test_what_is_only_to_be_known_is_shown(bare_hosts, pulumi_engine):
    """A wide route: a line that stays, and the work goes on."""
    bare_hosts.surroundings = Surroundings(routes=(Route("10.0.0.0/8", "tun0"),))
    configure(**BRIDGES)
    created(GWBRIDGE)

    assert [line for _, line in pulumi_engine.lines if "lies inside 10.0.0.0/8, the route by tun0" in line]
    assert bare_hosts.steps


def test_removal_that_begins_a_replacement_is_a_first_write(hosts):
    """Neither of two overlays that swap their ranges is taken away."""
    other = lifecycle.overlay_spec("web", subnet="10.21.0.0/24", gateway="10.21.0.1")
    lifecycle.make(hosts, other)
    before = list(hosts.steps)
    configure(overlays={"app": {"subnet": "10.21.0.0/24"}, "web": {"subnet": "10.20.0.0/24"}})
    stands = known(hosts, OVERLAY)
    news = to_props(OVERLAY.model_copy(update={"subnet": "10.21.0.0/24", "gateway": "10.21.0.1"}))

    assert provider_of(OVERLAY).diff(OVERLAY.resource_name, stands.outputs, news).delete_before_replace
    with pytest.raises(Blocked, match="give overlay web another range in one `pulumi up`"):
        stands.delete()
    assert before == hosts.steps


HELD = {"overlay/app": "its range is that of `overlay/app`"}


def test_preview_refuses_a_range_that_is_not_free_yet(hosts):
    """The program says so of the new network, from the state that has the old one."""
    renamed = lifecycle.overlay_spec("app2")
    (failure,) = provider_of(renamed).check({}, {**to_props(renamed), "preview": True, "too_early": HELD}).failures

    assert ("subnet", HELD["overlay/app"]) == (failure.property, failure.reason)


def test_range_of_what_a_refresh_found_gone_is_free(on, hosts):
    """The state of before the refresh still has it: somebody removed it by hand."""
    stands, renamed = known(hosts, OVERLAY), lifecycle.overlay_spec("app2")
    on(simulate.perform(hosts.sim, RemoveNetwork(id=lifecycle.id_of(hosts.sim, OVERLAY))))

    assert "" == stands.read()[0]
    checked = provider_of(renamed).check({}, {**to_props(renamed), "preview": True, "too_early": HELD})
    assert (False, []) == ("too_early" in checked.inputs, checked.failures)


def test_removal_alone_compares_nothing(hosts, counted):
    """It frees a range and takes none."""
    looks = counted(hosts, "reports")
    known(hosts, OVERLAY).delete()

    assert ([], True) == (looks, bool(hosts.steps))


def test_stack_that_stands_is_no_clash_with_itself(on):
    """The whole stack, compared with the hosts on which it is up."""
    hosts = on(lifecycle.running())
    sections = {"ingress": {"subnet": "10.11.0.0/16"}, "overlays": {"app": {"subnet": "10.20.0.0/24"}}, "swarm": {}}
    configure(**BRIDGES, **sections)

    known(hosts, OVERLAY).update(protect=True)
    assert [] == hosts.steps


# Hosts that `doctor` finds unfit

CLOSED = Result(sender="w1", receiver="m1", channel="gossip-tcp", outcome="closed", port=7946, why="no answer")
UNFIT = examined.seen(reach=Reach(results=(CLOSED,)))
SAID = "no changes were made: w1, m1: m1 is not reached at TCP 7946: no answer: "


def test_first_membership_is_not_begun(bare_hosts):
    """The bridge that is to be made before it is refused, with the problem and its id."""
    bare_hosts.doctor_facts = UNFIT

    with pytest.raises(Blocked) as refusal:
        created(GWBRIDGE)
    assert SAID == str(refusal.value)[: len(SAID)]
    assert str(refusal.value).endswith("(reach-gossip, docs/doctor.md)")
    assert [] == bare_hosts.steps


def test_hosts_are_examined_once(bare_hosts, counted):
    """They are examined once, whatever is made."""
    looks = counted(bare_hosts, "observed")
    created(GWBRIDGE)
    created(lifecycle.gwbridge_spec("w2"))

    assert [({"m1"}, {"m1": 1500, "w1": 1500, "w2": 1500}, 4789)] == looks


def test_change_of_what_runs_is_not_begun(hosts):
    """The ingress is as it was."""
    hosts.doctor_facts = UNFIT

    with pytest.raises(Blocked) as refusal:
        known(hosts, INGRESS).update(**INGRESS_RANGE)
    assert SAID in str(refusal.value)
    assert [] == hosts.steps


def test_overlays_and_members_are_not_looked_at(hosts, counted):
    """A plain `up` of overlays, and a bridge on hosts that are all members, begin no membership."""
    looks = counted(hosts, "observed")
    created(lifecycle.overlay_spec("web", subnet="10.21.0.0/24", gateway="10.21.0.1"))
    created(OVERLAY)

    assert [] == looks


@pytest.mark.parametrize(
    "sections",
    [
        {"preflight": "off"},
        {"doctor": {"ignore": [{"id": "reach-gossip", "host": "w1", "why": "it is another network"}]}},
    ],
)
def test_what_is_accepted_is_begun(bare_hosts, sections):
    """A finding that the stack file ignores refuses nothing."""
    bare_hosts.doctor_facts = UNFIT
    configure(**sections)
    created(GWBRIDGE)

    assert bare_hosts.steps


# `pulumi destroy` of a swarm that would have to stay, for what is in it and does not go


def destroying(command: str, *, retain: bool) -> None:
    """A run of `pulumi` whose stack file retains the overlay or lets it go."""
    configure(overlays={"app": {"subnet": "10.20.0.0/24", "retain": retain}})
    Provider.run.preflight.words = command.split


@pytest.mark.parametrize("spec", [INGRESS_GOING, NODE, SWARM], ids=resource_type)
def test_destroy_of_a_swarm_that_has_to_stay_removes_nothing(hosts, spec):
    """Whichever of its resources comes first, the rest could not follow."""
    destroying("destroy --yes", retain=True)

    with pytest.raises(Blocked, match=r"nothing was removed: swarm .* it can't be ended while it holds network app: "):
        known(hosts, spec).delete()
    assert [] == hosts.steps


@cases(
    "command, retain",
    {
        "all goes": ("destroy --yes", False),
        "one resource": ("destroy --yes --target urn:x", True),
        "no destroy": ("up --yes", True),
    },
)
def test_part_of_a_stack_goes_though_its_swarm_could_not(hosts, command, retain):
    """Only what ends the swarm is asked whether it can end."""
    destroying(command, retain=retain)
    known(hosts, INGRESS_GOING).delete()

    assert hosts.steps
