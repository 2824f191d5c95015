"""Looks at a host beside its Engine: one shell script, given on stdin, that reads and writes nothing.

It runs as the user who logs in; it reads what needs root through `sudo -n` if the host's access says so.
look_answers.py parses its answer.
"""

import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from providers.hosts.engine_api.engine import Engine
from providers.hosts.look_answers import is_address, parsed
from providers.rules.vocabulary.errors import CommandFailed
from providers.rules.vocabulary.look import Look, Subject

TIMEOUT = 60.0  # an emulated host took more than 20 s just after its start (vms.md)
MODULES = {"vxlan": "VXLAN", "ip_vs": "IP_VS", "esp4": "INET_ESP", "br_netfilter": "BRIDGE_NETFILTER"}


@dataclass(frozen=True)
class _Question:
    """One piece of the script. needs: the program without which it can't be asked."""

    subject: Subject
    shell: str
    needs: str = ""


def _questions(root: str, peers: Collection[str], sudo: str) -> Iterator[_Question]:
    """Yield all that is asked. `peers`: IP addresses."""
    yield _Question("links", "ip -j address", "ip")
    yield _Question("routes", _ROUTES.format(peers=" ".join(peers)), "ip")
    yield _Question("routes", "grep -H . /proc/sys/net/ipv4/conf/*/rp_filter")
    yield _Question("forwarding", "cat /proc/sys/net/ipv4/ip_forward")
    yield _Question("modules", "".join(f"has {name} {config}; " for name, config in MODULES.items()))
    yield _Question("daemon", "if [ -e /etc/docker/daemon.json ]; then cat /etc/docker/daemon.json; else echo {}; fi")
    yield _Question(
        "daemon",
        'for f in /run/docker*.pid; do tr "\\0" "\\n" < "/proc/$(cat "$f")/cmdline"; echo; done 2>/dev/null; :',
    )
    yield _Question("room", f"df -Pk {shlex.quote(root)}", "df")
    yield _Question("offload", _OFFLOAD)
    yield _Question("rules", f"{sudo}iptables-save", "iptables-save")
    yield _Question("legacy", _LEGACY.format(sudo=sudo))
    yield _Question("zone", _ZONE.format(sudo=sudo))


# One process for all peers; what has no way is left out.
_ROUTES = 'printf "route get %s\\n" {peers} | ip -j -force -batch - 2>/dev/null || :'
_OFFLOAD = (
    'for l in /sys/class/net/*/device/driver; do [ -e "$l" ] || continue; d=$(basename "$(readlink "$l")"); '
    'n=${l#/sys/class/net/}; n=${n%%/*}; echo "driver $n $d"; [ "$d" = vmxnet3 ] || continue; '
    'ethtool -k "$n" | sed -n "s/^[[:space:]]*tx-checksum-ip-generic: \\([a-z]*\\).*/offload $n \\1/p"; done'
)
# The older iptables makes its tables when asked, so it is asked only if they are there.
_LEGACY = (
    "if iptables --version 2>/dev/null | grep -q legacy; then exit 0; fi; t=$({sudo}cat /proc/net/ip_tables_names) || "
    '{{ [ ! -e /proc/net/ip_tables_names ] && exit 0; exit 1; }}; [ -z "$t" ] || {sudo}iptables-legacy-save'
)
_ZONE = (
    'command -v firewall-cmd >/dev/null || exit 0; [ "$({sudo}firewall-cmd --state 2>&1)" = running ] || exit 0; '
    "{sudo}firewall-cmd --get-zone-of-interface=docker_gwbridge 2>&1 || :"
)
# Each line of an answer begins with `|`, so that none can be taken for the head of another.
BEGINS = """PATH=$PATH:/usr/sbin:/sbin; export LC_ALL=C
has() {
  if [ -e /sys/module/$1 ]; then echo "$1 yes"; return; fi
  if how=$(modprobe -nv $1 2>/dev/null); then
    echo "$how" | grep -Eq "^install [^ ]*/(true|false)( |$)" && echo "$1 forbidden" || echo "$1 yes"
    return
  fi
  for c in /proc/config.gz /boot/config-$(uname -r); do
    [ -r $c ] || continue
    gzip -dcf $c 2>/dev/null | grep -q "^CONFIG_$2=y" && echo "$1 yes" || echo "$1 no"
    return
  done
  if [ -d /lib/modules/$(uname -r) ] && command -v modprobe >/dev/null; then echo "$1 no"; else echo "$1 unknown"; fi
}
ask() {
  if [ -n "$3" ] && ! command -v $3 >/dev/null; then echo "@ $1 127"; echo "|$3"; return; fi
  said=$(eval "$2" 2>&1); echo "@ $1 $?"; printf '%s\\n' "$said" | sed 's/^/|/'
}
"""


def script(root: str, peers: Collection[str], sudo: bool) -> str:
    """Return the shell script for a host."""
    asked = _questions(root, peers, "sudo -n " if sudo else "")
    return BEGINS + "".join(asking(q.subject, q.shell, q.needs) for q in asked)


def asking(subject: str, shell: str, needs: str = "") -> str:
    """Return the line that asks one thing, of a script that begins with BEGINS."""
    return f"ask {subject} {shlex.quote(shell)} {shlex.quote(needs)}\n"


def look(engine: Engine, root: str, peers: Collection[str]) -> Look | str:
    """Return what a host's kernel shows, or why it can't be asked at all. Raises HostError if it is unreachable.

    root: where its Engine keeps its data. peers: IP addresses of the other members.
    """
    text = script(root, [each for each in peers if is_address(each)], engine.connection.access.sudo)
    try:
        said = engine.connection.run(("sh", "-s"), text.encode(), TIMEOUT, as_root=False)
    except CommandFailed as problem:
        return str(problem)
    return parsed(said)
