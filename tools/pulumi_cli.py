"""The `pulumi` command: the one on PATH, else the official archive's, else one built from Go modules.

Runs in the finished virtual environment, so libraries are at hand. What is installed or built is put into the
checkout's own .tools/pulumi; nothing outside is changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import yaml
from semver import Version

from tools.console import SetupError, run, say, tried
from tools.go_build import built_pulumi, cache_folder, put

VERSION = "3.259.0"  # the CLI this project is tried with; installed or built if there is none
LANGUAGE_HOST = "pulumi-language-python"

# By platform the sha256 of the archive of VERSION, as Pulumi publishes it:
# https://github.com/pulumi/homebrew-tap/blob/51fb494f9549f08978388a9994547e46509279af/Formula/pulumi.rb
SHA256 = {
    "linux-x64": "94ba357acac23d01474084c4b00098dc0f7bc70ce13f34c777459254a5f718e5",
    "linux-arm64": "edc8327463a72160bb36cf82cf5062da9c8a244290a706d9980988e7bf486853",
    "darwin-x64": "eaca4c3b8277bfa3ab061fa3b270d1c66358a0b2e613da8c5587a04b7226c534",
    "darwin-arm64": "57c27f179e527e2cf9f62b841a448af72a020e44b2fb4ee0d9bd85556c00c864",
}
ARCHIVES = f"https://github.com/pulumi/pulumi/releases/download/v{VERSION}/pulumi-v{VERSION}-{{platform}}.tar.gz"

_DOWNLOAD_TAKES_AT_MOST = 300.0  # seconds, for about 100 MB; 5 if nobody answers
_UNPACKING_TAKES_AT_MOST = 120.0  # seconds
_PROCESSORS = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}

# A process of its own, so that a download which drips is cut.
_DOWNLOAD = """
import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=5) as answer, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(answer, file)
"""


def provide_pulumi(root: Path, home: Path, path: list[str], archives: str = ARCHIVES) -> Path:
    """Return the folder of a fit `pulumi` for the checkout at `root`: one of `path`, or `home`/bin, filled at need.

    `archives`: where the official ones are, with `{platform}` for one of SHA256.
    Raises SetupError, with what to do, if it can be neither found nor downloaded nor built, or if what was
    downloaded is not what Pulumi published.
    """
    wanted = wanted_versions((root / "Pulumi.yaml").read_text())
    own = home / "bin"
    others = os.pathsep.join(folder for folder in path if Path(folder) != own)
    found = shutil.which("pulumi", path=others)
    if found and not (why_not := unfit(Path(found), wanted)):
        return Path(found).parent
    if not unfit(own / "pulumi", wanted):
        return own
    shutil.rmtree(home, ignore_errors=True)
    if no_archive := _downloaded(own, archives, why_not if found else "there is none on PATH"):
        built = built_pulumi(VERSION, cache_folder(), why=no_archive)
        for part in built.iterdir():
            put(part, own)
        (own / LANGUAGE_HOST).symlink_to(os.path.relpath(root / "tools" / LANGUAGE_HOST, own))
        say(f"pulumi {VERSION} taken from {built}")
    if why_not := unfit(own / "pulumi", wanted):
        raise SetupError(f"pulumi: what was set up does not work: {why_not}")
    return own


def wanted_versions(project: str) -> str:
    """Return the range that the text of Pulumi.yaml asks for: comparisons, all to hold, with spaces between."""
    return str(yaml.safe_load(project)["requiredPulumiVersion"])


def satisfies(version: str, wanted: str) -> bool:
    """Tell whether a version as `pulumi version` prints it (v3.259.0) lies in a range as Pulumi.yaml writes it."""
    number = version.removeprefix("v")
    return Version.is_valid(number) and all(Version.parse(number).match(part) for part in wanted.split())


def unfit(pulumi: Path, wanted: str) -> str:
    """Say why this `pulumi` cannot be used; empty if it can."""
    if not pulumi.is_file():
        return f"{pulumi} is missing"
    beside = [pulumi.parent, pulumi.resolve().parent]
    if not any((folder / LANGUAGE_HOST).is_file() for folder in beside):
        return f"{pulumi} has no {LANGUAGE_HOST} beside it"
    quiet = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run([pulumi, "version"], env=quiet, capture_output=True, text=True, timeout=30, check=True)
        version = answer.stdout.strip()
    except (OSError, subprocess.SubprocessError) as problem:
        version = f"broken ({problem})"
    return "" if satisfies(version, wanted) else f"{pulumi} is {version}, wanted is {wanted}"


def _downloaded(folder: Path, archives: str, why: str) -> str:
    """Get the official archive unpacked into `folder`; say why that did not work, empty if it did.

    why: the reason to do so. Raises SetupError for an archive that Pulumi did not publish.
    """
    platform = f"{sys.platform}-{_PROCESSORS.get(os.uname().machine, os.uname().machine)}"
    if platform not in SHA256:
        return f"{why}, and no archive for {platform}"
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch, "archive.tar.gz")
        url = archives.format(platform=platform)
        download: list[str | Path] = [sys.executable, "-c", _DOWNLOAD, url, archive]
        about = f"downloaded, since {why}: 100 MB, 5 seconds to a minute"
        fetch = partial(run, f"pulumi {VERSION}", download, about=about, at_most=_DOWNLOAD_TAKES_AT_MOST)
        if not tried(fetch, "a build takes its place"):
            return "the archive can't be downloaded here"
        unpack(archive, url, SHA256[platform], folder)
    return ""


def unpack(archive: Path, url: str, published: str, folder: Path) -> None:
    """Put what is in an archive from `url` into `folder`, after its sha256 was found to be the published one.

    Raises SetupError if it is not, and leaves `folder` alone then.
    """
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != published:
        raise SetupError(
            f"pulumi: {url} has the sha256 {found}, and Pulumi published {published}: it is not used: run make"
            " setup again; if that changes nothing, put pulumi on PATH (https://www.pulumi.com/docs/install/)"
        )
    folder.mkdir(parents=True)
    tar: list[str | Path] = ["tar", "-xzf", archive, "-C", folder, "--strip-components=1"]
    about = f"unpacked into {folder}, for this checkout alone: about 5 seconds"
    run(f"pulumi {VERSION}", tar, about=about, at_most=_UNPACKING_TAKES_AT_MOST)
