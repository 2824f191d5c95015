"""Rules of a swarm's ports in the words of firewalls: for each host a piece of shell."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from providers.explain.firewall.aws import aws
from providers.explain.firewall.firewalld import firewalld
from providers.explain.firewall.iptables import iptables
from providers.explain.firewall.nftables import nftables
from providers.explain.firewall.ufw import ufw
from providers.rules.doctor.ports import HostRules

Firewall = Literal["nftables", "iptables", "ufw", "firewalld", "aws"]

_RENDERED: Mapping[Firewall, Callable[[HostRules], str]] = {
    "nftables": nftables,
    "iptables": iptables,
    "ufw": ufw,
    "firewalld": firewalld,
    "aws": aws,
}


def script(firewall: Firewall, hosts: Iterable[HostRules]) -> str:
    """A shell script with the rules of these hosts, each below its name. It may run again: nothing is doubled."""
    return "\n".join(f"# {rules.host}\n{_RENDERED[firewall](rules)}" for rules in hosts)
