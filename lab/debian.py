"""Programs of other Debian releases: fetched with the machine's own apt, unpacked and not installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.shell import LabError, run

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SECONDS = 600


def unpack(release: str, packages: list[str], files: list[str], into: Path) -> None:
    """Put the named files of a release's packages into a folder, at the paths they have in the packages."""
    scratch = into.with_suffix(".apt")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        config = {"APT_CONFIG": str(_configure(scratch, release))}
        run("apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update", env=config, seconds=_SECONDS)
        run("apt-get", "-q", "download", *packages, env=config, cwd=scratch, seconds=_SECONDS)
        for package in scratch.glob("*.deb"):
            run("dpkg-deb", "--extract", package, scratch / "root")
        for file in files:
            (into / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(scratch / "root" / file, into / file)
    finally:
        shutil.rmtree(scratch)


def _configure(scratch: Path, release: str) -> Path:
    """Settings for apt that know this release alone; of the machine's own, those such as proxies still count.

    https://manpages.debian.org/bookworm/apt/apt.conf.5.en.html
    """
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (scratch / folder).mkdir(parents=True)
    (scratch / "status").touch()
    sources = scratch / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING} target=Packages] {mirror()} {release} main\n")
    config = scratch / "apt.conf"
    config.write_text(
        f'Dir::State "{scratch}/state";\n'
        f'Dir::State::status "{scratch}/status";\n'
        f'Dir::Cache "{scratch}/cache";\n'
        f'Dir::Etc::sourcelist "{sources}";\n'
        f'Dir::Etc::sourceparts "/dev/null";\n'
        f'Dir::Etc::preferencesparts "/dev/null";\n'
        'Acquire::Languages "none";\n'
        'APT::Sandbox::User "root";\n'
    )
    return config


def mirror() -> str:
    """Return the mirror that this machine gets Debian itself from, as its own apt says."""
    wanted = ("Created-By: Packages", "Origin: Debian", "Label: Debian", "Component: main")
    found = archive(run("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", *wanted))
    if not found:
        raise LabError("apt: no source of Debian's main packages known here: run `apt-get update`, see /etc/apt")
    return found


def archive(targets: str) -> str | None:
    """Return the address of a whole release, not of its updates, among lines of codename and address."""
    rows = (line.split() for line in targets.splitlines())
    return next((address for codename, address in rows if "-" not in codename), None)
