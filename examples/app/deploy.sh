# Runs on a manager. Deploys the Compose file on standard input as the stack $name, which uses $networks, and ends when
# every service runs in full and no update is unfinished.
set -eu
for network in $networks; do # NAME=ID, as the networks' own stack knows them: on another swarm they would be others
    found=$(docker network inspect --format '{{.Id}}' "${network%%=*}")
    [ "$found" = "${network#*=}" ] || { echo "$network: this swarm has $found by that name" >&2 && exit 1; }
done
# `never`: the images are on the hosts, and no registry is asked for their digests.
docker stack deploy --compose-file - --prune --resolve-image never "$name"
for second in $(seq 120); do
    sleep 1 # an update that was just asked for does not show yet
    services=$(docker stack services --format '{{.Name}} {{.Replicas}}' "$name")
    updates=$(docker stack services --quiet "$name" |
        xargs docker service inspect --format '{{with .UpdateStatus}}{{$.Spec.Name}} {{.State}}{{end}}')
    lacking=$(echo "$services" | awk '{ split($2, tasks, "/") } tasks[1] != tasks[2]')
    unfinished=$(echo "$updates" | awk 'NF && $2 != "completed"')
    [ -n "$lacking$unfinished" ] || exit 0
done
echo "$name does not run in full after 120 s:" $lacking $unfinished >&2
exit 1
