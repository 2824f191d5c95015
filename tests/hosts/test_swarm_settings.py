"""Settings of a swarm, as an Engine has them and as they are written."""

from typing import Any

import pytest

from providers.hosts.engine_api.json_to_facts import to_swarm
from providers.hosts.perform import with_settings
from providers.rules.vocabulary.steps import SETTINGS, UpdateSwarm
from tests.support.swarms import SPEC

DAY = 86_400


@pytest.mark.parametrize(
    ("given", "part", "expected"),
    [
        ({"autolock": True}, "EncryptionConfig", {"AutoLockManagers": True}),
        ({"task_history_limit": 0}, "Orchestration", {"TaskHistoryRetentionLimit": 0}),
        ({"cert_expiry": 30 * DAY}, "CAConfig", {"NodeCertExpiry": 2_592_000_000_000_000}),
        ({"dispatcher_heartbeat": 15}, "Dispatcher", {"HeartbeatPeriod": 15_000_000_000}),
        ({"snapshot_interval": 500}, "Raft", {"SnapshotInterval": 500, "KeepOldSnapshots": 0}),
        ({"keep_old_snapshots": 2}, "Raft", {"SnapshotInterval": 10_000, "KeepOldSnapshots": 2}),
    ],
)
def test_setting_is_written_where_the_engine_has_it(given, part, expected):
    """Times are written in nanoseconds; what is not given stays as it is, since an empty spec would zero it."""
    written = with_settings(dict(SPEC), UpdateSwarm(version=7, **given))
    read = to_swarm({"ID": "s1", "Version": {"Index": 7}, "Spec": written})

    assert {**SPEC, part: expected} == written
    assert given == {key: getattr(read, key) for key in SETTINGS if key in given}


def test_settings_that_an_engine_shows_as_none_are_nothing():
    """Engines take a zero, and then show no value at all (28.5)."""
    zeroed: Any = {"CAConfig": {}, "Dispatcher": {}, "Raft": None}
    read = to_swarm({"ID": "s1", "Version": {"Index": 7}, "Spec": zeroed})

    assert (0, 0, 0, 0) == (
        read.cert_expiry,
        read.dispatcher_heartbeat,
        read.snapshot_interval,
        read.keep_old_snapshots,
    )
