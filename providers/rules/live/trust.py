"""Decides whose claim to be a manager is trusted: a host's own word is never enough.

With the section `swarm` the stack file says who is a manager. Without it, the other declared hosts do: each names the
managers that it knows by node id (`RemoteManagers`, measurements.md#membership). A host is that manager if the others
know the node id at its address. No host is asked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.rules.stack_file.access import HostAccess, Roles, addresses
from providers.rules.vocabulary.facts import Member, Node

SelfReports = Mapping[str, Member | None]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The stack file's evidence about managers: roles, and each host's IP addresses by its name."""

    roles: Roles
    addresses: Mapping[str, frozenset[str]]

    def is_verified(self, host: str, self_reports: SelfReports) -> bool:
        """Tell whether a host's claim to be a manager is confirmed. `self_reports`: what each host asked so far said of
        itself, None if it gave no answer."""
        own = self_reports.get(host)
        if own is None or not own.control:
            return False
        if self.roles.managers is not None:
            return host in self.roles.managers
        known_at = self._known_addresses(host, own.node_id, self_reports)
        actual = self._hosts_at(known_at)
        if actual:
            return host in actual
        if self._unreachable(host, self_reports):
            return False
        others = [
            word for name, word in self_reports.items() if name != host and word is not None and word.state == "active"
        ]
        if known_at:
            return all(word.node_id != own.node_id for word in others)
        return not others

    def lists_as_manager(self, host: str, nodes: tuple[Node, ...], known_as: str = "") -> bool:
        """Tell whether another manager lists a host among the managers: a locked host can't say which member it is.

        By the host's address or name, or by the member that it was verified to be (`known_as`).
        """
        managers = [node for node in nodes if node.role == "manager"]
        if self.roles.managers is not None and host not in self.roles.managers:
            return False
        mine = self.addresses.get(host, frozenset())
        return any(node.address in mine or node.hostname == host or node.id == known_as for node in managers)

    def advice(self, self_reports: SelfReports) -> str:
        """Say, for the end of a line, what to do if none of the stack file's managers is one."""
        managers = self.roles.managers or frozenset()
        if any(self_reports.get(name) is None for name in managers):
            return f"; bring {'a majority of ' if len(managers) > 1 else ''}{_words(managers)} back"
        return (
            f"; declare a manager that the swarm has (role: manager) until {_words(managers)} is one"
            if managers
            else ""
        )

    def trust_refusal(self, host: str, self_reports: SelfReports) -> str:
        """Say in one line why a host that claims to be a manager is not trusted, and what to write or do."""
        claims = f"{host}: it says that it is a manager"
        own = self_reports.get(host)
        managers = [self_reports.get(name) for name in self.roles.managers or ()]
        if managers and all(word is not None and word.state == "inactive" for word in managers):
            return (
                f"{claims}, and those of the stack file are in no swarm: let it leave its own (`docker swarm leave "
                f"--force` on it), or write hosts.{host}.role: manager"
            )
        if self.roles.managers is not None:
            return (
                f"{claims}, and the stack file calls it a worker: if it is a manager (promoted by hand, or about to be "
                f"replaced) write hosts.{host}.role: manager; else bring back {_words(self.roles.managers)}"
            )
        known_at = self._known_addresses(host, own.node_id, self_reports) - {"?"} if own else frozenset()
        actual, unreachable = self._hosts_at(known_at), self._unreachable(host, self_reports)
        if actual:
            return f"{claims}, and others know that manager at the address of {_words(actual)}: see what runs on {host}"
        if known_at:
            return (
                f"{claims}, and the stack file has no address for it at which others know that manager "
                f"({_words(known_at)}): if it is this host's, write hosts.{host}.advertise_address: {min(known_at)}"
            )
        if unreachable:
            return f"{claims}, and no other host that answers confirms it: bring back {_words(unreachable)}"
        return f"{claims}, and no other host names it: see `docker info` there, or take {host} out of the stack file"

    def _known_addresses(self, host: str, node_id: str, self_reports: SelfReports) -> frozenset[str]:
        """Return the addresses at which other hosts know a manager of this node id; `?` for one without."""
        others = (
            word for name, word in self_reports.items() if name != host and word is not None and word.state == "active"
        )
        named = (place for word in others for known, place in word.remote_managers if known and known == node_id)
        return frozenset(place or "?" for place in named)

    def _hosts_at(self, known_at: frozenset[str]) -> frozenset[str]:
        """Return the declared hosts that have one of these addresses."""
        return frozenset(name for name, own in self.addresses.items() if own & known_at)

    def _unreachable(self, host: str, self_reports: SelfReports) -> frozenset[str]:
        """Return the other declared hosts that have not answered."""
        return frozenset(
            name for name in {*self.addresses, *self.roles.unasked} - {host} if self_reports.get(name) is None
        )


def evidence_of(hosts: Mapping[str, HostAccess], roles: Roles) -> Evidence:
    """Return the stack file's evidence about these hosts."""
    return Evidence(roles=roles, addresses={name: addresses(access) for name, access in hosts.items()})


def _words(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
