"""The Engine API over one SSH connection: kept alive, bounded, and honest about what is not known."""

import re
import shlex
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from providers.hosts.commands import TO_THE_END
from providers.hosts.engine_api.engine import LOOKS_FOR_INIT, Engine, at
from providers.hosts.engine_api.http_over_stdio import CHANNELS, LOOKS_FOR_DOCKER
from providers.hosts.ssh.connection import Connection
from providers.rules.vocabulary.errors import (
    CommandFailed,
    Conflict,
    DeadlineExceeded,
    EngineError,
    NoQuorum,
    NotFound,
    SwarmnetError,
    Unreachable,
)
from tests.support.fake_engine import HangUp
from tests.support.fake_sshd import DIAL, Ends
from tests.support.tables import cases


@pytest.fixture
def reach(host, ended):
    """The host's Engine, with changes to the host's access."""
    return lambda **changes: ended(Engine(ended(Connection(host.access(**changes)))))


@pytest.fixture
def engine(reach):
    """The host's Engine."""
    return reach()


def hang_up(sent: bytes = b""):
    """An answer that ends the stream."""

    def answer():
        raise HangUp(sent)

    return answer


# Requests


@cases(
    "call, asked, sent",
    {
        "a path": (lambda engine: engine.read("/networks/app", object), "GET /v1.51/networks/app", None),
        "filters as JSON, booleans as the Engine spells them, nothing for None": (
            lambda engine: engine.read("/tasks", object, filters={"node": ["x"]}, force=True, version=7, none=None),
            "GET /v1.51/tasks?filters=%7B%22node%22%3A+%5B%22x%22%5D%7D&force=true&version=7",
            None,
        ),
        "a step of a path stays one, whatever is in it": (
            lambda engine: engine.read(at("networks", "a/../b? %"), object),
            "GET /v1.51/networks/a%2F..%2Fb%3F%20%25",
            None,
        ),
        "a body as JSON": (
            lambda engine: engine.create("/networks/create", {"Name": "app", "Labels": {"a": None}}),
            "POST /v1.51/networks/create",
            {"Name": "app", "Labels": {"a": None}},
        ),
        "a body that is JSON text already": (
            lambda engine: engine.post("/swarm/update", '{"Name": "x"}'),
            "POST /v1.51/swarm/update",
            {"Name": "x"},
        ),
    },
)
def test_what_an_engine_is_asked(host, engine, call, asked, sent):
    """The answer is what the JSON says that the Engine sent."""
    host.engine.answer(asked.partition("?")[0].replace("/v1.51", ""), body={"Id": "x"})

    assert call(engine) in ({"Id": "x"}, "x", None)
    assert (["GET /_ping", asked], sent) == (host.engine.requests, host.engine.bodies[-1])


@pytest.mark.parametrize(
    ("status", "said", "kind", "words", "doubts"),
    [
        (404, "network x not found", NotFound, "network x not found", 0),
        (304, None, Conflict, "the Engine answered 304 without a message", 0),
        (500, "The swarm does not have a leader.", NoQuorum, "The swarm does not have a leader.", 1),
        *(
            (400, f"invalid join token {secret}", EngineError, "invalid join token [secret]", 0)
            for secret in ("SWMTKN-1-abc-def", "SWMKEY-1-abc", "-----BEGIN RSA PRIVATE KEY-----\nabc")
        ),
    ],
)
@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("GET", lambda engine: engine.read("/networks/x", object)),
        ("POST", lambda engine: engine.post("/networks/x")),
        ("DELETE", lambda engine: engine.delete("/networks/x")),
    ],
)
def test_refusal_is_raised(host, engine, method, ask, status, said, kind, words, doubts):
    """It has the host's name and the Engine's words without secrets. An Engine that can't answer for the swarm is in
    doubt; one that refuses is not."""
    host.engine.answer(f"{method} /networks/x", status, said and {"message": said})
    with pytest.raises(kind, match=f"^h1: {re.escape(words)}$"):
        ask(engine)

    assert doubts == engine.doubts


# Channels


def test_few_channels_at_once(host, engine):
    """A host sees one login and CHANNELS channels, which are kept, however many threads ask; all are answered."""
    together = threading.Barrier(CHANNELS)
    host.engine.does("GET /info", lambda: (200, together.wait(10)))
    with ThreadPoolExecutor(3 * CHANNELS) as pool:
        list(pool.map(lambda path: engine.read(path, object), ["/info"] * 3 * CHANNELS))

    assert (1, [DIAL] * CHANNELS) == (host.logins, host.ran)


def test_reading_survives_a_dead_channel(host, engine):
    """A GET on a kept-alive channel that dies without a word is asked again on a new one."""
    answers = iter([lambda: (200, 1), hang_up(), lambda: (200, 2)])
    host.engine.does("GET /info", lambda: next(answers)())

    assert [1, 2] == [engine.read("/info", object), engine.read("/info", object)]
    assert 3 == host.engine.requests.count("GET /v1.51/info")


def test_writing_is_not_repeated(host, engine):
    """A POST whose channel dies may have been carried out: it is an error, and is not sent again."""
    host.engine.answer("GET /info", body={})
    host.engine.does("POST /networks/create", hang_up())
    engine.read("/info", object)
    with pytest.raises(Unreachable, match="the connection broke during POST /networks/create"):
        engine.post("/networks/create", {})

    assert ["GET /_ping", "GET /v1.51/info", "POST /v1.51/networks/create"] == host.engine.requests


def test_ended_channel_is_replaced_before_it_is_used(host, engine):
    """A POST after a restart of the Engine goes out once, on a new channel."""
    ended = threading.Event()

    def answer_once(channel):
        channel.recv(65536)
        channel.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: 2\r\n\r\nOK")
        channel.close()
        host.commands[DIAL] = host.engine.serve
        ended.set()

    host.commands[DIAL] = answer_once
    host.commands["true"] = Ends()
    host.engine.answer("POST /networks/create", 201, {"Id": "x"})
    assert "1.51" == engine.api_version
    ended.wait(10)
    engine.connection.run(["true"])  # what the host sent before has then arrived

    assert "x" == engine.create("/networks/create", {})


def test_engine_that_hangs_costs_its_bound_once(host, ended):
    """Callers in the next seconds get the same error without asking; a moment later the Engine is asked again."""
    now, over = [0.0], threading.Event()
    host.engine.answers["GET /_ping"] = lambda: (200, over.wait(60))
    engine = ended(Engine(ended(Connection(host.access())), lambda: now[0]))
    told = []
    for now[0] in (0.0, 4.9, 5.1):
        with pytest.raises(Unreachable) as caught:
            engine.read("/info", object, timeout=0.1)
        told.append(str(caught.value))
    over.set()

    assert ["h1: the Engine does not answer GET /_ping within 0.1 s"] * 3 == told
    assert 2 == host.engine.asked()["GET /_ping"]


# Engines that cannot be asked

SUDO_DIAL = f"sudo -n {DIAL}"
NO_DOCKER = Ends(stderr=b"bash: docker: command not found\n", status=127)
NO_FILE, NO_RIGHT = (
    f"dial unix /var/run/docker.sock: connect: {why}" for why in ("no such file or directory", "permission denied")
)


@cases(
    "dial, says, told",
    {
        "docker is stopped": (
            DIAL,
            Ends(stderr=f"failed to open the raw stream connection: {NO_FILE}\n".encode(), status=1),
            f"Unreachable: h1: the Engine does not answer (docker is not running?): {NO_FILE}: start it, "
            "then run again",
        ),
        "no docker": (
            DIAL,
            NO_DOCKER,
            "CommandFailed: h1: there is no docker command, neither on the PATH nor in /usr/bin, /usr/local/bin, "
            "/usr/local/sbin, /snap/bin, /opt/bin, /run/current-system/sw/bin: install Docker Engine there",
        ),
        "no right": (
            DIAL,
            Ends(stderr=f"{NO_RIGHT}\n".encode(), status=1),
            f"LoginRefused: h1: root may not use docker ({NO_RIGHT}): log in as root, or set sudo: true",
        ),
        "no sudo": (
            SUDO_DIAL,
            Ends(stderr=b"bash: sudo: command not found\n", status=127),
            "CommandFailed: h1: no sudo command: leave sudo out and log in as root, or install it",
        ),
    },
)
def test_why_there_is_no_answer(host, reach, dial, says, told):
    """dial-stdio's last words are told in ours, or those of sudo."""
    host.commands |= {dial: says, shlex.join(("sh", "-c", LOOKS_FOR_DOCKER)): Ends()}
    with pytest.raises(SwarmnetError) as caught:
        reach(sudo=dial == SUDO_DIAL).read("/info", object)

    assert told == f"{type(caught.value).__name__}: {caught.value}"


@cases(
    "dial, says",
    {"login": (DIAL, NO_DOCKER), "sudo": (SUDO_DIAL, Ends(stderr=b"sudo: docker: command not found\n", status=1))},
)
def test_docker_off_the_path(host, reach, dial, says):
    """docker that a login without terminal does not find is looked for once, as a plain user, and used from there."""
    host.commands |= {dial: says, dial.replace("docker", "/snap/bin/docker"): host.engine.serve}
    host.commands[shlex.join(("sh", "-c", LOOKS_FOR_DOCKER))] = Ends(stdout=b"/snap/bin/docker\n")
    host.engine.answer("GET /info", body={})
    engine = reach(sudo=dial == SUDO_DIAL)

    assert ({}, {}) == (engine.read("/info", object), engine.read("/info", object))
    assert 3 == len(host.ran)


def test_any_shell_finds_a_program_in_folders_that_logins_do_not_search():
    """Each place is a line; here those of `env`, which every machine has."""
    looks = ["/bin/sh", "-c", LOOKS_FOR_DOCKER.replace("docker", "env")]
    found = subprocess.run(looks, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=True)

    assert ("/usr/bin/env", "") == (found.stdout.split()[0], found.stderr)


def test_login_that_writes(host, engine):
    """Text written by a shell's start-up files is told apart from a broken connection."""

    def serve(channel):
        channel.sendall(b"Welcome to h1!\n")
        host.engine.serve(channel)

    host.commands[DIAL] = serve
    with pytest.raises(CommandFailed, match=r"h1: unexpected output 'Welcome to h1!' before Docker's response: "):
        engine.read("/info", object)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"OperatingSystem": "Docker Desktop"}, "h1: this is Docker Desktop, whose Engine lives in a virtual machine"),
        ({"SecurityOptions": ["name=seccomp", "name=rootless"]}, "h1: its docker is rootless, which has no overlay"),
        ({"OSType": "windows"}, "h1: its Engine runs windows containers: "),
    ],
    ids=["desktop", "rootless", "windows"],
)
def test_engine_that_can_have_no_swarm_networks(host, engine, info, expected):
    """An Engine that can never have swarm networks is refused when it is asked about itself."""
    host.engine.answer("GET /info", body=info)
    with pytest.raises(EngineError, match=expected):
        engine.info()


def test_no_secret_in_errors(host, engine):
    """The content of a request is in no message, nor in that of any cause."""
    host.engine.does("POST /swarm/join", hang_up())
    with pytest.raises(Unreachable) as caught:
        engine.post("/swarm/join", {"JoinToken": "SWMTKN-1-secret"})
    problem: BaseException | None = caught.value
    while problem:
        assert "secret" not in repr(problem)
        problem = problem.__cause__ or problem.__context__


# Restart


def to_the_end(command: str) -> str:
    """The command as a host is told it, so that it goes on when the link breaks."""
    return f"{shlex.join(('sh', '-c', TO_THE_END, 'sh'))} {command}"


INIT = f"sh -c '{LOOKS_FOR_INIT}'"
RESTART, START = to_the_end("service docker restart"), to_the_end("service docker start")
SYSTEMD = "/run/systemd/system\n"
SNAP_UNIT = "/etc/systemd/system/snap.docker.dockerd.service\n"
OF_SYSTEMD = [f"systemctl {words}" for words in ("restart docker", "reset-failed docker", "start docker")]


@pytest.fixture
def restartable(host):
    """The host, where `service docker restart` and `service docker start` work."""
    host.commands |= {INIT: Ends(), RESTART: Ends(), START: Ends()}
    return host


def test_stopped_docker_is_started(restartable, engine):
    """The host's service manager starts it; then the Engine is asked whether it is there."""
    engine.start()

    assert ([INIT, START, DIAL], ["GET /_ping"]) == (restartable.ran, restartable.engine.requests)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (SYSTEMD, "systemctl restart docker"),
        (SYSTEMD + SNAP_UNIT, "systemctl restart snap.docker.dockerd"),
        (SYSTEMD + SNAP_UNIT + "/usr/lib/systemd/system/docker.service\n", "systemctl restart docker"),
        ("/run/openrc\n", "rc-service docker restart"),
        ("", "service docker restart"),
    ],
    ids=["systemd", "systemd with a snap", "systemd with both", "OpenRC", "SysV"],
)
def test_restart_by_each_init_system(host, reach, shown, expected):
    """The init system of the host restarts docker, with sudo if needed; finding out which it is needs none."""
    as_root = to_the_end(f"sudo -n {expected}")
    host.commands |= {INIT: Ends(stdout=shown.encode()), as_root: Ends(), f"sudo -n {DIAL}": host.engine.serve}
    reach(sudo=True).restart()

    assert [INIT, as_root] == host.ran[:2]


def test_restart_waits_for_the_engine(restartable, engine):
    """An Engine that refuses its first calls is waited for."""
    starting = iter([(503, {"message": "starting"}), (200, "OK")])
    restartable.engine.answers["GET /_ping"] = lambda: next(starting)
    engine.restart()

    assert ["GET /_ping"] * 2 == restartable.engine.requests


def test_restart_gives_up(restartable, engine):
    """An Engine that does not come back ends in an error with its last words."""
    restartable.engine.answers["GET /_ping"] = (503, {"message": "starting"})
    with pytest.raises(DeadlineExceeded, match=r"does not answer within 0.5 s: h1: starting"):
        engine.restart(timeout=0.5)


def test_failed_restart_is_told(restartable, engine):
    """If the service manager fails to restart docker and then to start it, the message has the last lines of both."""
    restartable.commands[RESTART] = Ends(stderr=b"refused to die\n", status=1)
    restartable.commands[START] = Ends(stderr=b"no room\n", status=1)
    both = "h1: service docker restart: exit status 1: refused to die; .*: exit status 1: no room"
    with pytest.raises(CommandFailed, match=both):
        engine.restart()


def test_docker_that_systemd_has_given_up_is_started(host, engine):
    """After too many starts systemd starts no more before it is told to forget them."""
    restart, *start = map(to_the_end, OF_SYSTEMD)
    host.commands |= {INIT: Ends(stdout=SYSTEMD.encode()), restart: Ends(stderr=b"start-limit-hit\n", status=1)}
    host.commands |= dict.fromkeys(start, Ends())
    engine.restart()

    assert [restart, *start] == host.ran[1:4]


def test_what_sudo_forbids_is_asked_before(host, reach):
    """An older line of sudoers lacks what starts a docker that systemd has given up; nothing is restarted."""
    asked = [f"sudo -n -l {each}" for each in OF_SYSTEMD]
    host.commands |= {INIT: Ends(stdout=SYSTEMD.encode()), **dict.fromkeys(asked, Ends(status=1))}
    host.commands[asked[0]] = Ends(stdout=b"/usr/bin/systemctl restart docker\n")

    assert OF_SYSTEMD[1:] == reach(sudo=True).forbidden()
    assert asked == host.ran[1:]


def test_commands_of_a_backup_that_sudo_forbids(host, reach):
    """What stops docker, packs its folder, as its Engine says where that is, and starts it."""
    host.engine.answer("GET /info", body={"DockerRootDir": "/data"})
    host.commands[f"sudo -n {DIAL}"] = host.engine.serve
    host.commands[INIT] = Ends(stdout=SYSTEMD.encode())
    asked = ("systemctl stop docker.socket docker", "timeout 600 tar -C /data -cz swarm", *OF_SYSTEMD[1:])
    host.commands |= {f"sudo -n -l {each}": Ends(status=1) for each in asked}

    assert [*asked] == reach(sudo=True).forbidden(packed=True)


def test_new_version_after_restart(restartable, engine):
    """An Engine that was upgraded meanwhile is spoken to in its new version."""
    before = engine.api_version
    restartable.engine.api_version = "1.56"
    engine.restart()

    assert ("1.51", "1.56") == (before, engine.api_version)
