"""Each host's own log has a line before each step that writes there."""

import shlex
from functools import partial
from socket import SHUT_RDWR
from threading import Event, Semaphore

import pytest

from providers.hosts.audit import LOGGER, READY, commit
from providers.hosts.hosts_api import Hosts
from providers.rules.vocabulary.steps import DisconnectEndpoint, StopContainer, UpdateService

AUTHOR = "resource=ingress stack=swarmnet/prod commit=abc"


class Log:
    """`logger` on a host, and the lines that it got. most: after so many it ends."""

    def __init__(self):
        self.most = 100
        self.lines: list[str] = []
        self.came, self.ended = Semaphore(0), Event()

    def __call__(self, stream):
        stream.sendall(READY)
        with stream.makefile("rb") as lines:
            for number, text in enumerate(lines, start=1):
                self.lines.append(text.decode())
                self.came.release()
                if number == self.most:
                    stream.shutdown(SHUT_RDWR)
                    self.ended.set()
                    return

    def awaited(self, status=204, body=None):
        """What an Engine answers to a step, once the line of it has come."""
        return (status, body) if self.came.acquire(timeout=5) else (500, {"message": "no line has come"})


@pytest.fixture
def host(new_host):
    """A host with a log, whose Engine does what it is told."""
    host = new_host("w1")
    host.log = Log()
    host.commands[shlex.join(LOGGER)] = host.log
    for path in ("/containers/a/stop", "/containers/b/stop", "/networks/n/disconnect"):
        host.engine.does(f"POST {path}", host.log.awaited)
    return host


@pytest.fixture
def api(host, ended):
    """Gives the host's hosts API, and what it warns of."""
    told: list[str] = []
    hosts = Hosts({"w1": host.access()})
    ended(hosts.fleet)
    return lambda author=AUTHOR: (hosts.audited(author, told.append), told)


def test_line_comes_before_the_step(host, api):
    """It says when, where, what, of which resource, stack and commit."""
    hosts, warned = api()
    hosts.perform(StopContainer(host="w1", id="a"))
    hosts.perform(DisconnectEndpoint(host="w1", network="n", endpoint="e\n resource=2"))

    first, second = host.log.lines
    assert [] == warned
    assert first.startswith("at=20")
    assert first.endswith(f"Z host=w1 step=StopContainer id=a {AUTHOR}\n")
    assert 1 == host.ran.count(shlex.join(LOGGER))  # kept open
    assert "step=DisconnectEndpoint network=n endpoint=e_resource=2 resource=ingress" in second


def test_line_has_nothing_of_a_service_but_its_id(host, api):
    """Its spec may hold secrets."""
    host.engine.does("POST /services/s/update", partial(host.log.awaited, 200, {}))
    hosts, _ = api()
    hosts.perform(UpdateService(service_id="s", version=1, spec='{"Env": ["PASSWORD=x"]}', read_on="w1"))

    assert "step=UpdateService service_id=s resource" in host.log.lines[0]
    assert "PASSWORD" not in host.log.lines[0]


def test_host_without_a_log_is_told_once(host, api):
    """The step is taken all the same."""
    host.commands[shlex.join(LOGGER)] = lambda stream: None
    for name in ("a", "b"):
        host.engine.answer(f"POST /containers/{name}/stop", 204)
    hosts, warned = api()
    hosts.perform(StopContainer(host="w1", id="a"))
    hosts.perform(StopContainer(host="w1", id="b"))

    assert ["warning: w1: it has no `logger`: what is done there is not in its log"] == warned
    assert 2 == sum(request.startswith("POST") for request in host.engine.requests)


def test_log_that_ended_is_opened_again(host, api):
    """As after a restart of syslog."""
    host.log.most = 1
    hosts, _ = api()
    for name in ("a", "b"):
        hosts.perform(StopContainer(host="w1", id=name))
        assert host.log.ended.wait(5)

    assert ["a", "b"] == [line.partition(" id=")[2][:1] for line in host.log.lines]


def test_no_log_if_the_stack_file_wants_none(host, api):
    """No command is run for it."""
    host.engine.answer("POST /containers/a/stop", 204)
    hosts, _ = api("")
    hosts.perform(StopContainer(host="w1", id="a"))

    assert shlex.join(LOGGER) not in host.ran


def test_what_an_error_stops_is_in_no_log(host, api):
    """A host out of reach has neither the line nor the step."""
    hosts, _ = api()
    host.close()

    assert 1 == len(hosts.perform_all([StopContainer(host="w1", id="a")]))
    assert [] == host.log.lines


def test_commit_is_that_of_the_folder(tmp_path, monkeypatch):
    """`unknown` outside of git."""
    monkeypatch.chdir(tmp_path)
    commit.cache_clear()

    assert "unknown" == commit()
    commit.cache_clear()
