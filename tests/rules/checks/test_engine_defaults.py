"""Ranges that meet those chosen by Engines themselves are warnings, since only hosts know what was chosen."""

import pytest

from tests.support.stackfiles import merged, problems, said, stating

FIRST = "the first networks of the Engines' own pool 10.0.0.0/16"
DOCKER0 = "the range that most Engines give docker0 172.17.0.0/16"
SAY = "say which pool in swarm.default_addr_pool"
REFUSED = "an Engine refuses the network or its tasks where docker0 has it"
TAKEN = f"a network made without a subnet may take the range first; {SAY}"
REJECTED = f'tasks on such networks would be rejected with "Pool overlaps"; {SAY}'
UNREACHABLE = f"containers on such networks would not reach what is there; {SAY}"
OF_HOST = f"containers on such networks would not reach that address; {SAY}"


@pytest.mark.parametrize(
    ("keys", "warning"),
    [
        (["overlays.app.subnet 172.17.3.0/24"], f"overlays.app.subnet: 172.17.3.0/24 lies inside {DOCKER0}: {REFUSED}"),
        (["overlays.app.subnet 10.0.1.0/24"], f"overlays.app.subnet: 10.0.1.0/24 lies inside {FIRST}: {TAKEN}"),
        (["gwbridge.subnet 10.0.16.0/20"], f"gwbridge.subnet: 10.0.16.0/20 lies inside {FIRST}: {REJECTED}"),
        (["reserved[0] 10.0.0.0/12"], f"reserved[0]: 10.0.0.0/12 contains {FIRST}: {UNREACHABLE}"),
        (
            ["hosts.m1.address 10.0.0.1", "hosts.w1.address 10.0.0.2"],
            f"hosts.m1.address: 10.0.0.1/32 lies inside {FIRST}: {OF_HOST}",
        ),
    ],
    ids=["docker0", "overlay", "gwbridge", "reserved", "hosts, told once"],
)
def test_ranges_that_an_engine_may_choose(keys, warning):
    """If an Engine's own choice may meet a range, the warning names both, and the key to set."""
    assert [warning] == said(**merged({"swarm": {}}, stating(*keys))).warnings


@pytest.mark.parametrize(
    ("swarm", "subnet"),
    [
        pytest.param({}, "10.0.1.0/24", id="a swarm that exists: its pool is not known"),
        pytest.param({"swarm": {"default_addr_pool": ["10.12.0.0/16"]}}, "10.0.1.0/24", id="a pool of one's own"),
        pytest.param({"swarm": {}}, "10.200.1.0/24", id="far from the first networks"),
    ],
)
def test_ranges_that_no_engine_chooses(swarm, subnet):
    """Nothing is said if no choice of an Engine meets a range."""
    assert [] == said(**swarm, overlays={"app": {"subnet": subnet}}).warnings


def test_prefix_that_the_engines_pool_has_no_room_for():
    """Subnets are taken from the Engine's 10.0.0.0/8 if there is no pool."""
    expected = (
        "swarm: the Engine's own pool 10.0.0.0/8 is smaller than the /6 of default_addr_pool_prefix; "
        "say which pool in default_addr_pool"
    )

    assert [expected] == problems(swarm={"default_addr_pool_prefix": 6})


def test_warnings_wait_until_there_is_no_problem():
    """Warnings are told only once there is no problem."""
    wrong = said(**stating("adopt no", "overlays.app.subnet 172.17.3.0/24"))

    assert (1, []) == (len(wrong.problems), wrong.warnings)
