# Runs on a manager. Removes the stack $name, and ends when its last task is gone: then no network of it is in use.
set -eu
docker stack rm "$name"
for second in $(seq 120); do
    # By its words and not by its exit code, which is the same where the swarm does not answer.
    left=$(docker stack ps "$name" 2>&1) || true
    case $left in "nothing found in stack"*) exit 0 ;; esac
    sleep 1
done
echo "$name is not gone after 120 s: $left" >&2
exit 1
