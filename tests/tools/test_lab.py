"""The machines on which tests on real hosts run."""

import pytest

from tools.lab import why_not

DEBIAN_12 = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
FEDORA = {"ID": "fedora", "VERSION_ID": "44", "PRETTY_NAME": "Fedora Linux 44"}


@pytest.mark.parametrize(
    ("expected", "system", "uid", "release"),
    [
        ("", "linux", 0, DEBIAN_12),
        ("they need root", "linux", 1000, DEBIAN_12),
        ("they need Debian 12, this is Fedora Linux 44", "linux", 0, FEDORA),
        ("they need Debian 12, this is another Linux", "linux", 0, {}),
        ("they need Linux", "darwin", 0, {}),
    ],
    ids=["root", "no root", "Fedora", "no os-release", "macOS"],
)
def test_why_not(expected: str, system: str, uid: int, release: dict[str, str]) -> None:
    """Root on Debian 12 can; anybody else is told what stands in the way."""
    assert expected == why_not(system, uid, release)
