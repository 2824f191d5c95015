"""Commands of `prepare` on hosts: what runs, when, over which way, and what of it anybody sees."""

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import ClassVar

import paramiko
import pytest

from providers.hosts.audit import LOGGER, commit
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.prepare import HostCommand
from tests.support.fake_sshd import FakeHost
from tests.support.prepared import HERE, command, done, shell, ssh_at_home
from tests.support.quick import some
from tests.tools.programs import program

pytestmark = pytest.mark.usefixtures("my_ssh")

CANARY = "correct-horse-battery-staple"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the file in which commands note that they ran."""
    return tmp_path / "ran"


class Forged(HostCommand):
    """A command as somebody may have written it into a state: other variables than the stack file's."""

    variables: ClassVar[dict[str, str]] = {}

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the forged variables among the others."""
        return {**super().environment, **self.variables}


WAYS = ["ssh", "sudo", "ssh_config", "host_key", "host", "name", "ran"]
TEXTS = ["$(touch {})", "`touch {}`", "; touch {};", "x\ntouch {}", "' ; touch {} ; '"]


@pytest.mark.parametrize(("way", "text"), some([*product(WAYS, TEXTS)]))
def test_no_variable_of_a_state_is_shell(log: Path, way: str, text: str):
    """Only `run` and `undo` are, on the host."""
    forged = {"ssh": "-- nowhere.invalid"} | {way: text.format(log)}
    Forged.variables = forged
    done("undo", Forged(**vars(command(undo="true"))))

    assert not log.exists()


@pytest.mark.parametrize("sudo", ["touch {}; :", "touch {}", "env touch {}", "sudo -n touch {}", "sudo -n -E"])
def test_no_program_stands_before_the_shell(log: Path, sudo: str):
    """Only sudo without words of its own."""
    Forged.variables = {"sudo": sudo.format(log)}
    ended = done("undo", Forged(**vars(command(undo="true"))))

    assert ended.returncode != 0
    assert "sudo is neither empty nor sudo -n" in ended.stderr
    assert not log.exists()


SAID = [
    ("##vso[task.complete]", "# #vso[task.complete]"),
    ("##[error]x", "# #[error]x"),
    ("join with SWMTKN-1-abc-def now", "join with [secret] now"),
    ("curl: password=hunter2 refused", "curl: [secret] refused"),
    ('curl: PASSWORD="hunter2 hunter2" refused', "curl: [secret] refused"),
    ('{"auth": "aHVudGVy", "more": 1}', '{"[secret] "more": 1}'),
    ("X-Registry-Auth: aHVudGVy", "[secret]"),
    ("basic aHVudGVy: no", "[secret]: no"),
    ("no YW5uOmh1bnRlcjI= there", "no [secret] there"),
    ("no eyJ1c2VybmFtZSI6ImFubiJ9 there", "no [secret] there"),
    ("fatal: https://ann:hunter2@r.example/ is gone", "fatal: https://[secret]@r.example/ is gone"),
    (f"token={'x' * 2000} refused", "[secret] refused"),
]


@pytest.mark.parametrize(("said", "shown"), some(SAID))
def test_what_a_failing_command_says_is_harmless(said: str, shown: str):
    """No log obeys it, and no secret is in it."""
    ended = done("run", command(run=f"echo '{said}' >&2; exit 3"))

    assert f"m1: docker: run ended with exit code 3: {shown}\n" == ended.stderr


@pytest.fixture
def actual(host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    """A host with a shell, for the real ssh of somebody who has configured nothing."""
    ssh_at_home(monkeypatch, tmp_path / "home")
    host.commands |= {"sh": shell, "sudo -n sh": shell}
    return host


def test_output_is_kept_nowhere(log: Path):
    """Only the mark of a command that succeeds is kept, for the state; its secrets are in neither output."""
    desired = command(run=f"echo {CANARY}; echo {CANARY} >&2; echo ran >>{log}")

    ended = done("run", desired)

    assert (0, f"{desired.environment['ran']}\n", "") == (ended.returncode, ended.stdout, ended.stderr)
    assert (64 + len("sha256:"), "ran\n") == (len(desired.environment["ran"]), log.read_text())


def test_it_runs_again_when_it_changes(log: Path):
    """It, or its when_changed; another way to the host, another undo and another name of the host are no change."""
    run = f"echo ran >>{log}"
    mark = done("run", command(run=run)).stdout.strip()
    same = (command(run=run, undo="true"), command(HERE.model_copy(update={"name": "m2"}), run=run))
    for each in same:
        assert f"{mark}\n" == done("update", each, before=mark).stdout
    assert "ran\n" == log.read_text()

    for each in (command(run=f"{run} "), command(run=run, when_changed="2")):
        assert (0, f"{each.environment['ran']}\n") == ((ended := done("update", each, mark)).returncode, ended.stdout)
    assert "ran\n" * 3 == log.read_text()


def test_undo_is_what_runs_when_it_goes(log: Path):
    """Nothing of `run` runs."""
    assert 0 == done("undo", command(run=f"echo ran >>{log}", undo=f"echo undone >>{log}")).returncode
    assert "undone\n" == log.read_text()


def test_first_line_that_fails_is_the_last(log: Path):
    """The message has the command, its exit code and the last that it said; nothing that a terminal obeys."""
    ended = done("run", command(run=f"echo more >&2; printf 'no \\033[2Jroom\\n' >&2\n(exit 3)\necho ran >>{log}"))

    assert (3, "") == (ended.returncode, ended.stdout)
    assert "m1: docker: run ended with exit code 3: no [2Jroom\n" == ended.stderr
    assert not log.exists()


def test_what_makes_no_sense_to_the_shell_does_not_begin(log: Path):
    """Its first lines do not run before the last one is read."""
    ended = done("run", command(run=f"echo ran >>{log}\nif"))

    assert (2, False) == (ended.returncode, log.exists())
    assert "syntax error" in ended.stderr.lower()


def test_it_reads_nothing_and_waits_for_nothing_it_left(log: Path):
    """A command that reads gets the end, not the rest of itself; what it leaves running is not waited for."""
    ended = done("run", command(run=f"sleep 30 &\necho $! >{log}\ncat >>{log}\necho ran >>{log}"))

    assert (0, "ran") == (ended.returncode, log.read_text().split("\n")[1])
    done("run", command(run=f"kill {log.read_text().split()[0]}"))


def test_environment_of_whoever_runs_it_takes_no_place(log: Path, monkeypatch: pytest.MonkeyPatch):
    """A variable of the same name is not taken for a word of the stack file."""
    monkeypatch.setenv("undo", f"echo mine >>{log}")
    monkeypatch.setenv("sudo", "false")

    assert [0, 0] == [done(verb, command()).returncode for verb in ("run", "undo")]
    assert not log.exists()


@pytest.mark.parametrize(("sudo", "expected"), [(False, "sh"), (True, "sudo -n sh")])
def test_it_runs_on_the_host(actual: FakeHost, log: Path, sudo: bool, expected: str):
    """Over ssh, which is given the shell's name alone: what it runs is in no list of processes, here or there."""
    ended = done("run", command(actual.access(sudo=sudo), run=f"echo {CANARY} >>{log}"))

    assert (0, "", f"{CANARY}\n") == (ended.returncode, ended.stderr, log.read_text())
    assert [expected] == actual.ran
    assert CANARY not in (Path(log.parent) / "home" / "ssh-words").read_text()


def test_key_file_is_looked_for_at_home(actual: FakeHost, log: Path):
    """`~` is HOME, whatever the system has for the user; for ssh itself it would be that."""
    home = log.parent / "home" / ".ssh"
    for name in ("key", "known_hosts"):
        (home / f"my {name}").write_text((actual.folder / name).read_text())
        (home / f"my {name}").chmod(0o600)
    access = actual.access(key_file="~/.ssh/my key", known_hosts="~/.ssh/my known_hosts")

    assert (0, "") == ((ended := done("run", command(access))).returncode, ended.stderr)


def test_host_without_a_known_key_is_not_reached(actual: FakeHost, log: Path):
    """Nothing is sent to it."""
    actual.know(paramiko.ECDSAKey.generate())

    ended = done("run", command(actual.access(), run=f"echo ran >>{log}"))

    assert (255, [], 0) == (ended.returncode, actual.ran, actual.logins)
    assert ended.stderr.startswith("h1: docker: not reached, and nothing was run: ")
    assert ended.stderr.endswith("Host key verification failed.\n")


def test_host_key_of_the_stack_file_takes_the_place_of_known_hosts(actual: FakeHost, log: Path):
    """The right one, another one, and the right one that known_hosts revokes."""
    key, other = actual.host_keys[0], paramiko.ECDSAKey.generate()
    actual.know(other)
    (log.parent / "home" / ".ssh" / "config").write_text(f"UserKnownHostsFile {actual.folder}/known_hosts\n")

    def code(shown: paramiko.PKey) -> int:
        access = actual.access(host_key=f"{shown.get_name()} {shown.get_base64()}", known_hosts=None)
        return done("run", command(access, run="true")).returncode

    assert [0, 255] == [code(key), code(other)]
    actual.know(key, names=f"@revoked [127.0.0.1]:{actual.port}")
    assert 255 == code(key)


def test_host_that_is_not_reached_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The line has ssh's own words."""
    ssh_at_home(monkeypatch, tmp_path / "home")
    access = HostAccess(name="w1", address="127.0.0.1", port=1, connect_timeout=0.5)

    assert (
        "w1: docker: not reached, and nothing was run: ssh: connect to host 127.0.0.1 port 1: Connection refused\n"
        == done("run", command(access)).stderr
    )


def test_without_ssh_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """It is said before anything else."""
    for each in ("mktemp", "rm", "grep", "tail", "tr", "sed"):
        (tmp_path / each).symlink_to(Path("/usr/bin") / each)
    monkeypatch.setenv("PATH", str(tmp_path))

    ended = done("run", command(HostAccess(name="w1", address="10.9.0.2")))

    assert "this machine has no ssh: install the client of OpenSSH\n" == ended.stderr.partition("was run: ")[2]


def test_bastion_of_the_stack_file_is_gone_through(actual: FakeHost, new_sshd, log: Path):
    """Reached as the host is; both show keys that are known."""
    bastion = new_sshd("bastion")
    bastion.forwards, bastion.user_key = True, actual.user_key
    known = [each.folder / "known_hosts" for each in (actual, bastion)]
    known[0].write_text("".join(file.read_text() for file in known))

    through = actual.access(bastion=f"jump@127.0.0.1:{bastion.port}")
    ended = done("run", command(through, run=f"echo ran >>{log}"))

    assert (0, "", "ran\n") == (ended.returncode, ended.stderr, log.read_text())
    assert (1, 1, []) == (bastion.logins, actual.logins, bastion.ran)


@pytest.fixture
def noted(actual: FakeHost, tmp_path: Path) -> Path:
    """The host's own log, and what it has already."""
    file = tmp_path / "noted"
    program(tmp_path / "home" / "programs" / "logger", f'echo "$@" >>{file}')
    return file


def test_each_run_is_in_the_hosts_own_log_before_it_begins(actual: FakeHost, noted: Path, log: Path):
    """By the words of any other step but the stack, and without those of the script; not if it has run already."""
    desired = command(actual.access(), run=f"cp {noted} {log} # {CANARY}", undo=f"exit 3 # {CANARY}")
    assert [0, 3] == [done(verb, desired).returncode for verb in ("run", "undo")]
    assert 0 == done("update", desired, before=desired.environment["ran"]).returncode

    words, resource = LOGGER[-1].partition("exec logger ")[2], "prepare/h1/docker"
    run, undo = noted.read_text().splitlines()
    expected = (
        rf"{words} at=20\S+Z host=h1 step=RunCommand resource={resource} project=\S* commit={re.escape(commit())}"
    )
    assert re.fullmatch(expected, run)
    assert run.replace("Run", "Undo").partition(" host")[2] == undo.partition(" host")[2]
    assert f"{run}\n" == log.read_text()


def test_host_without_a_log_runs_it_all_the_same(actual: FakeHost, noted: Path, log: Path):
    """Nobody is told."""
    program(log.parent / "home" / "programs" / "logger", "echo 'no syslog' >&2; exit 1")

    assert (0, "") == (
        (ended := done("run", command(actual.access(), run=f"echo ran >{log}"))).returncode,
        ended.stderr,
    )
    assert "ran\n" == log.read_text()


def test_no_line_if_the_stack_file_wants_none(actual: FakeHost, noted: Path):
    """`audit: false`."""
    assert 0 == done("run", command(actual.access(), audit=False)).returncode
    assert not noted.exists()


def test_forged_name_makes_no_second_pair(actual: FakeHost, noted: Path):
    """A state may have any."""
    Forged.variables = {"name": "a resource=b\ncommit='c'"}
    done("run", Forged(**vars(command(actual.access()))))

    (row,) = noted.read_text().splitlines()
    assert " resource=prepare/h1/a_resource_b_commit__c_ project=" in row
