"""OpenSSH's client as tests have it: none at all, or one whose home is HOME, as that of tests is."""

import os
import pwd
import shutil
from pathlib import Path

PROGRAM = Path(__file__).with_name("home_ssh.sh")
# Where programs are, whatever a test makes of PATH.
PROGRAMS = os.environ.get("PATH", os.defpath)


def without_ssh(monkeypatch) -> None:
    """Provide an empty home, on a machine without any program: for tests that are not about OpenSSH's words.

    Asking `ssh -G` takes four processes, and more time than all the rest of such a test.
    """
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")


def at_home(monkeypatch, home: Path) -> None:
    """Let HOME be the home for `ssh -G` too; a machine without ssh stays one."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(home))
    home.mkdir(exist_ok=True)
    if real := shutil.which("ssh", path=PROGRAMS):
        monkeypatch.setenv("REAL_SSH", real)
        monkeypatch.setenv("REAL_HOME", pwd.getpwuid(os.getuid()).pw_dir)
        # A program of each test's own: what it has said is remembered.
        (home / "bin").mkdir()
        (home / "bin" / "ssh").symlink_to(PROGRAM)
        monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{PROGRAMS}")
