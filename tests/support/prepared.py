"""Commands of `prepare`, run as pulumi-command runs them: by prepare.sh, with the environment of the plan."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

import paramiko

from providers.program.prepare import SCRIPT
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Preparation
from providers.rules.stack_file.prepare import HostCommand
from providers.rules.stack_file.ssh_words import ssh_words
from tests.support.machines import ROOT
from tests.tools.programs import program

HERE = HostAccess(name="m1", local=True)
# OpenSSH's client of somebody whose home is $HOME, on a system that configures nothing; writes down its words.
SSH_AT_HOME = """
for word; do last=$word; [ "$before" != -F ] || config=$word; before=$word; done
echo "$@" >>"$HOME/ssh-words"
sed -i "s#~#$HOME#; s#/etc/ssh/ssh_config#$HOME/system_config#" "$config"
exec {ssh} -o IdentityAgent=none "$@"
"""


def command(access: HostAccess = HERE, audit: bool = True, **desired: Any) -> HostCommand:
    """A command on a host."""
    return HostCommand(
        host=access.name,
        desired=Preparation(**{"name": "docker", "run": "true", **desired}),
        ssh=None if access.local else ssh_words(access),
        sudo=access.sudo,
        lost=False,
        audit=audit,
    )


def done(verb: str, of: HostCommand, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the script and return how it ended. `before`: its output of the last time."""
    added = {**of.environment, **({"PULUMI_COMMAND_STDOUT": before} if before else {})}
    words = ["/bin/sh", SCRIPT, verb]
    return subprocess.run(words, cwd=ROOT, env=os.environ | added, capture_output=True, text=True, check=False)


def ssh_at_home(monkeypatch, home: Path) -> None:
    """Let HOME be the home for `ssh`, which otherwise is that of the list of users."""
    real = shutil.which("ssh", path=os.environ["PATH"].removeprefix(f"{home}/bin:")) or "ssh"
    program(home / "programs" / "ssh", SSH_AT_HOME.replace("{ssh}", real))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{home}/programs", prepend=os.pathsep)
    (home / ".ssh").mkdir(exist_ok=True)


def shell(channel: paramiko.Channel) -> None:
    """A host's `sh`, whose input is the channel."""
    given = channel.makefile("rb").read()
    ended = subprocess.run(["sh"], input=given, capture_output=True, check=False)
    channel.sendall(ended.stdout)
    channel.sendall_stderr(ended.stderr)
    channel.send_exit_status(ended.returncode)


def me() -> str:
    """Return the user who runs this."""
    return pwd.getpwuid(os.getuid()).pw_name
