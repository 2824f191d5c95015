"""The probe on a host: what it sends arrives, it leaves nothing, and what it answers is input."""

import json
import socket
import subprocess
import sys
from typing import Any

import pytest

from providers.hosts.engine_api.engine import Engine
from providers.hosts.local import LocalConnection
from providers.hosts.probe import session
from providers.hosts.probe.probing import started as waited_for
from providers.hosts.probe.session import BOOT, Session
from providers.hosts.ssh.connection import Connection
from providers.rules.doctor.probes import Endpoint, Probe
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import CommandFailed
from tests.support.fake_sshd import Ends

pytestmark = pytest.mark.usefixtures("my_ssh")

HERE = "127.0.0.1"


def here():
    """This machine's Engine, which is not asked for anything."""
    return Engine(LocalConnection(HostAccess(name="here", local=True)))


def tried(kind, port, size=100, channel="data-path"):
    """One thing to send to this machine."""
    place = Endpoint("here")
    return Probe(sender=place, receiver=place, channel=channel, kind=kind, to=HERE, port=port, bytes=size)


def test_what_is_sent_arrives():
    """Datagrams of any size, data over TCP with its answer, a connection to somebody else's port."""
    with Session(here(), "t1", [("udp", 0), ("tcp", 0)]) as one, socket.create_server((HERE, 0)) as engine:
        (udp, _), (tcp, _) = one.ready["ready"]
        sent = [tried("udp", udp), tried("udp", udp, 9000, "full-size"), tried("tcp", tcp, 200_000)]

        assert ["", "", "", ""] == one.send([*sent, tried("connect", engine.getsockname()[1])])
        assert {("here", "full-size"), ("here", "data-path")} == one.heard()
        assert ("lo", HERE, 65536) in one.ready["links"]


def test_what_does_not_arrive_is_told():
    """The sender tells it, or the host that heard nothing; others' datagrams count for nothing."""
    with socket.create_server((HERE, 0)) as other, Session(here(), "t1", [("udp", 0)]) as one:
        closed = other.getsockname()[1]
        other.close()
        (udp, _), *_ = one.ready["ready"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"t2\0here\0data-path\0", (HERE, udp))

        told = one.send([tried("tcp", closed), tried("connect", closed), tried("udp", udp, 65_530)])
        assert ["Connection refused", "Connection refused", "Message too long"] == told
        assert set() == one.heard()


def test_port_of_another_program():
    """It is left to it."""
    with socket.create_server((HERE, 0)) as other, Session(here(), "t1", [("tcp", other.getsockname()[1])]) as one:
        assert [(other.getsockname()[1], "Address already in use")] == one.ready["ready"]


def started(seconds):
    """The program, by itself."""
    probe = subprocess.Popen([sys.executable, *BOOT[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    asked = {"token": "t", "name": "n", "seconds": seconds, "listen": [["udp", 0]]}
    assert probe.stdin
    assert probe.stdout
    probe.stdin.write(f"{session.program()}{json.dumps(asked)}\n".encode())
    probe.stdin.flush()
    probe.stdout.readline()
    return probe


def test_probe_ends_with_its_channel():
    """It ends whatever it waits for."""
    probe = started(30)
    probe.stdin.close()

    assert 0 == probe.wait(10)
    probe.stdout.close()


def test_probe_ends_by_itself():
    """A probe ends by itself: nobody closes its channel if the link was cut."""
    with started(0.05) as probe:
        assert -14 == probe.wait(10)  # SIGALRM


COMMAND = "python3 -Ic 'import sys; exec(sys.stdin.readline())'"
SENSELESS = "h1: invalid answer from the probe"


@pytest.fixture
def engine(host, ended):
    """The Engine of a host whose command gives an answer that a test says."""
    return Engine(ended(Connection(host.access())))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "h1: python3: exit status 0: no error message"),
        (b"not JSON\n", SENSELESS),
        (b'{"ready": [], "links": [], "source": 1}\n', SENSELESS),
        (b'{"ready": [[99999, ""]], "links": [], "source": 1}\n', SENSELESS),
        (b'{"ready": [[1, "' + b"x" * 1000 + b'"]], "links": [], "source": 1}\n', SENSELESS),
        (b"[" * 100_000 + b"\n", SENSELESS),
    ],
)
def test_answer_that_makes_no_sense(host, engine, answer, why):
    """An error of that host."""
    host.commands[COMMAND] = Ends(answer)
    with pytest.raises(CommandFailed, match=f"^{why}$"):
        Session(engine, "t1", [("udp", 0)])


def test_host_without_python(engine):
    """Its shell says so."""
    with pytest.raises(CommandFailed, match=r"exit status 127: .*not found"):
        Session(engine, "t1", [("udp", 0)])


GONE = "h1: python3: exit status 1: nsenter: cannot open /var/run/docker/netns/ingress_sbox: No such file or directory"
NO_PYTHON = "h1: python3: exit status 127: not found"


class Begun:
    """A probe, whose sandbox is whole or not."""

    def __init__(self, whole):
        self.whole, self.closed = whole, False

    def close(self):
        """End it."""
        self.closed = True


@pytest.mark.parametrize(
    ("answers", "expected", "seconds"),
    [
        ([True], True, 0),
        ([GONE, False, True], True, 1),  # docker has just restarted
        ([False] * 99, False, 10.5),  # it is not silent: what it lacks is told
        ([GONE] * 99, GONE, 10.5),
        ([NO_PYTHON], NO_PYTHON, 0),
    ],
)
def test_sandbox_that_comes_back_is_waited_for(answers, expected, seconds):
    """Just after a restart of docker it is not there; what was begun before is ended."""
    left, begun = list(answers), list[Any]()
    slept: list[float] = []

    def start() -> Any:
        word = left.pop(0)
        if isinstance(word, str):
            raise CommandFailed(word)
        begun.append(Begun(word))
        return begun[-1]

    try:
        waited_for(start, lambda _: begun[-1].whole, now=lambda: sum(slept), sleep=slept.append)
        told: bool | str = begun.pop().whole
    except CommandFailed as problem:
        told = str(problem)

    assert (expected, seconds) == (told, sum(slept))
    assert all(one.closed for one in begun)
