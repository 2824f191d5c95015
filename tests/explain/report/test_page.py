"""The whole report: its order, its cuts, its picture, and what it never shows."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from providers.explain.facts_file import FactsFile
from providers.explain.forecast import NOT_REACHED
from providers.explain.report.changes import changes
from providers.explain.report.networks import BOXES, picture, rows
from providers.explain.report.page import MOST, page
from providers.rules.checks.ranges import Range
from tests.explain.report.previews import (
    bridge,
    foreign,
    ingress,
    node,
    overlay,
    planned,
    prepared,
    preview,
    step,
    swarm,
)


def facts(**parts):
    """A facts file."""
    taken = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
    empty = {"schema": 1, "stack": "prod", "taken_at": taken, "hosts": {}, "networks": {}, "forecast": ()}
    return FactsFile(**{**empty, **parts})


def foretold(resource="ingress", **parts):
    """Return a forecast of one resource."""
    return {"resource": resource, "stages": [{"doing": "work", "seconds": 8}], "seconds": 8, **parts}


def verdict(text):
    """The line that stands first."""
    return text.splitlines()[2].strip("*")


ON_DEMAND = [swarm(), node(), ingress(on_remove="restore_default")]
LACKING, CUT = "w1 is not attached to the ingress", "its twin stands in"
VERDICTS = {
    "The ingress is swapped for the Engine's own: every port published through it is unavailable for some seconds.": [
        step("delete", ingress(on_remove="restore_default"))
    ],
    f"The ingress is unfinished ({LACKING}): brought back on every host.": [
        step("update", ingress(settled=LACKING), ingress())
    ],
    "Overlay `app` finished, where a run was cut.": [step("update", overlay(settled=CUT), overlay())],
    "Resources `swarm`, `node/w1` and `ingress` replaced on demand.": [
        step("replace", each, each) for each in ON_DEMAND
    ],
    "New bridge for host `w1`: drained first if in a swarm already.": [step("create", after=bridge())],
    "Changes beside Swarmnet's: 1 resource.": [foreign()],
    "3 commands of `prepare` run first on hosts `m1` and `w1`; 1 command of `prepare` taken from host `w1`.": [
        prepared("m1/docker", "create"),
        prepared("m1/rules", "update", "old", "new"),
        prepared("w1/docker", "create"),
        prepared("w1/rules", "update", "same", "same"),
        prepared("w1/former", "delete"),
    ],
}


@pytest.mark.parametrize(("expected", "steps"), VERDICTS.items())
def test_verdict(expected, steps):
    """One line for those who read no further; the usual ones are in the recorded reports."""
    assert expected == verdict(page(preview(*steps)))


def test_problems_come_first():
    """Each is told once, in the verdict and on the page, without Pulumi's wrapping."""
    errors = {
        "ingress": "Preview failed: Blocked: no | way",
        "overlay/app": "t:Overlay resource 'overlay/app': property subnet value {x} has a problem: is protected",
        "": "preview failed",  # told if nothing else is
    }
    text = page(preview(step("create", after=overlay()), errors=errors))

    assert "The preview fails with 2 problems; network `overlay/app` created." == verdict(text)
    overlay_line = "- `overlay/app`: property subnet value {x} has a problem: is protected"
    assert f"- `ingress`: Blocked: no \\| way\n{overlay_line}" in text
    assert text.index("#### Problems") < text.index("#### Networks")
    assert (False, True) == tuple("- preview failed" in each for each in (text, page(preview(errors={"": errors[""]}))))


@pytest.mark.parametrize(
    ("expected", "one"),
    [
        (
            "| overlay `app` | **replaced** | 10.3.0.0/24 | 10.3.0.1 | Engine's | "
            "**options.x.y 1, subnets 10.9.0.0/24, ip\\_range 10.3.0.0/25** |",
            step("replace", overlay(), overlay(ip_range="10.3.0.0/25", options={"x.y": "1"}, subnets=("10.9.0.0/24",))),
        ),
        (
            "| `docker_gwbridge` on `w1` | **changed** | 10.1.0.0/24 | 10.1.0.1 | Engine's | "
            "**icc, no masquerade, bridge\\_name br\\|0** |",
            step("update", bridge(), bridge(icc=True, masquerade=False, bridge_name="br|0")),
        ),
    ],
    ids=["range", "flags"],
)
def test_row(expected, one):
    """Only what changes is bold."""
    assert expected in page(preview(one)).splitlines()


def test_the_order_of_steps_does_not_matter():
    """Pulumi's differs from run to run."""
    specs = [bridge("w1"), bridge("w2"), node("w1"), node("w2"), ingress(), overlay("a"), overlay("b")]
    steps = [step("create", after=spec) for spec in specs]
    shuffled = random.Random(1).sample(steps, len(steps))

    assert page(preview(*steps)) == page(preview(*shuffled))


def test_a_secret_is_not_cut_in_half():
    """It is hidden before a long message is cut."""
    text = page(preview(errors={"": f"{'x' * 1_985} postgres://bob:hunter2@db"}))

    assert "hunter" not in text


def test_a_large_change_is_cut_between_items():
    """Every section keeps its fences and says what it lacks."""
    ranges = [
        {"subnet": f"10.{at // 250}.{at % 250}.0/24", "gateway": f"10.{at // 250}.{at % 250}.1"} for at in range(1000)
    ]
    text = page(preview(*(step("create", after=overlay(f"n{at}", **each)) for at, each in enumerate(ranges))))

    assert MOST >= len(text)
    assert text.rstrip().endswith("</details>")
    for words in ("networks left out here", "resources left out here", "and 970 more: created; disturbs nothing"):
        assert words in text
    assert 0 == len(re.findall("^```", text, re.MULTILINE)) % 2


def test_long_problems_leave_room():
    """Hundreds of errors do not keep the verdict from being read."""
    errors = {f"overlay/n{at}": "x" * 5_000 for at in range(200)}
    text = page(preview(step("create", after=overlay()), errors=errors))

    assert MOST >= len(text)
    assert "more left out here" in text
    assert "#### Networks" in text


@pytest.mark.parametrize(
    ("seconds", "lasts"), [(9.6, "4 to 30 s"), (11, "4 to 35 s"), (43, "17 to 130 s"), (0.2, "1 to 3 s")]
)
def test_facts_give_names_and_numbers(seconds, lasts):
    """They come from the forecast if it is of this change."""
    absent = {"absences": [{"service": "web", "ports": ["8080/tcp"], "seconds": seconds}]}
    text = page(preview(step("update", ingress(), ingress("d"))), facts(forecast=[foretold(**absent)]))

    assert f"The ingress changes: no published ports for {lasts} for service `web`." == verdict(text)
    assert f"   - unpublish ports: web (8080/tcp) for {lasts}\n" in text


def test_older_facts_give_names():
    """Facts taken earlier name the services and containers if there is no forecast of the change."""
    actual = {"id": "x", "services": [{"name": "a|b", "tasks": 1}], "containers": ["box on w1"]}
    text = page(preview(step("replace", overlay(), overlay(where="d"))), facts(networks={"app": actual}))

    assert "   - services on it: `a\\|b` (1 task)\n   - containers on it that are not tasks: `box on w1`\n" in text


PUBLISHED = [{"name": "web", "ports": ["8080/tcp"], "tasks": 2}, {"name": "api", "ports": ["8081/tcp", "53/udp"]}]
INGRESS = {"ingress": {"id": "i", "ingress": True, "services": PUBLISHED}}
ON_IT = {"app": {"id": "x", "services": [{"name": "web", "ports": ["8080/tcp"], "tasks": 1}]}}
AWAY = "The ingress changes: every port published through it is unavailable for some seconds"
DRAINED = "Host `w1` drained: tasks move away"
MIGRATED = "Overlay `app` migrated: each task there restarts twice"
FOUR = {"ingress": {"id": "i", "ingress": True, "services": [{"name": str(at)} for at in range(4)]}}


@pytest.mark.parametrize(
    ("one", "actual", "expected"),
    [
        (
            ("update", ingress(), ingress("d")),
            {"networks": INGRESS},
            f"{AWAY} (services: `web` 8080/tcp, `api` 8081/tcp 53/udp).",
        ),
        (("update", ingress(), ingress("d")), {"networks": FOUR}, f"{AWAY} (4 services)."),
        (("update", ingress(), ingress("d")), {}, f"{AWAY}."),
        # It was foretold for a change before this one that something else is in the way.
        (
            ("update", ingress(), ingress("d")),
            {"networks": INGRESS, "forecast": [foretold(stages=(), problem=NOT_REACHED)]},
            f"{AWAY} (services: `web` 8080/tcp, `api` 8081/tcp 53/udp).",
        ),
        (
            ("update", node(), node(availability="drain")),
            {"hosts": {"w1": {"tasks": {"web": 2}}}},
            f"{DRAINED} (services: `web`).",
        ),
        (
            ("update", overlay(on_in_use="migrate"), overlay(where="d", on_in_use="migrate")),
            {"networks": ON_IT},
            f"{MIGRATED} (services: `web`).",
        ),
        (("create", None, overlay()), {"networks": ON_IT}, "Network `overlay/app` created."),
    ],
)
def test_older_facts_name_services_in_the_verdict(one, actual, expected):
    """And their ports if these go away: who is there did not change with the stack file."""
    text = page(preview(step(*one)), facts(**actual))

    assert expected == verdict(text)
    assert ("   - services publishing" in text) == ("`web` 8080" in expected or "4 services" in expected)


@pytest.mark.parametrize(
    "one",
    [
        step("update", node(), node(availability="drain")),
        step("delete", node()),
        step("update", bridge(), bridge(mtu=1400)),
    ],
    ids=["drained", "leaving", "bridge"],
)
def test_older_facts_name_the_tasks_of_a_host(one):
    """They move away with the drain."""
    host = {"role": "worker", "availability": "active", "tasks": {"web": 2, "api": 1}}
    text = page(preview(one), facts(hosts={"w1": host}))

    assert "   - `w1` was worker, active\n   - tasks on it: 1 of `api` and 2 of `web`\n" in text


def test_what_is_not_reached_is_no_problem_of_its_own():
    """The one before it is."""
    rows = [foretold("ingress", stages=(), problem="no"), foretold("overlay/app", stages=(), problem=NOT_REACHED)]
    steps = [step("update", ingress(), ingress("d")), step("create", after=overlay())]

    assert verdict(page(preview(*steps), facts(forecast=rows))).startswith("This would be refused: 1 problem; ")


LONG_AGO = "72 hours before this report, with the stack file of then; **that is long ago: take new ones**."


@pytest.mark.parametrize(
    ("expected", "age"),
    [
        ("0 hours before", timedelta(seconds=-5)),
        (LONG_AGO, timedelta(days=3)),
    ],
)
def test_the_age_of_facts_is_shown(expected, age):
    """A warning follows after a day."""
    text = page(preview(step("create", after=overlay())), facts(), age)

    assert f"Names and numbers are from facts taken at 2026-11-24 04:00 UTC, {expected}" in text


def test_what_facts_lack_is_said():
    """Hosts that gave no answer, and a state that was not known."""
    unreachable = {"w2": {"silent": "no answer within 10 s"}}
    text = page(preview(step("create", after=overlay())), facts(hosts=unreachable, state="no such stack"))

    assert "No answer came from `w2`." in text
    assert "The state was unavailable (no such stack)" in text


HOSTS = {"m1": {"address": "10.9.0.1", "role": "manager"}}


def drawn(*steps, reserved=(), plan=None):
    """The picture of some changes, without its styles."""
    lines = picture(rows(changes(preview(*steps), plan), plan), reserved)
    return [line.strip() for line in lines if not re.match(" *(?:classDef|class|direction) ", line)]


def test_what_is_reserved_by_name_is_called_by_it():
    """Reviewers see whose range it is; a range that is larger than a block has one to itself."""
    lines = drawn(step("create", after=overlay()), reserved=[Range("reserved", "reserved.vpn", "172.16.0.0/12")])

    assert ['subgraph g1["172.16.0.0/12"]', 'g1_0["vpn<br>172.16.0.0/12"]:::reserved', "end", "g0 ~~~ g1"] == lines[4:]


def test_what_stays_becomes_one_box_where_there_is_too_much():
    """Unchanged networks share one box if there are too many; changed ones keep their names."""
    many = {f"n{at}": {"subnet": f"10.8.{at}.0/24"} for at in range(BOXES)}
    plan = planned(hosts=HOSTS, overlays=many)
    found = drawn(step("create", after=overlay()), plan=plan)

    assert f'g1_0["{BOXES} more that stay"]:::same' in found
    assert 'g0_0["overlay app #40;new#41;<br>10.3.0.0/24"]:::new' in found


def test_without_ranges_there_is_no_picture():
    """An empty diagram is an error to Mermaid."""
    assert [] == drawn()
