"""What `make bench` makes of what it has measured."""

from pathlib import Path

import pytest
from rich.console import Console

from bench.measuring import Asked, figure, table
from bench.outage import away
from bench.programs import overlays, programs
from tests.support.machines import ROOT


@pytest.mark.parametrize(
    ("expected", "runs"),
    [
        ("", []),
        ("3.5", [3.54, 3.49]),
        ("6.7 (3.5 to 121)", [121.4, 3.5, 6.72]),
    ],
    ids=["not measured", "no difference that is shown", "hundreds have no tenths"],
)
def test_figure_is_the_median_and_how_far_runs_differ(expected, runs):
    """It has as many digits as it is worth."""
    assert expected == figure(runs)


def test_table_has_a_column_for_each_program():
    """A row leaves empty what it does not have."""
    screen = Console(width=80)
    with screen.capture() as shown:
        screen.print(table("t", {"up": {"ours": [2.0], "floor": [1.0]}, "drift": {"ours": [3.0]}}))

    assert [["job", "ours", "floor"], ["up", "2.0", "1.0"], ["drift", "3.0"]] == [
        words for line in shown.get().splitlines()[1:] if (words := line.split()) and words[0][0] != "─"
    ]


def task(service: str, network: str, second: str, state: str):
    """A task as the Engine's API has it."""
    status = {"Timestamp": f"2026-12-01T10:00:{second}Z", "State": state}
    return {"ServiceID": service, "NetworksAttachments": [{"Network": {"ID": network}}], "Status": status}


def test_port_is_away_from_the_last_task_of_the_old_to_the_first_of_the_new():
    """That holds for each service by itself; nothing is told before each has a task that runs on the new ingress."""
    ended = [task("web", "old", "01.5", "shutdown"), task("web", "old", "03.25", "shutdown")]
    begun = [task("web", "new", "05.250000001", "running"), task("web", "new", "09", "running")]
    other = [task("app", "old", "10", "shutdown"), task("app", "new", "12", "starting")]
    apart = [{"ServiceID": "db", "NetworksAttachments": None}, task("db", "another", "20", "running")]

    assert [pytest.approx(2.0)] == away([*ended, *begun, *apart], "old", "new")
    assert [] == away([*ended, *begun, *other], "old", "new")


@pytest.mark.whole
def test_checkouts_and_floor_take_turns(tmp_path: Path):
    """The program beside ours is that of its checkout, command included; the plugin has the same networks, and
    the floor as many resources."""
    for part in ("Pulumi.yaml", "requirements.txt", ".tools"):
        (tmp_path / part).symlink_to(ROOT / part)
    for part, text in {"providers": "WHO = 'theirs'", "cli": "raise SystemExit('theirs')"}.items():
        (tmp_path / part).mkdir()
        (tmp_path / part / "__main__.py").write_text(text)
    (tmp_path / "__main__.py").write_text("from providers.__main__ import WHO; print(WHO)")
    asked = Asked(engine="28", rounds=1, group="b", beside=tmp_path, overlays=[], hosts=[], services=[])

    with programs(asked, floor=True) as (ours, beside, native, floor):
        for program in (ours, beside, native, floor):
            program.declare({"hosts": {"m1": {"local": True}}, "overlays": overlays(2)})
        made = [each.project.preview().steps for each in (ours, native, floor)]
        told = beside.project.run("preview").text

        by_plugin = {"stack", "networks", "networks/overlay/app0", "networks/overlay/app1"}
        assert [{"stack", "overlay/app0", "overlay/app1"}, by_plugin, {"stack", "app0", "app1"}] == [*map(set, made)]
        assert "theirs" in told
        with pytest.raises(AssertionError, match="swarmnet plan: theirs"):
            beside.swarmnet("plan")
