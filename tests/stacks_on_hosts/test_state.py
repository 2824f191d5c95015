"""A state that a team shares, in PostgreSQL, in a bucket and in a folder: docs/state.md, run as it stands there."""

import itertools
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support import machines
from tests.support.cutting import command_line, descendants, ended, killed, progress
from tests.support.machines import ROOT, Group, identities
from tests.support.project import CHANGE, SECONDS, Project
from tests.support.state_servers import Store, in_postgresql, in_s3
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

GROUP = "st"
PAGE = (ROOT / "docs" / "state.md").read_text()
TOLD = dict(re.findall(r"^```sh\n# ([\w ]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
SERVERS = {"postgresql": in_postgresql, "s3": in_s3}
COMPRESSED = {"PULUMI_DIY_BACKEND_ZSTD": "true"}
LOCKED = "the stack is currently locked by 1 lock(s)"
FLOOR = ROOT / "bench" / "floor" / "__main__.py"


@pytest.fixture(scope="module")
def host() -> Iterator[Group]:
    """Hosts with Engine 28."""
    yield machines.start(GROUP, "28")
    machines.end(GROUP)


@pytest.fixture
def bare(host: Group) -> Group:
    """The hosts, as if nothing had ever been done to them."""
    return host.reset()


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[str], Store]]:
    """Gives a server by its name, each begun when it is asked for first."""
    with ExitStack() as running:
        yield cache(lambda name: running.enter_context(SERVERS[name]()))


@pytest.fixture
def store(server: Callable[[str], Store], tmp_path: Path) -> Callable[[str], Store]:
    """Gives a place for a state by its name: in each test an empty one."""

    def find(name: str) -> Store:
        if name not in SERVERS:
            (tmp_path / name).mkdir()
            return Store(f"file://{tmp_path / name}?metadata=skip", COMPRESSED if name == "compressed" else {})
        actual = server(name)
        apart = f"table={tmp_path.name}" if name == "postgresql" else f"prefix={tmp_path.name}/"
        return Store(f"{actual.url}&{apart}", actual.variables)

    return find


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[..., Project]:
    """Makes checkouts of the project."""
    numbers = itertools.count(1)

    def new(**how: Any) -> Project:
        folder = tmp_path / f"checkout{next(numbers)}"
        folder.mkdir()
        return Project(folder, tmp_path / "home", **how)

    return new


def floor(project: Project) -> Project:
    """The same checkout with a program that reaches no host."""
    (project.folder / "__main__.py").unlink()
    (project.folder / "__main__.py").symlink_to(FLOOR)
    (project.folder / "bench").symlink_to(ROOT / "bench")
    return project


def overlays(*names: str) -> dict[str, Any]:
    """Return so many resources for that program."""
    return {"overlays": {name: {"subnet": f"10.1.{number}.0/24"} for number, name in enumerate(names)}}


def told(project: Project, block: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a block of the page to a good end."""
    done = project.shell(TOLD[block], 3 * SECONDS, **variables)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return done


def test_of_two_at_once_one_is_refused(bare: Group, store, checkout):
    """It names the lock, and the other one ends well; of two that begin in one instant both may be. Nothing is lost."""
    sections = stack_of(bare)
    first = checkout(store=store("s3"))
    first.declare(sections)
    second = checkout(first=first)

    with first.start("up", *CHANGE, "--json") as running:
        assert running.stdout
        next(progress(running.stdout))
        refused = second.up()
        rest = "".join(running.communicate(timeout=SECONDS))
    assert 0 == running.returncode, rest[-2000:]
    assert (False, True) == (refused.ok, LOCKED in refused.text), refused.text

    more = sections | {"overlays": sections["overlays"] | {"extra": {"subnet": "10.202.9.0/24"}}}
    for each in (first, second):
        each.declare(more)
    both = [each.start("up", *CHANGE) for each in (first, second)]
    ends = [("".join(each.communicate(timeout=SECONDS)), each.returncode) for each in both]
    stopped = [text for text, code in ends if code]
    assert stopped == [text for text in stopped if LOCKED in text] != []
    again = second.up()

    assert again.ok, again.told
    assert promised(more) == shown(bare)
    assert first.is_settled()


def test_a_killed_run_is_finished(bare: Group, store, checkout):
    """`kill -9` of pulumi and its plugin in the middle, `pulumi cancel`, and `up` ends well."""
    sections = stack_of(bare)
    project = checkout(store=store("postgresql"))
    project.declare(sections)
    lines = itertools.count(1)

    with ended(killed(project, "both", lambda _: next(lines) == 4)):
        locked = project.up()
        assert (False, True) == (locked.ok, LOCKED in locked.text), locked.text
        told(project, "unlock")

    assert promised(sections) == shown(bare)
    assert project.is_settled()


def test_a_state_moves(store, checkout):
    """From a folder into PostgreSQL, into a bucket, and back; the place before is empty, the stack file stays."""
    places = [store(name) for name in ("folder", *SERVERS)]
    project = floor(checkout(store=places[0]))
    project.declare(overlays("a", "b"))
    assert project.up().ok
    before = project.state()
    variables = {key: value for each in places for key, value in each.variables.items()}

    for old, new in zip(places, [*places[1:], places[0]], strict=True):
        told(project, "move", FROM=old.url, TO=new.url, **variables)
        told(project, "leave", FROM=old.url, **variables)
        project.store = old
        assert "no stack named 't' found" in project.run("stack", "export").text

    project.store = places[0]
    assert before == project.state()
    assert project.stack_file.exists()


@pytest.mark.parametrize(("where", "kept"), [("postgresql", "backup"), ("folder", "own backup")])
def test_a_backup_three_changes_old_is_mended(bare: Group, store, checkout, where: str, kept: str):
    """One added, one moved, one replaced and one gone since: the refresh finds each, and no host is written to."""
    sections = stack_of(bare)
    project = checkout(store=store(where))
    backup = str(project.folder / "backup.json")
    app, monitoring = sections["overlays"].values()
    added = {"overlays": {"app": app, "monitoring": monitoring, "extra": {"subnet": "10.202.9.0/24"}}}
    moved = added | {"ingress": {"subnet": "10.204.0.0/20"}}
    last = moved | {"overlays": {"app": app | {"subnet": "10.202.8.0/24"}, "extra": {"subnet": "10.202.9.0/24"}}}
    project.declare(sections)
    assert project.up().ok
    first = min((project.folder.parent / where).glob(".pulumi/backups/*/*/*.json"), default=Path())
    told(project, kept, BACKUP=backup, OWN=str(first))
    for change in (added, moved, last):
        project.declare(sections | change)
        up = project.up()
        assert up.ok, up.told
    before = identities(bare)

    told(project, "restore", BACKUP=backup)

    assert promised(sections | last) == shown(bare)
    assert before == identities(bare)
    assert {"overlay/app", "overlay/extra"} == {name for name in project.state() if name.startswith("overlay/")}
    assert project.is_settled()


def test_a_kill_may_leave_a_folder_with_an_empty_attribute(checkout, tmp_path: Path):
    """Every command says EOF then, until the empty file is gone. With `metadata=skip` there is none."""
    folder = tmp_path / "plain"
    folder.mkdir()
    project = floor(checkout(store=Store(f"file://{folder}")))
    project.declare(overlays("a"))
    assert project.up().ok
    (folder / ".pulumi" / "stacks" / "swarmnet" / "t.json.attrs").write_text("")

    assert "error: failed to load checkpoint: EOF\n" == project.run("cancel", "--yes").text
    told(project, "eof", FOLDER=str(folder))
    assert project.run("cancel", "--yes").ok

    before = set(folder.rglob("*.attrs"))
    project.store = Store(f"file://{folder}?metadata=skip")
    project.declare(overlays("a", "b"))
    assert project.up().ok
    assert set(folder.rglob("*.attrs")) <= before


def test_compressed_and_plain_states_are_read_by_all(store, checkout, tmp_path: Path):
    """A user without the variable reads what the other wrote, and writes it plain; it is one state in either form."""
    compressed = store("compressed")
    first = floor(checkout(store=compressed))
    second = floor(checkout(first=first))
    second.store = Store(compressed.url)
    kept = tmp_path / "compressed" / ".pulumi" / "stacks" / "swarmnet"

    first.declare(overlays("a"))
    assert {"stack": "create", "a": "create"} == first.up().steps
    assert (["t.json.zst"], []) == tuple([path.name for path in kept.glob(f"t.json{end}")] for end in (".zst", ""))
    second.declare(overlays("a", "b"))
    assert {"b": "create"} == second.up().steps
    assert ([], ["t.json"]) == tuple([path.name for path in kept.glob(f"t.json{end}")] for end in (".zst", ""))
    assert {"b": "delete"} == first.up().steps


@pytest.mark.parametrize("where", SERVERS)
def test_passwords_stay_in_the_environment(store, checkout, where: str):
    """Arguments of processes, Pulumi's output and logs, and the state with its history have none."""
    place = store(where)
    project = floor(checkout(store=place))
    project.declare(overlays("a"))
    key = {"postgresql": "PGPASSWORD", "s3": "AWS_SECRET_ACCESS_KEY"}[where]

    with project.start("up", *CHANGE, "--logtostderr", "-v=9") as running:
        assert running.stdout
        said = running.stdout.readline()
        arguments = [command_line(pid) for pid in (running.pid, *descendants(running.pid))]
        said += "".join(running.communicate(timeout=SECONDS))
    said += project.run("stack", "export").text + project.run("stack", "history", "--json").text

    assert running.returncode == 0
    assert any("--yes" in words for words in arguments)
    assert place.variables[key] not in said + "".join(arguments)
