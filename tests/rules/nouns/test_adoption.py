"""Adoption: labels that say whose a network is, and what `create` does with what it finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.nouns import adoption
from providers.rules.vocabulary.labels import declared_labels, owner_of, with_owner
from providers.rules.vocabulary.shape import pairs
from tests.support.lifecycle import overlay_spec

OURS = (("swarmnet.owner", "infra/prod"),)
OTHERS = (("swarmnet.owner", "infra/staging"),)
NOBODYS = (("site", "b"),)

LABELS = st.dictionaries(st.text("ab", min_size=1), st.text(max_size=3), max_size=3)


@pytest.mark.parametrize(
    ("labels", "expected"), [(OURS, "infra/prod"), (OTHERS, "infra/staging"), (NOBODYS, None), ((), None)]
)
def test_owner(labels: tuple[tuple[str, str], ...], expected: str | None):
    """The label names the project and stack that made it."""
    assert expected == owner_of(labels)


@given(labels=LABELS)
def test_what_we_create_is_ours(labels: dict[str, str]):
    """The owner's label is among the labels, whatever is declared."""
    assert "infra/prod" == owner_of(with_owner(labels, "infra/prod"))


@given(labels=LABELS, more=LABELS)
def test_undeclared_labels_are_no_difference(labels: dict[str, str], more: dict[str, str]):
    """Only the declared keys of the live labels count, and never our own."""
    live = pairs({**more, **labels, "swarmnet.owner": "infra/prod", "swarmnet.kick": "1"})
    assert labels == declared_labels(labels, live)


@given(labels=LABELS.filter(bool))
def test_a_missing_label_is_a_difference(labels: dict[str, str]):
    """A declared label that is not there is not made up."""
    missing = min(labels)
    live = pairs({key: value for key, value in labels.items() if key != missing})
    assert missing not in declared_labels(labels, live)


@pytest.mark.parametrize(
    ("adopt", "labels", "difference", "engine_default", "expected"),
    [
        pytest.param("refuse", OURS, "", False, None, id="ours, whatever adopt says"),
        pytest.param("converge", OURS, "mtu: 1450", True, "from another state", id="ours and different"),
        pytest.param("converge", OTHERS, "", False, "belongs to infra/staging", id="another stack's"),
        pytest.param("converge", OTHERS, "", True, "belongs to infra/staging", id="another stack's, like a default"),
        pytest.param("refuse", (), "mtu", True, None, id="the Engine's default"),
        pytest.param("refuse", NOBODYS, "", False, "adopt is refuse", id="refuse"),
        pytest.param("identical", NOBODYS, "", False, None, id="identical"),
        pytest.param("identical", NOBODYS, "mtu: 1450", False, "differs (mtu: 1450)", id="not identical"),
        pytest.param("converge", NOBODYS, "mtu: 1450", False, None, id="converge"),
    ],
)
def test_refusal(
    adopt: str, labels: tuple[tuple[str, str], ...], difference: str, engine_default: bool, expected: str | None
):
    """A network that was found is taken over, or the reason against it is named."""
    found = adoption.refusal("overlay app", labels, "infra/prod", adopt, difference, engine_default=engine_default)
    assert expected is found if expected is None else expected in (found or "")


def test_change_of_our_own_goes_on():
    """A difference does not matter if it is left by a change of our own stack file that goes on."""
    assert None is adoption.refusal("overlay app", OURS, "infra/prod", "refuse", "mtu: 1450", goes_on=True)


@pytest.mark.parametrize(
    ("labels", "expected"), [(OURS, None), ((), None), (OTHERS, "overlay app belongs to infra/staging")]
)
def test_foreign(labels: tuple[tuple[str, str], ...], expected: str | None):
    """An update leaves alone what another stack has taken over, and nothing else."""
    found = adoption.foreign("overlay app", labels, "infra/prod")
    assert expected is found if expected is None else (found or "").startswith(expected)


def test_what_a_stack_left_that_is_no_more():
    """No Engine relabels a network: whoever renamed a stack, or destroyed one that keeps things, is told what helps."""
    expected = "if infra/staging no longer exists, remove by hand what it left, or `pulumi stack rename` this one"
    assert expected in (adoption.foreign("it", OTHERS, "infra/prod") or "")


def test_difference_in_words():
    """Both values stand beside each property, in order."""
    wanted, live = overlay_spec(mtu=1400, subnet="10.1.0.0/16"), overlay_spec(mtu=None, subnet="10.2.0.0/16")
    expected = "mtu: None, wanted 1400; subnet: 10.2.0.0/16, wanted 10.1.0.0/16"
    assert expected == adoption.in_words(wanted, live, frozenset({"subnet", "mtu"}))
