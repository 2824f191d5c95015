"""All errors, drawn as a tree. Every message: thing, problem, both values, what to do; lower case.

    SwarmnetError
    ├── StackFileError        the stack file is wrong: all problems at once, by path
    ├── HostError             a host can't be used
    │   ├── Unreachable           no answer at its address
    │   ├── LoginRefused          reachable, but login is refused
    │   ├── HostKeyMismatch       it shows another key than the one known
    │   ├── HostKeyUnknown        no key is known for it
    │   └── CommandFailed         a command on it ended with an error
    ├── EngineError           the Engine returned an error
    │   ├── NotAManager           asked a node that cannot answer for the swarm
    │   ├── Unproved              who says that it is a manager is not trusted
    │   ├── NoQuorum              the managers cannot agree at the moment
    │   ├── NoSwarm               no declared host is a member of any swarm, as each says itself
    │   ├── NotFound              the Engine's 404 (no proof of absence by itself)
    │   ├── InUse                 something still holds what should go
    │   └── Conflict              a name is taken, or a version is out of date: look again
    ├── Blocked               refused before the first write: what clashes with what, and what to do
    ├── DeadlineExceeded      which step was waiting, for what, on which host
    └── RunCut                Pulumi is gone: the run was cut, nothing more is started

Nothing but exception classes may enter. No message may hold a token, a key or a password, nor anything that a terminal
would obey: words of hosts are in them.
"""

from collections.abc import Sequence

from providers.rules.vocabulary.words import line


class SwarmnetError(Exception):
    """Base of everything Swarmnet raises on purpose. problems: one line each, mostly a single one."""

    def __init__(self, *problems: str) -> None:
        self.problems: list[str] = list(map(line, problems))
        super().__init__("\n".join(self.problems))


class StackFileError(SwarmnetError):
    """The stack file is wrong.

    `problems` holds one line each, starting with the path of the key, such as
    `hosts.w1.gwbridge.subnet: 10.12.0.0/24 lies inside ingress.subnet 10.12.0.0/16`; what is wrong with the text
    itself starts with its place, `line 4, column 5: `.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(*problems)


class HostError(SwarmnetError):
    """A host can't be used; the message starts with the host's name in the stack file."""


class Unreachable(HostError):
    """Nothing answers at the host's address, or the connection dropped and could not be made again."""


class LoginRefused(HostError):
    """The host answers but refuses the login or the rights that are needed."""


class HostKeyMismatch(HostError):
    """The host shows another key than the one that is known for it."""


class HostKeyUnknown(HostError):
    """No key is known for the host, so that it cannot be told from an impostor."""


class CommandFailed(HostError):
    """A command on a host ended with an error."""


class EngineError(SwarmnetError):
    """An Engine answered with an error; the message holds the host's name and the Engine's own words."""


class NotAManager(EngineError):
    """The node asked cannot answer for the swarm."""


class Unproved(EngineError):
    """A host says that it is a manager, and neither the stack file nor another host does."""


class NoQuorum(EngineError):
    """Too few managers are reachable for the swarm to answer."""


class NoSwarm(EngineError):
    """Every declared host answers, and none is a member of a swarm: what was in it is gone with it."""


class NotFound(EngineError):
    """The Engine's 404. From a manager without quorum it proves nothing."""


class InUse(EngineError):
    """Something still holds what should be removed."""


class Conflict(EngineError):
    """The name is taken or the version is out of date: what was read is no longer so."""


class Blocked(SwarmnetError):
    """Refused: what clashes with what, and what to do."""


class DeadlineExceeded(SwarmnetError):
    """Time ran out; the message says what was waited for, and where."""


class RunCut(SwarmnetError):
    """Pulumi's engine no longer answers: the run was cut, and nothing more is started."""
