"""Adoption: what belongs to another stack, differences in words, and what was adopted when it goes."""

from typing import Any

import pytest

from providers.rules.nouns import adoption
from providers.rules.nouns.noun import Noun
from providers.rules.nouns.table import NODE, NOUNS, noun_of
from tests.support.lifecycle import OTHERS, OURS, overlay_spec, whole_stack


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
