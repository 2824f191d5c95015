"""Where SSH goes for a host, nothing left open: the stack file's word, then ~/.ssh/config, then the defaults.

Found on the machine that runs, each time a link is opened, and never put into a state. Connecting must not enter.
"""

import os
from dataclasses import dataclass

import paramiko

from providers.hosts.ssh.paths import expanded
from providers.hosts.ssh.ssh_config import CONFIG, settings
from providers.rules.stack_file.access import SSH_PORT, HostAccess
from providers.rules.stack_file.field_types import split_place, taken_by_ssh
from providers.rules.vocabulary.errors import HostError

USER = "root"
DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
AGENT = "SSH_AUTH_SOCK"


@dataclass(frozen=True)
class Destination:
    """One host's sshd, and with what it is asked.

    name: the host's in the stack file, for messages; a bastion's is its address. key_files: as given, `~` not
    expanded; empty where none was named. only_those: no other key may be tried, agents have them or not.
    known_hosts: files; host_key (`<type> <base64>`) takes their place. agent: its socket, empty for none.
    bastion: what is gone through.
    """

    name: str
    address: str
    port: int
    user: str
    key_files: tuple[str, ...] = ()
    only_those: bool = False
    known_hosts: tuple[str, ...] = KNOWN_HOSTS
    host_key: str | None = None
    agent: str = ""
    connect_timeout: float = 10
    bastion: "Destination | None" = None

    @property
    def where(self) -> str:
        """How messages name it: `h2 (198.51.100.12:22)`."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.name} ({address}:{self.port})"


def destination(access: HostAccess) -> Destination:
    """Where a host is. Raises HostError where ~/.ssh/config makes no sense, or names a way that can't be gone."""
    return _found(access, access, ())


def _found(own: HostAccess, host: HostAccess, before: tuple[str, ...]) -> Destination:
    """What `own` says, then the config for its address, then (a bastion) what the host behind it says.

    before: the places on whose way this bastion lies.
    """
    address = own.address or ""
    place = f"{address} port {own.port}" if own.port else address
    if host.bastion and before == (place,):
        raise HostError(f"{host.name}: its bastion {host.bastion} is the host itself: give it `bastion: none`")
    if place in before:
        raise HostError(f"{host.name}: its way leads in a circle: {' by '.join((*before, place))}: see {CONFIG}")
    if not taken_by_ssh(address, own.user or ""):
        raise HostError(
            f"{host.name}: {place!r}, user {own.user!r}: ssh would take no such host or user, since it could become a "
            "command: correct it in the stack file; where only the state has it, see `pulumi stack export`"
        )
    said = settings(host.name, address)
    key_file, known_hosts = own.key_file or "", own.known_hosts or ""
    return Destination(
        name=own.name,
        address=said["hostname"],
        port=own.port or _port(host.name, said) or SSH_PORT,
        user=own.user or said.get("user") or host.user or USER,
        key_files=_some([key_file], list(said.get("identityfile", ())), [host.key_file or ""]),
        only_those=said.get("identitiesonly", "no").lower() == "yes",
        known_hosts=_some([known_hosts], _files(said), [host.known_hosts or ""]) or KNOWN_HOSTS,
        host_key=own.host_key,
        agent=_agent(host.name, said),
        connect_timeout=host.connect_timeout,
        bastion=_bastion(own, host, said, (*before, place)),
    )


def _bastion(
    own: HostAccess, host: HostAccess, said: paramiko.SSHConfigDict, before: tuple[str, ...]
) -> Destination | None:
    """The last one to go through. What the stack file names is reached as the host is, unless it says otherwise."""
    # Of the two, the one that the config says first counts.
    first = next((key for key in said if key in ("proxyjump", "proxycommand")), "")
    jumps = own.bastion or (said.get(first) or "none")
    if jumps.lower() == "none":
        return None
    if not own.bastion and first == "proxycommand":
        raise HostError(
            f"{host.name}: {CONFIG} has a ProxyCommand for {own.address}, which is not run here: "
            "say it as ProxyJump, or give the host a bastion"
        )
    *earlier, last = jumps.split(",")
    user, address, port = split_place(last.strip().removeprefix("ssh://"))
    shared = own if own.bastion else HostAccess(name=own.name)
    jump = HostAccess(
        name=address,
        address=address,
        port=port,
        user=user or shared.user,
        key_file=shared.key_file,
        known_hosts=shared.known_hosts,
        bastion=",".join(earlier) or None,
    )
    return _found(jump, host, before)


def _port(name: str, said: paramiko.SSHConfigDict) -> int | None:
    text = said.get("port")
    if text is not None and not text.isdecimal():
        raise HostError(f"{name}: {CONFIG} has a Port that is no number: {text}")
    return int(text) if text else None


def _files(said: paramiko.SSHConfigDict) -> list[str]:
    """Files with the user's known host keys; those of the system count beside them."""
    users = said.get("userknownhostsfile", "").split()
    return [*(file for file in users if file != "none"), KNOWN_HOSTS[-1]] if users else []


def _some(*choices: list[str]) -> tuple[str, ...]:
    """The first list that has something in it."""
    return next((tuple(filter(None, files)) for files in choices if any(files)), ())


def _agent(name: str, said: paramiko.SSHConfigDict) -> str:
    """The agent's socket: SSH_AUTH_SOCK, unless IdentityAgent names another, or none."""
    named = said.get("identityagent", AGENT)
    if named == "none":
        return ""
    return os.environ.get(AGENT, "") if named == AGENT else os.path.expandvars(expanded(name, named))
