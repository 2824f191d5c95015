"""`swarmnet drift`, on the simulated swarm: who is asked, what is told, and how it ends."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.drift import Trial, compared, ending, report
from cli.drift_report import Report, as_data, lines, place, show
from cli.looks import Late, answers, seen
from cli.state import State, resources
from providers import simulate
from providers.explain.drift import Difference, Unknown
from providers.explain.who_wins import Outcome
from providers.rules.checks.members import DAY
from providers.rules.stack_file.access import UNSAID, HostAccess, Roles
from providers.rules.vocabulary.errors import Unreachable
from providers.rules.vocabulary.snapshot import Certificate
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import RemoveNetwork
from providers.simulate import World, members
from providers.simulate.hosts import SimulatedHosts as Simulated
from providers.simulate.others import create_service, service_spec, set_node
from tests.cli.test_plan import plan_of, state
from tests.support import lifecycle
from tests.support.command_line import swarmnet
from tests.support.networks import altered
from tests.support.simulated import SimulatedHosts, after, elapsed

STACK = lifecycle.whole_stack()
RUNNING = lifecycle.running()
ACCESSES = {host: HostAccess(name=host, address=f"10.9.0.{n}") for n, host in enumerate(lifecycle.HOSTS, start=1)}
OVERLAY = lifecycle.overlay_spec()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "drift.md"


def reaching(world: World) -> Callable[[Mapping[str, HostAccess], Roles], Any]:
    """Return a function that reaches the hosts of a world."""
    return lambda accesses, roles: SimulatedHosts(world)


def recorded(*specs: Spec) -> State:
    """Return the state as it is once the stack is up."""
    return {name: (spec, {**known, "adopted": False}) for name, (spec, known) in state(RUNNING, *specs).items()}


def told(world: World, *specs: Spec, wanted: tuple[Spec, ...] = ()) -> Report:
    """Return the report about these resources. `wanted`: by the stack file, if that is another by now."""
    found = compared(recorded(*specs), seen(recorded(*specs), ACCESSES, UNSAID, reaching(world)), own_swarm=True)
    clear = not any(each.unknown for each in found)
    return report(
        plan_of(*(wanted or specs)), recorded(*specs), found, Trial(seen=Simulated(world).survey()) if clear else None
    )


def plain(result: Report) -> list[str]:
    """Return the report's lines without a terminal."""
    return [line.plain for line in lines(result, rows=True)]


def without_overlay() -> World:
    """The stack after somebody removed its overlay."""
    return after(
        RUNNING, partial(simulate.perform, step=RemoveNetwork(id=lifecycle.id_of(RUNNING, OVERLAY))), elapsed(20)
    )


def cut(*hosts: str) -> World:
    """The stack with hosts cut off."""
    return after(RUNNING, *(partial(members.cut, name=host) for host in hosts))


# Who is asked


def test_settled_stack_is_clean():
    """Every resource was compared."""
    result = told(RUNNING, *STACK)

    assert (0, Report()) == (result.status, result)


def test_rows_of_a_host_that_is_cut_are_unknown():
    """Its bridge, its membership and its share of the ingress; nothing else, and nothing drifted."""
    result = told(cut("w1"), *STACK)

    assert {("docker_gwbridge@w1", "w1"), ("node/w1", "w1"), ("ingress", "w1")} == {
        (each.resource, each.host) for each in result.unknown
    }
    assert (1, ()) == (result.status, result.drifted)


def test_host_that_is_down_for_the_managers_is_still_unknown():
    """It is asked itself."""
    result = told(after(cut("w1"), elapsed(60)), *STACK)

    assert (1, ()) == (result.status, result.drifted)


def test_other_hosts_are_compared_while_one_is_cut():
    """Drift wins over what is unknown."""
    world = set_node(cut("w1"), "w2", availability="pause")
    result = told(world, *STACK)

    assert [("node/w2", "availability")] == [(each.resource, each.property) for each, _ in result.drifted]
    assert 7 == result.status


def test_bridges_are_compared_without_managers():
    """Each by its own host's word."""
    world = cut("m1")
    w1 = world.host("w1")
    result = told(world.with_host(w1.without_network(lifecycle.id_of(RUNNING, lifecycle.gwbridge_spec("w1")))), *STACK)

    assert [("docker_gwbridge@w1", "exists")] == [(each.resource, each.property) for each, _ in result.drifted]
    assert {"docker_gwbridge@m1", "swarm", "ingress", "overlay/app"} < {each.resource for each in result.unknown}


def test_nothing_is_drifted_where_nobody_answers():
    """All is unknown, each host's own for its own reason."""
    result = told(cut(*lifecycle.HOSTS), *STACK)

    assert (1, (), len(STACK)) == (result.status, result.drifted, len(result.unknown))


def test_end_of_the_swarm_needs_every_hosts_word():
    """The swarm may go on at a host that is silent."""
    everywhere = simulate.bare(*lifecycle.HOSTS)
    half = members.cut(everywhere, "w1")

    assert "node/m1" in {each.resource for each, _ in told(everywhere, *STACK).drifted}
    assert () == told(half, lifecycle.swarm_spec(), lifecycle.node_spec("m1", role="manager"), OVERLAY).drifted


def test_host_that_may_not_be_asked_is_unknown():
    """One that the stack file calls lost."""
    found = seen(recorded(lifecycle.gwbridge_spec("w1")), {"m1": ACCESSES["m1"]}, UNSAID, reaching(RUNNING))

    assert "w1: not asked: the stack file does not declare it any more, or says that it is lost" in str(
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

    found = answers({"m1": lambda: "here", "w1": lambda: str(never.wait()), "w2": refused}, 0.2, 3)

    assert ["here", "w1: no answer within 0 s", "w2: no answer"] == [str(each) for each in found.values()]
    assert [str, Late, Unreachable] == [type(each) for each in found.values()]


# What is told


def test_rows_come_in_the_order_of_their_names():
    """The order of the state does not matter."""
    world = set_node(set_node(without_overlay(), "w2", availability="pause"), "w1", availability="pause")
    result = told(world, *reversed(STACK))

    assert ["node/w1", "node/w2", "overlay/app"] == [each.resource for each, _ in result.drifted]


def test_lines_say_where_what_and_who_wins():
    """One for each row."""
    world = set_node(without_overlay(), "w2", availability="pause")

    assert [
        "node/w2: availability: recorded active, there pause; the stack file wins",
        "overlay/app: is gone; the stack file wins",
    ] == plain(told(world, *STACK))


def test_page_shows_what_is_told():
    """The example of docs/drift.md: a bridge made anew, a node paused, an overlay removed."""
    world = set_node(without_overlay(), "w2", availability="pause")
    host = world.host("w1")
    (bridge,) = (net for net in host.networks if net.name == "docker_gwbridge")
    other = altered(bridge, subnets=("172.31.0.0/16",), gateways=("172.31.0.1",))
    page = PAGE.read_text().partition("```text\n$ swarmnet drift prod\n")[2].partition("```")[0]

    assert page.splitlines() == plain(told(world.with_host(host.with_network(other)), *STACK))


def test_refusal_is_told_once_with_its_reason():
    """It is told once for all the rows that it concerns."""
    refused = Outcome(wins="refused", why="overlay app is in use")
    row = Difference(resource="overlay/app", host="", property="mtu", recorded=None, there=1400)
    result = Report(drifted=((row, refused), (replace(row, property="internal", recorded=False, there=True), refused)))

    assert [
        "overlay/app: mtu: recorded not set, there 1400; `up` refuses it",
        "overlay/app: internal: recorded false, there true; `up` refuses it",
        "refused: overlay/app: overlay app is in use",
    ] == plain(result)


def test_up_is_refused_where_ranges_clash():
    """It is told as `swarmnet plan` tells it: before the first write."""
    looked = seen(recorded(OVERLAY), ACCESSES, UNSAID, reaching(without_overlay()))
    changed, found = recorded(OVERLAY), compared(recorded(OVERLAY), looked, own_swarm=True)
    result = report(
        plan_of(OVERLAY),
        changed,
        found,
        Trial(seen=Simulated(without_overlay()).survey(), clashes="w1: 10.20.0.0/24 is a route"),
    )

    assert {Outcome(wins="refused", why="nothing is begun: w1: 10.20.0.0/24 is a route")} == {
        end for _, end in result.drifted
    }


def test_up_is_refused_while_something_cannot_be_read():
    """A refresh ends there."""
    result = told(set_node(cut("w1"), "w2", availability="pause"), *STACK)
    ((_, end),) = result.drifted

    assert "refused" == end.wins
    assert end.why.startswith("`pulumi up --refresh` can't read docker_gwbridge@w1: w1: ")


def test_what_up_would_disturb_is_told():
    """Another ingress stands in the place of the recorded one, and a service publishes through it."""
    ingress = lifecycle.ingress_spec()
    service = service_spec("web", ports=((8080, 80),), replicas=2)
    other = lifecycle.ingress_spec(subnet="10.55.0.0/16", gateway="10.55.0.1")
    world = lifecycle.made(RUNNING, lifecycle.ingress_spec())
    hosts = SimulatedHosts(world)
    lifecycle.make(hosts, other, lifecycle.id_of(world, ingress))
    world = after(hosts.world, lambda world: create_service(world, service), elapsed(20))
    result = told(world, *STACK)

    assert {"gateway", "subnet", "network_id"} == {each.property for each, _ in result.drifted}
    assert plain(result)[-1].startswith("`pulumi up --refresh` will, for ingress: take ports away: web (8080/tcp) for")


def test_what_only_the_stack_file_changed_is_pending():
    """No drift: `pulumi preview` shows it."""
    changed = lifecycle.overlay_spec(attachable=True)
    result = told(RUNNING, *STACK, wanted=(*STACK[:-1], changed, lifecycle.overlay_spec("more")))

    assert (0, ("overlay/app", "overlay/more")) == (result.status, result.pending)
    assert ["not drifted, but different in the stack file: overlay/app, overlay/more"] == plain(result)


def test_swarm_that_was_ended_is_begun_again():
    """It is gone with all that was in it, and a refresh lets `up` make it anew."""
    result = told(simulate.bare(*lifecycle.HOSTS), *STACK)

    assert {"stack file"} == {end.wins for _, end in result.drifted}


def test_json_has_the_same():
    """The JSON is as docs/drift.md describes it."""
    found = as_data("prod", told(without_overlay(), *STACK))

    assert ["schema", "stack", "status", "drifted", "unknown", "pending", "next_up", "warnings"] == list(found)
    assert [
        {
            "resource": "overlay/app",
            "host": "",
            "property": "exists",
            "recorded": True,
            "there": False,
            "wins": "stack file",
            "why": "",
        }
    ] == json.loads(json.dumps(found["drifted"]))
    assert ["overlay/app"] == [each["resource"] for each in found["next_up"]]


def test_json_of_a_cut_host():
    """The reason is there for each row."""
    found = as_data("prod", told(cut("w1"), *STACK))

    assert ("unknown", []) == (found["status"], found["drifted"])
    assert {"resource", "host", "why"} == set(found["unknown"][0])


def shown(result: Report, *, terminal: bool) -> str:
    """Return a report as a user sees it."""
    console = Console(force_terminal=terminal, width=160, no_color=True)
    with console.capture() as captured:
        show(console, result, len(STACK))
    return captured.get()


def test_terminal_gets_a_table():
    """The table has a column for each thing to know; a pipe gets lines."""
    result = told(without_overlay(), *STACK)

    assert "who wins" in shown(result, terminal=True)
    assert "overlay/app: is gone; the stack file wins\n" == shown(result, terminal=False)


def test_certificate_that_ends_soon_is_a_warning():
    """It is no drift, and yet the next thing to go wrong."""

    class Ends(SimulatedHosts):
        def reports(self):
            found, silent = super().reports()
            return [replace(each, certificate=Certificate(left=3 * DAY, lasts=90 * DAY)) for each in found], silent

    warnings = ending(Ends(RUNNING))
    result = Report(warnings=warnings)

    assert ["m1", "w1", "w2"] == [line.partition(":")[0] for line in warnings]
    assert "warning: m1: its certificate as a member ends in 3 days" in shown(result, terminal=True)
    assert (list(warnings), "clean") == (as_data("prod", result)["warnings"], as_data("prod", result)["status"])


def test_clean_stack_is_one_line():
    """The line says how much was looked at."""
    assert f"nothing drifted: {len(STACK)} resources are as recorded\n" == shown(Report(), terminal=False)


@pytest.mark.parametrize(
    ("resource", "host", "where"),
    [
        ("docker_gwbridge@w1", "w1", "docker_gwbridge@w1"),
        ("node/w1", "w1", "node/w1"),
        ("ingress", "ss", "ingress on ss"),
        ("overlay/app", "", "overlay/app"),
    ],
)
def test_place_names_each_host_once(resource, host, where):
    """The host is named only if the resource's name does not have it already."""
    assert where == place(Unknown(resource=resource, host=host, why=""))


# Errors


def test_wrong_stack_file_is_one_line_for_each_problem(tmp_path: Path):
    """The lines go to stderr before any host is asked."""
    (tmp_path / "Pulumi.bad.yaml").write_text("config:\n  swarmnet:hosts: {}\n")
    ended = swarmnet("drift", "--dir", str(tmp_path), "bad")

    assert (1, "", f"bad: {tmp_path}/Pulumi.bad.yaml:2:3: hosts: is empty; a stack needs at least one\n") == (
        ended.exit_code,
        ended.stdout,
        ended.stderr,
    )


def test_unknown_state_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """There is nothing to compare without a state."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "Pulumi.t.yaml").write_text("config:\n  swarmnet:hosts: {m1: {address: 10.9.0.1}}\n")
    ended = swarmnet("drift", "--dir", str(tmp_path), "t")

    assert (1, "t: there is no `pulumi` on PATH\n") == (ended.exit_code, ended.stderr)


def test_value_that_makes_no_sense_is_kept():
    """A value left by a refresh of a network without addresses differs from whatever is wanted."""
    kind = "pulumi-python:dynamic/swarmnet:Overlay"
    outputs = {**OVERLAY.model_dump(mode="json"), "subnet": "", "network_id": "n1", "adopted": False}
    each = {"urn": f"urn:pulumi:t::swarmnet::{kind}::overlay/app", "type": kind, "outputs": outputs}
    spec, known = resources({"deployment": {"resources": [each]}})["overlay/app"]

    assert ({"subnet"}, "n1") == (OVERLAY.changed(spec), known["network_id"])
