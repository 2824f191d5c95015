"""OpenSSH's word on a host as values: names, files, algorithms. openssh.py asks for it."""

import os
import pwd
import re
import socket
from dataclasses import dataclass

from providers.hosts.ssh.algorithms import DEFAULT, Algorithms
from providers.hosts.ssh.openssh import OpenSsh, Words
from providers.rules.stack_file.access import SSH_PORT
from providers.rules.vocabulary.errors import HostError

USUAL_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
USUAL_KNOWN_HOSTS = ("~/.ssh/known_hosts",)
GLOBAL_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts",)
AGENT = "SSH_AUTH_SOCK"


@dataclass(frozen=True)
class Settings:
    """The settings that count for a host if the stack file has no other word.

    key_files, known_hosts: those named; None if none were, and the usual ones count. only_those: no other key may be
    tried. global_known_hosts: the system's, beside the user's. alias: the name in known_hosts and certificates, empty
    for the address. agent: its socket, empty for none. jumps: as ProxyJump has them. revoked_keys: a file of host keys
    never to be trusted.
    """

    hostname: str
    port: int
    user: str
    key_files: tuple[str, ...] | None = None
    usual_keys: tuple[str, ...] = USUAL_KEYS
    only_those: bool = False
    agent: str = ""
    known_hosts: tuple[str, ...] | None = None
    usual_known_hosts: tuple[str, ...] = USUAL_KNOWN_HOSTS
    global_known_hosts: tuple[str, ...] = GLOBAL_KNOWN_HOSTS
    alias: str = ""
    revoked_keys: str = ""
    jumps: str = ""
    proxy_command: str = ""
    algorithms: Algorithms = DEFAULT


def settings(
    name: str, address: str, user: str | None, port: int | None, usual_user: str, openssh: OpenSsh
) -> Settings:
    """Return the settings for an address, with the stack file's user and port. Raises HostError.

    `name` is the host's in messages; `usual_user` logs in if nobody says who. Without ssh on this machine, what OpenSSH
    does by itself counts.
    """
    said = openssh.words(name, address, user, port, usual_user)
    if said is None:
        return Settings(address, port or SSH_PORT, user or usual_user, agent=os.environ.get(AGENT, ""))
    if command := _one(said, "knownhostscommand"):
        raise HostError(
            f"{name}: ssh's configuration has a KnownHostsCommand for {address} ({command}), which is not run here: "
            "take it away for this host, and write its key into known_hosts"
        )
    files = _Files(name, address, said)
    usual = _Files(name, address, openssh.unconfigured(name))  # which ssh lists if none are named
    keys, known_hosts = files.keys(), files.listed("userknownhostsfile")
    return Settings(
        hostname=said["hostname"][0],
        port=int(said["port"][0]),
        user=said["user"][0],
        key_files=None if keys == usual.keys() else keys,
        usual_keys=usual.keys(),
        only_those=_one(said, "identitiesonly") == "yes",
        agent=files.agent(),
        known_hosts=None if known_hosts == usual.listed("userknownhostsfile") else known_hosts,
        usual_known_hosts=usual.listed("userknownhostsfile"),
        global_known_hosts=files.listed("globalknownhostsfile"),
        alias=_one(said, "hostkeyalias"),
        revoked_keys=files.expanded(_one(said, "revokedhostkeys")),
        jumps=_one(said, "proxyjump"),
        proxy_command=_one(said, "proxycommand"),
        algorithms=_algorithms(said),
    )


def _one(said: Words, keyword: str) -> str:
    """Return a keyword's value, empty if it is `none`, which is as good as nothing."""
    value = next(iter(said.get(keyword, ())), "")
    return "" if value.lower() == "none" else value


def _algorithms(said: Words) -> Algorithms:
    def of(keyword: str) -> tuple[str, ...]:
        return tuple(_one(said, keyword).split(","))

    return Algorithms(
        ciphers=of("ciphers"),
        macs=of("macs"),
        kex=of("kexalgorithms"),
        host_keys=of("hostkeyalgorithms"),
        ca_signatures=of("casignaturealgorithms"),
        rsa_bits=int(_one(said, "requiredrsasize") or DEFAULT.rsa_bits),
    )


class _Files:
    """The files that ssh names, most of them as they were written: `ssh -G` expands a few only."""

    def __init__(self, name: str, address: str, said: Words) -> None:
        self.name, self.address, self.said = name, address, said

    def agent(self) -> str:
        """Return the agent's socket: SSH_AUTH_SOCK, unless IdentityAgent names another, a variable with it, or none."""
        named = next(iter(self.said.get("identityagent", ())), AGENT)
        if named == "none":
            return ""
        variable = named if named == AGENT else named[1:] if re.fullmatch(r"\$\w+", named) else ""
        return os.environ.get(variable, "") if variable else self.expanded(named)

    def keys(self) -> tuple[str, ...]:
        """Private keys."""
        return tuple(self.expanded(key) for key in self.said.get("identityfile", ()) if key != "none")

    def listed(self, keyword: str) -> tuple[str, ...]:
        """Return several files in one value, in which a space is no longer told from that between two."""
        found = tuple(self.expanded(word) for word in _one(self.said, keyword).split())
        for file in found:
            if not file.startswith("/"):
                raise HostError(
                    f"{self.name}: ssh's configuration names for {self.address} in {keyword} a file without its whole "
                    f"path, or with a space in it: {file}: name another"
                )
        return found

    def expanded(self, path: str) -> str:
        """Return a path with `~`, tokens and variables in full (https://man.openbsd.org/ssh_config#TOKENS).

        `~` is the home of whoever runs this by the system's list of users, whatever HOME is. Raises HostError.
        """
        try:
            home, _, rest = path.partition("/") if path.startswith("~") else ("", "", path)
            if home:
                path = f"{(pwd.getpwnam(home[1:]) if home[1:] else _me()).pw_dir}/{rest}"
            tokens = self._tokens()
            return re.sub(r"%(.)|\$\{(\w+)\}", lambda at: tokens[at[1]] if at[1] else os.environ[at[2]], path)
        except KeyError as problem:
            raise HostError(
                f"{self.name}: ssh's configuration names the file {path} for {self.address}, in which {problem} is "
                "nothing on this machine: write the path in full"
            ) from problem

    def _tokens(self) -> dict[str, str]:
        host, me = socket.gethostname(), _me()
        return {
            "%": "%",
            "d": me.pw_dir,
            "h": self.said["hostname"][0],
            "i": str(me.pw_uid),
            "k": _one(self.said, "hostkeyalias") or self.address,
            "L": host.partition(".")[0],
            "l": host,
            "n": self.address,
            "p": self.said["port"][0],
            "r": self.said["user"][0],
            "u": me.pw_name,
        }


def _me() -> pwd.struct_passwd:
    return pwd.getpwuid(os.getuid())
