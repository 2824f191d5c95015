"""The one host through which a swarm without a stack file is read: its words on the command line."""

from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import typer

from providers.discovery.found import ENTRY
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.problems import Raw
from providers.rules.vocabulary.errors import StackFileError

KeyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A private key; else the agent's, then ~/.ssh/id_*.")
]
KnownHosts = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The hosts' keys; else the files that `ssh` reads.")
]
Sudo = Annotated[bool, typer.Option("--sudo", help="Run docker by `sudo -n` on the hosts.")]
Bastion = Annotated[str | None, typer.Option(metavar="HOST", help="The bastion to go through: [USER@]HOST[:PORT].")]


class Reach(NamedTuple):
    """Options for reaching the manager and the others, if not as `ssh` would."""

    key_file: Path | None
    known_hosts: Path | None
    sudo: bool
    bastion: str | None


def entry(manager: str, ways: Reach) -> HostAccess:
    """Return how the manager is reached, and with it the others. Raises StackFileError if that is not said clearly."""
    files: Raw = {"key_file": _path(ways.key_file), "known_hosts": _path(ways.known_hosts)}
    reach: Raw = {**files, "sudo": ways.sudo, "bastion": ways.bastion}
    if manager == "local:":
        return HostAccess.model_validate({"name": ENTRY, "local": True, **reach})
    try:
        url = urlsplit(manager)
        way: Raw = {"address": url.hostname, "port": url.port, "user": url.username}
    except ValueError:
        way = {}
    if not way.get("address") or url.scheme != "ssh" or url.password is not None or url.path.strip("/") or url.query:
        raise StackFileError(["MANAGER: should be ssh://[USER@]HOST[:PORT] without a password, or local:"])
    given = {key: value for key, value in (way | reach).items() if value is not None}
    return HostAccess.model_validate({"name": ENTRY, **given})


def _path(file: Path | None) -> str | None:
    """Return a path that means the same wherever Pulumi runs, and whoever's home it is in."""
    if file is None:
        return None
    path, home = file.expanduser().absolute(), Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
