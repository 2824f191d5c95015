"""The program that lets a key only read: what it passes on, and what it refuses however that is asked."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading

import pytest

from providers.hosts import look, reports
from providers.hosts.privileges import JOBS, READ, read_only_program
from providers.hosts.probe.session import BOOT, SANDBOX, program
from tests.support.fake_engine import FakeEngine
from tests.support.quick import some
from tests.support.tables import cases

DIAL = "docker system dial-stdio"
BEGUN = "GET /v1.51/nodes HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Return the path of the program."""
    path = tmp_path_factory.mktemp("read-only") / "swarmnet-read-only"
    path.write_text(read_only_program())
    return path


class Listening(FakeEngine):
    """An Engine behind a socket."""

    def __init__(self, path):
        super().__init__()
        self.path = str(path)


@pytest.fixture
def engine(tmp_path):
    """Return an Engine that knows secrets."""
    engine, listener = Listening(tmp_path / "docker.sock"), socket.socket(socket.AF_UNIX)
    engine.answer("GET /swarm", body={"ID": "s1", "JoinTokens": {"Worker": "SWMTKN-1-a"}, "Spec": {"Name": "default"}})
    engine.answer("GET /services", body=[{"Spec": {"TaskTemplate": {"ContainerSpec": {"Env": ["PASSWORD=x"]}}}}])
    engine.answer("GET /configs", body=[{"Spec": {"Name": "c", "Data": "eA=="}}])
    engine.answer("GET /networks/a%20b", body={"Name": "a b"})
    listener.bind(engine.path)
    listener.listen()

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                engine.serve(connection)

    threading.Thread(target=serve, daemon=True).start()
    yield engine
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def begun(text, command, *argv):
    """Return the program, begun for a command of ssh's."""
    environment = {"PATH": f"/usr/sbin:/sbin:{os.defpath}", "SSH_ORIGINAL_COMMAND": command}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, str(text), *argv], env=environment, stdin=pipe, stdout=pipe, stderr=pipe)


def asked(text, command, sent="", *argv):
    """Return its status, stdout and stderr."""
    with begun(text, command, *argv) as run:
        said, told = run.communicate(sent.encode())
    return run.returncode, said.decode(), told.decode()


def http(text, engine, *requests, command=DIAL):
    """Return the answers to requests, one after the other: status and JSON."""
    status, said, complaint = asked(text, command, "".join(requests), "--socket", engine.path)
    assert (0, "") == (status, complaint)
    found = []
    while said:
        head, _, rest = said.partition("\r\n\r\n")
        length = int(next(row.split(": ")[1] for row in head.split("\r\n") if row.startswith("Content-Length")))
        found.append((int(head.split(" ")[1]), json.loads(rest[:length])))
        said = rest[length:]
    return found


def get(path):
    """Return a request that a look makes."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: x\r\n\r\n"


@pytest.mark.parametrize("command", [DIAL, f"sudo -n {DIAL}", f"/snap/bin/{DIAL}"])
def test_what_looks_ask_comes_without_secrets(text, engine, command):
    """Tokens to join with, what containers have in their environment, and what configs hold are taken out."""
    paths = ("/v1.51/swarm", "/v1.51/services", "/v1.51/configs", "/v1.51/networks/a%20b?verbose=false")

    assert [
        (200, {"ID": "s1", "Spec": {"Name": "default"}}),
        (200, [{"Spec": {"TaskTemplate": {"ContainerSpec": {}}}}]),
        (200, [{"Spec": {"Name": "c"}}]),
        (200, {"Name": "a b"}),
    ] == http(text, engine, *map(get, paths), command=command)


REFUSED = [
    get("/v1.51/swarm/unlockkey"),
    get("/v1.51/containers/web/archive?path=/"),
    get("/v1.51/containers/web/export"),
    get("/v1.51/containers/web/logs"),
    get("/v1.51/images/json"),
    get("/v1.51/secrets/s1"),
    get("/v1.51/networks/a%2F..%2F..%2Fswarm%2Funlockkey"),
    get("/v1.51/networks/%2e%2e/swarm/unlockkey"),
    get("/v1.51/networks/../swarm/unlockkey"),
    get("/v1.51/networks/a%0d%0aPOST"),
    get("/v1.51//swarm/unlockkey"),
    get("/v1.51/nodes/../swarm/unlockkey"),
    get("http://localhost/v1.51/nodes"),
    get("/v9.51/nodes"),
    get("/nodes\x00"),
    "POST /v1.51/containers/create HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    "POST /v1.51/containers/web/attach?stream=1 HTTP/1.1\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
    "DELETE /v1.51/networks/app HTTP/1.1\r\n\r\n",
    "HEAD /v1.51/containers/web/archive?path=/ HTTP/1.1\r\n\r\n",
    "PUT /v1.51/containers/web/archive?path=/ HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    f"{BEGUN}Upgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
    # A body that would be the next request for whoever reads it otherwise.
    f"{BEGUN}Content-Length: 60\r\n\r\nPOST /v1.51/containers/create HTTP/1.1\r\n\r\n",
    f"{BEGUN}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("request_", some(REFUSED))
def test_request_that_is_no_look_is_refused(text, engine, request_):
    """With 403, and the Engine is not asked: neither that, nor what comes after it."""
    (status, told), *more = http(text, engine, request_, get("/v1.51/swarm"))

    assert (403, []) == (status, more) if not request_.startswith("HEAD") else status == 403
    assert told["message"].startswith("this key may only read: ")
    assert [] == engine.requests


@pytest.mark.parametrize("request_", ["BREW / HTTP/1.1\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9\r\n\r\n"])
def test_request_that_makes_no_sense_reaches_nobody(text, engine, request_):
    """It ends there."""
    status, _, complaint = asked(text, DIAL, request_ + get("/v1.51/swarm"), "--socket", engine.path)

    assert (0, "") == (status, complaint)
    assert [] == engine.requests


CREATE = "POST /v1.51/containers/create HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
# Each could be two requests, or another one, for whoever reads it otherwise.
SMUGGLED = (
    *(get(f"/v1.51/swarm{end}") for end in (
        "/unlockkey?x=/swarm", "%2Funlockkey", "%2funlockkey", "/%75nlockkey", "%00", "%3F", ";x", "#x", "/", "/.",
        "/..", "\\..\\swarm", "?#/unlockkey", "?%0d%0aPOST%20/x", "?\x7f", "?\xe4", "?a=b&a=c",
    )),
    *(get(f"/v1.51/networks/{name}") for name in (
        ".", "..", "-x", "%252e%252e%252fswarm", "a%252F..%252Funlockkey", "a%2f..%2funlockkey", "a%5c..%5cswarm",
        "a/../../swarm/unlockkey", "a%0aX", "a%", "a%2", "a%GG", "a%u002f",
    )),
    *(get(path) for path in (
        "//localhost/swarm/unlockkey", "//v1.51/swarm", "/v1.51/./swarm", "HTTP://localhost/v1.51/swarm/unlockkey",
        "/v1.51/containers/a%2Ftop/json", "/v1.51/containers/a/json/../archive", "/v1.51/containers/json?all=1&all=0",
        "/_ping/../swarm/unlockkey", "/V1.51/swarm", "/v1.51/SWARM", f"/{'a' * 70000}", "*",
    )),
    *(f"{method} /v1.51/swarm HTTP/1.1\r\n\r\n" for method in ("get", "gEt", "TRACE", "__init__", "G\xc9T", "")),
    *(f"{BEGUN}{headers}\r\n\r\n{CREATE}" for headers in (
        "X: y", "Transfer-Encoding : chunked", "X: y\r\n Transfer-Encoding: chunked", "X: y\r\n\tUpgrade: tcp",
        "Content-Length : 99", "cONTENT-lENGTH: 99", "Content-Length: 0\r\nContent-Length: 99",
        "Transfer-Encoding: xchunked", "Transfer-Encoding:\x0bchunked", "Expect: 100-continue",
        "X-HTTP-Method-Override: POST", f"X: {'y' * 70000}", "X: y\r\n" * 200,
    )),
    f"{BEGUN}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n{CREATE}",
    f"GET /v1.51/swarm HTTP/1.1\r\n Upgrade: tcp\r\n\r\n{CREATE}",
    f"GET /v1.51/swarm HTTP/1.1\n\n{CREATE}",
    f"GET /v1.51/swarm HTTP/1.1\r\r\n\r\n{CREATE}",
    f"GET /v1.51/swarm HTTP/1.0\r\n\r\n{CREATE}",
    f"GET /v1.51/swarm\r\n\r\n{CREATE}",
    f"GET\x0b/v1.51/swarm\x0bHTTP/1.1\r\n\r\n{CREATE}",
    f"{get('/v1.51/swarm')}{get('/v1.51/swarm/unlockkey')}",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "CONNECT localhost:80 HTTP/1.1\r\n\r\n",
    "\x16\x03\x01",
)  # fmt: skip


@pytest.mark.whole
@pytest.mark.parametrize("sent", SMUGGLED, ids=range(len(SMUGGLED)))
def test_nothing_but_looks_reaches_the_engine(text, engine, sent):
    """However two readers of a request could differ; and no answer has a secret."""
    engine.answer("GET /swarm/unlockkey", body={"UnlockKey": "SWMKEY-1-a"})
    with begun(text, DIAL, "--socket", engine.path) as run:
        said, told = run.communicate(sent.encode("latin-1"))

    assert (0, b"") == (run.returncode, told)
    allowed = r"GET (/v1\.51)?/(_ping|swarm|nodes|networks/[^/]+|containers/json)(\?.*)?"
    assert [] == [each for each in engine.requests if not re.fullmatch(allowed, each)]
    assert not re.search(b"SWMTKN|SWMKEY|PASSWORD", said)


def test_engine_that_is_stopped(text, tmp_path):
    """It is told as the Engine's own trouble."""
    _, said, _ = asked(text, DIAL, get("/v1.51/info"), "--socket", str(tmp_path / "nothing"))

    assert said.startswith("HTTP/1.1 503 ")
    assert "the Engine does not answer" in said


@cases(
    "command, sent, expected",
    {
        "reports": (shlex.join(reports.COMMAND), "", "(?s).*127.0.0.1"),
        "doctor's look": ("sh -s", look.script("look", "", "/var/lib/docker", "192.0.2.1", "2001:db8::1"), "@ "),
        "doctor's log": ("sh -s", look.script("log", ""), "@ "),
    },
)
def test_commands_and_scripts_of_looks_are_run(text, command, sent, expected):
    """Those that only read, to the letter, with words that mean what they should."""
    status, said, told = asked(text, command, sent)

    assert (0, "") == (status, told)
    assert re.match(expected, said)


def probing(first):
    """Return what a probe is sent that listens nowhere."""
    return f"{first}{json.dumps({'token': 't', 'name': 'n', 'seconds': 5, 'listen': []})}\n"


BOOTED = f"{' '.join(BOOT[:2])} '{BOOT[2]}'"


def test_probes_need_a_word_of_their_own(text):
    """Packets are sent only by a key whose line in authorized_keys says so."""
    assert 126 == asked(text, BOOTED, probing(program()))[0]

    with begun(text, BOOTED, "--probes") as run:  # which ends with its stdin
        run.stdin.write(probing(program()).encode())
        run.stdin.flush()
        said = run.stdout.readline()
        run.communicate()

    assert [] == json.loads(said)["ready"]


SCRIPTS = [
    look.script("look", "sh -c id;", "/"),
    look.script("look", "", "/; id"),
    look.script("look", "", "/", "$(id)"),
    look.script("look", "", "/", "--help"),
    look.script("rm", "", "/"),
    look.script("look", "", "/") + "id\n",
    "id\n" + look.script("look", "", "/"),
    "set -- look '' /; id\n" + look.SCRIPT.read_text(),
    "set -- 'look' '' '/\n'\n" + look.SCRIPT.read_text(),
    "id",
    "",
]
COMMANDS = [
    "",
    "id",
    "sh",
    "sh -c id",
    "sh -s -- id",
    "docker ps",
    "docker system dial-stdio --help",
    "docker -H tcp://192.0.2.1 system dial-stdio",
    f"{DIAL}; id",
    f"{DIAL} $(id)",
    "sudo -n sh -s -- x",
    "sudo -n systemctl restart docker",
    "sudo -n -l -U root",
    "-l systemctl restart docker",
    "systemctl restart docker",
    "scp -t /root",
    "internal-sftp",
    "'",
    f"nsenter --net={SANDBOX}ingress_sbox id",
    f"nsenter --net={SANDBOX}../../../proc/1/ns/net {' '.join(BOOT[:2])} '{BOOT[2]}'",
]


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        *((command, "id\n") for command in some(COMMANDS)),
        *(("sh -s", sent) for sent in some(SCRIPTS)),
        (BOOTED, probing("exec('print(1)')\n")),
    ],
)
def test_another_command_script_or_probe_is_refused(text, command, sent):
    """With the status of a command that may not be run, and one line; one other word is enough."""
    status, said, told = asked(text, command, sent, "--probes")

    assert (126, "") == (status, said)
    assert 1 == told.count("\n")
    assert told.startswith("this key may only read: ")
    assert (command == BOOTED) == ("another probe" in told)


def test_command_may_come_as_an_argument(text):
    """Where sudo, which keeps no variable, stands before the program."""
    assert 126 == asked(text, DIAL, "", "--", "id")[0]


def test_jobs_that_only_read_are_those_that_the_program_lets_read():
    """Each other job writes."""
    assert {"drift", "facts", "plan", "doctor"} == {name for name, job in JOBS.items() if set(job.api) <= set(READ)}
