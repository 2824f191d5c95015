"""An SSH server on loopback that runs nothing: a test says what each command answers."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko

from providers.rules.stack_file.access import HostAccess
from tests.support.fake_engine import FakeEngine
from tests.support.looks import LOOK

DIAL = "docker system dial-stdio"
LONG_PACKET = (2**30 + 4).to_bytes(4, "big") + bytes(60)  # in whole blocks


@dataclass(frozen=True)
class Ends:
    """A command that ends at once, with this on stdout and stderr."""

    stdout: bytes = b""
    stderr: bytes = b""
    status: int = 0


Command = Ends | Callable[[paramiko.Channel], None]


def floods(channel: paramiko.Channel) -> None:
    """Write 8 MiB to stderr, whatever the client allows."""
    channel.out_window_size = 2**23
    channel.sendall_stderr(bytes(2**23))


def sends_long_packet(channel: paramiko.Channel) -> None:
    """Begin a packet of 1 GiB, by the length in its clear first bytes."""
    channel.get_transport().packetizer.write_all(LONG_PACKET)


class Machine:
    """A host with an Engine, however it is reached.

    commands: what each command does, by its text; any other is not found. ran: the commands that were run.
    logins: how many there were.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.engine = FakeEngine()
        self.commands: dict[str, Command] = {DIAL: self.engine.serve, "sh -s": Ends(stdout=LOOK.encode())}
        self.ran: list[str] = []
        self.logins = 0

    def does(self, text: str) -> Command:
        """Return what a command does that is run now."""
        self.ran.append(text)
        return self.commands.get(text, Ends(stderr=f"sh: 1: {text}: not found\n".encode(), status=127))


class FakeHost(Machine):
    """A host with an SSH server.

    user_key: the one that may log in. host_keys: those it can show. max_sessions: of one connection, in all.
    forwards: whether it forwards ports. without: an algorithm that it does not take, by the name of paramiko's option.
    """

    def __init__(self, folder: Path, name: str = "h1") -> None:
        super().__init__(name)
        self.folder = folder
        self.max_sessions = 1000
        self.user_key = paramiko.ECDSAKey.generate()
        self.host_keys: list[paramiko.PKey] = [paramiko.ECDSAKey.generate()]
        self.forwards = False
        self.without: dict[str, str] = {}
        self._transports: list[paramiko.Transport] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        folder.mkdir(exist_ok=True)
        self.user_key.write_private_key_file(str(folder / "key"))
        self.know(self.host_keys[0])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def access(self, **changes: object) -> HostAccess:
        """Return how this host is reached."""
        usual: dict[str, object] = {
            "name": self.name,
            "address": "127.0.0.1",
            "port": self.port,
            "key_file": str(self.folder / "key"),
            "known_hosts": str(self.folder / "known_hosts"),
            "connect_timeout": 5,
        }
        return HostAccess.model_validate(usual | changes)

    def know(self, *keys: paramiko.PKey, names: str = "") -> None:
        """Write known_hosts anew, with these keys for this host."""
        names = names or f"[127.0.0.1]:{self.port}"
        lines = (f"{names} {key.get_name()} {key.get_base64()}\n" for key in keys)
        (self.folder / "known_hosts").write_text("".join(lines))

    def hang_up(self) -> None:
        """Break all connections, as a restart of the host would."""
        for transport in self._transports:
            with suppress(OSError):
                transport.sock.shutdown(socket.SHUT_RDWR)  # wakes paramiko's thread, which a close does not
            transport.close()
            transport.join(5)
        self._transports.clear()

    def close(self) -> None:
        """Stop."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        self.hang_up()

    def _serve(self) -> None:
        while True:
            try:
                sock = self._listener.accept()[0]
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(sock)
            for option, name in self.without.items():
                options = transport.get_security_options()
                setattr(options, option, [each for each in getattr(options, option) if each != name])
            for key in self.host_keys:
                transport.add_server_key(key)
            self._transports.append(transport)
            with suppress(paramiko.SSHException, EOFError):
                transport.start_server(event=threading.Event(), server=_Server(self, transport))


class _Server(paramiko.ServerInterface):
    def __init__(self, host: FakeHost, transport: paramiko.Transport) -> None:
        self.host, self.transport = host, transport
        self.sessions = 0

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if key != self.host.user_key:
            return paramiko.common.AUTH_FAILED
        self.host.logins += 1
        return paramiko.common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        self.sessions += 1
        if self.sessions > self.host.max_sessions:
            return paramiko.common.OPEN_FAILED_CONNECT_FAILED
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        does = self.host.does(command.decode())
        threading.Thread(target=_run, args=(channel, does), daemon=True).start()
        return True

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        if not self.host.forwards:
            return paramiko.common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        threading.Thread(target=self._forward, args=(destination,), daemon=True).start()
        return paramiko.common.OPEN_SUCCEEDED

    def _forward(self, destination: tuple[str, int]) -> None:
        channel = self.transport.accept(5)
        with socket.create_connection(destination, 5) as sock:
            back = threading.Thread(target=_pump, args=(sock, channel), daemon=True)
            back.start()
            _pump(channel, sock)
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            back.join(5)


def _pump(source, sink) -> None:
    """Copy bytes until one side ends."""
    with suppress(OSError, EOFError):
        while data := source.recv(65536):
            sink.sendall(data)


def _run(channel: paramiko.Channel, does: Command) -> None:
    """Do what the command does, then end it, unless the client is gone."""
    with suppress(OSError, EOFError, paramiko.SSHException):
        _do(channel, does)
        channel.close()


def _do(channel: paramiko.Channel, does: Command) -> None:
    if isinstance(does, Ends):
        # Not before the client has said something: it would take an end before its start for a broken link.
        channel.recv(65536)
        channel.sendall(does.stdout)
        channel.sendall_stderr(does.stderr)
        channel.send_exit_status(does.status)
    else:
        does(channel)
