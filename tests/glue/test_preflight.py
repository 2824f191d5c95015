"""The whole stack file is compared with the hosts once, before the first write of a process."""

import pytest

from providers.rules.nouns.noun import to_props
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.routes import Route, Surroundings
from tests.glue.stack import GWBRIDGE, OVERLAY, configure, created, known, provider_of
from tests.support import lifecycle

VPN = Surroundings(routes=(Route("10.12.0.0/16", "tun0"),))
ROW = "urn:pulumi:prod::infra::pulumi-python:swarmnet:Gwbridge::docker_gwbridge@w1"
CLASH = (
    "nothing was begun: gwbridge.subnet: 10.12.0.0/16 is the same as 10.12.0.0/16, the route by tun0 of m1, w1, w2: "
)
BRIDGES = {"gwbridge": {"subnet": "10.12.0.0/16"}}


def test_clash_is_refused_before_the_first_write(bare_hosts):
    """The first resource to be written is refused, with all that is wrong."""
    bare_hosts.surroundings = VPN
    configure(**BRIDGES)

    with pytest.raises(Blocked) as refusal:
        created(GWBRIDGE)
    assert CLASH == str(refusal.value)[: len(CLASH)]
    assert [] == bare_hosts.steps


def test_others_name_who_says_it(bare_hosts, counted):
    """The resources beside it are not begun either, and nobody looks again."""
    bare_hosts.surroundings, looks = VPN, counted(bare_hosts, "reports")
    configure(**BRIDGES)
    with pytest.raises(Blocked):
        created(GWBRIDGE.model_copy(update={"row": ROW}))

    with pytest.raises(Blocked) as refusal:
        created(lifecycle.gwbridge_spec("w2"))
    assert "nothing was begun, for the reason that docker_gwbridge@w1 gives" == str(refusal.value)
    assert (1, []) == (len(looks), bare_hosts.steps)


def test_hosts_are_looked_at_once(bare_hosts, counted):
    """A network made by this run is no clash for a later one: hosts are looked at once."""
    looks = counted(bare_hosts, "reports")
    configure(**BRIDGES)

    created(GWBRIDGE)
    created(lifecycle.gwbridge_spec("w2"))
    assert 1 == len(looks)


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
