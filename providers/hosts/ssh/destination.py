"""The full destination of SSH for a host: the stack file's word, then OpenSSH's.

Found on the machine that runs, each time a link is opened, and never put into a state. No connection is made here.
"""

from dataclasses import dataclass, field
from pathlib import Path

from providers.hosts.ssh.algorithms import DEFAULT, Algorithms
from providers.hosts.ssh.openssh import CONFIG, GLOBAL_KNOWN_HOSTS, USUAL_KEYS, USUAL_KNOWN_HOSTS, OpenSsh, SshSettings
from providers.rules.stack_file.access import SSH_PORT, HostAccess
from providers.rules.stack_file.field_types import split_place, taken_by_ssh
from providers.rules.vocabulary.errors import HostError

USER = "root"
KNOWN_HOSTS = (*USUAL_KNOWN_HOSTS, *GLOBAL_KNOWN_HOSTS)
# What it has said so far in this process, which is one run.
_openssh = OpenSsh()


@dataclass(frozen=True)
class Destination:
    """One host's sshd, and with what it is asked.

    name: the host's in the stack file, for messages; a bastion's is its address. key_files: as given, `~` not
    expanded; empty if none was named, and usual_keys are tried after the agent's. only_those: no other key may be
    tried, agents have them or not. alias: its name in known_hosts and certificates, empty for the address.
    known_hosts: files; host_key (`<type> <base64>`) takes their place. revoking: files whose `@revoked` counts beside
    either. revoked_keys: a file of keys never to be trusted, empty for none. agent: its socket, empty for none.
    bastion: what is gone through.
    """

    name: str
    address: str
    port: int
    user: str
    key_files: tuple[str, ...] = ()
    usual_keys: tuple[str, ...] = USUAL_KEYS
    only_those: bool = False
    alias: str = ""
    known_hosts: tuple[str, ...] = KNOWN_HOSTS
    host_key: str | None = None
    revoking: tuple[str, ...] = GLOBAL_KNOWN_HOSTS
    revoked_keys: str = ""
    algorithms: Algorithms = field(default=DEFAULT, repr=False)
    agent: str = ""
    connect_timeout: float = 10
    bastion: "Destination | None" = None

    @property
    def where(self) -> str:
        """Name it for messages: `h2 (198.51.100.12:22)`."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.name} ({address}:{self.port})"

    def path(self, file: str) -> Path:
        """Return a file with `~` and `~user` in full. Raises HostError for an unknown user."""
        try:
            return Path(file).expanduser()
        except RuntimeError as problem:
            user = file.partition("/")[0]
            raise HostError(
                f"{self.name}: {file}: there is no home {user} on this machine; write the path in full"
            ) from problem


def destination(access: HostAccess, openssh: OpenSsh = _openssh) -> Destination:
    """Find out where a host is. Raises HostError if ssh rejects its configuration, or that names a way we can't go."""
    return _found(access, access, openssh, ())


def _found(own: HostAccess, host: HostAccess, openssh: OpenSsh, before: tuple[str, ...]) -> Destination:
    """Combine what `own` says, then OpenSSH for its address, then (a bastion) what the host behind it says: who names
    files first, names them all.

    before: the places on whose way this bastion lies.
    """
    address = own.address or ""
    place = f"{address} port {own.port}" if own.port else address
    if host.bastion and before == (place,):
        raise HostError(f"{host.name}: its bastion {host.bastion} is the host itself: give it `bastion: none`")
    if place in before:
        raise HostError(f"{host.name}: its bastions lead in a circle: {' by '.join((*before, place))}: see {CONFIG}")
    if not taken_by_ssh(address, own.user or ""):
        raise HostError(
            f"{host.name}: {place!r}, user {own.user!r}: ssh would take no such host or user, since it could become a "
            "command: correct it in the stack file; if only the state has it, see `pulumi stack export`"
        )
    settings = SshSettings(host.name, address, openssh.words(host.name, address, own.user, own.port, host.user or USER))
    if command := settings.one("knownhostscommand"):
        raise HostError(
            f"{host.name}: ssh's configuration has a KnownHostsCommand for {address} ({command}), which is not run "
            "here: remove it for this host, and write its key into known_hosts"
        )
    usual = SshSettings(host.name, address, openssh.unconfigured(host.name))  # which ssh lists if nothing is named
    keys, usual_keys = settings.keys(), usual.keys()
    key_file = own.key_file or (host.key_file if keys == usual_keys else None)
    users, usual_users = (each.listed("userknownhostsfile", USUAL_KNOWN_HOSTS) for each in (settings, usual))
    system = settings.listed("globalknownhostsfile", GLOBAL_KNOWN_HOSTS)
    known_hosts = own.known_hosts or (host.known_hosts if users == usual_users else None)
    return Destination(
        name=own.name,
        address=settings.one("hostname") or address,
        port=int(settings.one("port") or own.port or SSH_PORT),
        user=settings.one("user") or own.user or host.user or USER,
        key_files=(key_file,) if key_file else keys if keys != usual_keys else (),
        usual_keys=usual_keys if keys == usual_keys and not key_file else (),
        only_those=settings.one("identitiesonly") == "yes",
        alias=settings.one("hostkeyalias"),
        known_hosts=(known_hosts,) if known_hosts else (*users, *system),
        host_key=own.host_key,
        revoking=system,
        revoked_keys=settings.expanded(settings.one("revokedhostkeys")),
        algorithms=settings.algorithms(),
        agent=settings.agent(),
        connect_timeout=host.connect_timeout,
        bastion=_bastion(own, host, openssh, settings, (*before, place)),
    )


def _bastion(
    own: HostAccess, host: HostAccess, openssh: OpenSsh, settings: SshSettings, before: tuple[str, ...]
) -> Destination | None:
    """The last one to go through. What the stack file names is reached as the host is, unless it says otherwise."""
    jumps = own.bastion or settings.one("proxyjump")
    if not own.bastion and settings.one("proxycommand"):
        raise HostError(
            f"{host.name}: ssh's configuration has a ProxyCommand for {own.address}, which is not run here: "
            "write it as ProxyJump, or give the host a bastion"
        )
    if jumps.lower() in ("", "none"):
        return None
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
    return _found(jump, host, openssh, before)
