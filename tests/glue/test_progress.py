"""Progress lines, and whether Pulumi is there to take them: one that is gone ends the work, a stopped one does not."""

import socket

import pytest

from providers.rules.vocabulary.errors import RunCut
from providers.run import STOPPED, Progress
from tests.plugin.fake_pulumi import FakePulumi


def test_stopped_pulumi_is_there(monkeypatch):
    """Ctrl-Z: its port is open, and nobody answers. Work goes on, and waits for it no more."""
    with socket.create_server(("127.0.0.1", 0)) as stopped:
        monkeypatch.setattr("sys.argv", ["pulumi.dynamic", f"127.0.0.1:{stopped.getsockname()[1]}"])
        show = Progress("urn:x", patience=0.05)
        show("drain w1")

        assert STOPPED == show.patience


def test_pulumi_that_is_gone_cuts_the_run(monkeypatch):
    """Its port is closed: nothing more is started."""
    pulumi_engine = FakePulumi()
    monkeypatch.setattr("sys.argv", ["pulumi.dynamic", pulumi_engine.address])
    show = Progress("urn:x")
    show("drain w1")
    pulumi_engine.kill()

    with pytest.raises(RunCut, match="the run was cut before: stop what is no task"):
        show("stop what is no task")
    assert [("urn:x", "drain w1")] == pulumi_engine.lines


def test_all_rows_share_one_channel(pulumi_engine):
    """It is a connection, and there are as many rows as resources."""
    assert Progress("one").engine is Progress("another").engine
