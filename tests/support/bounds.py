"""How long tests wait: as long as a behaviour was measured to take on an idle machine of two cores, times SLOWER.

pytest's own limit (tests/conftest.py) is no bound of a behaviour: it ends a test that hangs where nothing else does.
"""

# Machines of one kind differ by two, and up to four groups of hosts work at once.
SLOWER = 8


def bound(measured: float) -> float:
    """Return how many seconds to wait for what was measured to take so many."""
    return measured * SLOWER


# Seconds. Each with where it was measured.
ENGINE = bound(19)  # an Engine answers again, and what was to follow is there: measurements.md#restart-of-docker
WAY_BACK = bound(66)  # packets between ingresses after that: measurements.md#restart-of-docker
RUN = bound(30)  # the longest run of these tests: a docker_gwbridge moves on three hosts (bench/results)
