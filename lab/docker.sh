# Settings of docker's init script, which reads this file at each call; and the faults of `lab/hosts fault`, which
# concern a start of what does not run. The host is taken for one with systemd where /run/systemd/system is.
DOCKER_OPTS="--storage-driver=overlay2"

if [ "${1:-}" = start ] && ! "$0" status >/dev/null; then
    if [ -d /run/systemd/system ]; then
        # As systemd counts (StartLimitBurst=3 and StartLimitInterval=60s of docker.service), in a window that opens with
        # its first start: https://github.com/systemd/systemd/blob/v252/src/basic/ratelimit.c
        read -r now _ </proc/uptime
        began=0 starts=0
        [ ! -f /run/systemd/starts ] || read -r began starts </run/systemd/starts
        [ $((${now%.*} - began)) -le 60 ] || starts=0
        [ "$starts" -gt 0 ] || began=${now%.*}
        if [ "$starts" -ge 3 ]; then
            touch /run/systemd/failed
            exit 1
        fi
        echo "$began $((starts + 1))" >/run/systemd/starts
        rm -f /run/systemd/failed
    fi
    [ ! -f /run/slow-docker ] || sleep "$(cat /run/slow-docker)"
fi
