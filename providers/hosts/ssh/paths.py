"""Paths on this machine as users write them."""

from pathlib import Path

from providers.rules.vocabulary.errors import HostError


def expanded(name: str, path: str) -> Path:
    """Return the path with `~` and `~user` in full; `name` is the host's in messages. Raises HostError for an unknown
    user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as problem:
        user = path.partition("/")[0]
        raise HostError(f"{name}: {path}: there is no home {user} on this machine; write the path in full") from problem
