"""Labels of ours that somebody else has written: refused in one line, or nothing."""

import pytest

from providers.rules.live import former, journal
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import count

ODD = ["", "x", "null", "[]", "{}", "1", '{"network": 1, "ports": [], "numbers": [], "update": null}', "[" * 10_000]
PORTS = ["[1]", "[null]", '[{"Protocol": []}]', '[{"TargetPort": "80"}]', "{}"]
OF_PORTS = [f'{{"network": "n", "ports": {ports}, "numbers": [], "update": null}}' for ports in PORTS]


@pytest.mark.parametrize("text", [*ODD, *OF_PORTS])
def test_a_journal_that_is_none(text):
    """A journal that Swarmnet did not write is refused: it does not say what to put back."""
    with pytest.raises(Blocked, match=r"^service s1: the label swarmnet.journal was not written by Swarmnet: "):
        journal.parse_journal("s1", text)


@pytest.mark.parametrize("text", [*ODD, '{"Name": "a", "IPAM": {"Config": [1]}}', '{"Name": "a", "Labels": {"a": 1}}'])
def test_a_network_that_is_none(text):
    """A note on a network that Swarmnet did not write is refused: it does not say what the network was like."""
    with pytest.raises(Blocked, match=r"^the label swarmnet.former on w1 was not written by Swarmnet: "):
        former.creation(text, "w1")


@pytest.mark.parametrize(("expected", "text"), [(3, "3"), (0, ""), (0, "-1"), (0, "x"), (0, "9" * 5000)])
def test_a_count_that_is_none(expected, text):
    """It begins anew."""
    assert expected == count(text)
