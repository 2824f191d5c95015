"""Findings on an Engine's kind, release and settings."""

import pytest

from providers.hosts.engine_api.refusals import doubtful, unsupported
from providers.rules.doctor.engines import bad_releases, kinds, live_restore, mixed_releases
from providers.rules.doctor.releases import BAD, release
from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.network_options import ENCRYPTED
from providers.rules.vocabulary.shape import NetworkShape
from tests.support.examined import host, seen, swarm, wants

ENCRYPTED_OVERLAY = Network(
    id="o1", scope="swarm", shape=NetworkShape(name="app", driver="overlay", options=((ENCRYPTED, ""),))
)


def bad(*releases, encrypted=False, **keys):
    """Return which hosts have a bad release, beside whom, and how sure that is."""
    hosts = [host(name, each) for name, each in zip(("m1", "w1", "w2"), releases, strict=False)]
    return [(each.host, each.peer, each.status) for each in bad_releases(seen(*hosts, **keys), wants(encrypted))]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("28.5.2", (28, 5, 2)),
        ("20.10.24+dfsg1", (20, 10, 24)),
        ("v29.0.0-rc.1", (29, 0, 0)),
        ("2.0.0-beta.24", None),
        ("library-import", None),
        ("", None),
    ],
)
def test_release_is_read(text, number):
    """It is read as Docker, Debian and others write it."""
    assert number == release(text)


@pytest.mark.parametrize("number", ["27.0.0", "27.0.2", "28.0.0", "27.0.1+dfsg1"])
def test_release_that_is_known_to_be_bad(number):
    """It is bad by itself, on the host that has it."""
    assert [("m1", "", "failed")] == bad(number)


@pytest.mark.parametrize("number", ["26.1.5", "27.0.3", "28.0.1", "28.3.0", "29.2.1", "20.10.24"])
def test_release_that_is_good(number):
    """Releases before the first bad one, and from the fixed one on, are good."""
    assert [] == bad(number, encrypted=True)


def test_cause_that_nobody_found_is_a_warning():
    """The release may do well."""
    assert [("m1", "", "warning")] == bad("28.2.2")


def test_pair_that_does_not_understand_each_other():
    """29.0.0 to 29.2.0 beside older ones are told, each pair by itself, if an overlay is encrypted."""
    assert [("w2", "m1", "failed"), ("w2", "w1", "failed")] == bad("28.5.2", "28.5.2", "29.2.0", encrypted=True)
    assert [] == bad("28.5.2", "28.5.2", "29.2.0")
    assert [] == bad("29.2.0", "29.2.0", "29.2.1", encrypted=True)


def test_overlay_of_others_may_be_encrypted():
    """The stack file need not know of it."""
    assert [("w2", "m1", "failed"), ("w2", "w1", "failed")] == bad(
        "28.5.2", "28.5.2", "29.0.0", swarm=swarm(networks=(ENCRYPTED_OVERLAY,))
    )


def test_release_without_a_number_is_unknown():
    """It is never well."""
    assert [("m1", "", "unknown")] == bad("library-import")


def test_finding_names_thread_and_remedy():
    """The finding says what is wrong, with the thread, and which release is right."""
    (found,) = bad_releases(seen(host("m1", "27.0.1")), wants())

    assert (
        "Engine 27.0.1 gives one range to two networks (https://github.com/moby/moby/issues/48069)",
        "install 27.0.3 or a later one",
    ) == (found.fact, found.remedy)


def test_table_is_in_order():
    """Each row ends after it begins, and has a thread."""
    assert [] == [row for row in BAD if not row.first < row.fixed or not row.thread.startswith("https://github.com/")]


def test_mixed_releases():
    """Patches are no difference; one line for all hosts."""
    (found,) = mixed_releases(seen(host("w1", "29.1.0"), host("w2", "28.5.1")), wants())

    assert ("warning", "hosts have several releases of the Engine: 28.5 (m1, w2), 29.1 (w1)") == (
        found.status,
        found.fact,
    )
    assert [] == list(mixed_releases(seen(host("w2", "28.5.1")), wants()))


@pytest.mark.parametrize(
    ("info", "fact", "remedy"),
    [
        (
            {"OperatingSystem": "Docker Desktop"},
            "this is Docker Desktop",
            "install Docker Engine, or leave the host out",
        ),
        ({"SecurityOptions": ["name=rootless"]}, "its docker is rootless", "set up a docker that runs as root"),
        ({"OSType": "windows"}, "its Engine runs windows containers", "swarm networks are made on Linux hosts alone"),
    ],
)
def test_engine_on_which_swarm_networks_do_not_work(info, fact, remedy):
    """The finding says what kind of Engine it is, then what to do."""
    (found,) = kinds(seen(host("w1", unfit=unsupported(info))), wants())

    assert ("w1", "failed") == (found.host, found.status)
    assert found.fact.startswith(fact)
    assert found.remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("info", "fact"),
    [
        # Recorded: https://github.com/rancher-sandbox/rancher-desktop/issues/7266
        ({"KernelVersion": "5.15.153.1-microsoft-standard-WSL2", "OperatingSystem": "Ubuntu 22.04.4 LTS"}, "it is WSL"),
        ({"KernelVersion": "4.4.0-19041-Microsoft"}, "it is WSL"),
        # Recorded: https://github.com/orbstack/orbstack/issues/1
        (
            {"KernelVersion": "6.1.23-orbstack-00113", "OperatingSystem": "Alpine Linux edge (containerized)"},
            "its dockerd runs in a container",
        ),
    ],
)
def test_engine_that_others_may_not_reach(info, fact):
    """A warning: with an address of theirs they do."""
    (found,) = kinds(seen(host("w1", unfit=unsupported(info), doubtful=doubtful(info))), wants())

    assert ("w1", "warning") == (found.host, found.status)
    assert found.fact.startswith(fact)
    assert found.remedy.endswith("ignore this once all channels are open")


def test_engine_that_is_more_than_one_of_these():
    """The kind that can't work counts. Recorded: https://github.com/docker-library/docker/pull/165"""
    info = {"SecurityOptions": ["name=rootless"], "OperatingSystem": "Alpine Linux v3.10 (containerized)"}
    (found,) = kinds(seen(host("w1", unfit=unsupported(info), doubtful=doubtful(info))), wants())

    assert "failed" == found.status


def test_engine_on_a_host_of_its_own():
    """Nothing. Recorded: Debian 12."""
    assert "" == doubtful(
        {"KernelVersion": "6.1.0-56-cloud-amd64", "OperatingSystem": "Debian GNU/Linux 12 (bookworm)"}
    )


def test_live_restore():
    """It is told on the host that has it."""
    assert [("w1", "failed")] == [
        (each.host, each.status) for each in live_restore(seen(host("w1", live_restore=True)), wants())
    ]
