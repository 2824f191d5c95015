#!/bin/sh
# `ssh -G` for somebody whose home is $HOME, on a system that configures nothing. The program itself, REAL_SSH, takes the
# home from the list of users: REAL_HOME.
config=$HOME/.ssh/config
[ -f "$config" ] || config=none
if [ "$1 $2" = "-F none" ]; then
    config=none
    shift 2
elif [ "$1" = -F ]; then
    config=$HOME/else_nobody.conf
    sed "s#~#$HOME#; s#/etc/ssh/ssh_config#$HOME/system_config#" "$2" >"$config"
    shift 2
fi
said=$("$REAL_SSH" -F "$config" "$@") || exit
printf '%s\n' "$said" | sed "s# ~/# $HOME/#g; s# $REAL_HOME/# $HOME/#g; s# /etc/ssh/# $HOME/system/#g"
