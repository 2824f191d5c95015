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
    known_hosts = Path(config.get("known_hosts") or "~/.ssh/known_hosts").expanduser()
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
        # There is one Docker stack of this name: where Pulumi is told to replace it, the old one goes first.
        opts=pulumi.ResourceOptions(delete_before_replace=True),
    )


def command(script: str, **variables: str) -> str:
    """A script of this folder for the stack of this program, with these variables."""
    assigned = [f"{key}={shlex.quote(value)}" for key, value in {"name": NAME, **variables}.items()]
    return "\n".join([*assigned, (FOLDER / script).read_text()])


def known(output: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """The output, where its form is the one that this program reads."""
    if output["schema"] != SCHEMA:
        raise pulumi.RunError(f"{source} has schema {output['schema']:g}, and this program reads {SCHEMA}")
    return output


def a_manager(output: Mapping[str, Any], source: str) -> str:
    """Where the first manager is reached."""
    if "swarm" not in output:
        raise pulumi.RunError(f"{source} has no section swarm, and so names no manager: set app:manager to an address")
    return str(min(output["swarm"]["managers"].items())[1])


def host_key(host: str, known_hosts: Path) -> str:
    """The key by which the host is known, `ssh-ed25519 AAAA…`. Without one the host would not be checked at all."""
    found = subprocess.run(["ssh-keygen", "-F", host, "-f", known_hosts], capture_output=True, text=True, check=False)
    lines = [line.split() for line in found.stdout.splitlines() if not line.startswith(("#", "@"))]
    # RSA keys are of no use here: the plugin offers them with SHA-1 only, which sshd refuses.
    keys = [f"{kind} {key}" for _, kind, key, *_ in lines if kind != "ssh-rsa"]
    if not keys:
        raise pulumi.RunError(
            f"{host}: no ed25519 or ecdsa key in {known_hosts}: add it there, once you have checked it"
        )
    return keys[0]


def with_ids(names: Iterable[str], output: Mapping[str, Any], source: str) -> str:
    """The app's networks as `NAME=ID`, with spaces between. A network that was replaced has its name still."""
    if missing := [name for name in names if name not in output["networks"]]:
        raise pulumi.RunError(f"{source} has no network {', '.join(missing)}: declare it there first")
    return " ".join(f"{name}={output['networks'][name]['id']}" for name in names)


main()
