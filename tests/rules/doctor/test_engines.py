"""Findings on an Engine's kind, release and settings."""

import json

import pytest

from providers.hosts.engine_api.refusals import doubtful, unsupported
from providers.hosts.engine_api.schema import Info, read_answer
from providers.rules.doctor.engines import bad_releases, kinds, live_restore, mixed_releases
from providers.rules.doctor.releases import BAD
from providers.rules.vocabulary.network_options import ENCRYPTED
from tests.support.examined import host, seen, swarm, told, wants
from tests.support.networks import a_network

ENCRYPTED_OVERLAY = a_network(id="o1", scope="swarm", name="app", driver="overlay", options=((ENCRYPTED, ""),))


def bad(*releases, encrypted=False, **keys):
    """Return which hosts have a bad release, beside whom, and how sure that is."""
    hosts = [host(name, each) for name, each in zip(("m1", "w1", "w2"), releases, strict=False)]
    lines = told(bad_releases(seen(*hosts, **keys), wants(encrypted)))
    return [line.partition(":")[0] for line in lines]


TOGETHER = ["w2 -> m1 failed", "w2 -> w1 failed"]


@pytest.mark.parametrize(
    ("releases", "encrypted", "expected"),
    [
        *((each, False, ["m1 failed"]) for each in ("27.0.0", "27.0.2", "28.0.0", "27.0.1+dfsg1", "v28.0.0-rc.1")),
        *((each, True, []) for each in ("26.1.5", "27.0.3", "28.0.1", "28.3.0", "29.2.1", "20.10.24")),
        ("28.2.2", False, ["m1 warning"]),  # nobody found the cause: it may do well
        *((each, False, ["m1 unknown"]) for each in ("library-import", "", "2.0.0-beta.24")),
        ("28.5.2 28.5.2 29.2.0", True, TOGETHER),
        ("28.5.2 28.5.2 29.2.0", False, []),
        ("29.2.0 29.2.0 29.2.1", True, []),
    ],
)
def test_release_that_is_known_to_be_bad(releases, encrypted, expected):
    """It is bad by itself, or beside each older one if an overlay is encrypted; without a number it is never well."""
    assert expected == bad(*releases.split(" "), encrypted=encrypted)


def test_overlay_of_others_may_be_encrypted():
    """The stack file need not know of it."""
    assert TOGETHER == bad("28.5.2", "28.5.2", "29.0.0", swarm=swarm(networks=(ENCRYPTED_OVERLAY,)))


def test_finding_names_thread_and_remedy():
    """The finding says what is wrong, with the thread, and which release is right."""
    (found,) = bad_releases(seen(host("m1", "27.0.1")), wants())
    thread = "https://github.com/moby/moby/issues/48069"

    assert [f"m1 failed: Engine 27.0.1 gives one range to two networks ({thread})"] == told([found])
    assert "install 27.0.3 or a later one" == found.remedy


def test_table_is_in_order():
    """Each row ends after it begins, and has a thread."""
    assert [] == [row for row in BAD if not row.first < row.fixed or not row.thread.startswith("https://github.com/")]


def test_mixed_releases():
    """Patches are no difference; one line for all hosts."""
    several = seen(host("w1", "29.1.0"), host("w2", "28.5.1"))

    assert ["warning: hosts have several releases of the Engine: 28.5 (m1, w2), 29.1 (w1)"] == told(
        mixed_releases(several, wants())
    )
    assert [] == list(mixed_releases(seen(host("w2", "28.5.1")), wants()))


IN_CONTAINER = {"OperatingSystem": "Alpine Linux edge (containerized)"}
UBUNTU = {"OperatingSystem": "Ubuntu 22.04.4 LTS"}
ROOTLESS = {"SecurityOptions": ["name=rootless"]}
DESKTOP = "install Docker Engine, or leave the host out"
ROOT = "set up a docker that runs as root"
LINUX = "swarm networks are made on Linux hosts alone"
CONTAINED = "its dockerd runs in a container"
OPEN = "ignore this once all channels are open"


@pytest.mark.parametrize(
    ("info", "status", "fact", "remedy"),
    [
        ({"OperatingSystem": "Docker Desktop"}, "failed", "this is Docker Desktop", DESKTOP),
        (ROOTLESS, "failed", "its docker is rootless", ROOT),
        ({"OSType": "windows"}, "failed", "its Engine runs windows containers", LINUX),
        # Recorded: https://github.com/rancher-sandbox/rancher-desktop/issues/7266
        ({**UBUNTU, "KernelVersion": "5.15.153.1-microsoft-standard-WSL2"}, "warning", "it is WSL", OPEN),
        ({"KernelVersion": "4.4.0-19041-Microsoft"}, "warning", "it is WSL", OPEN),
        # Recorded: https://github.com/orbstack/orbstack/issues/1
        ({**IN_CONTAINER, "KernelVersion": "6.1.23-orbstack-00113"}, "warning", CONTAINED, OPEN),
        # Recorded: https://github.com/docker-library/docker/pull/165. The kind that can't work counts.
        ({**ROOTLESS, **IN_CONTAINER}, "failed", "its docker is rootless", ROOT),
    ],
)
def test_engine_on_which_swarm_networks_do_not_work(info, status, fact, remedy):
    """The finding says what kind of Engine it is, then what to do; a warning if others may reach it all the same."""
    said = read_answer(Info, json.dumps(info))
    (found,) = kinds(seen(host("w1", unfit=unsupported(said), doubtful=doubtful(said))), wants())

    assert ("w1", status) == (found.host, found.status)
    assert found.fact.startswith(fact)
    assert remedy in found.remedy


def test_engine_on_a_host_of_its_own():
    """Nothing. Recorded: Debian 12."""
    system = "Debian GNU/Linux 12 (bookworm)"

    assert "" == doubtful(Info(kernel="6.1.0-56-cloud-amd64", platform=system))


def test_live_restore():
    """It is told on the host that has it."""
    assert ["w1 failed: live-restore is on, with which no Engine can be in a swarm"] == told(
        live_restore(seen(host("w1", live_restore=True)), wants())
    )
