"""OpenSSH's word on a host on this machine: the output of `ssh -G`, which has read its whole configuration.

destination.py decides which of it counts beside the stack file. On a machine without ssh there is none, and what
OpenSSH does by itself counts.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from providers.hosts.ssh.algorithms import DEFAULT, Algorithms
from providers.rules.vocabulary.errors import HostError

CONFIG = "~/.ssh/config"
AT_ONCE = 8  # processes
# Seconds: the configuration may run commands (Match exec) and ask for names (CanonicalizeHostname).
TIMEOUT = 30
# A configuration that includes both of ssh's own, then names a user that nobody has.
_ELSE_NOBODY = Path(__file__).with_name("else_nobody.conf")
NOBODY = "said-nowhere"

AGENT = "SSH_AUTH_SOCK"
USUAL_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
USUAL_KNOWN_HOSTS = ("~/.ssh/known_hosts",)
GLOBAL_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts",)
_ALGORITHMS = {
    "ciphers": "ciphers",
    "macs": "macs",
    "kex": "kexalgorithms",
    "host_keys": "hostkeyalgorithms",
    "ca_signatures": "casignaturealgorithms",
}

Words = Mapping[str, Sequence[str]]  # each keyword, in lower case, with its values


class OpenSsh:
    """Asks `ssh -G` for many hosts at once, and never twice for the same. `timeout`: seconds."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._asked: dict[tuple[str, ...], Future[subprocess.CompletedProcess[str]]] = {}
        self._lock = threading.Lock()

    def words(self, name: str, address: str, user: str | None, port: int | None, usual_user: str) -> Words:
        """Return what counts for an address, as for `ssh -l user -p port -- address`; nothing on a machine without ssh.

        `name` is the host's in messages. If neither `user` nor the configuration says who logs in, it is `usual_user`,
        not the current user. Raises HostError if ssh refuses its configuration, or if there is one without ssh.
        """
        if not shutil.which("ssh"):
            if Path(CONFIG).expanduser().exists():
                raise HostError(
                    f"{name}: {CONFIG} can't be read, since this machine has no ssh: install OpenSSH's client, or move "
                    "the file away"
                )
            return {}
        way = [*(["-p", str(port)] if port else []), "--", address]
        if user:
            return self._ask(name, ["-l", user, *way])
        settings = self._ask(name, way)
        me = pwd.getpwuid(os.getuid()).pw_name
        if settings["user"] != [me] or me == usual_user:
            return settings
        # ssh names the current user if its configuration names nobody.
        if self._ask(name, ["-F", str(_ELSE_NOBODY), *way])["user"] != [NOBODY]:
            return settings
        return self._ask(name, ["-l", usual_user, *way])

    def unconfigured(self, name: str) -> Words:
        """Return what counts for any address if nothing is configured, likewise. Raises HostError."""
        return self._ask(name, ["-F", "none", "--", "localhost"]) if shutil.which("ssh") else {}

    def _ask(self, name: str, words: list[str]) -> Words:
        argv = (shutil.which("ssh") or "ssh", *words[:-2], "-TG", *words[-2:])
        with self._lock:
            if argv not in self._asked:
                self._asked[argv] = self._pool.submit(_run, argv, self._timeout)
        try:
            done = self._asked[argv].result()
        except subprocess.TimeoutExpired as problem:
            raise HostError(
                f"{name}: `ssh -G {argv[-1]}` is not done within {self._timeout:g} s: see what Match exec runs in its "
                "configuration"
            ) from problem
        if done.returncode:
            raise HostError(
                f"{name}: ssh rejected its configuration for {argv[-1]}: {' '.join(done.stderr.split())}: "
                f"correct it, and see `ssh -G {argv[-1]}`"
            )
        return _parsed(done.stdout)


def _run(argv: tuple[str, ...], timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout
    )


def _parsed(text: str) -> Words:
    words: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        keyword, _, value = line.partition(" ")
        words[keyword.lower()].append(value)
    return words


class SshSettings:
    """Words on the address of a host, as values. Files are as they were written: `ssh -G` expands a few only."""

    def __init__(self, name: str, address: str, words: Words) -> None:
        self.name, self.address, self.words = name, address, words

    def one(self, keyword: str) -> str:
        """Return a value, empty if it is `none`, which is as good as nothing."""
        value = next(iter(self.words.get(keyword, ())), "")
        return "" if value.lower() == "none" else value

    def algorithms(self) -> Algorithms:
        """Return the algorithms that may be used."""
        if not self.words:
            return DEFAULT
        named = {field: tuple(self.one(keyword).split(",")) for field, keyword in _ALGORITHMS.items()}
        return Algorithms(**named, rsa_bits=int(self.one("requiredrsasize") or DEFAULT.rsa_bits))

    def agent(self) -> str:
        """Return the agent's socket: SSH_AUTH_SOCK, unless IdentityAgent names another, a variable with it, or none."""
        named = next(iter(self.words.get("identityagent", ())), AGENT)
        if named == "none":
            return ""
        variable = named if named == AGENT else named[1:] if re.fullmatch(r"\$\w+", named) else ""
        return os.environ.get(variable, "") if variable else self.expanded(named)

    def keys(self) -> tuple[str, ...]:
        """Return the private keys."""
        if not self.words:
            return USUAL_KEYS
        return tuple(self.expanded(key) for key in self.words.get("identityfile", ()) if key != "none")

    def listed(self, keyword: str, usual: tuple[str, ...]) -> tuple[str, ...]:
        """Return several files in one value, in which a space is no longer told from that between two."""
        if not self.words:
            return usual
        found = tuple(self.expanded(word) for word in self.one(keyword).split())
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
            "h": self.one("hostname"),
            "i": str(me.pw_uid),
            "k": self.one("hostkeyalias") or self.address,
            "L": host.partition(".")[0],
            "l": host,
            "n": self.address,
            "p": self.one("port"),
            "r": self.one("user"),
            "u": me.pw_name,
        }


def _me() -> pwd.struct_passwd:
    return pwd.getpwuid(os.getuid())
