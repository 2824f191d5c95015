"""The way to each host, every default filled in. No host is reached and no file is read here."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from providers.rules.stack_file.model import Host, Reach, StackFile
from providers.rules.vocabulary.addresses import engine_host, ip_only, is_ip


class HostAccess(BaseModel):
    """One host's non-secret way of being reached.

    It is an output of the host's Node, so that a host taken out of the stack file can still be told to leave.
    It lives in users' state files: keys may be added with a default, not renamed. `HostAccess(**data)` takes
    back what `model_dump()` gave, also where numbers became floats and absent values missing keys.

    address: a name, an IP address or a Host of ~/.ssh/config; None if `local`. key_file, known_hosts: paths, `~`
    not expanded. host_key: `<type> <base64>`. bastion: `[user@]host[:port]`; `none` for no bastion.
    None, for each of them, user and port: what ~/.ssh/config says on the machine that runs, then a default; neither
    gets into a state (hosts/ssh/destination.py).
    connect_timeout: seconds. The three last: for init and join, None leaves the choice to the Engine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    address: str | None = None
    local: bool = False
    user: str | None = None
    port: int | None = None
    key_file: str | None = None
    known_hosts: str | None = None
    host_key: str | None = None
    sudo: bool = False
    bastion: str | None = None
    connect_timeout: float = 10
    advertise_address: str | None = None
    listen_address: str | None = None
    data_path_address: str | None = None

    @classmethod
    def recorded(cls, access: object, host: str) -> Self:
        """Return the access that a state has, of another version too. Never fails: what makes no sense is left out, and
        a host without an address can't be reached."""
        raw = access if isinstance(access, Mapping) else {}
        given = {key: value for key, value in raw.items() if key in cls.model_fields} | {"name": host}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            odd = {problem["loc"][0] for problem in error.errors()}
        return cls.model_validate({key: value for key, value in given.items() if key not in odd})


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The stack file's word on who is a manager.

    managers: the hosts that it calls managers; None if it has no section `swarm`, and so no word on that. unasked:
    hosts that it declares beside those that are asked.
    """

    managers: frozenset[str] | None = None
    unasked: frozenset[str] = frozenset()


# A stack file without the section `swarm`.
UNSAID = Roles()
SSH_PORT = 22


def describe_move(before: object, now: object) -> str:
    """Say how a host's place has changed between two `model_dump()`s of its access; empty if it has not.

    The login and its keys do not count.
    """
    if not before or not now:
        return ""
    then, since = (_place(HostAccess.recorded(each, "")) for each in (before, now))
    return "" if then == since else f"address changed from {then} to {since}"


def other_machine_message(host: str, change: str, actual: str, known: str) -> str:
    """Say why a host with a changed address (in the words of `describe_move`) is not touched: it is not the state's
    host."""
    return (
        f"{host}: its {change}, but a different machine answers there: found {actual}, the state has {known}: "
        f"correct the address; if it is a new machine, take {host} out of the stack file for one `pulumi up` "
        "(with lost: true before that, if the old one is gone), then add it"
    )


def known_by(host: HostAccess) -> str:
    """Return the IP address that members are to know a host by, if the stack file itself says so (`advertise_address`);
    empty for an interface, and if only a join takes it from `address`."""
    return "" if host.advertise_address == host.address else ip_only(host.advertise_address)


def left_behind(before: object, now: object) -> str:
    """Return the IP address that a member joined with by the stack file's `address`, if that has become another one
    between two `model_dump()`s of its access; empty if a name or `advertise_address` says how members know it."""
    if not before or not now:
        return ""
    then, since = (HostAccess.recorded(each, "") for each in (before, now))
    by_address = all(ip_only(each.address) and each.advertise_address == each.address for each in (then, since))
    return ip_only(then.address) if by_address and then.address != since.address else ""


def advertises(host: HostAccess, node_address: str) -> str:
    """Say why a member is not known by the stack file's address; empty if it is, or nothing says which. node_address:
    its own, as it tells it (`/info`, NodeAddr): the managers' (Status.Addr) is another one behind NAT."""
    known = known_by(host)
    if not known or not node_address or ip_address(known) == ip_address(node_address):
        return ""
    return (
        f"{host.name} advertises {node_address}, the file says {known} (advertise_address), and a member keeps what it "
        f"joined with: take {host.name} out of the file, `pulumi up`, and put it back: it then joins with {known}, its "
        f"labels and role; or write advertise_address: {node_address}"
    )


def as_advertised(access: Mapping[str, object], node_address: str) -> dict[str, object]:
    """Return how a host is reached, with the address that it really has among the members."""
    if not advertises(HostAccess.recorded(access, ""), node_address):
        return dict(access)
    return {**access, "advertise_address": node_address}


def kept_from_joining(host: str, before: object, now: object) -> str:
    """Say which address of a member, that no Engine tells, has changed between two `model_dump()`s of its access; empty
    if none has, or nothing is known of before."""
    if not before or not now:
        return ""
    then, since = (HostAccess.recorded(each, host) for each in (before, now))
    changed = [key for key in ("data_path_address", "listen_address") if getattr(then, key) != getattr(since, key)]
    if not changed:
        return ""
    key = changed[0]
    was, becomes = (getattr(each, key) or "the Engine's choice" for each in (then, since))
    back = f"write {key}: {was}" if getattr(then, key) else f"remove {key}"
    return (
        f"{host} joined with {key} {was}, the file says {becomes}, and a member keeps what it joined with: take {host} "
        f"out of the file, `pulumi up`, and put it back: it then joins with {becomes}, its labels and role; or {back}"
    )


def marks(host: HostAccess) -> list[str]:
    """Return what no two hosts share: the way to them, and the address that members know them by."""
    through = f" through {host.bastion}" if host.bastion else ""
    address = (host.address or "").lower().rstrip(".")  # neither case nor a last dot counts in names
    way = "local: true" if host.local else f"address {address} port {host.port or SSH_PORT}{through}"
    advertised, _ = engine_host(host.advertise_address or "")
    return [way, *([f"advertise_address {ip_address(advertised)}"] if is_ip(advertised) else [])]


def addresses(host: HostAccess) -> frozenset[str]:
    """Return the IP addresses that the stack file has for a host and other members may know it by."""
    found = {ip_only(host.address), ip_only(host.advertise_address)}
    return frozenset(each for each in found if each and not _everybodys(each))


def _everybodys(address: str) -> bool:
    found = ip_address(address)
    return found.is_loopback or found.is_unspecified


def _place(host: HostAccess) -> str:
    through = f" through {host.bastion}" if host.bastion else ""
    return "local: true" if host.local else f"{host.address} port {host.port or SSH_PORT}{through}"


def access(stackfile: StackFile) -> dict[str, HostAccess]:
    """Return how each host is reached, by its name: its own keys, then those of `ssh`, then the defaults."""
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
    """Return the advertised address. The Engine takes IP addresses and interfaces only: a name leaves the choice to
    it."""
    return address if address and is_ip(address) else None
