"""The table of `make bench` on a promise."""

import pytest

from bench.measuring import Row, amount, cells


@pytest.mark.parametrize(
    ("expected", "row"),
    [
        (("3.5 s", "1.25 x + 1.0 s", "yes"), Row(job="up", ours=3.5, beside=2, of="floor", factor=1.25, more=1)),
        (("3.5 s", "1.25 x + 1.0 s", "NO"), Row(job="up", ours=3.6, beside=2, of="floor", factor=1.25, more=1)),
        (
            ("3.0 s", "1.25 x + 0.2 s logins + 0.3 s calls", "yes"),
            Row(job="up", ours=3.0, beside=2, factor=1.25, named={"logins": 0.2, "none": 0, "calls": 0.3}),
        ),
        (("200 MB", "", "yes"), Row(job="plugin", ours=180, more=200, unit="MB")),
        (("", "", ""), Row(job="swarmnet drift", ours=37, beside=2, of="floor")),
    ],
)
def test_promise_is_so_many_times_what_stands_beside_and_so_much_more(expected, row):
    """It is shown in the row's unit with its parts; a row without a promise has none that could be broken."""
    assert expected == cells(row)[6:9]
    assert (expected[2] == "NO") == row.broken


def test_figures_have_as_many_digits_as_they_are_worth():
    """Hundreds have no tenths; counts, which have no unit, have three digits."""
    figures = [(121.4, "s"), (6.72, "s"), (1234, ""), (1 / 30, "")]

    assert ["121 s", "6.7 s", "1234", "0.0333"] == [amount(*each) for each in figures]
