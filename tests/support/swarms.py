"""A swarm as a manager shows it, for tests to which only some of it matters."""

from typing import Any

from providers.rules.vocabulary.facts import Swarm

# As an Engine has it after init (28.5).
SPEC: dict[str, Any] = {
    "Labels": {},
    "Orchestration": {"TaskHistoryRetentionLimit": 5},
    "EncryptionConfig": {"AutoLockManagers": False},
    "CAConfig": {"NodeCertExpiry": 7_776_000_000_000_000},
    "Dispatcher": {"HeartbeatPeriod": 5_000_000_000},
    "Raft": {"SnapshotInterval": 10_000, "KeepOldSnapshots": 0},
}


def a_swarm(**given: Any) -> Swarm:
    """A swarm with the Engine's own settings and no pool shown, but for what is given."""
    settings = {
        "id": "s1",
        "data_path_port": 4789,
        "default_addr_pool": (),
        "default_addr_pool_prefix": 24,
        "autolock": False,
        "task_history_limit": 5,
        "cert_expiry": 7_776_000,
        "dispatcher_heartbeat": 5,
        "snapshot_interval": 10_000,
        "keep_old_snapshots": 0,
    }
    return Swarm(**{**settings, **given})
