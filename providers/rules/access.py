"""How each host is reached, every default filled in. Reaching it and reading files must not enter."""

from pydantic import BaseModel, ConfigDict

from providers.rules.forms import is_ip
from providers.rules.stackfile import Host, Reach, StackFile


class HostAccess(BaseModel):
    """One host's non-secret way of being reached.

    It is an output of the host's Node, so that a host taken out of the stack file can still be told to leave.
    It lives in users' state files: keys may be added with a default, not renamed. `HostAccess(**data)` takes
    back what `model_dump()` gave, also where numbers became floats and absent values missing keys.

    address: a name or an IP address; None where `local`. key_file, known_hosts: paths, `~` not expanded.
    None: for key_file, the agent's keys; for known_hosts, the files that `ssh` reads; for host_key
    (`<type> <base64>`), a line in known_hosts.
    bastion: `[user@]host[:port]`. connect_timeout: seconds. The three last: for init and join, None leaves
    the choice to the Engine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    address: str | None = None
    local: bool = False
    user: str = "root"
    port: int = 22
    key_file: str | None = None
    known_hosts: str | None = None
    host_key: str | None = None
    sudo: bool = False
    bastion: str | None = None
    connect_timeout: float = 10
    advertise_address: str | None = None
    listen_address: str | None = None
    data_path_address: str | None = None


def access(stackfile: StackFile) -> dict[str, HostAccess]:
    """How each host is reached, by its name: its own keys, then those of `ssh`, then the defaults."""
    shared = stackfile.ssh.model_dump(exclude_none=True)
    return {name: _of(name, host, shared) for name, host in stackfile.hosts.items()}


def _of(name: str, host: Host, shared: dict[str, object]) -> HostAccess:
    own = host.model_dump(include=set(Reach.model_fields), exclude_none=True)
    return HostAccess.model_validate(
        {
            **shared,
            **own,
            "name": name,
            "address": host.address,
            "local": host.local,
            "advertise_address": host.advertise_address or _advertised(host.address),
            "listen_address": host.listen_address,
            "data_path_address": host.data_path_address,
        }
    )


def _advertised(address: str | None) -> str | None:
    """The Engine advertises IP addresses and interfaces only, so that a name leaves the choice to it."""
    return address if address and is_ip(address) else None
