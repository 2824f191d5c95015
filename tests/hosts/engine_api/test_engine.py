"""The Engine API over one SSH connection: kept alive, bounded, and honest about what is not known."""

import shlex
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from providers.hosts.commands import TO_THE_END
from providers.hosts.engine_api.engine import LOOKS_FOR_INIT, Engine, at, shape
from providers.hosts.engine_api.http_over_stdio import CHANNELS, LOOKS_FOR_DOCKER
from providers.hosts.engine_api.schema import Made
from providers.hosts.ssh.connection import Connection
from providers.rules.vocabulary.errors import (
    CommandFailed,
    Conflict,
    DeadlineExceeded,
    EngineError,
    LoginRefused,
    NoQuorum,
    NotFound,
    SwarmnetError,
    Unreachable,
)
from tests.support.fake_engine import HangUp
from tests.support.fake_sshd import DIAL, Ends


@pytest.fixture
def reach(host):
    """The host's Engine, with changes to the host's access."""
    engines: list[Engine] = []

    def engine(**changes) -> Engine:
        engine = Engine(Connection(host.access(**changes)))
        engines.append(engine)
        return engine

    yield engine
    for each in engines:
        each.close()
        each.connection.close()


@pytest.fixture
def engine(reach):
    """The host's Engine."""
    return reach()


def hang_up(sent: bytes = b""):
    """An answer that ends the stream."""

    def answer():
        raise HangUp(sent)

    return answer


def asked(host):
    """Return the requests that the Engine got, pings left out."""
    return [request for request in host.engine.requests if request != "GET /_ping"]


# Requests


def test_get_returns_json(host, engine):
    """An answer is the JSON that the Engine sent."""
    host.engine.answer("GET /networks/app", body={"Name": "app"})

    assert {"Name": "app"} == engine.get("/networks/app")


def test_newest_api_version_is_used(host, engine):
    """The Engine's own version counts, also if docker-py knows no such version."""
    host.engine.api_version = "1.99"
    host.engine.answer("GET /info", body={})
    engine.get("/info")

    assert ["GET /_ping", "GET /v1.99/info"] == host.engine.requests


def test_parameters_are_encoded(host, engine):
    """Filters go as JSON, booleans as the Engine spells them, and None is left out."""
    host.engine.answer("GET /tasks", body=[])
    engine.get("/tasks", filters={"node": ["x"]}, force=True, version=7, none=None)

    assert ["GET /v1.51/tasks?filters=%7B%22node%22%3A+%5B%22x%22%5D%7D&force=true&version=7"] == asked(host)


def test_post_sends_json(host, engine):
    """A body is sent as JSON, and the answer's JSON comes back."""
    host.engine.answer("POST /networks/create", 201, {"Id": "x"})

    assert {"Id": "x"} == engine.post("/networks/create", {"Name": "app", "Labels": {"a": None}})
    assert {"Name": "app", "Labels": {"a": None}} == host.engine.bodies[-1]


def test_post_sends_text_as_it_is(host, engine):
    """A body that is JSON text already is not encoded again."""
    host.engine.answer("POST /services/x/update", 200)
    engine.post("/services/x/update", '{"Name": "web"}', version=3)

    assert {"Name": "web"} == host.engine.bodies[-1]


def test_empty_answer_is_none(host, engine):
    """204 has no JSON."""
    host.engine.answer("POST /containers/x/stop", 204)

    assert None is engine.post("/containers/x/stop")


def test_refusal_is_raised(host, engine):
    """A status of 400 or more is an error with the host's name and the Engine's words."""
    host.engine.answer("DELETE /networks/x", 404, {"message": "network x not found"})
    with pytest.raises(NotFound, match=r"^h1: network x not found$"):
        engine.delete("/networks/x")


@pytest.mark.parametrize("answer", [b"hello", b"[" * 100_000], ids=["no JSON", "JSON without end"])
def test_something_else_is_no_engine(host, engine, answer):
    """An answer that is not JSON is called just that."""
    length = str(len(answer)).encode()
    host.engine.does("GET /info", hang_up(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n" + answer))
    with pytest.raises(
        EngineError,
        match="h1: the Engine's answer makes no sense: GET /info: it is not JSON: not a Docker Engine's answer",
    ):
        engine.get("/info")


def test_requests_are_counted(host, engine):
    """Counts are by method and shape of the path."""
    host.engine.answer("GET /networks/a", body={})
    host.engine.answer("GET /networks/b", body={})
    engine.get("/networks/a")
    engine.get("/networks/b")

    assert {"GET /_ping": 1, "GET /networks/{id}": 2} == engine.counts


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/info", "/info"),
        ("/networks", "/networks"),
        ("/networks/create", "/networks/create"),
        ("/networks/x", "/networks/{id}"),
        ("/networks/x/disconnect", "/networks/{id}/disconnect"),
        ("/containers/json", "/containers/json"),
        ("/swarm/init", "/swarm/init"),
    ],
)
def test_shape(path, expected):
    """Ids and names are left out of a path's shape, operations are not."""
    assert expected == shape(path)


# Channels


def test_channel_is_kept(host, engine):
    """Calls after one another share one channel, and so one process on the host."""
    host.engine.answer("GET /info", body={})
    for _ in range(5):
        engine.get("/info")

    assert [DIAL] == host.ran


def test_few_channels_at_once(host, engine):
    """A host sees no more than CHANNELS channels, however many threads ask, and all are answered."""
    together = threading.Barrier(CHANNELS)
    host.engine.does("GET /info", lambda: (200, together.wait(10)))
    with ThreadPoolExecutor(3 * CHANNELS) as pool:
        list(pool.map(engine.get, ["/info"] * 3 * CHANNELS))

    assert [DIAL] * CHANNELS == host.ran


def test_reading_survives_a_dead_channel(host, engine):
    """A GET on a kept-alive channel that dies without a word is asked again on a new one."""
    answers = iter([(200, 1), HangUp(), (200, 2)])

    def answer():
        if isinstance(following := next(answers), HangUp):
            raise following
        return following

    host.engine.does("GET /info", answer)

    assert [1, 2] == [engine.get("/info"), engine.get("/info")]
    assert 3 == len(asked(host))


def test_writing_is_not_repeated(host, engine):
    """A POST whose channel dies may have been carried out: it is an error, and is not sent again."""
    host.engine.answer("GET /info", body={})
    host.engine.does("POST /networks/create", hang_up())
    engine.get("/info")
    with pytest.raises(Unreachable, match="the connection broke during POST /networks/create"):
        engine.post("/networks/create", {})

    assert ["GET /v1.51/info", "POST /v1.51/networks/create"] == asked(host)


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

    assert {"Id": "x"} == engine.post("/networks/create", {})


def test_host_that_was_rebooted(host, engine):
    """After all connections broke, the next call logs in anew."""
    host.engine.answer("GET /info", body={})
    engine.get("/info")
    host.hang_up()
    engine.get("/info")

    assert 2 == host.logins


def test_break_in_the_middle_of_an_answer(host, engine):
    """Half an answer is no answer."""
    host.engine.does("GET /info", hang_up(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"Swarm"'))
    with pytest.raises(Unreachable, match=r"^h1: the connection broke during GET /info$"):
        engine.get("/info")


def test_engine_that_hangs_costs_its_bound_once(host):
    """Callers in the next seconds get the same error without asking; a moment later the Engine is asked again."""
    now, over = [0.0], threading.Event()
    host.engine.answers["GET /_ping"] = lambda: (200, over.wait(60))
    engine = Engine(Connection(host.access()), lambda: now[0])
    told = []
    for now[0] in (0.0, 4.9, 5.1):
        with pytest.raises(Unreachable) as caught:
            engine.get("/info", timeout=0.1)
        told.append(str(caught.value))
    over.set()
    engine.close()
    engine.connection.close()

    assert ["h1: the Engine does not answer GET /_ping within 0.1 s"] * 3 == told
    assert 2 == engine.counts["GET /_ping"]


def test_answer_that_never_comes(host, engine):
    """Waiting ends, with what was waited for."""
    over = threading.Event()
    host.engine.does("GET /info", lambda: (200, over.wait(10)))
    with pytest.raises(Unreachable, match=r"does not answer GET /info within 0.1 s"):
        engine.get("/info", timeout=0.1)
    over.set()


# Engines that cannot be asked

NOT_RUNNING = (
    b"failed to open the raw stream connection: dial unix /var/run/docker.sock: connect: no such file or directory\n"
)


@pytest.mark.parametrize(
    ("end", "kind", "message"),
    [
        (
            Ends(stderr=NOT_RUNNING, status=1),
            Unreachable,
            "h1: the Engine does not answer (docker is not running?): dial unix /var/run/docker.sock: "
            "connect: no such file or directory: start it, then run again",
        ),
        (
            Ends(stderr=b"bash: docker: command not found\n", status=127),
            CommandFailed,
            "h1: there is no docker command, neither on the PATH nor in /usr/bin, /usr/local/bin, /usr/local/sbin, "
            "/snap/bin, /opt/bin, /run/current-system/sw/bin: install Docker Engine there",
        ),
        (
            Ends(stderr=b"dial unix /var/run/docker.sock: connect: permission denied\n", status=1),
            LoginRefused,
            "h1: root may not use docker (dial unix /var/run/docker.sock: connect: permission denied): "
            "log in as root, or set sudo: true",
        ),
    ],
    ids=["docker-stopped", "no-docker", "no-right"],
)
def test_why_there_is_no_answer(host, engine, end, kind, message):
    """dial-stdio's last words are told in ours."""
    host.commands[DIAL] = end
    host.commands[shlex.join(("sh", "-c", LOOKS_FOR_DOCKER))] = Ends()
    with pytest.raises(SwarmnetError) as caught:
        engine.get("/info")

    assert (kind, message) == (type(caught.value), str(caught.value))


@pytest.mark.parametrize(
    ("sudo", "plain", "complaint", "status"),
    [
        (False, DIAL, b"bash: docker: command not found\n", 127),
        (True, f"sudo -n {DIAL}", b"sudo: docker: command not found\n", 1),
    ],
    ids=["login", "sudo"],
)
def test_docker_off_the_path(host, reach, sudo, plain, complaint, status):
    """docker that a login without terminal does not find is looked for once, as a plain user, and used from there."""
    host.commands[plain] = Ends(stderr=complaint, status=status)
    host.commands[shlex.join(("sh", "-c", LOOKS_FOR_DOCKER))] = Ends(stdout=b"/snap/bin/docker\n")
    host.commands[plain.replace("docker", "/snap/bin/docker")] = host.engine.serve
    host.engine.answer("GET /info", body={})
    engine = reach(sudo=sudo)

    assert ({}, {}) == (engine.get("/info"), engine.get("/info"))
    assert 3 == len(host.ran)


def test_login_that_writes(host, engine):
    """Text written by a shell's start-up files is told apart from a broken connection."""

    def serve(channel):
        channel.sendall(b"Welcome to h1!\n")
        host.engine.serve(channel)

    host.commands[DIAL] = serve
    with pytest.raises(CommandFailed, match=r"h1: the login writes 'Welcome to h1!' where docker should answer: "):
        engine.get("/info")


def test_no_sudo_command(host, reach):
    """A host without sudo is told from one without docker."""
    host.commands[f"sudo -n {DIAL}"] = Ends(stderr=b"bash: sudo: command not found\n", status=127)
    with pytest.raises(CommandFailed, match="h1: there is no sudo command: leave sudo out and log in as root"):
        reach(sudo=True).get("/info")


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


def test_engine_that_can(host, engine):
    """Any other Engine's word is given on."""
    info = {"OperatingSystem": "Debian", "OSType": "linux", "SecurityOptions": ["name=seccomp"]}
    host.engine.answer("GET /info", body=info)

    assert info == engine.info()


def test_sudo_that_asks_for_a_password(host, reach):
    """sudo's refusal is told as such."""
    host.commands[f"sudo -n {DIAL}"] = Ends(stderr=b"sudo: a password is required\n", status=1)
    with pytest.raises(LoginRefused, match=r"sudo refuses root \(a password is required\)"):
        reach(sudo=True).get("/info")


def test_no_secret_in_errors(host, engine):
    """The content of a request is in no message, nor in that of any cause."""
    host.engine.does("POST /swarm/join", hang_up())
    with pytest.raises(Unreachable) as caught:
        engine.post("/swarm/join", {"JoinToken": "SWMTKN-1-secret"})
    problem: BaseException | None = caught.value
    while problem:
        assert "secret" not in repr(problem)
        problem = problem.__cause__ or problem.__context__


# Doubts


@pytest.mark.parametrize(
    ("status", "words", "kind", "doubts"),
    [
        (500, "The swarm does not have a leader.", NoQuorum, 1),
        (409, "already exists", Conflict, 0),
    ],
)
def test_doubts(host, engine, status, words, kind, doubts):
    """An Engine that cannot answer for the swarm is in doubt; one that refuses is not."""
    host.engine.answer("GET /nodes", status, {"message": words})
    with pytest.raises(kind):
        engine.get("/nodes")

    assert doubts == engine.doubts


# Restart


def to_the_end(command: str) -> str:
    """The command as a host is told it, so that it goes on when the link breaks."""
    return f"{shlex.join(('sh', '-c', TO_THE_END, 'sh'))} {command}"


RESTART = to_the_end("service docker restart")


@pytest.fixture
def restartable(host):
    """The host, on which `service docker restart` works."""
    host.commands[f"sh -c '{LOOKS_FOR_INIT}'"] = Ends()
    host.commands[RESTART] = Ends()
    return host


def test_restart_uses_the_hosts_service_manager(restartable, engine):
    """The host says which command restarts docker; then the Engine is asked whether it is back."""
    engine.restart()

    assert ([RESTART, DIAL], ["GET /_ping"]) == (
        restartable.ran[1:],
        restartable.engine.requests,
    )


SYSTEMD = "/run/systemd/system\n"
SNAP_UNIT = "/etc/systemd/system/snap.docker.dockerd.service\n"


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
def test_restart_by_each_init_system(restartable, reach, shown, expected):
    """The init system of the host restarts docker, with sudo if needed; finding out which it is needs none."""
    restartable.commands |= {
        f"sh -c '{LOOKS_FOR_INIT}'": Ends(stdout=shown.encode()),
        to_the_end(f"sudo -n {expected}"): Ends(),
        f"sudo -n {DIAL}": restartable.engine.serve,
    }
    reach(sudo=True).restart()

    assert [f"sh -c '{LOOKS_FOR_INIT}'", to_the_end(f"sudo -n {expected}")] == restartable.ran[:2]


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
    restartable.commands[to_the_end("service docker start")] = Ends(stderr=b"no room\n", status=1)
    both = "h1: service docker restart: exit status 1: refused to die; .*: exit status 1: no room"
    with pytest.raises(CommandFailed, match=both):
        engine.restart()


def test_docker_that_systemd_has_given_up_is_started(restartable, engine):
    """After too many starts systemd starts no more before it is told to forget them."""
    restart, *start = (
        to_the_end(f"systemctl {words}") for words in ("restart docker", "reset-failed docker", "start docker")
    )
    restartable.commands |= {
        f"sh -c '{LOOKS_FOR_INIT}'": Ends(stdout=SYSTEMD.encode()),
        restart: Ends(stderr=b"start-limit-hit\n", status=1),
        **{command: Ends() for command in start},
    }
    engine.restart()
    assert [restart, *start] == restartable.ran[1:4]


def test_what_sudo_forbids_is_asked_before(restartable, reach):
    """An older line of sudoers lacks what starts a docker that systemd has given up; nothing is restarted."""
    asked = [f"sudo -n -l systemctl {words}" for words in ("restart docker", "reset-failed docker", "start docker")]
    restartable.commands |= {
        f"sh -c '{LOOKS_FOR_INIT}'": Ends(stdout=SYSTEMD.encode()),
        asked[0]: Ends(stdout=b"/usr/bin/systemctl restart docker\n"),
        asked[1]: Ends(status=1),
        asked[2]: Ends(status=1),
    }
    assert ["systemctl reset-failed docker", "systemctl start docker"] == reach(sudo=True).forbidden()
    assert asked == restartable.ran[1:]


def test_without_sudo_nothing_is_forbidden(restartable, engine):
    """Nothing is asked if the user is root."""
    assert [] == engine.forbidden()
    assert [] == restartable.ran


def test_stopped_docker_is_started(restartable, engine):
    """The host's service manager starts it; then the Engine is asked whether it is there."""
    start = to_the_end("service docker start")
    restartable.commands[start] = Ends()
    engine.start()
    assert ([start, DIAL], ["GET /_ping"]) == (restartable.ran[1:], restartable.engine.requests)


def test_new_version_after_restart(restartable, engine):
    """An Engine that was upgraded meanwhile is spoken to in its new version."""
    before = engine.api_version
    restartable.engine.api_version = "1.56"
    engine.restart()

    assert ("1.51", "1.56") == (before, engine.api_version)


def test_a_step_of_a_path_stays_one(host, engine):
    """No character of an id makes it two."""
    host.engine.answer("GET /networks/a%2F..%2Fb%3Fc%20%25", body={"Id": "x"})

    assert {"Id": "x"} == engine.get(at("networks", "a/../b?c %"))


@pytest.mark.parametrize("told", ["SWMTKN-1-abc-def", "SWMKEY-1-abc", "-----BEGIN RSA PRIVATE KEY-----\nabc"])
def test_no_secret_in_what_an_engine_refuses(host, engine, told):
    """Engines say in their refusal what they were given."""
    host.engine.answer("POST /swarm/join", 400, {"message": f"invalid join token {told}"})
    with pytest.raises(EngineError, match=r"^h1: invalid join token \[secret\]$"):
        engine.post("/swarm/join", {})


@pytest.mark.parametrize("told", ["stopped", "started"])
def test_a_container_that_is_so_already(host, engine, told):
    """The Engine's 304: what was read is no longer so, and is looked at again."""
    host.engine.answer(f"POST /containers/x/{told}", 304)
    with pytest.raises(Conflict, match=r"^h1: the Engine answers 304 and says nothing$"):
        engine.post(f"/containers/x/{told}")


def test_an_answer_is_checked_to_the_letter(host, engine):
    """Keys that are not in the schema are kept, since a spec is written back."""
    made = {"Id": "x", "Warning": "", "More": [1]}
    host.engine.answer("GET /networks/x", body=made)

    assert made == engine.read(at("networks", "x"), Made)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("Id: field required", {}),
        ("input should be a valid dictionary", []),
        ("Id: input should be a valid string", {"Id": 1}),
    ],
)
def test_an_answer_that_is_something_else(host, engine, expected, answer):
    """An answer of another shape is an error that says where it is wrong, and how."""
    host.engine.answer("GET /networks/x", body=answer)
    with pytest.raises(EngineError) as caught:
        engine.read("/networks/x", Made)

    assert f"h1: the Engine's answer makes no sense: GET /networks/x: {expected}" == str(caught.value)
