"""A member's Engine on gossip over UDP: lines of real Engines, and answers that are not trusted."""

import subprocess

import pytest

from providers.hosts.probe.engine_log import parsed, script
from providers.rules.vocabulary.reach import EngineLog

pytestmark = pytest.mark.usefixtures("my_ssh")

NOW = 1795704295  # 2026-11-26T14:44:55Z
JOINED = 'time="2026-11-26T14:00:00.500000000Z" level=info msg="Node fe85ebe32050/10.9.0.2, joined gossip cluster"'
MISSED = (
    'time="2026-11-26T14:44:50.5Z" level=warning msg="memberlist: Was able to connect to {} over TCP but UDP probes '
    'failed, network may be misconfigured"'
)
# Engines 20.10 and 28, and 29; both kinds of log.
REFUSED = (
    'time="2026-11-26T14:44:44.862904504Z" level=warning msg="memberlist: Decrypt packet failed: Unsupported '
    'encryption version 77 from=10.9.0.2:41494"'
)
REFUSED_29 = (
    '{"level":"warning","msg":"memberlist: Decrypt packet failed: unsupported encryption version 77 '
    'from=10.9.0.3:41495","time":"2026-11-26T14:44:49.914134410Z"}'
)


def answered(*lines, status=0, now=NOW):
    """The script's output."""
    return f"@ log {status}\n" + "".join(f"|{each}\n" for each in (now, *lines))


def test_members_that_did_not_answer():
    """They are told by address, if the Engine has said whose name it is."""
    said = answered(JOINED, MISSED.format("fe85ebe32050"), MISSED.format("0123"))

    assert EngineLog(unanswered=frozenset({"10.9.0.2", "0123"})) == parsed(said)


def test_datagrams_that_it_could_not_read():
    """They are told with address and port of the sender, for the last minute."""
    assert EngineLog(refused=frozenset({("10.9.0.2", 41494), ("10.9.0.3", 41495)})) == parsed(
        answered(REFUSED, REFUSED_29)
    )
    assert EngineLog() == parsed(answered(REFUSED, now=NOW + 60))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            "@ log 1\n|sudo: a password is required\n",
            "sudo: a password is required: log in as root or let sudo run it ",
        ),
        (answered(MISSED.format("a"), now="soon"), "what the host answers makes no sense: look there by hand"),
        (answered('time="soon" nsupported encryption version'), "what the host answers makes no sense"),
        ("", "what the host answers makes no sense"),
    ],
)
def test_log_that_can_not_be_read(said, why):
    """The reason, then what to do."""
    told = parsed(said)

    assert isinstance(told, str)
    assert told.startswith(why)


def test_script_runs_in_any_shell():
    """Here, as whoever runs the tests: an answer, whatever it is."""
    done = subprocess.run(["sh", "-s"], input=script(False), capture_output=True, text=True, check=False)

    assert (0, "", "@ log ") == (done.returncode, done.stderr, done.stdout[:6])
