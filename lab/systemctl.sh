#!/bin/sh
# systemctl, for docker alone, on a host that `lab/hosts fault NAME start-limit` made look like one with systemd.
if [ ! -d /run/systemd/system ]; then
    echo "System has not been booted with systemd as init system (PID 1). Can't operate." >&2
    exit 1
fi

verb='' units=''
for word; do
    case $word in
        -*) ;;
        *) [ -n "$verb" ] && units="$units ${word%.service}" || verb=$word ;;
    esac
done

# Past what sends callers of an init script to systemctl, that is back to here: /lib/lsb/init-functions.d/40-systemd
init_script() { SYSTEMCTL_SKIP_REDIRECT=1 /etc/init.d/docker "$1" >/dev/null; }

# It returns when docker is ready, since docker.service is of `Type=notify`.
begin() {
    init_script "$1" || return 1
    until docker version >/dev/null 2>&1; do
        init_script status || return 1
        sleep 0.1
    done
}

case $verb$units in
    'start docker' | 'restart docker')
        begin "$verb" && exit
        why=
        [ -f /run/systemd/failed ] && why=' because start of the service was attempted too often'
        echo "Job for docker.service failed$why." >&2
        echo 'See "systemctl status docker.service" and "journalctl -xeu docker.service" for details.' >&2
        [ -z "$why" ] || echo 'To force a start use "systemctl reset-failed docker.service"
followed by "systemctl start docker.service" again.' >&2
        exit 1
        ;;
    'stop docker') init_script stop ;;
    'is-active docker')
        if init_script status; then echo active; exit; fi
        [ -f /run/systemd/failed ] && echo failed || echo inactive
        exit 3
        ;;
    'reset-failed docker' | 'reset-failed docker docker.socket' | reset-failed)
        rm -f /run/systemd/starts /run/systemd/failed
        ;;
    *)
        echo "systemctl $*: the lab does not imitate that" >&2
        exit 1
        ;;
esac
