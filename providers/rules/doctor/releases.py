"""Releases of the Engine with which swarm networks do not work as they should: data, each with its thread."""

import re
from dataclasses import dataclass

Release = tuple[int, int, int]

_NO_DOCKER = 17  # Docker's own numbers began there; smaller ones are those of other builds


@dataclass(frozen=True, kw_only=True)
class Bad:
    """Releases from `first` on, before `fixed`. encrypted: only where an overlay is. beside_older: only beside hosts
    with a release before `first`. sure: False where nobody found the cause, or distributions mend it under the number.
    """

    first: Release
    fixed: Release
    what: str
    thread: str
    encrypted: bool = False
    beside_older: bool = False
    sure: bool = True


BAD = (
    Bad(
        first=(17, 0, 0),
        fixed=(20, 10, 24),
        what="may send the traffic of encrypted overlays unencrypted",
        thread="https://github.com/moby/moby/security/advisories/GHSA-33pg-m6jh-5237",
        encrypted=True,
        sure=False,
    ),
    Bad(
        first=(23, 0, 0),
        fixed=(23, 0, 3),
        what="may send the traffic of encrypted overlays unencrypted",
        thread="https://github.com/moby/moby/security/advisories/GHSA-33pg-m6jh-5237",
        encrypted=True,
        sure=False,
    ),
    Bad(
        first=(27, 0, 0),
        fixed=(27, 0, 3),
        what="gives one range to two networks",
        thread="https://github.com/moby/moby/issues/48069",
    ),
    Bad(
        first=(28, 0, 0),
        fixed=(28, 0, 1),
        what="drops what comes to published ports",
        thread="https://github.com/moby/moby/issues/49536",
    ),
    Bad(
        first=(28, 2, 0),
        fixed=(28, 3, 0),
        what="loses services and containers on other hosts from time to time",
        thread="https://github.com/moby/moby/issues/50129",
        sure=False,
    ),
    Bad(
        first=(29, 0, 0),
        fixed=(29, 2, 1),
        what="does not understand older Engines on encrypted overlays, nor they it",
        thread="https://github.com/moby/moby/issues/51798",
        encrypted=True,
        beside_older=True,
    ),
)


def release(text: str) -> Release | None:
    """Return the number in an Engine's own words such as `28.5.2+dfsg4`, or None if it is none of Docker's."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    number = (int(found[1]), int(found[2]), int(found[3])) if found else None
    return number if number and number[0] >= _NO_DOCKER else None


def written(number: Release) -> str:
    """Return `27.0.3`."""
    return ".".join(map(str, number))
