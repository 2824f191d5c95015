"""Leads the system's own `ssh` as a stack file says: its words, in front of all that its configuration says.

hosts/ssh/destination.py does the same for the connections of this program; a test holds both against each other. What
`ssh` would do beside that, and nobody is there to answer or see, is turned off.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.field_types import split_place

# https://man.openbsd.org/ssh_config
_ALWAYS = {
    "BatchMode": "yes",
    "ClearAllForwardings": "yes",
    "ControlMaster": "no",  # a master that stays keeps the output open, for which the script would wait
    "ControlPath": "none",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "LogLevel": "ERROR",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
    "ServerAliveCountMax": "3",
    "ServerAliveInterval": "15",
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",
    "VerifyHostKeyDNS": "no",
}
# Variables of the script: the configuration that it writes, and what the system's known_hosts revoke.
_CONFIG, _REVOKED, _KNOWN = '"$config"', '"$revoked"', '"$known"'


@dataclass(frozen=True, kw_only=True)
class SshWords:
    """The words that lead ssh to one host.

    words: its options and the address, quoted as for a shell (prepare.sh reads them without one). config: text of a
    configuration that counts after the user's own and the system's. host_key: the one key that is trusted, empty for
    known_hosts.
    """

    words: str
    config: str
    host_key: str


def ssh_words(host: HostAccess) -> SshWords:
    """Return how ssh is led to a host that is not this machine."""
    address = host.address or ""
    words = [*_options(host, host.user, host.port), *_way(host), *_trusted(host), "--", shlex.quote(address)]
    return SshWords(words=" ".join(words), config=_config(host), host_key=host.host_key or "")


def _options(host: HostAccess, user: str | None, port: int | None) -> Iterator[str]:
    yield from _all({**_ALWAYS, "ConnectTimeout": f"{max(1, round(host.connect_timeout))}"})
    if user:
        yield from _one("User", user)
    if port:
        yield from _one("Port", str(port))
    if host.key_file:
        yield from _one("IdentityFile", _path(host.key_file))
        # Else all keys of the agent come before it, and sshd takes few tries.
        yield from _one("IdentitiesOnly", "yes")
    if host.known_hosts:
        yield from _one("UserKnownHostsFile", _path(host.known_hosts))


def _trusted(host: HostAccess) -> Iterator[str]:
    """Yield the trusted keys: of the system's files only what they revoke counts beside a file or key of the stack
    file's."""
    if host.host_key:
        yield f"-o UserKnownHostsFile={_KNOWN}"
    if host.host_key or host.known_hosts:
        yield f"-o GlobalKnownHostsFile={_REVOKED}"


def _way(host: HostAccess) -> Iterator[str]:
    """Yield the way through the bastion that the stack file names; it is reached as the host is, but for its user and
    port."""
    if not host.bastion:
        return
    if host.bastion.lower() == "none":
        yield from _one("ProxyCommand", "none")
        return
    user, address, port = split_place(host.bastion)
    trusted = [f"-o GlobalKnownHostsFile={_REVOKED}"] if host.known_hosts else []
    words = [*_options(host, user or host.user, port), *trusted]
    through = f"ssh -F {_CONFIG} {' '.join(words)}".replace("%", "%%")
    yield from _one("ProxyCommand", f"{through} -W '[%h]:%p' -- {shlex.quote(address)}")


def _config(host: HostAccess) -> str:
    """Return the user's and the system's words, and what counts if those say nothing.

    Root logs in if nobody says who, not whoever runs this. The rest is for the bastions that they name.
    """
    options = [f"User {host.user or 'root'}"]
    if host.key_file:
        options.append(f"IdentityFile {_path(host.key_file)}")
    if host.known_hosts:
        options.append(f"UserKnownHostsFile {_path(host.known_hosts)}")
    lines = ("Include ~/.ssh/config", "Include /etc/ssh/ssh_config", "Host *", *(f"  {each}" for each in options))
    return "".join(f"{each}\n" for each in lines)


def _path(path: str) -> str:
    """Return a path as a configuration has it: a space does not end it, a percent sign begins no token, and `~` is
    HOME, not the home that the system has for the user."""
    at_home = f"${{HOME}}{path[1:]}" if path.startswith("~/") else path
    return '"{}"'.format(at_home.replace("%", "%%"))


def _all(options: dict[str, str]) -> Iterator[str]:
    for keyword, value in options.items():
        yield from _one(keyword, value)


def _one(keyword: str, value: str) -> Iterator[str]:
    yield f"-o {shlex.quote(f'{keyword}={value}')}"
