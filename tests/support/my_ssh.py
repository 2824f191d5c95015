"""OpenSSH's client whose home is HOME, as that of tests is."""

import os
import pwd
import shutil
from pathlib import Path

PROGRAM = Path(__file__).with_name("home_ssh.sh")


def at_home(monkeypatch, home: Path) -> None:
    """Let HOME be the home for `ssh -G` too; a machine without ssh stays one."""
    monkeypatch.setenv("HOME", str(home))
    home.mkdir(exist_ok=True)
    if real := shutil.which("ssh"):
        monkeypatch.setenv("REAL_SSH", real)
        monkeypatch.setenv("REAL_HOME", pwd.getpwuid(os.getuid()).pw_dir)
        # A program of each test's own: what it has said is remembered.
        (home / "bin").mkdir()
        (home / "bin" / "ssh").symlink_to(PROGRAM)
        monkeypatch.setenv("PATH", str(home / "bin"), prepend=os.pathsep)
