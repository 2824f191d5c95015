"""Engine 29, built from its Go module: no package of it exists for Debian."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.shell import LabError, run

_MODULE = "github.com/moby/moby/v2"
_VERSION = "v2.0.0-beta.24"
_SECONDS = 1800
_RUNC = Path("/usr/sbin/runc")
_RUNC_WRAPPER = """\
#!/bin/sh
# Engine 29 asks for a time namespace, unknown to Debian 12's runc 1.1.5: take that out of config.json.
bundle=
for word; do
    case $previous in -b | --bundle) bundle=$word ;; esac
    case $word in --bundle=*) bundle=${word#*=} ;; esac
    previous=$word
done
[ -z "$bundle" ] || sed -i 's/,{"type":"time"}//; s/{"type":"time"},//' "$bundle/config.json"
exec /usr/sbin/runc.real "$@"
"""


def build(into: Path) -> None:
    """Put dockerd and docker-proxy into a folder's usr/sbin, and a runc that can run their containers."""
    if not shutil.which("go"):
        raise LabError("go: not found: Engine 29 is built from source: install Go, or use another Engine")
    sbin = into / "usr/sbin"
    sbin.mkdir(parents=True, exist_ok=True)
    programs = [f"{_MODULE}/cmd/{name}@{_VERSION}" for name in ("dockerd", "docker-proxy")]
    flags = f"-s -w -X {_MODULE}/dockerversion.Version={_VERSION.removeprefix('v')}"
    # Every module is held against the checksum database: https://go.dev/ref/mod#private-module-privacy
    env = {"CGO_ENABLED": "0", "GOBIN": str(sbin), "GOFLAGS": "-buildvcs=false", "GONOSUMDB": "none"}
    run("go", "install", "-trimpath", "-ldflags", flags, *programs, cwd=into, env=env, seconds=_SECONDS)
    shutil.copy(_RUNC, sbin / "runc.real")
    (sbin / "runc").write_text(_RUNC_WRAPPER)
    (sbin / "runc").chmod(0o755)
