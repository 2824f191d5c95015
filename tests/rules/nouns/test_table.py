"""The five in one table: what is the same of all."""

from typing import Any

import pytest

from providers.rules.nouns.noun import Noun
from providers.rules.nouns.table import NOUNS, noun_of
from tests.support.lifecycle import whole_stack

each = pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)


@each
def test_what_was_adopted_is_forgotten_without_a_look(noun: Noun[Any, Any]):
    """Nothing is decided about it, whatever the stack file says."""
    spec = next(each for each in whole_stack() if noun_of(each) is noun)

    assert None is noun.decide_removal(spec, {noun.output: "x1", "adopted": True}, lost=False)


@each
def test_what_a_cut_change_left_is_finished_before_it_is_forgotten(noun: Noun[Any, Any]):
    """That is so for networks that are kept when their section goes away."""
    spec = next(each for each in whole_stack() if noun_of(each) is noun).model_copy(update={"settled": "unfinished"})
    keeps = "on_remove" in noun.spec.model_fields

    assert keeps == bool(noun.decide_removal(spec, {noun.output: "x1", "adopted": True}, lost=False))
