"""Checks the settings of a host's kernel and docker that a swarm needs, and the room on its disk."""

from collections.abc import Iterator

from providers.rules.doctor.engines import is_encrypted
from providers.rules.doctor.unread import looks, unread
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, Finding, FindingId, Status

_DAEMON = "/etc/docker/daemon.json"
_FULL, _SCARCE = 2**18, 2**21  # KiB: 256 MiB for what docker writes of itself, 2 GiB for an image


def commands(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield hosts on which no command ran."""
    for host in seen.hosts:
        if isinstance(host.look, str):
            yield Finding(
                id="commands",
                status="unknown",
                host=host.host,
                fact=host.look.removeprefix(f"{host.host}: "),
                remedy="its kernel and firewall were not looked at: let the user who logs in run sh",
            )


def daemon_settings(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield settings of dockerd that keep it from writing a swarm's firewall rules, or that differ from host to
    host."""
    told: FindingId = "daemon-settings"
    for host, look in looks(seen):
        yield from unread(told, host, "daemon")
        if look.daemon.get("iptables", "true").strip('"').lower() in ("false", "0", "f"):
            fact = "its docker writes no firewall rules (iptables: false), so that published ports and containers' way "
            remedy = f"take iptables out of {_DAEMON} there, and restart docker"
            yield Finding(id=told, status="failed", host=host.host, fact=f"{fact}outside do not work", remedy=remedy)
        backend = host.backend or look.daemon.get("firewall-backend", "").strip('"')
        if backend.startswith("nftables"):
            fact = "its docker writes its firewall rules by nftables itself, with which no swarm works"
            remedy = f"take firewall-backend out of {_DAEMON} there, and restart docker"
            yield Finding(id=told, status="failed", host=host.host, fact=fact, remedy=remedy)
        if "overlay" in (options := look.daemon.get("default-network-opts", "")):
            fact = f"default-network-opts changes overlays on this host alone: {options}"
            remedy = f"take overlay out of it in {_DAEMON} there, and write what is meant into each network: mtu"
            yield Finding(id=told, status="warning", host=host.host, fact=fact, remedy=remedy)


def vxlan(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield kernels without VXLAN: without it there are no overlays."""
    yield from _module(seen, "kernel-vxlan", "vxlan", "overlays")


def ipvs(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield kernels without IPVS: without it no service is reached by its own address or a published port."""
    yield from _module(seen, "kernel-ipvs", "ip_vs", "published ports and services' own addresses")


def esp(seen: Examination, wanted: Wanted) -> Iterator[Finding]:
    """Yield kernels without ESP, only if something is encrypted."""
    if wanted.encrypted or is_encrypted(seen):
        yield from _module(seen, "kernel-esp", "esp4", "encrypted overlays")


def forwarding(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield kernels that do not forward: docker turns it on when it starts; what is loaded after it may turn it off."""
    for host, look in looks(seen):
        yield from unread("forwarding", host, "forwarding")
        if look.forwarding is False:
            fact = "its kernel forwards no packets (net.ipv4.ip_forward is 0), so that containers reach nothing"
            remedy = "set net.ipv4.ip_forward = 1 in /etc/sysctl.d, and run `sysctl --system`"
            yield Finding(id="forwarding", status="failed", host=host.host, fact=fact, remedy=remedy)


def room(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield full disks: they stop tasks, and a manager's log of the swarm."""
    for host, look in looks(seen):
        yield from unread("disk-room", host, "room")
        if look.room is not None and look.room < _SCARCE:
            status: Status = "failed" if look.room < _FULL else "warning"
            fact = f"{look.room >> 10} MiB are left under {host.root}"
            remedy = "make room: `docker system df` says what takes it"
            yield Finding(id="disk-room", status=status, host=host.host, fact=fact, remedy=remedy)


def _module(seen: Examination, told: FindingId, name: str, what: str) -> Iterator[Finding]:
    for host, look in looks(seen):
        yield from unread(told, host, "modules")
        has = look.modules.get(name, True)
        if name in look.forbidden:
            fact = f"its kernel is kept from loading {name}: {what} do not work"
            remedy = f"take `install {name} …` out of the files in /etc/modprobe.d"
            yield Finding(id=told, status="failed", host=host.host, fact=fact, remedy=remedy)
        elif has is False:
            fact = f"its kernel has no {name}: {what} do not work"
            remedy = "install the kernel's extra modules, such as linux-modules-extra-$(uname -r)"
            yield Finding(id=told, status="failed", host=host.host, fact=fact, remedy=remedy)
        elif has is None:
            fact = f"can't tell whether its kernel has {name}"
            yield Finding(id=told, status="unknown", host=host.host, fact=fact, remedy=f"try `modprobe {name}` there")
