"""Files that subcommands write: whole or not at all, and readable by nobody else if they name hosts."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write(path: Path, text: str, *, new: bool = False) -> None:
    """Put a text at a path. A file that is there keeps its mode; one that was not is its owner's alone (0600).

    new: nothing may be there. Raises OSError, FileExistsError of `new`; then all is as it was.
    """
    data = text.encode()
    try:
        _written(path if new else path.resolve(), data, new)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _written(path: Path, data: bytes, new: bool) -> None:
    if path.exists() and not path.is_file():  # such as /dev/stdout, which nothing may take the place of
        path.write_bytes(data)
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if new:
            os.link(name, path)  # unlike a rename, it fails if something is there
        else:
            if path.exists():
                os.chmod(name, path.stat().st_mode)
            os.replace(name, path)
    finally:
        with suppress(FileNotFoundError):  # it has taken its place
            os.unlink(name)
