# Looks at a host beside its Engine. Its words (look.py sets them): look SUDO ROOT [ADDRESS...], raft SUDO ROOT, or log SUDO
# It reads, and writes nothing. All that comes from elsewhere is in its words: none of it becomes text of the script.
# SUDO: what stands before a command that needs root, or empty. ROOT: where the Engine keeps its data.
# ADDRESS: of the other members. look.py parses the answer.
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C
set -f # the few that want names of files undo it
what=$1 sudo=$2 root=$3
[ "$what" = log ] || shift 3
peers=$*

# ask SUBJECT [PROGRAM], without which it can't be asked: runs the function ask_SUBJECT. Each line of an answer begins
# with `|`, so that none can be taken for the head of another.
ask() {
  if [ -n "$2" ] && ! command -v "$2" >/dev/null; then
    echo "@ ${1%_*} 127"
    echo "|$2"
    return
  fi
  said=$("ask_$1" 2>&1)
  echo "@ ${1%_*} $?"
  printf '%s\n' "$said" | sed 's/^/|/'
}

ask_links() { ip address && ip -4 route show table all; } # all tables: some VPNs route by one of their own
# One process for all peers; what has no way is left out.
ask_routes_ways() { printf 'route get %s\n' $peers | ip -j -force -batch - 2>/dev/null || :; }
ask_routes_filters() {
  set +f
  grep -H . /proc/sys/net/ipv4/conf/*/rp_filter
}
ask_forwarding() { cat /proc/sys/net/ipv4/ip_forward; }
# module NAME OPTION-OF-THE-KERNEL
module() {
  if [ -e "/sys/module/$1" ]; then
    echo "$1 yes"
    return
  fi
  if how=$(modprobe -nv "$1" 2>/dev/null); then
    echo "$how" | grep -Eq '^install [^ ]*/(true|false)( |$)' && echo "$1 forbidden" || echo "$1 yes"
    return
  fi
  for config in /proc/config.gz "/boot/config-$(uname -r)"; do
    [ -r "$config" ] || continue
    gzip -dcf "$config" 2>/dev/null | grep -q "^CONFIG_$2=y" && echo "$1 yes" || echo "$1 no"
    return
  done
  if [ -d "/lib/modules/$(uname -r)" ] && command -v modprobe >/dev/null; then
    echo "$1 no"
  else
    echo "$1 unknown"
  fi
}
ask_modules() {
  module vxlan VXLAN
  module ip_vs IP_VS
  module esp4 INET_ESP
}
ask_daemon_file() { if [ -e /etc/docker/daemon.json ]; then cat /etc/docker/daemon.json; else echo '{}'; fi; }
ask_daemon_words() {
  set +f
  for pid in /run/docker*.pid; do
    tr '\0' '\n' <"/proc/$(cat "$pid")/cmdline"
    echo
  done 2>/dev/null
  :
}
ask_room() { df -Pk "$root"; }
ask_offload() {
  set +f
  for driver in /sys/class/net/*/device/driver; do
    [ -e "$driver" ] || continue
    name=$(basename "$(readlink "$driver")")
    device=${driver#/sys/class/net/}
    device=${device%%/*}
    echo "driver $device $name"
    [ "$name" = vmxnet3 ] || continue
    ethtool -k "$device" | sed -n "s/^[[:space:]]*tx-checksum-ip-generic: \([a-z]*\).*/offload $device \1/p"
  done
}
ask_rules() { $sudo iptables-save; }
# Chains alone: neither those of iptables, whose names are in capitals, nor sets of a thousand addresses.
ask_nft() {
  command -v nft >/dev/null || exit 0
  said=$($sudo nft -s list ruleset 2>&1) || case $said in
    *'not supported'*) exit 0 ;; # by this kernel
    *) printf '%s\n' "$said"; exit 1 ;;
  esac
  in_chain='/^[[:space:]]chain /,/^[[:space:]]}/'
  printf '%s\n' "$said" | sed -n "/^table /p; /^[[:space:]]chain [A-Z]/,/^[[:space:]]}/d; ${in_chain}p"
}
# The older iptables makes its tables when asked, so it is asked only if they are there.
ask_legacy() {
  if iptables --version 2>/dev/null | grep -q legacy; then exit 0; fi
  tables=$($sudo cat /proc/net/ip_tables_names) || { [ ! -e /proc/net/ip_tables_names ] && exit 0; exit 1; }
  [ -z "$tables" ] || $sudo iptables-legacy-save
}
ask_zone() {
  command -v firewall-cmd >/dev/null || exit 0
  [ "$($sudo firewall-cmd --state 2>&1)" = running ] || exit 0
  $sudo firewall-cmd --get-zone-of-interface=docker_gwbridge 2>&1 || :
}
docker_log() {
  if [ -e /var/log/docker.log ]; then
    $sudo cat /var/log/docker.log
  else
    $sudo journalctl --unit docker --boot --quiet --no-pager --output cat
  fi
}
# What a manager's log of agreements ends with, and whether its key is locked: not a line of the key itself.
ask_raft() {
  said=$(docker_log) || exit 1
  printf '%s\n' "$said" | grep -E '[[]logterm: |lastterm: ' | tail -n 1
}
ask_locked() {
  $sudo grep -c ENCRYPTED "$root/swarm/certificates/swarm-node.key" || [ $? = 1 ]
}
ask_log() {
  date +%s
  said=$(docker_log) || exit 1
  for line in 'UDP probes failed|joined gossip cluster' 'nsupported encryption version'; do
    printf '%s\n' "$said" | grep -E "$line" | tail -n 500
  done
}

if [ "$what" = log ]; then
  ask log
  exit
fi
if [ "$what" = raft ]; then
  ask raft
  ask locked
  exit
fi
ask links ip
ask routes_ways ip
ask routes_filters
ask forwarding
ask modules
ask daemon_file
ask daemon_words
ask room df
ask offload
ask rules iptables-save
ask nft
ask legacy
ask zone
