"""`swarmnet drift`, on the simulated swarm: who is asked, what is told, and how it ends."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.drift import Report, Trial, as_data, compared, ending, lines, report
from cli.observe import Late, Waiting, seen
from providers import simulate
from providers.explain.drift import Difference, Outcome
from providers.rules.checks.members import DAY
from providers.rules.stack_file.access import UNSAID, HostAccess, Roles
from providers.rules.vocabulary.errors import Unreachable
from providers.rules.vocabulary.snapshot import Certificate
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import RemoveNetwork
from providers.simulate import SimulatorState
from providers.simulate.hosts import SimulatedHosts as Simulated
from tests.cli.test_plan import plan_of, state
from tests.support import lifecycle, others
from tests.support.networks import altered
from tests.support.others import set_node
from tests.support.simulated import SimulatedHosts, after, elapsed

STACK = lifecycle.whole_stack()
RUNNING = lifecycle.running()
ACCESSES = {host: HostAccess(name=host, address=f"10.9.0.{n}") for n, host in enumerate(lifecycle.HOSTS, start=1)}
OVERLAY = lifecycle.overlay_spec()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def reaching(sim: SimulatorState) -> Callable[[Mapping[str, HostAccess], Roles], Any]:
    """Return a function that reaches the hosts of a simulation."""
    return lambda accesses, roles: SimulatedHosts(sim)


def told(sim: SimulatorState, *specs: Spec, desired: tuple[Spec, ...] = (), clashes: str = "") -> Report:
    """Return the report about these resources. `wanted`: by the stack file, if that is another by now."""
    actual = state(RUNNING, *specs)
    found = compared(actual, seen(Waiting(), actual, ACCESSES, UNSAID, reaching(sim)), own_swarm=True)
    clear = not any(each.unknown for each in found)
    trial = Trial(seen=Simulated(sim).snapshot(), clashes=clashes) if clear else None
    return report(plan_of(*(desired or specs)), actual, found, trial)


def drifted(result: Report) -> list[tuple[str, str]]:
    """Return what drifted, by resource and property."""
    return [(each.resource, each.property) for each, _ in result.drifted]


def plain(result: Report) -> list[str]:
    """Return the report's lines without a terminal."""
    return [line for line, _ in lines(result, len(STACK))]


def without_overlay() -> SimulatorState:
    """The stack after somebody removed its overlay."""
    removed = RemoveNetwork(id=lifecycle.id_of(RUNNING, OVERLAY))
    return after(RUNNING, partial(simulate.perform, step=removed), elapsed(20))


def paused(sim: SimulatorState, *hosts: str) -> SimulatorState:
    """The simulation after somebody paused these."""
    return after(sim, *(partial(set_node, host=host, availability="pause") for host in hosts))


def cut(*hosts: str) -> SimulatorState:
    """The stack with hosts cut off."""
    return after(RUNNING, *(partial(others.cut, name=host) for host in hosts))


# Who is asked


def test_settled_stack_is_clean():
    """Every resource was compared; the one line says how many."""
    result = told(RUNNING, *STACK)

    assert (0, Report()) == (result.status, result)
    assert [f"nothing drifted: {len(STACK)} resources are as recorded"] == plain(result)


@pytest.mark.parametrize("seconds", [0, 60], ids=["just now", "so that the managers call it down"])
def test_rows_of_a_host_that_is_cut_are_unknown(seconds):
    """It is asked itself: its bridge, its membership and its share of the ingress are; nothing else, nor drifted. A
    line names the host if the resource's own name does not."""
    result = told(after(cut("w1"), elapsed(seconds)), *STACK)

    assert {"docker_gwbridge@w1", "ingress on w1", "node/w1"} == {
        line.partition(": unknown: w1: ")[0] for line in plain(result)
    }
    assert (1, (), {"w1"}) == (result.status, result.drifted, {each.host for each in result.unknown})


def test_other_hosts_are_compared_while_one_is_cut():
    """Drift wins over what is unknown; a refresh ends there, so that `up` is refused."""
    result = told(paused(cut("w1"), "w2"), *STACK)
    ((_, end),) = result.drifted

    assert (7, [("node/w2", "availability")], "refused") == (result.status, drifted(result), end.wins)
    assert end.why.startswith("`pulumi up --refresh` can't read docker_gwbridge@w1: w1: ")


def test_bridges_are_compared_without_managers():
    """Each by its own host's word."""
    w1 = cut("m1").host("w1")
    sim = cut("m1").with_host(w1.without_network(lifecycle.id_of(RUNNING, lifecycle.gwbridge_spec("w1"))))
    result = told(sim, *STACK)

    assert [("docker_gwbridge@w1", "exists")] == drifted(result)
    assert {"docker_gwbridge@m1", "swarm", "ingress", "overlay/app"} < {each.resource for each in result.unknown}


def test_nothing_is_drifted_where_nobody_answers():
    """All is unknown, each host's own for its own reason."""
    result = told(cut(*lifecycle.HOSTS), *STACK)

    assert (1, (), len(STACK)) == (result.status, result.drifted, len(result.unknown))


def test_end_of_the_swarm_needs_every_hosts_word():
    """The swarm may go on at a host that is unreachable; if it is gone with all that was in it, `up` makes it anew."""
    everywhere = others.bare(*lifecycle.HOSTS)
    half = others.cut(everywhere, "w1")
    result = told(everywhere, *STACK)

    assert ({"stack file"}, True) == ({end.wins for _, end in result.drifted}, ("node/m1", "exists") in drifted(result))
    assert () == told(half, lifecycle.swarm_spec(), lifecycle.node_spec("m1", role="manager"), OVERLAY).drifted


def test_host_that_may_not_be_asked_is_unknown():
    """One that the stack file calls lost."""
    found = seen(
        Waiting(), state(RUNNING, lifecycle.gwbridge_spec("w1")), {"m1": ACCESSES["m1"]}, UNSAID, reaching(RUNNING)
    )

    assert "w1: not queried: the stack file no longer declares it, or says that it is lost" in str(
        found.facts["docker_gwbridge@w1"]
    )


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Provide an event that is not set until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_who_does_not_answer_in_time_is_late(never):
    """The others' answers are there all the same, and errors of ours are among them."""

    def refused() -> str:
        raise Unreachable("w2: no answer")

    found = Waiting().answers({"m1": lambda: "here", "w1": lambda: str(never.wait()), "w2": refused}, 3, 0.2)

    assert ["here", "w1: no answer within 0 s", "w2: no answer"] == [str(each) for each in found.values()]
    assert [str, Late, Unreachable] == [type(each) for each in found.values()]


# What is told


def test_page_shows_what_is_told():
    """The example of docs/operations.md: a bridge made anew, a node paused, an overlay removed."""
    sim = paused(without_overlay(), "w2")
    host = sim.host("w1")
    (bridge,) = (net for net in host.networks if net.name == "docker_gwbridge")
    other = altered(bridge, subnets=("172.31.0.0/16",), gateways=("172.31.0.1",))
    page = PAGE.read_text().partition("```text\n$ swarmnet drift prod\n")[2].partition("```")[0]

    assert page.splitlines() == plain(told(sim.with_host(host.with_network(other)), *reversed(STACK)))


def test_refusal_is_told_once_with_its_reason():
    """It is told once for all the rows that it concerns."""
    refused = Outcome(wins="refused", why="overlay app is in use")
    row = Difference(resource="overlay/app", host="", property="mtu", recorded=None, actual=1400)
    result = Report(drifted=((row, refused), (replace(row, property="internal", recorded=False, actual=True), refused)))

    assert [
        "overlay/app: mtu: recorded not set, actual 1400; the next `up` refuses it",
        "overlay/app: internal: recorded false, actual true; the next `up` refuses it",
        "refused: overlay/app: overlay app is in use",
    ] == plain(result)


def test_up_is_refused_where_ranges_clash():
    """It is told as `swarmnet plan` tells it: before the first write."""
    result = told(without_overlay(), OVERLAY, clashes="w1: 10.20.0.0/24 is a route")

    assert {Outcome(wins="refused", why="no changes would be made: w1: 10.20.0.0/24 is a route")} == {
        end for _, end in result.drifted
    }


def test_what_only_the_stack_file_changed_is_pending():
    """No drift: `pulumi preview` shows it."""
    changed = lifecycle.overlay_spec(attachable=True)
    result = told(RUNNING, *STACK, desired=(*STACK[:-1], changed, lifecycle.overlay_spec("more")))

    assert (0, ("overlay/app", "overlay/more")) == (result.status, result.pending)
    assert "not drifted, but different in the stack file: overlay/app, overlay/more" == plain(result)[0]


def test_json_has_the_same():
    """The JSON is as docs/operations.md describes it."""
    found = as_data("prod", told(without_overlay(), *STACK))
    row = {"resource": "overlay/app", "host": "", "property": "exists", "recorded": True, "there": False}

    assert ["schema", "stack", "status", "drifted", "unknown", "pending", "next_up", "warnings"] == list(found)
    assert [{**row, "wins": "stack file", "why": ""}] == json.loads(json.dumps(found["drifted"]))
    assert ["overlay/app"] == [each["resource"] for each in found["next_up"]]
    found = as_data("prod", told(cut("w1"), *STACK))
    assert ("unknown", []) == (found["status"], found["drifted"])
    assert {"resource", "host", "why"} == set(found["unknown"][0])


def test_certificate_that_ends_soon_is_a_warning():
    """It is no drift, and yet the next thing to go wrong."""

    class Ends(SimulatedHosts):
        def reports(self):
            found, unreachable = super().reports()
            return [replace(each, certificate=Certificate(left=3 * DAY, lasts=90 * DAY)) for each in found], unreachable

    warnings = ending(Ends(RUNNING))
    result = Report(warnings=warnings)

    assert ["m1", "w1", "w2"] == [line.partition(":")[0] for line in warnings]
    assert "warning: m1: its certificate as a member ends in 3 days" in plain(result)[0]
    assert (list(warnings), "clean") == (as_data("prod", result)["warnings"], as_data("prod", result)["status"])
