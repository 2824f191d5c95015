"""Terraform's docker provider on the same overlays, where the environment names both programs.

TERRAFORM is the program, PROVIDER the provider's (kreuzwerker/docker): files on this machine, nothing is fetched.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from bench.measuring import Say, spent
from bench.programs import SECONDS, overlays
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Group

SOURCE = "kreuzwerker/docker"
# Its commands by the name of the job that they do. An apply looks at everything before.
COMMANDS = {
    "up, all added": ("apply", "-auto-approve"),
    "preview --refresh": ("plan",),
    "up, nothing to do": ("apply", "-auto-approve"),
    "up, all removed": ("destroy", "-auto-approve"),
}


def seconds(group: Group, count: int, say: Say) -> dict[str, float]:
    """Return seconds of each job, once; nothing where the environment does not name the programs."""
    names = [os.environ.get(each) for each in ("TERRAFORM", "PROVIDER")]
    program, provider = names
    if not program or not provider:
        return {}
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="swarmnet-terraform-") as name:
        folder = Path(name)
        (folder / "main.tf.json").write_text(json.dumps(declared(group, count)))
        env = {**os.environ, "TF_CLI_CONFIG_FILE": str(own_provider(folder, Path(provider)))}
        for job, words in COMMANDS.items():

            def work(words: tuple[str, ...] = words) -> None:
                command = (program, *words, "-no-color", "-input=false")
                done = subprocess.run(
                    command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=SECONDS
                )
                assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]

            found[job] = spent(work).elapsed
            say(f"{count}: terraform {words[0]}: {found[job]:.1f} s")
    return found


def own_provider(folder: Path, provider: Path) -> Path:
    """Return a configuration of the program under which it takes this very provider, and needs no `init`."""
    there = folder / "provider"
    there.mkdir()
    (there / "terraform-provider-docker").symlink_to(provider.resolve())
    config = folder / "terraform.rc"
    config.write_text(f'provider_installation {{\n  dev_overrides {{ "{SOURCE}" = "{there}" }}\n  direct {{}}\n}}\n')
    return config


def declared(group: Group, count: int) -> object:
    """Return the same overlays as Terraform's JSON has them."""
    manager = next(iter(group))
    options = ["-i", str(KEY_FILE), "-o", f"UserKnownHostsFile={KNOWN_HOSTS}", "-o", "BatchMode=yes"]
    networks = {
        name: {"name": name, "driver": "overlay", "ipam_config": [{"subnet": section["subnet"]}]}
        for name, section in overlays(count).items()
    }
    return {
        "terraform": {"required_providers": {"docker": {"source": SOURCE}}},
        "provider": {"docker": {"host": f"ssh://root@{manager.address}:22", "ssh_opts": options}},
        "resource": {"docker_network": networks},
    }
