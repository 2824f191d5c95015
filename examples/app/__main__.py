"""Two services on networks that another stack made: its output `swarmnet` says where, and when to deploy again."""

import shlex
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi_command import remote

FOLDER = Path(__file__).parent
NAME = "hello"  # of the Docker stack
SCHEMA = 1  # of the output: under another number, what is read here may have another meaning


def main() -> None:
    """Declare the one resource: the Docker stack, as commands on a manager."""
    config = pulumi.Config()
    source = config.get("swarmnet") or f"{pulumi.get_organization()}/swarmnet/{pulumi.get_stack()}"
    swarmnet = pulumi.StackReference(source).require_output("swarmnet").apply(lambda output: known(output, source))
    manager = swarmnet.apply(lambda output: config.get("manager") or a_manager(output, source))
    known_hosts = config.get("known_hosts")
    app = (FOLDER / "app.yml").read_text()
    networks = swarmnet.apply(lambda output: with_ids(yaml.safe_load(app)["networks"], output, source))
    remote.Command(
        NAME,
        # No key: it comes from the ssh-agent at SSH_AUTH_SOCK, and is in no state.
        connection=remote.ConnectionArgs(
            host=manager,
            user=config.get("user") or "root",
            host_key=manager.apply(lambda host: host_key(host, known_hosts)),
        ),
        # Runs again, in place, whenever it changes, and so when a network was replaced: its id is in it. `triggers`
        # would replace the resource, which takes the running services down.
        create=networks.apply(lambda networks: command("deploy.sh", networks=networks)),
        delete=command("remove.sh"),
        stdin=app,
        add_previous_output_in_env=False,
        # There is one Docker stack of this name: if Pulumi is told to replace it, the old one goes first.
        opts=pulumi.ResourceOptions(delete_before_replace=True),
    )


def command(script: str, **variables: str) -> str:
    """A script of this folder for the stack of this program, with these variables."""
    assigned = [f"{key}={shlex.quote(value)}" for key, value in {"name": NAME, **variables}.items()]
    return "\n".join([*assigned, (FOLDER / script).read_text()])


def known(output: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """The output, if its form is the one that this program reads."""
    if output["schema"] != SCHEMA:
        raise pulumi.RunError(f"{source} has schema {output['schema']:g}, and this program reads {SCHEMA}")
    return output


def a_manager(output: Mapping[str, Any], source: str) -> str:
    """Return how the first manager is reached."""
    if "swarm" not in output:
        raise pulumi.RunError(f"{source} has no section swarm, and so names no manager: set app:manager to an address")
    return str(min(output["swarm"]["managers"].items())[1])


def host_key(host: str, known_hosts: str | None) -> str:
    """The key by which the host is known, `ssh-ed25519 AAAA…`. Without one the host would not be checked at all.

    Which files count, and what they revoke, is what `ssh` would say; `known_hosts` takes the place of those that trust.
    """
    settings = dict(line.partition(" ")[::2] for line in output_of("ssh", "-G", "--", host).splitlines())
    system = settings["globalknownhostsfile"].split()
    trusting = [known_hosts] if known_hosts else [*settings["userknownhostsfile"].split(), *system]
    lines = {file: found(host, file) for file in {*trusting, *system}}
    revoked = {line[3] for each in lines.values() for line in each if line[0] == "@revoked"}
    keys = [
        f"{kind} {key}"
        for file in trusting
        for name, kind, key, *_ in lines[file]
        # RSA keys are of no use here: the plugin offers them with SHA-1 only, which sshd refuses.
        if kind != "ssh-rsa" and kind in settings["hostkeyalgorithms"].split(",")
        if not name.startswith("@") and key not in revoked
    ]
    if not keys:
        raise pulumi.RunError(
            f"{host}: no ed25519 or ecdsa key in {' or '.join(trusting)} that is not revoked: add it there, once you "
            "have checked it"
        )
    if settings.get("revokedhostkeys", "none") != "none":
        output_of("ssh-keygen", "-Q", "-f", path(settings["revokedhostkeys"]), "/dev/stdin", stdin=keys[0])
    return keys[0]


def found(host: str, known_hosts: str) -> list[list[str]]:
    """The words of each line of the file that speaks of the host."""
    asked = ["ssh-keygen", "-F", host, "-f", path(known_hosts)]
    lines = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines()
    return [line.split() for line in lines if not line.startswith("#")]


def output_of(*words: str, stdin: str = "") -> str:
    """Return a command's output if it says that all is well."""
    ended = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise pulumi.RunError(f"{shlex.join(words)}: {' '.join((ended.stdout + ended.stderr).split())}")
    return ended.stdout


def path(name: str) -> str:
    """A file's whole path."""
    return str(Path(name).expanduser())


def with_ids(names: Iterable[str], output: Mapping[str, Any], source: str) -> str:
    """The app's networks as `NAME=ID`, with spaces between. A network that was replaced has its name still."""
    if missing := [name for name in names if name not in output["networks"]]:
        raise pulumi.RunError(f"{source} has no network {', '.join(missing)}: declare it there first")
    return " ".join(f"{name}={output['networks'][name]['id']}" for name in names)


main()
