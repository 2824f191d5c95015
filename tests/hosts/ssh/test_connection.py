"""One verified SSH connection a host, shared, reopened, bounded in time."""

import shutil
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import paramiko
import pytest

from providers.hosts.recent_failure import REMEMBERED
from providers.hosts.ssh.channel import close
from providers.hosts.ssh.connection import Connection
from providers.rules.vocabulary.errors import (
    CommandFailed,
    HostError,
    HostKeyMismatch,
    HostKeyUnknown,
    LoginRefused,
    Unreachable,
)
from tests.support.fake_sshd import Ends

ANOTHER_KEY = paramiko.ECDSAKey.generate()
RSA_KEY = paramiko.RSAKey.generate(2048)


@pytest.fixture
def connect(host):
    """Opens a connection to the host, with changes to its access."""
    opened: list[Connection] = []

    def connection(**changes) -> Connection:
        opened.append(Connection(host.access(**changes)))
        return opened[-1]

    yield connection
    for each in opened:
        each.close()


@pytest.fixture
def closed_port():
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return port


def error(connection: Connection, argv=("true",)) -> HostError:
    """Return the error that running a command raises."""
    with pytest.raises(HostError) as caught:
        connection.run(argv)
    return caught.value


# Running commands


def test_run_returns_stdout(host, connect):
    """The output of a command is returned as text."""
    host.commands["hostname"] = Ends(stdout=b"h1\n")

    assert "h1\n" == connect().run(["hostname"])


def test_run_quotes_words(host, connect):
    """A word with spaces or quotes stays one word on the host."""
    host.commands["echo 'a b' '$c'"] = Ends()
    connect().run(["echo", "a b", "$c"])

    assert ["echo 'a b' '$c'"] == host.ran


def test_run_gives_stdin(host, connect):
    """A command reads what it is given, to the end."""
    host.commands["cat"] = lambda channel: (
        channel.sendall(channel.makefile("rb").read()),
        channel.send_exit_status(0),
    )

    assert "secret" == connect().run(["cat"], stdin=b"secret")


def test_failed_command_says_why(host, connect):
    """Exit status and the last line on stderr are in the message."""
    host.commands["service docker restart"] = Ends(stderr=b"stopping\nrefused to die\n", status=3)
    problem = error(connect(), ["service", "docker", "restart"])

    assert (CommandFailed, "h1: service docker restart: exit status 3: refused to die") == (
        type(problem),
        str(problem),
    )


def test_endless_command_is_cut(host, connect):
    """A command that does not end in time is an error."""
    over = threading.Event()
    host.commands["tail -f log"] = lambda channel: over.wait(10)
    with pytest.raises(CommandFailed) as caught:
        connect().run(["tail", "-f", "log"], timeout=0.1)
    over.set()

    assert "h1: tail -f log: not done within 0.1 s" == str(caught.value)


def test_sudo_goes_before_the_command(host, connect):
    """`sudo: true` runs every command as root, without ever asking for a password."""
    host.commands["sudo -n id"] = Ends(stdout=b"root")

    assert "root" == connect(sudo=True).run(["id"])


def test_sudo_with_password_is_refused(host, connect):
    """If sudo asks for a password, the message says what to allow."""
    host.commands["sudo -n id"] = Ends(stderr=b"sudo: a password is required\n", status=1)
    problem = error(connect(sudo=True, user="deploy"), ["id"])

    assert (
        LoginRefused,
        "h1: sudo refuses deploy (a password is required): allow it without a password (NOPASSWD in sudoers)",
    ) == (type(problem), str(problem))


def test_sudo_that_allows_other_commands(host, connect):
    """A sudo that allows some commands but not this one is a refused login too."""
    words = b"Sorry, user deploy is not allowed to execute '/usr/bin/id' as root on h1.\n"
    host.commands["sudo -n id"] = Ends(stderr=words, status=1)

    assert LoginRefused is type(error(connect(sudo=True, user="deploy"), ["id"]))


def test_not_all_needs_root(host, connect):
    """A command that any user may run goes without sudo."""
    host.commands["id"] = Ends(stdout=b"deploy")

    assert "deploy" == connect(sudo=True).run(["id"], as_root=False)


# One connection


def test_threads_share_one_login(host, connect):
    """A host sees one login, however many threads come at once."""
    host.commands["true"] = Ends()
    connection = connect()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(connection.run, [["true"]] * 16))

    assert 1 == host.logins


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
    problem = error(connect(), ["reboot"])

    assert (Unreachable, ["reboot"]) == (type(problem), host.ran)


def test_too_few_sessions_are_named(host, connect):
    """If sshd opens no further session, the message names its setting."""
    host.max_sessions = 0
    problem = error(connect())

    assert LoginRefused is type(problem)
    assert "MaxSessions" in str(problem)


# Hosts that cannot be reached


def test_closed_port_is_unreachable(connect, closed_port):
    """The message names host, address and port, and what to check."""
    problem = error(connect(port=closed_port))

    assert (
        Unreachable,
        f"h1 (127.0.0.1:{closed_port}): connection refused: check its address and port, and that sshd runs",
    ) == (type(problem), str(problem))


def test_cause_is_chained(connect, closed_port):
    """The system's own error is the cause."""
    assert isinstance(error(connect(port=closed_port)).__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("name", ["no-such-host.invalid", "a..b", "x" * 64])
def test_unknown_name_is_unreachable(connect, name):
    """A name that does not resolve, or can't be one, is named."""
    problem = error(connect(address=name, port=22))

    assert Unreachable is type(problem)
    assert str(problem).startswith(f"h1 ({name}:22): ")


def test_silent_server_is_unreachable(connect):
    """Something that accepts and says nothing does not hold us up for longer than connect_timeout."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        problem = error(connect(port=port, connect_timeout=0.2))

    assert (
        Unreachable,
        f"h1 (127.0.0.1:{port}): no answer within 0.2 s: check that the host is up and reachable from here",
    ) == (type(problem), str(problem))


def test_failure_is_remembered_for_a_moment(host, closed_port):
    """Many resources on one dead host wait for it once; after that, it is tried again."""
    now = [0.0]
    connection = Connection(host.access(port=closed_port), clock=lambda: now[0])
    error(connection)
    error(connection)
    at_once = connection.link.opened
    now[0] += REMEMBERED
    error(connection)

    assert (1, 2) == (at_once, connection.link.opened)


# Host keys


def test_unknown_host_key_is_refused(host, connect):
    """A host that is not in known_hosts is refused, with its fingerprint and the file."""
    host.know()
    problem = error(connect())

    assert HostKeyUnknown is type(problem)
    assert host.host_keys[0].fingerprint in str(problem)
    assert host.access().known_hosts in str(problem)


def test_changed_host_key_is_refused(host, connect):
    """A host that shows another key than the known one is refused, with both fingerprints and the line."""
    host.know(ANOTHER_KEY)
    problem = error(connect())

    assert HostKeyMismatch is type(problem)
    assert host.host_keys[0].fingerprint in str(problem)
    assert ANOTHER_KEY.fingerprint in str(problem)
    assert f"{host.access().known_hosts} line 1" in str(problem)


def test_no_login_at_an_unverified_host(host, connect):
    """There is no login if the host key was refused."""
    host.know(ANOTHER_KEY)
    error(connect())

    assert 0 == host.logins


@pytest.mark.parametrize("known", [0, 1], ids=["rsa", "ecdsa"])
def test_known_type_is_asked_for(host, connect, known):
    """A host with several keys is asked for the one that is known, whichever it would show by itself."""
    host.host_keys[:] = [RSA_KEY, ANOTHER_KEY]
    host.know(host.host_keys[known])
    host.commands["true"] = Ends()

    assert "" == connect().run(["true"])


def test_given_host_key_is_enough(host, connect):
    """`host_key` is believed without any known_hosts."""
    key = host.host_keys[0]
    host.commands["true"] = Ends()
    connection = connect(host_key=f"{key.get_name()} {key.get_base64()}", known_hosts="/nowhere")

    assert "" == connection.run(["true"])


def test_given_host_key_is_enforced(host, connect):
    """`host_key` alone counts, whatever known_hosts has."""
    connection = connect(host_key=f"{ANOTHER_KEY.get_name()} {ANOTHER_KEY.get_base64()}")

    assert HostKeyMismatch is type(error(connection))


def test_unreadable_host_key_is_named(connect):
    """A `host_key` that is none is an error, not nothing."""
    assert HostKeyUnknown is type(error(connect(host_key="ssh-ed25519 AAAA")))


# Logging in


def test_refused_key_is_named(host, connect, tmp_path):
    """The message says as whom, and which keys were tried."""
    other = tmp_path / "other"
    ANOTHER_KEY.write_private_key_file(str(other))
    problem = error(connect(key_file=str(other), user="deploy"))

    assert LoginRefused is type(problem)
    assert f"no login as deploy: {other} refused" in str(problem)


def test_encrypted_key_is_named(host, connect, tmp_path):
    """A key that needs a passphrase works through the agent alone, and the message says so."""
    locked = tmp_path / "locked"
    host.user_key.write_private_key_file(str(locked), password="hunter2")

    assert f"{locked} is encrypted and not in the agent" in str(error(connect(key_file=str(locked))))


def test_missing_key_is_named(connect, tmp_path):
    """A key file that is not there is named."""
    assert f"{tmp_path}/none: no such file" in str(error(connect(key_file=f"{tmp_path}/none")))


def test_key_in_home_is_found(host, connect, tmp_path, monkeypatch):
    """The usual files in ~/.ssh are tried without key_file."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    ssh = tmp_path / "home" / ".ssh"
    ssh.mkdir(parents=True)
    shutil.copy(host.folder / "key", ssh / "id_ecdsa")
    host.commands["true"] = Ends()

    assert "" == connect(key_file=None).run(["true"])


def test_no_key_at_all_is_said(connect):
    """The message says so if there is neither an agent nor a file."""
    assert "there is no key to try" in str(error(connect(key_file=None)))


# Bastions


def test_host_behind_bastion(host, connect, new_sshd):
    """Commands reach a host by way of another; both hosts' keys are verified."""
    bastion = new_sshd("b1")
    bastion.forwards, bastion.user_key = True, host.user_key
    with open(host.access().known_hosts, "a") as known_hosts:
        known_hosts.write((bastion.folder / "known_hosts").read_text())
    host.commands["hostname"] = Ends(stdout=b"h1")

    assert "h1" == connect(bastion=f"127.0.0.1:{bastion.port}").run(["hostname"])
    bastion.close()


def test_bastion_that_forwards_nothing(host, connect, new_sshd):
    """The message names the host, its bastion and the setting."""
    bastion = new_sshd("b1")
    bastion.user_key = host.user_key
    with open(host.access().known_hosts, "a") as known_hosts:
        known_hosts.write((bastion.folder / "known_hosts").read_text())
    problem = error(connect(bastion=f"127.0.0.1:{bastion.port}"))

    assert LoginRefused is type(problem)
    assert f"h1: by bastion 127.0.0.1 (127.0.0.1:{bastion.port}): " in str(problem)
    assert "AllowTcpForwarding" in str(problem)


# Other ways


def test_ipv6(connect):
    """An IPv6 address is dialled, and named in brackets."""
    problem = error(connect(address="::1", port=1))

    assert str(problem).startswith("h1 ([::1]:1): connection refused")


def test_link_is_closed_while_a_channel_is_being_opened():
    """Another thread has just asked for it: the transport knows the channel, and not the other way round."""
    here, there = socket.socketpair()
    transport = paramiko.Transport(here)
    inside = vars(transport)  # as paramiko's open_channel leaves it for a moment
    inside["active"] = True
    inside["_channels"].put(0, paramiko.Channel(0))

    close(transport)

    assert not transport.is_active()
    there.close()
    here.close()


def test_a_command_that_writes_without_end(host, connect):
    """It is not read whole."""

    def write(channel):
        with suppress(OSError):
            while True:
                channel.sendall(bytes(2**15))

    host.commands["yes"] = write
    with pytest.raises(CommandFailed, match=r"^h1: yes: it writes more than 4 MiB$"):
        connect().run(["yes"])
