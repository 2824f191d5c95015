"""Intent, and what of it is protected."""

import pytest

from providers.rules.vocabulary.specs import GwbridgeSpec
from tests.support.lifecycle import gwbridge_spec, ingress_spec, node_spec, overlay_spec, swarm_spec

DECLARED = gwbridge_spec("w1", protect=True)


def read(spec: GwbridgeSpec, **live: object) -> GwbridgeSpec:
    """Return the spec in the state after a refresh that found something else, as the wire gives it back."""
    found = spec.read_as(spec.model_copy(update=live))
    return GwbridgeSpec.model_validate(found.model_dump(mode="json", exclude_none=True))


@pytest.mark.parametrize(
    ("live", "desired", "refused"),
    [
        pytest.param({}, {"icc": True}, {"icc"}, id="a change"),
        pytest.param({}, {"protect": False, "icc": True}, {"icc"}, id="a change with the protection lifted"),
        pytest.param({}, {"protect": False}, set(), id="the protection lifted"),
        pytest.param({}, {"access": {"name": "w1", "user": "deploy"}}, set(), id="another login"),
        pytest.param({"icc": True}, {}, set(), id="brought back"),
        pytest.param({"mtu": 1400}, {}, set(), id="brought back to nothing declared"),
        pytest.param({"icc": True}, {"protect": False}, set(), id="brought back with the protection lifted"),
        pytest.param({"icc": True}, {"icc": True}, set(), id="taken into the file"),
        pytest.param({"icc": True}, {"mtu": 1400}, {"mtu"}, id="another change"),
        pytest.param({"mtu": 1450}, {"mtu": 1400}, {"mtu"}, id="changed otherwise than it drifted"),
    ],
)
def test_protected_from(live: dict[str, object], desired: dict[str, object], refused: set[str]):
    """Refused is what is declared anew, not what is brought back."""
    assert refused == read(DECLARED, **live).protected_from(DECLARED.model_copy(update=desired))


def test_next_refresh_still_knows_what_was_declared():
    """Its own finding is not taken for intent."""
    once = read(DECLARED, icc=True)
    again = read(once, icc=True, masquerade=False)

    assert DECLARED == again.last_declared()
    assert not again.protected_from(DECLARED)


def test_drift_that_is_gone_leaves_nothing_behind():
    """Nothing of it stays in the state."""
    assert DECLARED == read(read(DECLARED, icc=True), icc=False)


def test_what_is_not_protected_keeps_no_record():
    """A preview has no more to show than what differs."""
    assert None is read(gwbridge_spec("w1"), icc=True).declared


@pytest.mark.parametrize(
    ("expected", "found"),
    [(None, {}), (None, {"settled": "the managers say down"}), (True, {"settled": True, "owner": "infra/prod"})],
    ids=["nothing", "a refresh found it unfinished", "0.1.0 wrote it"],
)
def test_what_is_finished_is_not_said(expected, found):
    """An input `settled` is there only while something is unfinished; what version 0.1.0 wrote stays."""
    props = node_spec("w1").model_dump(mode="json")
    like = {**props, **found} if found else {}

    assert expected == type(node_spec("w1")).published(props, like).get("settled")


def test_names_are_those_in_the_users_states():
    """Names and ids are a published format."""
    specs = [gwbridge_spec("m1"), swarm_spec(), node_spec("w1"), ingress_spec(name="mesh"), overlay_spec("app")]

    assert ["docker_gwbridge@m1", "swarm", "node/w1", "ingress", "overlay/app"] == [
        spec.resource_name for spec in specs
    ]
