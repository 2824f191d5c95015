"""A manager's own word on how far its log goes, and whether its keys are locked."""

import subprocess
from pathlib import Path

from providers.hosts.fleet import Fleet
from providers.hosts.look import script
from providers.hosts.manager_log import parsed
from providers.hosts.perform import perform
from providers.rules.vocabulary.facts import ManagerLog
from providers.rules.vocabulary.steps import InitSwarm
from tests.support.tables import cases
from tests.tools.programs import program

ASKS = "7a56beb007087947 [logterm: 2, index: 62] sent MsgVote request to 33320fa2306aa0d at term 3"
ANSWERS = "5bef78c3c82b23c2 [logterm: 2, index: 61, vote: 0] cast MsgVote for 7a56 [logterm: 2, index: 62] at term 3"
STARTS = "newRaft 7a56beb007087947 [peers: [], term: 3, commit: 105, applied: 0, lastindex: 106, lastterm: 2]"


@cases(
    "expected, line",
    {
        "asks for votes": ((2, 62), ASKS),
        "is asked": ((2, 61), ANSWERS),
        "has started": ((2, 106), STARTS),
        "too long a number": (None, f"[logterm: 2, index: {'9' * 20}]"),
        "nothing": (None, ""),
    },
)
def test_last_entry_is_read_from_its_engines_log(expected: tuple[int, int] | None, line: str):
    """Its own stands first in a line; of what can't be read nothing is guessed."""
    found = parsed("m1", f"@ raft 0\n|{line}\n@ locked 0\n|0\n")

    assert (expected, False, expected is None) == (found.last, found.autolock, bool(found.why))


@cases(
    "expected, output",
    {
        "locked": (ManagerLog(host="m1", last=(2, 62), autolock=True), f"@ raft 0\n|{ASKS}\n@ locked 0\n|1\n"),
        "no key": (
            ManagerLog(host="m1", last=(2, 62), why="grep: no: look there by hand"),
            f"@ raft 0\n|{ASKS}\n@ locked 2\n|grep: no\n",
        ),
        "no log": (
            ManagerLog(
                host="m1", autolock=False, why="cat: denied: log in as root or let sudo run it (docs/doctor.md)"
            ),
            "@ raft 1\n|cat: denied\n@ locked 0\n|0\n",
        ),
    },
)
def test_what_is_not_known_has_a_reason(expected: ManagerLog, output: str):
    """And what to do, behind a colon."""
    assert expected == parsed("m1", output)


def test_script_reads_the_last_line_and_no_key(tmp_path: Path):
    """Of the log what tells an entry, of the key how many lines say that it is locked."""
    keys = tmp_path / "swarm" / "certificates"
    keys.mkdir(parents=True)
    (keys / "swarm-node.key").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIH\n")
    program(tmp_path / "journalctl", f"echo '{STARTS}'; echo '{ASKS}'; echo other")
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    said = subprocess.run(
        ["sh", "-s"], input=script("raft", "", str(tmp_path)), env=path, capture_output=True, text=True, check=True
    )

    assert f"@ raft 0\n|{ASKS}\n@ locked 0\n|1\n" == said.stdout


def test_manager_goes_on_alone_by_the_address_that_members_know(new_host, ended):
    """The request has it where the stack file has none, and the swarm's own port and pool."""
    host = new_host("m1")
    host.engine.answer("POST /swarm/init", body="n1")
    step = InitSwarm(host="m1", force_new=True, address="10.9.0.1", autolock=False, data_path_port=4790)
    perform(ended(Fleet({"m1": host.access()})), step)

    sent = host.engine.bodies[-1]
    assert (True, "10.9.0.1", 4790) == (sent["ForceNewCluster"], sent["AdvertiseAddr"], sent["DataPathPort"])
    assert {"AutoLockManagers": False} == sent["Spec"]["EncryptionConfig"]
