"""The glue keeps a state from destroying what another state, or another name in it, has on the hosts."""

import pytest

from providers.rules.resource_types.resource_type import to_props
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import CHANGE
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import UpdateSwarm
from providers.run.resource import Provider
from providers.simulate import members
from tests.glue.stack import (
    GOING,
    GWBRIDGE,
    INGRESS,
    NODE,
    OVERLAY,
    SWARM,
    Known,
    created,
    known,
    provider_of,
    resource_type,
)
from tests.support import lifecycle
from tests.support.tables import cases

each = pytest.mark.parametrize("spec", GOING, ids=resource_type)


def test_a_change_carries_the_digest_of_the_stack_file(hosts):
    """The swarm is told whose change goes on, and what its stack file wants, before anything is touched."""
    known(hosts, INGRESS).update(subnet="10.31.0.0/24", gateway="10.31.0.1")
    written = [dict(step.set_labels) for step in hosts.steps if isinstance(step, UpdateSwarm) and step.set_labels]

    assert f"{lifecycle.OWNER} {Provider.run.settings.in_run(INGRESS).digest}" == written[0][CHANGE]
    assert 12 == len(Provider.run.settings.in_run(INGRESS).digest)


def test_resources_that_ask_at_once_get_the_same_digest(hosts):
    """All hosts of a batch ask while the first of them works it out."""
    meanwhile: list[str] = []
    run = Provider.run

    class ReadSlowly(dict[str, str]):
        def items(self):
            if not meanwhile:
                meanwhile.append("")
                meanwhile[0] = run.settings.in_run(GWBRIDGE).digest
            return super().items()

    run.settings.flat = ReadSlowly(run.settings.flat)

    assert run.settings.in_run(INGRESS).digest == meanwhile[0] != ""


# Renamed in the state: `pulumi state rename`, or a component put around it


def declared(resource: Known, spec: Spec | None = None) -> None:
    """Pulumi finds the resource in the program and in the state."""
    news = to_props(spec or resource.spec)
    provider_of(resource.spec).check(to_props(resource.spec), news)
    provider_of(resource.spec).diff(resource.spec.resource_name, resource.outputs, news)


@each
@pytest.mark.parametrize(
    "found",
    [
        pytest.param(lambda hosts, spec: provider_of(spec).create(to_props(spec)), id="made under its declared name"),
        pytest.param(lambda hosts, spec: declared(known(hosts, spec)), id="the state has both names after a cut"),
    ],
)
def test_what_was_renamed_in_the_state_stays(hosts, spec, found):
    """It is found under its declared name before it goes under the other: only that name goes."""
    renamed, sim = known(hosts, spec), hosts.sim
    found(hosts, spec)
    renamed.delete()

    assert ([], sim) == (hosts.steps, hosts.sim)


def test_what_a_refused_create_found_stays(hosts):
    """The other name goes with `--continue-on-error` too: the network found under the declared name is not its own."""
    renamed, sim = known(hosts, OVERLAY), hosts.sim
    with pytest.raises(Blocked):
        created(OVERLAY.model_copy(update={"mtu": 1400}))
    renamed.delete()

    assert ([], sim) == (hosts.steps, hosts.sim)


@cases(
    "met",
    {
        "replaced": lambda known: declared(known, OVERLAY.model_copy(update={"mtu": 1400})),
        "refreshed": lambda known: provider_of(OVERLAY).diff("overlay/app", known.outputs, to_props(OVERLAY)),
    },
)
def test_what_is_replaced_or_was_only_refreshed_goes(hosts, met):
    """A declared resource makes room for its new network; a refresh asks of what is declared no more as well."""
    overlay = known(hosts, OVERLAY)
    met(overlay)
    overlay.delete()

    assert "" == lifecycle.id_of(hosts.sim, OVERLAY)


# A replacement is no other state


def test_retained_overlay_is_replaced(hosts):
    """Pulumi forgets the old one by itself and asks for a new one: what is found is what the state had."""
    overlay, desired = known(hosts, OVERLAY, retain=True), OVERLAY.model_copy(update={"mtu": 1400, "retain": True})
    declared(overlay, desired)

    assert overlay.outputs["network_id"] != created(desired).outputs["network_id"]


def test_ingress_that_is_kept_is_replaced_on_demand(hosts):
    """`--replace` forgets the old one first: the new one is the state's all the same."""
    known(hosts, INGRESS).delete()
    desired = INGRESS.model_copy(update={"mtu": 1400})

    assert 1400 == created(desired).outputs["mtu"]


@pytest.mark.parametrize("spec", [GWBRIDGE, INGRESS], ids=resource_type)
def test_replacement_of_what_would_be_kept_is_refused(hosts, spec):
    """It would be the same network, and a run that says that it was replaced."""
    actual = known(hosts, spec)
    provider_of(spec).check(actual.outputs, to_props(spec))

    with pytest.raises(Blocked, match=r"would not make it anew, since it is kept .on_remove is keep.: give it another"):
        actual.delete()
    assert [] == hosts.steps


# What only goes from the state


@pytest.mark.parametrize(
    ("spec", "state", "why"),
    [
        (GWBRIDGE, {}, "on_remove is keep"),
        (INGRESS, {}, "on_remove is keep"),
        *((spec, {"adopted": True}, "it was adopted, not created by this stack") for spec in GOING),
        (NODE, {}, "the stack file no longer has a section swarm"),
        (SWARM, {}, "the stack file no longer has a section swarm"),
    ],
    ids=lambda value: resource_type(value) if isinstance(value, Spec) else "" if isinstance(value, str) else str(value),
)
def test_what_is_kept_says_so(hosts, pulumi_engine, spec, state, why):
    """A `destroy` writes nothing, and tells on its row that it stays on the hosts, and why."""
    words = spec.resource_name.replace("/", " ")
    del Provider.run.settings.flat["swarmnet:swarm"]
    known(hosts, spec.model_copy(update={"row": "urn:it"}), **state).delete()

    assert [("urn:it", f"{words} is left in place and removed from the state only: {why}")] == pulumi_engine.lines
    assert [] == hosts.steps


@pytest.mark.parametrize("lost", [False, True])
def test_a_member_that_others_began_goes_with_its_host(hosts, lost):
    """Taken out of the stack file, or declared lost there: it leaves as any other, and is no longer a member."""
    run, node = Provider.run, known(hosts, NODE, adopted=True)
    del run.settings.accesses[NODE.host]
    if lost:
        run.settings.lost.add(NODE.host)
        hosts.sim = members.stop_docker(hosts.sim, NODE.host)
        hosts.elapse(60)

    node.delete()

    assert NODE.host not in [each.hostname for each in hosts.sim.swarm.nodes]


def test_a_member_that_others_began_stays_in_a_destroy(hosts):
    """The swarm is as it was before it was taken over."""
    known(hosts, NODE, adopted=True).delete()

    assert [] == hosts.steps


# A stack of another name

RENAMED = {"owner": "infra/shop"}


@each
def test_renamed_stack_is_refused_by_a_preview(hosts, spec):
    """A diff, which previews ask for, names both ways out."""
    with pytest.raises(Blocked) as caught:
        declared(known(hosts, spec), spec.model_copy(update=RENAMED))

    assert "infra/prod was renamed to infra/shop" in str(caught.value)
    assert "`pulumi stack rename prod` restores the stack's name; or `pulumi destroy` removes" in str(caught.value)


@each
def test_resource_of_another_project_is_refused_by_a_preview(hosts, spec):
    """It came by `pulumi state move`, or the project was renamed: each has its own way back."""
    with pytest.raises(Blocked) as caught:
        declared(known(hosts, spec), spec.model_copy(update={"owner": "nets/prod"}))

    assert "infra/prod was renamed to nets/prod" in str(caught.value)
    assert "`pulumi state move` takes it back if it came by that; else give the project its name" in str(caught.value)


def test_what_was_adopted_has_no_name_to_mind(hosts):
    """Nothing on the hosts says whose it is."""
    adopted = known(hosts, OVERLAY, adopted=True)
    declared(adopted, OVERLAY.model_copy(update=RENAMED))

    assert adopted.outputs["network_id"] in Provider.run.found
