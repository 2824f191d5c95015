#!/bin/bash
# The first process of a lab host, in its own root: lab-init ADDRESS PREFIX GATEWAY
set -eu
mount -t proc proc /proc
umount -l /mnt
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /dev
mkdir /run/lock /run/sshd /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
while read -r node minor; do mknod -m 666 "/dev/$node" c 1 "$minor"; done <<<$'null 3\nzero 5\nfull 7\nrandom 8\nurandom 9'
mknod -m 666 /dev/tty c 5 0
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr

# The machine's cgroup hierarchies, seen from this host's own cgroup.
if grep -qv '^0::' /proc/self/cgroup; then
    mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    while IFS=: read -r _ controllers _; do
        if [[ -z $controllers ]]; then continue; fi # version 2, beside version 1, has none
        place=/sys/fs/cgroup/${controllers#name=}
        mkdir "$place"
        mount -t cgroup -o "$controllers" cgroup "$place"
    done </proc/self/cgroup
else
    # Version 2: only a cgroup without processes of its own gives controllers to its children.
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir /sys/fs/cgroup/init
    echo 1 >/sys/fs/cgroup/init/cgroup.procs
    for controller in $(</sys/fs/cgroup/cgroup.controllers); do
        echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
    done
fi

ip link set lo up
ip addr add "$1/$2" dev eth0
ip link set eth0 up
ip route add default via "$3"
/usr/sbin/sshd
service docker start
touch /run/lab-started

# Whoever loses its parent becomes a child of this shell, which must reap it: `service docker restart` waits for that.
while :; do sleep 1000 & wait $!; done
