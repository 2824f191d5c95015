"""The servers in which tests keep states."""

from pathlib import Path

import pytest

from tests.tools.programs import program
from tools.go_build import S3, built_s3


def test_the_s3_server_is_built_once_in_one_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the named release, held against the checksum database; later it comes from the cache."""
    go = f'if [ "$1" = install ]; then echo "$4" "$GONOSUMDB" >>"{tmp_path}/asked"; touch "$GOBIN/{S3}"; fi'
    program(tmp_path / "path" / "go", f'mkdir -p "${{GOBIN:-{tmp_path}}}"; {go}')
    monkeypatch.setenv("PATH", f"{tmp_path}/path:/usr/bin:/bin")

    found = [built_s3(tmp_path / "cache") for _ in range(2)]

    assert [tmp_path / "cache" / "gofakes3-1.2.0"] * 2 == found
    assert "github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0 none\n" == (tmp_path / "asked").read_text()
