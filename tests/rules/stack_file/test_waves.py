"""The order of hosts."""

import pytest

from providers.rules.stack_file.model import parse
from providers.rules.stack_file.resolved import resolve

MANAGERS = ("m1", "m2", "m3")


def stackfile(**sections):
    """A stack of three managers and two workers, workers declared between the managers."""
    declared = {
        name: {"address": f"10.0.0.{number}", "role": "manager" if name in MANAGERS else "worker"}
        for number, name in enumerate(("m1", "w1", "m2", "w2", "m3"), start=1)
    }
    return parse({"hosts": declared, "swarm": {}, **sections})


@pytest.mark.parametrize(
    ("expected", "swarm"),
    [
        ((("w1", "w2"), ("m2",), ("m3",), ("m1",)), {}),
        ((("w1", "w2"), ("m1",), ("m3",), ("m2",)), {"first_manager": "m2"}),
    ],
    ids=["the first declared", "the one named"],
)
def test_workers_come_first_and_the_first_manager_last(expected, swarm):
    """This is so without an order: all workers at once, each further manager alone, the first manager last."""
    assert expected == resolve(stackfile(swarm=swarm)).waves


def test_order_is_taken_as_it_is():
    """A given order stands; waves without hosts mean nothing."""
    order = [["m1"], [], ["w1", "m2"], ["w2", "m3"]]

    assert (("m1",), ("w1", "m2"), ("w2", "m3")) == resolve(stackfile(order=order)).waves


def test_stack_of_workers_has_one_wave():
    """Workers alone share one wave: the swarm's managers may be somebody else's."""
    only = parse({"hosts": {"w1": {"address": "10.0.0.1"}, "w2": {"address": "10.0.0.2"}}})

    assert (("w1", "w2"),) == resolve(only).waves
