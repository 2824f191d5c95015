"""The `pulumi` command: the one on PATH, else the official installer's, else one built from Go modules.

Runs in the finished virtual environment, so libraries are at hand. What is installed or built is put into the
checkout's own .tools/pulumi; nothing outside is changed.
"""

import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import yaml
from semver import Version

from tools.console import SetupError, run, say
from tools.go_build import built_pulumi, cache_folder, put

VERSION = "3.259.0"  # the CLI this project is tried with; installed or built where there is none
LANGUAGE_HOST = "pulumi-language-python"

_SITE = "https://get.pulumi.com"
_SITE_ANSWERS_WITHIN = 5.0  # seconds
_INSTALLER_TAKES_AT_MOST = 300.0  # seconds

_INSTALL = """
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


def provide_pulumi(root: Path, home: Path, path: list[str]) -> Path:
    """The folder of a fit `pulumi` for the checkout at `root`: one of `path`, or `home`/bin, filled at need.

    Raises SetupError, with what to do, where it can be neither found nor installed nor built.
    """
    wanted = wanted_versions((root / "Pulumi.yaml").read_text())
    own = home / "bin"
    others = os.pathsep.join(folder for folder in path if Path(folder) != own)
    found = shutil.which("pulumi", path=others)
    if found and not (why_not := unfit(Path(found), wanted)):
        return Path(found).parent
    if not unfit(own / "pulumi", wanted):
        return own
    say(f"pulumi: {why_not if found else 'not on PATH'}")
    shutil.rmtree(home, ignore_errors=True)
    if not _installed(home):
        built = built_pulumi(VERSION, cache_folder())
        _place(built, own, root / "tools" / LANGUAGE_HOST)
        say(f"pulumi {VERSION} taken from {built}")
    if why_not := unfit(own / "pulumi", wanted):
        raise SetupError(f"pulumi: what was set up does not work: {why_not}")
    return own


def wanted_versions(project: str) -> str:
    """The range that the text of Pulumi.yaml asks for: comparisons, all to hold, with spaces between."""
    return str(yaml.safe_load(project)["requiredPulumiVersion"])


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version as `pulumi version` prints it (v3.259.0) lies in a range as Pulumi.yaml writes it."""
    number = version.removeprefix("v")
    return Version.is_valid(number) and all(Version.parse(number).match(part) for part in wanted.split())


def unfit(pulumi: Path, wanted: str) -> str:
    """Why this `pulumi` cannot be used; empty where it can."""
    if not pulumi.is_file():
        return f"{pulumi} is missing"
    beside = [pulumi.parent, pulumi.resolve().parent]
    if not any((folder / LANGUAGE_HOST).is_file() for folder in beside):
        return f"{pulumi} has no {LANGUAGE_HOST} beside it"
    version = _version(pulumi)
    return "" if satisfies(version, wanted) else f"{pulumi} is {version}, wanted is {wanted}"


def _version(pulumi: Path) -> str:
    """What `pulumi version` prints, or how it fails."""
    quiet = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run([pulumi, "version"], env=quiet, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as problem:
        return f"broken ({problem})"
    return answer.stdout.strip()


def _installed(home: Path) -> bool:
    """Whether the official installer did its work: https://www.pulumi.com/docs/install/."""
    try:
        urllib.request.urlopen(f"{_SITE}/install.sh", timeout=_SITE_ANSWERS_WITHIN).close()
        run(
            f"pulumi {VERSION} by the official installer",
            [sys.executable, "-c", _INSTALL, home, VERSION],
            at_most=_INSTALLER_TAKES_AT_MOST,
        )
    except (OSError, SetupError) as problem:
        say(f"the official installer of pulumi cannot be used: {problem}")
        return False
    return True


def _place(built: Path, folder: Path, language_host: Path) -> None:
    """The parts of a build and the language host in one folder."""
    for part in built.iterdir():
        put(part, folder)
    (folder / LANGUAGE_HOST).symlink_to(os.path.relpath(language_host, folder))
