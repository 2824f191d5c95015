#!/bin/bash
# The first process of a lab host, until it has its own root: boot.sh FOLDER ADDRESS PREFIX GATEWAY [FILE=PLACE ...]
# Says its process id, waits for the word that its cable and its cgroups are there, and ends if nobody says it.
set -eu
folder=$1 name=${1##*/}
read -r pid _ </proc/self/stat
echo "$pid"
read -r _
exec </dev/null >&2

root=$folder/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount --bind "$folder/docker" "$root/var/lib/docker"
mount --bind "$folder/containerd" "$root/var/lib/containerd"
for bind in "${@:5}"; do
    mount --bind -o ro "${bind%%=*}" "$root${bind#*=}"
done
hostname "$name"
cd "$root"
pivot_root . mnt
exec unshare --cgroup chroot . /usr/local/sbin/lab-init "$2" "$3" "$4"
