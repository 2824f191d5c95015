#!/usr/bin/env bash
# The stack of the bench without Pulumi: ssh with one shared connection for each host, and the docker command there.
#
#     by_hand.sh KEY KNOWN_HOSTS OVERLAYS MANAGER WORKER...
#
# It ends when every host shows the ingress with its sandbox and the sandbox's way out.
set -euo pipefail

key=$1 known_hosts=$2 overlays=$3 manager=$4 workers=("${@:5}") hosts=("${@:4}")

sockets=$(mktemp -d)
options=(-F none -i "$key" -o BatchMode=yes -o LogLevel=ERROR -o "UserKnownHostsFile=$known_hosts"
    -o ControlMaster=auto -o ControlPersist=yes -o "ControlPath=$sockets/%h")

on() { # HOST COMMAND...
    ssh "${options[@]}" "root@$1" "${@:2}"
}

at_once() { # FUNCTION HOST...: all of them at the same time; fails where one of them does
    local host started=()
    for host in "${@:2}"; do
        "$1" "$host" &
        started+=($!)
    done
    for host in "${started[@]}"; do wait "$host"; done
}

hang_up() {
    local host
    for host in "${hosts[@]}"; do ssh "${options[@]}" -O exit "$host" 2>/dev/null || true; done
    rm -rf "$sockets"
}
trap hang_up EXIT

gwbridge() {
    on "$1" docker network create --driver bridge --subnet 10.200.0.0/20 --gateway 10.200.0.1 \
        --opt com.docker.network.bridge.name=docker_gwbridge \
        --opt com.docker.network.bridge.enable_icc=false \
        --opt com.docker.network.bridge.enable_ip_masquerade=true docker_gwbridge
}

join() {
    on "$1" docker swarm join --advertise-addr "$1" --token "$token" "$manager:2377"
}

without_ingress() { # a new one must not be made before every host has dropped the old one
    on "$1" 'while docker network inspect ingress >/dev/null 2>&1; do sleep 0.1; done'
}

kick() { # a host gets the new ingress with an update of its node that changes something, sometimes with the second
    on "$1" docker info --format '{{.Swarm.NodeID}}' |
        on "$manager" "read -r node && docker node update --label-add kick=$RANDOM \$node"
}

shows_ingress() {
    local shown
    shown=$(on "$1" "docker network inspect --format '{{json .Containers}}' ingress docker_gwbridge" 2>/dev/null) &&
        [[ $shown == *'"ingress-sbox":'*gateway_ingress-sbox* ]]
}

with_ingress() {
    local looks=0
    until shows_ingress "$1"; do
        if ((++looks % 10 == 0)); then kick "$1"; fi
        sleep 0.1
    done
}

at_once gwbridge "${hosts[@]}"
token=$(on "$manager" "docker swarm init --advertise-addr $manager >/dev/null && docker swarm join-token --quiet worker")
at_once join "${workers[@]}"

on "$manager" 'echo y | docker network rm ingress'
at_once without_ingress "${hosts[@]}"
on "$manager" docker network create --driver overlay --ingress --subnet 10.201.0.0/20 --gateway 10.201.0.1 ingress
on "$manager" 'for node in $(docker node ls --quiet); do docker node update --label-add kick=1 "$node" & done; wait'

on "$manager" "for number in \$(seq 0 $((overlays - 1))); do
    docker network create --driver overlay --subnet 10.202.\$number.0/24 --gateway 10.202.\$number.1 app\$number
done"

at_once with_ingress "${hosts[@]}"
on "$manager" 'for node in $(docker node ls --quiet); do docker node update --label-rm kick "$node" & done; wait'
