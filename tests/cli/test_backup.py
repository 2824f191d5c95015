"""`swarmnet backup`, on the simulated swarm: of which manager it is taken, what it refuses, and that it ends well
however it is cut or fails."""

from dataclasses import dataclass, field, replace
from functools import cache, partial

import pytest

from cli.backup import chosen, given_back, left_behind, taken, words_of_age
from providers import simulate
from providers.rules import backup
from providers.rules.vocabulary.errors import Blocked, CommandFailed
from providers.rules.vocabulary.specs import GwbridgeSpec
from providers.rules.vocabulary.steps import Archive, RestartEngine, Step, UpdateNode, UpdateSwarm
from providers.simulate import SimulatorState
from providers.simulate.members import stop_docker
from tests.support.command_line import swarmnet
from tests.support.decisions import kinds, reason
from tests.support.lifecycle import gwbridge_spec, made, make, node_spec, swarm_spec
from tests.support.others import bare, create_service, cut, run_container, service_spec, set_node
from tests.support.simulated import SimulatedHosts, after, cuts, elapsed
from tests.support.tables import cases
from tests.tools.programs import program

MANAGERS = ("m1", "m2", "m3")
ARCHIVE = Archive(file="prod.tar.gz.age", recipients=("--recipient", "age1"))
STACK = "config:\n  swarmnet:hosts: {m1: {address: 127.0.0.1, port: 1, role: manager}}\n"
spec_of = gwbridge_spec


@cache
def well(managers: tuple[str, ...] = MANAGERS) -> SimulatorState:
    """So many managers, of which m1 is the leader, and a worker; a service runs on each, a container on m2."""
    hosts = (*managers, "w1")
    nodes = (node_spec(host, role="manager") for host in managers)
    sim = made(bare(*hosts), *map(spec_of, hosts), swarm_spec(members=hosts), *nodes, node_spec("w1"))
    return simulate.elapse(create_service(sim, service_spec("web", replicas=None)), 20)


def back_up(hosts: SimulatedHosts) -> None:
    """Run the command's work."""
    for host in left_behind(hosts, [*MANAGERS, "w1"]):
        given_back(hosts, spec_of(host), hosts.progress.append)
    host = chosen(hosts, spec_of).member.host
    taken(hosts, spec_of(host), ARCHIVE, hosts.progress.append)
    given_back(hosts, spec_of(host), hosts.progress.append)


def shown(sim: SimulatorState) -> dict[str, object]:
    """What has to be as before: each member's availability, state and labels, what runs, and the swarm's labels."""
    nodes = {node.hostname: (node.availability, node.state, node.labels) for node in simulate.entries(sim)}
    running = sorted((task.service_id, task.node_id) for task in sim.swarm.tasks if task.state == "running")
    return {
        **nodes,
        "running": running,
        "labels": sim.swarm.settings.labels,
        "docker": [host.docker for host in sim.hosts],
    }


@dataclass
class FailingTar(SimulatedHosts):
    """Hosts on which the folder can't be packed. started: docker is started again all the same."""

    started: bool = True
    problem: BaseException = field(default_factory=lambda: CommandFailed("m2: tar: exit status 2: disk error"))

    def perform(self, step: Step) -> None:
        super().perform(step)
        if isinstance(step, RestartEngine) and step.archive:
            if not self.started:
                self.sim = stop_docker(self.sim, step.host)
            raise self.problem


def stopped() -> SimulatorState:
    """The simulation as a run leaves it that is cut while docker is stopped."""
    hosts = FailingTar(well(), started=False)
    with pytest.raises(CommandFailed):
        hosts.work("m2", 60, print, partial(backup.observe, hosts, "m2"), backup.take(spec_of("m2"), ARCHIVE))
    return hosts.sim


def test_manager_that_is_not_the_leader_is_drained_packed_and_given_back():
    """Label, drain, restart with the archive in its middle, put back, and the label taken off."""
    hosts = SimulatedHosts(well())
    back_up(hosts)
    hosts.elapse(20)

    assert [UpdateSwarm, UpdateNode, RestartEngine, UpdateNode, UpdateSwarm] == [type(step) for step in hosts.steps]
    assert [("m2", ARCHIVE)] == [(step.host, step.archive) for step in hosts.steps if isinstance(step, RestartEngine)]
    assert shown(well()) == shown(hosts.sim)


def test_locked_manager_is_unlocked_after_it():
    """With the key that another manager gives."""
    sim = well().agreed(settings=replace(well().swarm.settings, autolock=True))
    hosts = SimulatedHosts(sim)
    back_up(hosts)
    hosts.elapse(20)

    assert [True] == [step.unlock for step in hosts.steps if isinstance(step, RestartEngine)]
    assert shown(sim) == shown(hosts.sim)


@pytest.mark.parametrize("pause", [0, 90])
def test_run_cut_anywhere_is_finished_by_the_same_command(pause: float):
    """Also where docker is stopped; a whole backup follows."""
    for sim in [*cuts(well(), back_up), stopped()]:
        hosts = SimulatedHosts(elapsed(pause)(sim))
        back_up(hosts)
        hosts.elapse(20)
        assert ARCHIVE in [step.archive for step in hosts.steps if isinstance(step, RestartEngine)]
        assert shown(well()) == shown(hosts.sim)


def test_run_cut_anywhere_is_finished_by_the_next_up():
    """By docker_gwbridge of each host, which a refresh found unfinished."""
    for sim in [*cuts(well(), back_up), stopped()]:
        hosts = SimulatedHosts(sim)
        for host in (*MANAGERS, "w1"):
            bridge = sim.host(host).network("docker_gwbridge")
            assert bridge
            make(hosts, spec_of(host), bridge.id)
        hosts.elapse(20)
        assert shown(well()) == shown(hosts.sim)


@pytest.mark.parametrize("started", [True, False])
def test_failure_starts_docker_and_gives_the_host_back(started: bool):
    """The error is told, and what became of the host."""
    hosts = FailingTar(well(), started=started)

    with pytest.raises(CommandFailed, match=r"disk error; what was started was rolled back or finished$"):
        back_up(hosts)
    hosts.elapse(20)
    assert shown(well()) == shown(hosts.sim)


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), OSError("no space left")])
def test_interrupted_backup_gives_the_host_back(problem: BaseException):
    """By Ctrl-C, or by this machine's disk."""
    hosts = FailingTar(well(), started=False, problem=problem)

    with pytest.raises(type(problem)):
        back_up(hosts)
    hosts.elapse(20)
    assert shown(well()) == shown(hosts.sim)


def test_manager_that_became_the_leader_is_not_stopped():
    """It was drained before, and is given back then, as after any error."""
    facts = backup.observe(SimulatedHosts(cuts(well(), back_up)[2]), "m2")
    assert facts.node
    leads = replace(facts, node=replace(facts.node, leader=True))

    assert ["RestartEngine"] == kinds(backup.take(spec_of("m2"), ARCHIVE)(facts))
    assert "it is the leader of the managers" in reason(backup.take(spec_of("m2"), ARCHIVE)(leads))


@cases(
    "expected, sim",
    {
        "two managers": ("the swarm has 2 of the 3 managers that a backup takes", well(("m1", "m2"))),
        "one of three is away": (
            "m2: its docker has to be stopped, and of the other 2 managers only 1 can be reached",
            after(well(), lambda sim: cut(sim, "m3"), elapsed(20)),
        ),
        "no majority": ("no majority of the managers answers", after(well(), lambda sim: cut(cut(sim, "m2"), "m3"))),
        "another stack changes it": (
            "infra/staging is in the middle of a change",
            well().agreed(settings=replace(well().swarm.settings, labels=(("swarmnet.change", "infra/staging x"),))),
        ),
        "a worker is out of service": (
            "in the middle of a change: `pulumi up --refresh` finishes it",
            set_node(well(), "w1", labels=(("swarmnet.availability", "active"),)),
        ),
        "a container would stop": (
            "would stop with its docker",
            after(
                well(), lambda sim: run_container(sim, "m2", "docker0"), lambda sim: run_container(sim, "m3", "docker0")
            ),
        ),
    },
)
def test_refused(expected: str, sim: SimulatorState):
    """Before anything is written."""
    hosts = SimulatedHosts(sim, killed_after=0)
    with pytest.raises(Blocked) as refusal:
        chosen(hosts, spec_of)

    assert expected in str(refusal.value)


def test_another_manager_is_taken_if_something_is_against_the_first():
    """Here a container that runs on it and is no task."""
    hosts = SimulatedHosts(run_container(well(), "m2", "docker0"))

    assert "m3" == chosen(hosts, spec_of).member.host


def test_host_without_a_declared_bridge_is_given_back_too():
    """Its spec is made up, and its bridge stays as it is."""
    hosts = SimulatedHosts(well())
    spec = GwbridgeSpec.recorded({"owner": "infra/prod", "host": "m2"})
    taken(hosts, spec, ARCHIVE, hosts.progress.append)
    given_back(hosts, spec, hosts.progress.append)
    hosts.elapse(20)

    assert shown(well()) == shown(hosts.sim)


def test_what_it_means_is_said_before_and_of_what_it_is_after():
    """What the quorum bears; address, Engine, and that the unlock key is needed, if it is."""
    facts = chosen(SimulatedHosts(well()), spec_of)
    assert facts.swarm
    locked = replace(facts, swarm=replace(facts.swarm, autolock=True))

    assert (
        "meanwhile 2 of 3 managers answer, and a majority takes 2: stop no other manager" == [*backup.meaning(facts)][1]
    )
    assert "address 198.51.100.2, Engine" in "".join(backup.describe(facts, ARCHIVE))
    assert "autolock off" in "".join(backup.describe(facts, ARCHIVE))
    assert "autolock on: keep the unlock key too" in "".join(backup.describe(locked, ARCHIVE))
    assert "does not go on alone" in "".join(backup.meaning(locked))


@cases(
    "expected, age, words",
    {
        "no age": ("there is no `age` on PATH", "", ("--recipient=age1x",)),
        "nobody can decrypt": ("say who can decrypt the archive", "exit 0", ()),
        "no key": (
            "age: error: unknown recipient: name public keys",
            "echo age: error: unknown recipient >&2; exit 1",
            ("--recipient=x",),
        ),
        "no folder": ("nowhere: no folder that you may write to", "exit 0", ("--recipient=age1x", "--out=nowhere")),
        "a secret key": ("that is a secret key", "exit 0", ("--recipient=AGE-SECRET-KEY-1QQQ",)),
    },
)
def test_what_can_not_be_encrypted_is_refused_before_anything_else(
    tmp_path, expected: str, age: str, words: tuple[str, ...]
):
    """In one line, in which no secret key is."""
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK)
    if age:
        program(tmp_path / "bin" / "age", age)
    told = ("backup", "prod", f"--dir={tmp_path}", f"--out={tmp_path}", *words)
    ended = swarmnet(*told, PATH=f"{tmp_path / 'bin'}")

    assert (1, 1) == (ended.exit_code, ended.stderr.count("\n"))
    assert expected in ended.stderr
    assert "QQQ" not in ended.output
    assert [] == [*tmp_path.glob("*.age*")]


def test_words_of_age_name_who_can_decrypt(tmp_path):
    """Keys in their order, then the file."""
    assert ("--recipient", "a", "--recipient", "b", "--recipients-file", "keys") == words_of_age(["a", "b"], "keys")
