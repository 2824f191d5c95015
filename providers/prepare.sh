#!/bin/sh
# One command of `prepare` on its host, in the project's folder: pulumi-command runs `sh providers/prepare.sh VERB`.
#
# VERB: run, update (which runs what has not run as it is now) or undo. What is to be run, where, and the words of ssh
# come in variables, those of rules/stack_file/prepare.py. On standard output is the mark of what ran, and no word of the
# command: Pulumi keeps that in its state. What is run goes over standard input, since everybody sees arguments.
set -u
umask 077
export LC_ALL=C
verb=$1
text=$run
[ "$verb" != undo ] || text=$undo
if [ "$verb" = update ] && [ "$ran" = "${PULUMI_COMMAND_STDOUT-}" ]; then
    echo "$ran"
    exit
fi

kept=$(mktemp -d) || exit
trap 'rm -rf "$kept"' EXIT
trap 'exit 130' HUP INT TERM
# Which files ssh reads, and what it is told in the files beside them.
config=$kept/config revoked=$kept/revoked known=$kept/known
export config revoked known

complain() {
    echo "$host: $name: $1" >&2
    exit "$2"
}

# The last words of a file, in one line that neither a terminal nor a log obeys, without secrets, as
# rules/vocabulary/words.py makes one; base64 is a secret if it is padded, or JSON.
words_in() {
    tail -c 100000 "$1" | tail -n "$2" | tr -c '[:print:]\n' ' ' | tr -s '\n ' ' ' |
        sed -E 's/^ //; s/ $//; s/^(:+):/\1 :/; s/##/# #/g; s/SWM(TKN|KEY)-[^ ]+/[secret]/g
            s/-----BEGIN [A-Z ]*PRIVATE KEY-----.*/[secret]/; s#://[^ ]*@#://[secret]@#g
            s#\b(bearer|basic) +[A-Za-z0-9+/=._~-]{6,}|x-registry-[a-z]+: *[^ ]+#[secret]#Ig
            s/(passw(or)?d|passphrase|secret|token|api[-_]?key|\bauth)\\*["'\'']?(=|: *\\*["'\''])("[^"]*"|'\''[^'\'']*'\''|[^ ]+)/[secret]/Ig
            s#eyJ[A-Za-z0-9+/_=-]{12,}|[A-Za-z0-9+/_-]{14,}={1,2}#[secret]#g' | tail -c 1000
}

# A shell's line that notes on the host what comes next, as hosts/audit.py does before each step. Nothing of the script
# is in it. The stack is not: pulumi-command tells this program of none, and one more variable would show as a change.
noted() {
    [ "${swarmnet_audit-}" != off ] || return 0
    step=RunCommand
    [ "$verb" != undo ] || step=UndoCommand
    commit=$(git describe --always --dirty=+ --abbrev=40 '--exclude=*' 2>/dev/null) || commit=unknown
    said="at=$(date -u +%FT%TZ) host=$(safe "$host") step=$step resource=prepare/$(safe "$host")/$(safe "$name")"
    said="$said project=$(safe "${PULUMI_PROJECT-}") commit=$(safe "$commit")"
    echo "t=; timeout 9 true 2>/dev/null && t='timeout 9'"
    echo "\$t logger -t swarmnet -p auth.notice '$said' </dev/null >/dev/null 2>&1"
}

# A word that makes neither a second one nor shell.
safe() {
    printf %s "$1" | tr -c 'A-Za-z0-9._/:@+-' _
}

# The lines of known_hosts files that revoke keys; OpenSSH says which files there are for the host, the last word.
revocations() {
    for address; do :; done
    ssh -G -F "$config" -- "$address" </dev/null 2>/dev/null |
        sed -n 's/^userknownhostsfile //p; s/^globalknownhostsfile //p' | tr ' ' '\n' |
        while read -r file; do
            case $file in '~/'*) file=$HOME/${file#??} ;; esac
            grep '^@revoked' "$file" 2>/dev/null
        done
}

# The words of ssh, quoted as for a shell, one on each line. No shell reads them: they come out of Pulumi's state.
words_of_ssh() {
    printf %s "$ssh" | xargs printf '%s\n' | while IFS= read -r word; do
        case $word in
        'UserKnownHostsFile=$known') word=UserKnownHostsFile=$known ;;
        'GlobalKnownHostsFile=$revoked') word=GlobalKnownHostsFile=$revoked ;;
        esac
        printf '%s\n' "$word"
    done
}

there() {
    case $sudo in '' | 'sudo -n') ;; *) echo "sudo is neither empty nor sudo -n" >&2 && exit 1 ;; esac
    if [ -z "$ssh" ]; then
        unset host_key name ran run ssh_config swarmnet_audit text undo when_changed PULUMI_COMMAND_STDOUT
        exec ${sudo:+$sudo} sh
    fi
    command -v ssh >/dev/null || { echo 'this machine has no ssh: install the client of OpenSSH' >&2 && exit 127; }
    printf %s "$ssh_config" >"$config"
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <<EOF
$(words_of_ssh)
EOF
    revocations "$@" >"$revoked"
    { [ -z "$host_key" ] || printf '* %s\n' "$host_key"; cat "$revoked"; } >"$known"
    exec ssh -F "$config" "$@" "${sudo:+$sudo }sh"
}

# What the host's shell reads. It says that it is there; of a command that fails it says what that said last. The command
# is read whole before it begins, reads nothing of this, and what it leaves running holds no output that is waited for.
{
    echo 'echo there'
    noted
    printf 'said=$(mktemp) || exit\n(\nset -e\n%s\n) </dev/null >/dev/null 2>"$said"\n' "$text"
    printf 'code=$?\n[ "$code" = 0 ] || tail -n 1 "$said" >&2\nrm -f "$said"\nexit "$code"\n'
} >"$kept/script"
(there) <"$kept/script" >"$kept/reached" 2>"$kept/said"
code=$?
if ! grep -q '^there$' "$kept/reached"; then
    complain "not reached, and nothing was run: $(words_in "$kept/said" 3)" "$code"
elif [ "$code" = 255 ]; then
    complain "the connection broke, or it ended with exit code 255: $(words_in "$kept/said" 1)" "$code"
elif [ "$code" != 0 ]; then
    complain "$verb ended with exit code $code: $(words_in "$kept/said" 1)" "$code"
fi
echo "$ran"
