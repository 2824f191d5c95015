"""Adoption: labels that say whose a network is, and what `create` does with what it finds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.nouns import adoption
from providers.rules.nouns.noun import Noun
from providers.rules.nouns.table import NODE, NOUNS, noun_of
from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.labels import owner_of, with_owner
from tests.support.lifecycle import OTHERS, OURS, overlay_spec, whole_stack
from tests.support.tables import cases

NOBODYS = (("site", "b"),)

LABELS = st.dictionaries(st.text("ab", min_size=1), st.text(max_size=3), max_size=3)


@given(labels=LABELS)
def test_what_we_create_is_ours(labels: dict[str, str]):
    """The owner's label is among the labels, whatever is declared."""
    assert "infra/prod" == owner_of(with_owner(labels, "infra/prod"))


@cases(
    "expected, adopt, labels, difference, more",
    {
        "ours, whatever adopt says": (None, "refuse", OURS, "", {}),
        "ours and different": ("from another state", "converge", OURS, "mtu: 1450", {"engine_default": True}),
        # It is left by a change of our own stack file.
        "ours and different, in a change that goes on": (None, "refuse", OURS, "mtu: 1450", {"goes_on": True}),
        "another stack's": ("belongs to infra/staging", "converge", OTHERS, "", {}),
        "another stack's default": ("belongs to infra/staging", "converge", OTHERS, "", {"engine_default": True}),
        "the Engine's default": (None, "refuse", (), "mtu", {"engine_default": True}),
        "refuse": ("adopt is refuse", "refuse", NOBODYS, "", {}),
        "identical": (None, "identical", NOBODYS, "", {}),
        "not identical": ("differs (mtu: 1450)", "identical", NOBODYS, "mtu: 1450", {}),
        "converge": (None, "converge", NOBODYS, "mtu: 1450", {}),
    },
)
def test_refusal(expected: str | None, adopt: str, labels: Pairs, difference: str, more: dict[str, bool]):
    """A network that was found is taken over, or the reason against it is named."""
    found = adoption.refusal("overlay app", labels, "infra/prod", adopt, difference, **more)
    assert expected is found if expected is None else expected in (found or "")


def test_foreign():
    """An update leaves alone what another stack has taken over, and nothing else.

    No Engine relabels a network: whoever renamed a stack, or destroyed one that keeps things, is told what helps.
    """
    assert (
        "overlay app belongs to infra/staging (label swarmnet.owner), not to infra/prod: take it out of one of the two "
        "stack files; if infra/staging no longer exists, remove by hand what it left, or `pulumi stack rename` this "
        "one to that name"
    ) == adoption.foreign("overlay app", OTHERS, "infra/prod")
    assert [None, None] == [adoption.foreign("overlay app", labels, "infra/prod") for labels in (OURS, ())]


def test_difference_in_words():
    """Both values stand beside each property, in order."""
    wanted, live = overlay_spec(mtu=1400, subnet="10.1.0.0/16"), overlay_spec(mtu=None, subnet="10.2.0.0/16")
    expected = "mtu: None, wanted 1400; subnet: 10.2.0.0/16, wanted 10.1.0.0/16"
    assert expected == adoption.in_words(wanted, live, frozenset({"subnet", "mtu"}))


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun is not NODE], ids=lambda noun: noun.name)
def test_what_was_adopted_is_forgotten(noun: Noun[Any, Any]):
    """Nothing is decided about it, but a cut change of a network that is kept is finished before."""
    spec = next(each for each in whole_stack() if noun_of(each) is noun)
    unfinished = spec.model_copy(update={"settled": "unfinished"})
    known = {noun.output: "x1", "adopted": True}

    assert None is noun.decide_removal(spec, known, lost=False)
    assert ("on_remove" in noun.spec.model_fields) == bool(noun.decide_removal(unfinished, known, lost=False))
