"""Commands of `prepare`: which host has which, and what each hands to the script that runs it there.

How ssh is led there is in ssh_words.py. Nothing is run here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from providers.rules.stack_file.model import Preparation
from providers.rules.stack_file.resolved import Resolved
from providers.rules.stack_file.ssh_words import SshWords, ssh_words


@dataclass(frozen=True, kw_only=True)
class HostCommand:
    """One command on one host. ssh: None on this machine itself. lost: the host is dead, and nothing is run there.
    audit: whether its runs are in the host's own log."""

    host: str
    desired: Preparation
    ssh: SshWords | None
    sudo: bool
    lost: bool
    audit: bool = True

    @property
    def resource_name(self) -> str:
        """Return Pulumi's name and id."""
        return f"prepare/{self.host}/{self.desired.name}"

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the variables that the script gets, and a state keeps: their names are a published format.

        Each is always there: a variable in the environment of whoever runs this must not take its place. But the one
        that leaves out the log is not where there is one, as in states of 0.1.0.
        """
        ssh, desired = self.ssh or SshWords(words="", config="", host_key=""), self.desired
        return {
            "host": self.host,
            "name": desired.name,
            "run": desired.run,
            "undo": desired.undo or "",
            "when_changed": desired.when_changed or "",
            "ran": self._mark,
            "sudo": "sudo -n" if self.sudo else "",
            "ssh": ssh.words,
            "ssh_config": ssh.config,
            "host_key": ssh.host_key,
            **({} if self.audit else {"swarmnet_audit": "off"}),
        }

    @property
    def _mark(self) -> str:
        """Return a digest that tells whether it ran as it is now; how the host is reached and how it is undone do not
        count."""
        commands = json.dumps([self.desired.run, self.desired.when_changed or ""])
        return f"sha256:{sha256(commands.encode()).hexdigest()}"


def commands(resolved: Resolved) -> tuple[tuple[HostCommand, ...], ...]:
    """Return the commands of each host that has some, in their order: the shared ones first."""
    file = resolved.file
    found = (
        tuple(
            HostCommand(
                host=name,
                desired=desired,
                ssh=None if access.local else ssh_words(access),
                sudo=access.sudo,
                lost=name in resolved.lost,
                audit=file.audit,
            )
            for desired in (*file.prepare, *file.hosts[name].prepare)
        )
        for name, access in resolved.access.items()
    )
    return tuple(each for each in found if each)
