"""The real CLI on the program and the plugin, with hosts that nobody needs to reach."""

import json
import os
import re
from base64 import b64encode
from pathlib import Path

import pytest
from pulumi.automation import CommandError, LocalWorkspaceOptions, OpType, select_stack

from cli.stack_files import declared
from providers.explain.report.effects import LEAVES, LOST, PORTS_AWAY
from providers.program.main import program
from providers.rules.resource_types.departure import STAYS_ON_HOSTS
from tests.states import FormerState, former_states
from tests.support.command_line import swarmnet
from tests.support.machines import ROOT
from tests.support.project import Project

OTHER = (ROOT / "Pulumi.yaml").read_text().replace("name: swarmnet", "name: nets") + (
    "config:\n  swarmnet:adopt: {value: refuse}\n"
)
pytestmark = pytest.mark.whole

SECTIONS = {
    "hosts": {"m1": {"address": "127.0.0.1", "port": 1, "role": "manager"}},
    "swarm": {},
    "ingress": {"subnet": "10.4.0.0/20"},
    "overlays": {"app": {"subnet": "10.3.0.0/24"}},
}
each_state = pytest.mark.parametrize("recorded", former_states(), ids=lambda state: state.version)


def silent(recorded: FormerState) -> FormerState:
    """The state with hosts that answer nobody."""
    hosts = recorded.sections["hosts"].values()
    return recorded.with_words({each["address"]: f"127.0.0.{at}" for at, each in enumerate(hosts, 2)})


def status(project: Project, recorded: FormerState) -> None:
    """Let the project have that state, and the stack file that goes with it."""
    here = silent(recorded)
    project.declare(here.sections)
    (project.folder / "former.json").write_text(here.text)
    assert project.run("stack", "import", "--file", "former.json").ok
    assert project.preview("--expect-no-changes").ok


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A stack whose one host answers nobody."""
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project", tmp_path / "home")
    project.declare(SECTIONS)
    return project


def entered(project: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the environment be the project's; its folder of stack files."""
    for key, value in project._environment().items():
        monkeypatch.setenv(key, value)
    return str(project.folder / "stacks")


@pytest.mark.parametrize("words", [("--exclude", "**"), ("--continue-on-error",)], ids=lambda words: words[0])
def test_outputs_of_a_partial_run_have_no_unknowns(project: Project, words: tuple[str, ...]):
    """A network that was not made is missing, for readers in other programs and for `docker stack deploy`."""
    project.up(*words)
    outputs = json.loads(project.run("stack", "output", "--json").text)

    assert {"compose": "networks: {}", "swarmnet": {"schema": 1, "gwbridge": {}, "networks": {}}} == outputs


def test_hostile_state_is_refused_and_not_run(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Somebody imported it; the command that comes before a refresh names the resource, and nothing of it has run."""
    (recorded, *_) = former_states()
    hostile = b64encode(f"cposix\nsystem\n(Vtouch {tmp_path}/ran\ntR.".encode()).decode()
    nodes = sorted(each for each in recorded.of_providers if each.startswith("node/"))
    own = recorded.of_providers[nodes[0]]["inputs"]["__provider"]
    (project.folder / "hostile.json").write_text(recorded.text.replace(own, hostile))
    assert project.run("stack", "import", "--file", "hostile.json").ok
    ended = swarmnet("state", "check", "--dir", entered(project, monkeypatch), "t")

    lines = ended.stderr.splitlines()
    assert (1, 3) == (ended.exit_code, sum("not Swarmnet's (it loads posix.system)" in line for line in lines))
    assert nodes == sorted(line.split(": ")[1] for line in lines)
    assert not (tmp_path / "ran").exists()


@each_state
def test_consequence_is_told_before_the_prompt_and_not_again(project: Project, recorded: FormerState):
    """It is on the row of each resource whose change disturbs; the run after the prompt, whose hosts do not answer,
    is silent about it. A shown change is that of the stack file, whichever version wrote the state."""
    status(project, recorded)
    project.declare(
        silent(recorded).sections
        | {
            "ingress": {"subnet": "10.78.0.0/20", "on_remove": "restore_default"},
            "overlays": {**recorded.sections["overlays"], "monitoring": {"subnet": "10.77.0.0/24", "internal": True}},
        }
    )
    seen = project.preview()
    shown = {resource: set(paths) for resource, paths in seen.differences.items()}
    lines = project.run("up", "--yes", "--diff").text

    where = "names: `swarmnet plan t`"
    anew = f"it is removed and recreated; refused while anything uses it; {where}"
    assert {"ingress": f"{PORTS_AWAY}; {where}", "overlay/monitoring": anew} == seen.notes
    assert {"ingress": {"subnet", "gateway"}, "overlay/monitoring": {"subnet", "gateway"}} == shown
    assert (1, 1, True) == (lines.count(PORTS_AWAY), lines.count(anew), "error: " in lines), lines
    assert [] == [word for word in ("owner", "row", "settled", "__") if f"{word}:" in lines]


@each_state
def test_row_says_what_becomes_of_a_member_and_a_refresh_asks_no_lost_one(project: Project, recorded: FormerState):
    """Both go by the stack file on this machine, where Pulumi asks no provider, or hands over the state's copy."""
    status(project, recorded)
    sections = silent(recorded).sections
    first, lost, gone = sections["hosts"]
    hosts = {first: sections["hosts"][first], lost: {**sections["hosts"][lost], "lost": True}}
    project.declare({**sections, "hosts": hosts, "order": [[lost], [first]]})
    seen, refreshed = project.preview(), project.run("preview", "--refresh", "--non-interactive").text

    assert {f"node/{lost}": LOST, f"node/{gone}": LEAVES} == seen.notes
    assert (True, False) == ("127.0.0.4" in refreshed, "127.0.0.3" in refreshed), refreshed


@each_state
def test_preview_refuses_a_range_that_is_not_free_yet(project: Project, recorded: FormerState):
    """An overlay that is renamed, and two that swap their ranges, would be refused halfway: the preview fails, and says
    which two they are and what to type instead, by the rule of `swarmnet report`."""
    status(project, recorded)
    overlays = {name: {"subnet": each["subnet"]} for name, each in recorded.sections["overlays"].items()}
    app, monitoring = overlays["app"], overlays["monitoring"]
    project.declare({**silent(recorded).sections, "overlays": {"app2": app, "monitoring": monitoring}})
    renamed = project.preview()
    project.declare({**silent(recorded).sections, "overlays": {"app": monitoring, "monitoring": app}})
    swapped = project.preview()

    assert (False, False) == (renamed.ok, swapped.ok)
    assert renamed.errors["overlay/app2"].endswith(
        "its range 10.202.0.0/24 meets 10.202.0.0/24, which `overlay/app` has until the end of the run, where Pulumi "
        "removes what goes: remove `overlay/app` in one `pulumi up`, and give its range to `overlay/app2` in the next"
    )
    told = re.compile(
        "give `overlay/(app|monitoring)` another range in one `pulumi up`, and this one to `overlay/(?!\\1)"
    )
    assert [True] == [
        bool(told.search(line)) for line in swapped.errors.values()
    ]  # the other is not looked at any more


@each_state
def test_plan_that_is_kept_expects_our_resources_alone(project: Project, recorded: FormerState):
    """Another provider, such as one that tells of a state, would be missing in the run, which then fails."""
    status(project, recorded)
    project.declare(silent(recorded).sections)
    kept = project.folder / "plan.json"
    planned = project.preview(f"--save-plan={kept}")

    assert planned.ok, planned.told
    urns = json.loads(kept.read_text())["resourcePlans"]
    assert set() == {name for urn in urns if (name := urn.split("::")[2]).startswith("pulumi:providers:")} - {
        "pulumi:providers:pulumi-python"
    }


@each_state
def test_destroy_needs_no_program(project: Project, recorded: FormerState):
    """Nothing in a state asks for it; what was adopted is removed from the state without a look at any host."""
    found = json.loads(silent(recorded).text)
    every = found["deployment"]["resources"]
    kept = [each for each in every if ":Overlay" in each["type"] or "dynamic/" not in each["type"]]
    for each in kept:
        each["dependencies"] = []
        each.get("outputs", {})["adopted"] = True
    found["deployment"]["resources"] = kept
    (project.folder / "former.json").write_text(json.dumps(found))
    assert project.run("stack", "import", "--file", "former.json").ok
    (project.folder / "__main__.py").unlink()
    end = project.destroy()

    assert (True, {"overlay/app": "delete", "overlay/monitoring": "delete", "stack": "delete"}) == (end.ok, end.steps)


@pytest.mark.parametrize("words", [("--config-file", "{}"), ("--config-file={}",)], ids=["two words", "one word"])
def test_file_that_is_named_is_the_one_that_is_checked(project: Project, words: tuple[str, ...]):
    """What Pulumi passes over is looked for in it, and not in the stack's own file."""
    other, own = project.folder / "other.yaml", project.stack_file.read_text()
    named = [word.format(other) for word in words]
    other.write_text(own)
    project.stack_file.write_text(f"{own}swarmnet:adopt: refuse\n")
    sound = project.preview(*named)
    project.stack_file.write_text(own)
    other.write_text(f"{own}swarmnet:adopt: refuse\n")
    wrong = project.preview(*named)

    assert (True, False) == (sound.ok, wrong.ok)
    assert "swarmnet:adopt: is outside config, so Pulumi silently ignores it: indent it under config" == wrong.error


def test_command_line_reads_what_the_program_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A project of another name, with settings for all its stacks: the owner and `adopt` are the same on both sides."""
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project", tmp_path / "home", project=OTHER)
    project.declare(SECTIONS)
    plan, _ = declared(Path(entered(project, monkeypatch)), "organization/nets/t")
    events = project.preview().events
    made = [each["resourcePreEvent"]["metadata"]["new"]["inputs"] for each in events if "resourcePreEvent" in each]

    assert {("nets/t", "refuse")} == {(spec.owner, spec.adopt) for spec in plan.specs}
    assert {("nets/t", "refuse")} == {(each["owner"], each["adopt"]) for each in made if "owner" in each}


def test_program_runs_inline_in_any_thread(project: Project):
    """The Automation API calls it in a thread of its own; what is wrong with the file is one line there too."""
    inline = {"work_dir": str(project.folder), "stack_name": "t", "program": program}
    options = LocalWorkspaceOptions(env_vars=project._environment())
    sound = select_stack(**inline, opts=options).preview()
    project.declare({**SECTIONS, "adopt": "x"})
    with pytest.raises(CommandError) as caught:
        select_stack(**inline, opts=options).preview()

    assert 5 == sound.change_summary[OpType.CREATE]
    assert "adopt: 'x' should be 'refuse', 'identical' or 'converge'" in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_without_a_login_one_line_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Pulumi itself speaks of an access token then."""
    for name in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    ended = swarmnet("state", "check", "prod")

    assert (1, "prod: nothing says where Pulumi's state is: type `pulumi login`, or set PULUMI_BACKEND_URL\n") == (
        ended.exit_code,
        ended.stderr,
    )


def test_row_says_what_stays_on_the_hosts_and_a_section_that_is_back_begins_no_swarm(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    """Pulumi's own word for what only leaves the state is `delete`. Nothing tells of a swarm that is made: the former
    one is still there."""
    recorded = former_states()[-1]
    status(project, recorded)
    sections = silent(recorded).sections
    project.declare({key: value for key, value in sections.items() if key != "swarm"})
    monkeypatch.setenv("SSH_AUTH_SOCK", "none")  # no host is asked
    without, done = project.preview(), project.up()
    project.declare(sections)
    back = project.preview()

    going = ["swarm", *(f"node/{host}" for host in sections["hosts"])]
    assert (dict.fromkeys(going, STAYS_ON_HOSTS), dict.fromkeys(going, "delete")) == (without.notes, without.steps)
    assert (True, {}, dict.fromkeys(going, "create")) == (done.ok, back.notes, back.steps)
