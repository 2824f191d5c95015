"""One verified SSH connection a host, shared, reopened, bounded in time."""

import io
import shutil
import socket
import threading
from contextlib import closing, suppress

import paramiko
import pytest

from providers.hosts.bounds import PACKET
from providers.hosts.engine_api.engine import Engine
from providers.hosts.recent_failure import REMEMBERED
from providers.hosts.ssh.channel import close
from providers.hosts.ssh.connection import Connection
from providers.hosts.ssh.destination import destination
from providers.hosts.ssh.transport import open_transport
from providers.rules.vocabulary.errors import (
    CommandFailed,
    HostError,
    HostKeyMismatch,
    HostKeyUnknown,
    LoginRefused,
    Unreachable,
)
from tests.support.fake_sshd import DIAL, LONG_PACKET, Ends, floods, sends_long_packet
from tests.support.tables import cases

ANOTHER_KEY = paramiko.ECDSAKey.generate()
RSA_KEY = paramiko.RSAKey.generate(2048)


def line(key: paramiko.PKey) -> str:
    """Return a key as `host_key` has it."""
    return f"{key.get_name()} {key.get_base64()}"


@pytest.fixture
def connect(host, ended):
    """Opens a connection to the host, where `true` works, with changes to its access."""
    host.commands["true"] = Ends()
    return lambda **changes: ended(Connection(host.access(**changes)))


@pytest.fixture
def bastion(host, new_sshd):
    """A host that lets in whoever the host lets in; its key is known."""
    bastion = new_sshd("b1")
    bastion.user_key = host.user_key
    with open(host.access().known_hosts, "a") as known_hosts:
        known_hosts.write((bastion.folder / "known_hosts").read_text())
    return bastion


def error(connection: Connection, argv=("true",), **more) -> HostError:
    """Return the error that running a command raises."""
    with pytest.raises(HostError) as caught:
        connection.run(argv, **more)
    return caught.value


def told(problem: HostError) -> tuple[type[HostError], str]:
    """Return the kind of an error, and its message."""
    return type(problem), str(problem)


# Running commands


def test_command_is_run(host, connect):
    """Words with spaces or quotes stay words, stdin is read to its end, and what is printed is returned as text."""
    host.commands["tee 'a b' '$c'"] = lambda channel: (
        channel.sendall(channel.makefile("rb").read()),
        channel.send_exit_status(0),
    )

    assert "secret" == connect().run(["tee", "a b", "$c"], stdin=b"secret")


def endless(channel):
    """Write until the client is gone."""
    with suppress(OSError):
        while True:
            channel.sendall(bytes(2**15))


SORRY = "Sorry, user deploy is not allowed to execute '/usr/bin/id' as root on h1."
REFUSED = f"h1: sudo refuses deploy ({SORRY}): allow it without a password (NOPASSWD in sudoers)"


@cases(
    "expected, command, does, access",
    {
        "it does not end": (
            *((CommandFailed, "h1: tail -f log: not done within 0.3 s"), "tail -f log"),
            *(lambda channel: channel.get_transport().join(10), {}),
        ),
        "it writes without end": ((CommandFailed, "h1: yes: it writes more than 4 MiB"), "yes", endless, {}),
        "sudo allows other commands": (
            *((LoginRefused, REFUSED), "sudo -n id", Ends(stderr=SORRY.encode(), status=3)),
            {"sudo": True, "user": "deploy"},
        ),
    },
)
def test_command_that_fails(host, connect, expected, command, does, access):
    """It is cut, and not read whole; it is a refused login if sudo did not let it begin."""
    host.commands[command] = does
    argv = command.removeprefix("sudo -n ").split()

    assert expected == told(error(connect(**access), argv, **({"timeout": 0.3} if "tail" in command else {})))


# Hosts that send more than they may

WINDOW = "it sends more than the 2,097,152 bytes of a channel's window"
LENGTH = "it sends a packet of more than 262,144 bytes, which ssh refuses"


@pytest.mark.parametrize(("sends", "told"), [(floods, WINDOW), (sends_long_packet, LENGTH)])
@pytest.mark.parametrize(
    "ask", [lambda connection: connection.run(DIAL.split()), lambda connection: Engine(connection).ping()]
)
def test_host_that_sends_more_than_it_may(host, connect, ask, sends, told):
    """Neither a window nor a packet is exceeded, in a command and in an answer of the Engine: the link ends."""
    host.commands[DIAL] = sends
    with pytest.raises(Unreachable, match=rf"^h1 \(127.0.0.1:{host.port}\): {told}$"):
        ask(connect())


def test_what_is_kept_of_a_flood(host, connect):
    """It is what was allowed, and the packet that exceeds that."""
    host.commands["id"] = floods
    channel = connect().link.open_channel(lambda transport: transport.open_session())
    channel.exec_command("id")
    channel.recv_exit_status()

    assert 2**21 < len(channel.in_buffer) + len(channel.in_stderr_buffer) <= 2**21 + PACKET


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (b"x" * 65_537, "something answers, but it is not SSH: .*: more than 65,536 bytes before its version"),
        (b"SSH-2.0-x\r\n" + LONG_PACKET, LENGTH),
    ],
    ids=["greeting", "packet"],
)
def test_stranger_that_sends_more_than_it_may(host, says, told):
    """It is ended before any key is known."""
    here, actual = socket.socketpair()
    actual.sendall(says)
    with closing(actual), pytest.raises(Unreachable, match=rf"^h1 \(127.0.0.1:{host.port}\): {told}$"):
        open_transport(destination(host.access()), here)


# One connection


def test_dropped_connection_is_reopened(host, connect):
    """A connection that the host broke is made again at the next command."""
    host.commands["hostname"] = Ends(stdout=b"h1")
    connection = connect()
    connection.run(["hostname"])
    host.hang_up()

    assert ("h1", 2) == (connection.run(["hostname"]), host.logins)


def test_break_during_a_command_is_unreachable(host, connect):
    """A command whose connection breaks has an unknown end, and is not run again."""
    host.commands["reboot"] = lambda channel: channel.get_transport().close()

    assert (Unreachable, ["reboot"]) == (type(error(connect(), ["reboot"])), host.ran)


def test_too_few_sessions_are_named(host, connect):
    """If sshd refused another session, the message names its setting."""
    host.max_sessions = 0

    assert "set MaxSessions to 10 or more" in str(error(connect()))


# Hosts that cannot be reached


NO_NAME = "x" * 64
REFUSALS = {
    "unknown name": (Unreachable, "h1 (no.invalid:1): ", {"address": "no.invalid", "port": 1}),
    "no name": (Unreachable, "h1 (a..b:1): a..b is not a host name", {"address": "a..b", "port": 1}),
    "long name": (Unreachable, f"h1 ({NO_NAME}:1): {NO_NAME} is not a host name", {"address": NO_NAME, "port": 1}),
    "IPv6 address": (Unreachable, "h1 ([::1]:1): connection refused", {"address": "::1", "port": 1}),
    "other host_key": (HostKeyMismatch, "{where}: its host key has changed; ", {"host_key": line(ANOTHER_KEY)}),
    "other key": (LoginRefused, "{where}: no login as root: {folder}/other refused", {"key_file": "other"}),
    "missing key": (LoginRefused, "{where}: no login as root: {folder}/none: no such file", {"key_file": "none"}),
    "no key": (LoginRefused, "{where}: no login as ann: there is no key to try", {"key_file": None, "user": "ann"}),
}


@pytest.mark.parametrize(("kind", "words", "access"), REFUSALS.values(), ids=REFUSALS)
def test_host_that_is_not_reached(host, connect, kind, words, access):
    """The line names the host, where it was tried, as whom, and which keys were."""
    ANOTHER_KEY.write_private_key_file(str(host.folder / "other"))
    file = access.get("key_file")
    problem = error(connect(**access | ({"key_file": f"{host.folder}/{file}"} if file else {})))

    assert kind is type(problem)
    assert str(problem).startswith(words.format(where=f"h1 (127.0.0.1:{host.port})", folder=host.folder))


def test_silent_server_is_unreachable(connect):
    """Something that accepts and says nothing does not hold us up for longer than connect_timeout."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        problem = error(connect(port=port, connect_timeout=0.2))

    assert (
        Unreachable,
        f"h1 (127.0.0.1:{port}): no answer within 0.2 s: check that the host is up and reachable from here",
    ) == told(problem)


def test_failure_is_remembered_for_a_moment(host):
    """Many resources on one dead host wait for it once; after that, it is tried again."""
    now = [0.0]
    connection = Connection(host.access(port=1), clock=lambda: now[0])
    error(connection)
    error(connection)
    at_once = connection.link.opened
    now[0] += REMEMBERED
    error(connection)

    assert (1, 2) == (at_once, connection.link.opened)


# Host keys


@cases("known, kind", {"unknown": ((), HostKeyUnknown), "changed": ((ANOTHER_KEY,), HostKeyMismatch)})
def test_host_key_is_refused(host, connect, known, kind):
    """The message has the fingerprints of the shown key and of each known one, and the file; there is no login."""
    host.know(*known)
    problem = error(connect())

    assert (kind, 0) == (type(problem), host.logins)
    assert all(key.fingerprint in str(problem) for key in (host.host_keys[0], *known))
    assert f"{host.access().known_hosts}{' line 1' if known else ''}" in str(problem)


@pytest.mark.parametrize("known", [0, 1], ids=["rsa", "ecdsa"])
def test_known_type_is_asked_for(host, connect, known):
    """A host with several keys is asked for the one that is known, whichever it would show by itself."""
    host.host_keys[:] = [RSA_KEY, ANOTHER_KEY]
    host.know(host.host_keys[known])

    assert "" == connect().run(["true"])


def test_given_host_key_is_enough(host, connect):
    """It is believed without any known_hosts."""
    assert "" == connect(host_key=line(host.host_keys[0]), known_hosts="/nowhere").run(["true"])


def test_key_in_home_is_found(host, connect, tmp_path, monkeypatch):
    """The usual files in ~/.ssh are tried without key_file."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    ssh = tmp_path / "home" / ".ssh"
    ssh.mkdir(parents=True)
    shutil.copy(host.folder / "key", ssh / "id_ecdsa")

    assert "" == connect(key_file=None).run(["true"])


# Bastions


def test_output_goes_into_a_file_as_it_comes(connect, host):
    """More than a packet of it; errors call the command by another name."""
    host.commands |= {"pack": Ends(stdout=b"x" * 2**20), "fail": Ends(b"half", b"no\ndisk error\n", 2)}
    file = io.BytesIO()
    connect().run_into(file, ["pack"], ["tar"], 5)

    assert b"x" * 2**20 == file.getvalue()
    with pytest.raises(CommandFailed, match=r"^h1: tar: exit status 2: disk error$"):
        connect().run_into(file, ["fail"], ["tar"], 5)


def test_output_into_a_file_is_bounded(connect, host, monkeypatch):
    """In bytes and in seconds; and a link that breaks is no end."""
    monkeypatch.setattr("providers.hosts.ssh.connection.MOST_INTO", 2**20)
    host.commands |= {
        "long": Ends(stdout=bytes(2**21)),
        "late": lambda channel: threading.Event().wait(1),
        "cut": lambda channel: host.hang_up(),
    }
    expected = {
        "long": ("writes more than 1 MiB", 60),
        "late": (r"not done within 0\.2 s", 0.2),
        "cut": ("the connection broke", 60),
    }

    for name, (words, seconds) in expected.items():
        with pytest.raises(HostError, match=words):
            connect().run_into(io.BytesIO(), [name], ["tar"], seconds)


def test_host_behind_bastion(connect, bastion):
    """Commands reach a host by way of another; both hosts' keys are verified."""
    bastion.forwards = True

    assert "" == connect(bastion=f"127.0.0.1:{bastion.port}").run(["true"])
    bastion.close()


def test_bastion_that_forwards_nothing(connect, bastion):
    """The message names the host, its bastion and the setting."""
    kind, words = told(error(connect(bastion=f"127.0.0.1:{bastion.port}")))

    assert (LoginRefused, True) == (kind, words.startswith(f"h1: by bastion 127.0.0.1 (127.0.0.1:{bastion.port}): "))
    assert "AllowTcpForwarding" in words


def test_link_is_closed_while_a_channel_is_being_opened():
    """Another thread has just asked for it: the transport knows the channel, and not the other way round."""
    here, actual = socket.socketpair()
    transport = paramiko.Transport(here)
    inside = vars(transport)  # as paramiko's open_channel leaves it for a moment
    inside["active"] = True
    inside["_channels"].put(0, paramiko.Channel(0))

    close(transport)

    assert not transport.is_active()
    actual.close()
    here.close()
