"""From a swarm that was found to a stack file: what is declared, what is remarked on, what is left out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.discovery.found import names, order, unfit, ways
from providers.discovery.leave_out import mended, outside, without
from providers.discovery.remark import Remark
from providers.discovery.sections import sections
from providers.discovery.text import flow, stack_file_text
from providers.rules.plan import plan_of
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.reading import from_yaml
from providers.rules.vocabulary.facts import Member
from providers.rules.vocabulary.routes import surroundings
from providers.rules.vocabulary.snapshot import HostReport
from tests.discovery.discoveries import OWNER, bridge, found, ingress, member, net, unreached
from tests.support.calls import calls


def with_links(mtu, routes=""):
    """What a host tells whose link to the others has this MTU, with its routes."""
    links = f"2: eth0@if7: <UP> mtu {mtu} qdisc noqueue\n    inet 10.99.0.1/24 scope global eth0\n"
    return HostReport(host="m1", surroundings=surroundings(links + routes))


def declared(*members, **keys):
    """The sections of what was found."""
    return sections(found(*members, **keys), OWNER)[0]


def remarks(there):
    """Return the remarks on what was found, each as `kind: line`."""
    return [f"{each.kind}: {each.line}" for each in sections(there, OWNER)[1]]


def after_clashes(*members, **keys):
    """The sections that are left when what clashes was taken out, and what is said of it."""
    raw, said = mended(declared(*members, **keys))
    return raw, [each.line for each in said if each.kind == "clash"]


# What is declared


def test_swarm_as_docker_makes_it():
    """One manager with the Engine's own settings and networks."""
    assert {
        "hosts": {"m1": {"address": "10.99.0.1", "role": "manager"}},
        "swarm": {},
        "gwbridge": {"subnet": "172.18.0.0/16"},
        "ingress": {"subnet": "10.0.0.0/24"},
    } == declared()


@pytest.mark.parametrize(
    ("expected", "there"),
    [
        pytest.param(
            {"address": "10.99.0.2", "availability": "drain", "labels": {"rack": "b"}},
            member(
                "w1",
                2,
                role="worker",
                availability="drain",
                labels={"rack": "b", "com.docker.x": "1", "swarmnet.kick": "2"},
            ),
            id="no labels of Docker's and our own",
        ),
        pytest.param(
            {"address": "swarm.example.com", "advertise_address": "10.99.0.1", "role": "manager"},
            replace(member("w1"), access=HostAccess(name="w1", address="swarm.example.com")),
            id="ssh goes elsewhere",
        ),
        pytest.param(
            {"address": "10.99.0.1", "role": "manager", "mtu": 9000},
            member("w1", report=with_links(9000)),
            id="the MTU of the link that members use",
        ),
    ],
)
def test_member_with_all_that_a_stack_file_can_say(expected, there):
    """Role, availability and labels are the managers'; addresses and links the host's."""
    assert expected == declared(there)["hosts"]["w1"]


def test_way_to_hosts_is_declared_but_for_defaults():
    """Options given to reach the manager are declared for the other hosts too."""
    entry = HostAccess(name="manager", address="10.99.0.1", user="deploy", sudo=True, key_file="~/.ssh/swarm")
    there = replace(member(), access=entry.model_copy(update={"name": "m1"}))

    assert {"user": "deploy", "key_file": "~/.ssh/swarm", "sudo": True} == declared(there, entry=entry)["ssh"]


def test_way_that_not_all_hosts_share_stands_with_each():
    """A member that is the bastion of the others is reached without it."""
    behind = member("w1", 2, role="worker")
    behind = replace(behind, access=HostAccess(name="w1", address="10.99.0.2", user="deploy", bastion="10.99.0.1"))
    jump = replace(member(), access=HostAccess(name="m1", address="10.99.0.1", user="deploy"))

    assert ({"user": "deploy"}, [None, "10.99.0.1"]) == (
        declared(jump, behind)["ssh"],
        [host.get("bastion") for host in declared(jump, behind)["hosts"].values()],
    )


@pytest.mark.parametrize(
    ("expected", "settings"),
    [
        (
            {"data_path_port": 7789, "default_addr_pool": ["10.64.0.0/16"], "autolock": True, "cert_expiry": 3600.0},
            {"data_path_port": 7789, "default_addr_pool": ("10.64.0.0/16",), "autolock": True, "cert_expiry": 3600.0},
        ),
        ({}, {"default_addr_pool": ("10.0.0.0/8",)}),
    ],
    ids=["others", "the Engine's pool, which some show"],
)
def test_settings_of_the_swarm_that_are_not_the_engines(expected, settings):
    """Only those are declared: the rest is left alone."""
    assert expected == declared(**settings)["swarm"]


def test_settings_that_no_stack_file_may_have_are_left_out():
    """A heartbeat of nanoseconds would make the file refused as a whole."""
    raw, clashes = after_clashes(dispatcher_heartbeat=1e-9, cert_expiry=3600.0)

    assert {"cert_expiry": 3600} == raw["swarm"]
    assert any("left out: swarm.dispatcher_heartbeat: 1.0e-09" in line for line in clashes), clashes


def test_bridges_that_differ_stand_with_their_hosts():
    """A shared section would be a change for one of them."""
    own = bridge("10.64.0.0/20", bridge__name="gwb0", bridge__enable_icc="true", driver__mtu="1400")
    found_there = declared(member(), member("w1", 2, own, role="worker"))

    assert "gwbridge" not in found_there
    assert [
        {"subnet": "172.18.0.0/16"},
        {"subnet": "10.64.0.0/20", "mtu": 1400, "icc": True, "bridge_name": "gwb0"},
    ] == [host["gwbridge"] for host in found_there["hosts"].values()]


@pytest.mark.parametrize(
    ("expected", "app"),
    [
        pytest.param(
            {
                "subnet": "10.64.32.0/22",
                "gateway": "10.64.32.9",
                "ip_range": "10.64.33.0/24",
                "mtu": 1400,
                "attachable": True,
                "internal": True,
                "encrypted": True,
                "labels": {"team": "net"},
            },
            net(
                "app",
                "10.64.32.0/22",
                gateway="10.64.32.9",
                ip_ranges=("10.64.33.0/24",),
                attachable=True,
                internal=True,
                options={"encrypted": "", "com.docker.network.driver.mtu": "1400"},
                labels={"team": "net"},
            ),
            id="each option",
        ),
        pytest.param(
            {"subnet": "10.64.32.0/22", "ip_range": "10.64.33.0/24"},
            net("app", "10.64.32.0/22", gateway="10.64.33.0", ip_ranges=("10.64.33.0/24",)),
            id="the gateway that a stack file would choose too",
        ),
        pytest.param(
            {"subnet": "10.64.32.0/24"},
            net("app", "10.64.32.0/24", labels={"swarmnet.owner": OWNER}),
            id="owned by this stack, whose file is lost",
        ),
    ],
)
def test_overlay_with_all_that_a_stack_file_can_say(expected, app):
    """Each option that is not the default."""
    raw = declared(networks=[app, ingress()])

    assert ({"app": expected}, {"subnet": "10.0.0.0/24"}) == (raw["overlays"], raw["ingress"])


# What is left to others

APP = "overlay app (10.64.32.0/24)"
SHOP = net("shop", "10.5.0.0/24", scope="local", driver="bridge", labels={"com.docker.compose.project": "s"})


@pytest.mark.parametrize(
    ("line", "odd"),
    [
        (f"{APP}: made by the Docker stack a, which looks after it", {"labels": {"com.docker.stack.namespace": "a"}}),
        (
            f"{APP}: made by the Compose project a, which looks after it",
            {"labels": {"com.docker.compose.project": "a"}},
        ),
        (f"{APP}: its driver is macvlan", {"driver": "macvlan"}),
        (f"{APP}: its driver is bridge", {"driver": "bridge"}),
        (
            f"{APP}: it stands in for overlay web while that is changed",
            {"labels": {"swarmnet.twin": "web", "swarmnet.owner": OWNER}},
        ),
        # As old Engines take it.
        (f"{APP}: 10.64.32.5/25 has host bits set: write 10.64.32.0/25", {"ip_ranges": ("10.64.32.5/25",)}),
        (
            "overlay app (no subnet): the swarm gave it no addresses: nothing can start on it",
            {"driver": "", "subnets": ()},
        ),
        (
            f"{APP}: its further range 10.65.0.0/24 has gateway 10.65.0.9, which no key says",
            {"subnets": ("10.64.32.0/24", "10.65.0.0/24"), "gateways": ("10.64.32.7", "10.65.0.9")},
        ),
        (
            f"{APP} belongs to swarmnet/other (label swarmnet.owner), not to swarmnet/prod: take it out of one of the "
            "two stack files; if swarmnet/other no longer exists, remove by hand what it left, or `pulumi stack "
            "rename` this one to that name",
            {"labels": {"swarmnet.owner": "swarmnet/other"}},
        ),
    ],
)
def test_overlay_that_is_not_taken_over(line, odd):
    """It is a remark, and no section."""
    networks = [ingress(), net("app", "10.64.32.0/24", **odd)]

    assert "overlays" not in declared(networks=networks)
    assert [f"not managed: {line}"] == remarks(found(networks=networks))


def test_swarm_of_another_stack_is_left_with_its_members():
    """Members stay as they are without the section."""
    assert "swarm" not in declared(labels=(("swarmnet.owner", "swarmnet/other"),))


# What was not seen, and what is unusual


@pytest.mark.parametrize(
    ("line", "there"),
    [
        (
            "not managed: network shop (10.5.0.0/24), made by the Compose project s, which looks after it; on m1, w1",
            found(member("m1", 1, bridge(), SHOP), member("w1", 2, bridge(), SHOP, role="worker")),
        ),
        (
            "not seen: w9: {address: 10.99.0.9, role: worker} (ready) was not reached: w9 (10.99.0.9:22): "
            "no answer within 10 s; if it never can be, write w9: {address: 10.99.0.9, unwatched: true}",
            found(member(), unreached()),
        ),
        ("unusual: m1: its availability is drain: is that meant to stay?", found(member(availability="drain"))),
        ("unusual: w1: the managers say down", found(member(), member("w1", 2, role="worker", state="down"))),
        (
            "unusual: m1: its entry n9 is down, since it joined again as n1; `docker node rm n9` takes the old entry "
            "away",
            found(member(), unreached("m1", hostname="m1", state="down")),
        ),
        ("unusual: 2 managers bear the loss of no more than 1 would", found(member(), member("m2", 2))),
        (
            "unusual: m1: it has no docker_gwbridge, so that its containers have no way outside",
            found(member("m1", 1, ingress())),
        ),
        ("unusual: the swarm has no ingress: no service can publish a port by the mesh", found(networks=[])),
        (
            "unusual: no service and no container uses app, data",
            found(networks=[ingress(), net("app", "10.64.32.0/24"), net("data", "10.64.33.0/24")]),
        ),
    ],
)
def test_what_is_told_beside_the_sections(line, there):
    """One line for each thing, however many hosts have it."""
    assert [line] == remarks(there)


def test_member_that_was_not_reached_is_no_host_of_the_file():
    """It is told as it could be declared."""
    assert ["m1"] == list(declared(member(), unreached())["hosts"])


# What clashes


def test_bridge_that_meets_the_ingress_is_left_out():
    """The rest is a stack file without a problem."""
    raw, clashes = after_clashes(networks=[ingress("172.18.3.0/24")])

    assert {"hosts", "swarm", "ingress"} == set(raw)
    assert ["gwbridge.subnet: 172.18.0.0/16 contains ingress.subnet 172.18.3.0/24"] == [
        line.partition(": hosts would")[0] for line in clashes
    ]


def test_range_named_as_free_meets_nothing_that_hosts_have():
    """The one beside it is the VPN's."""
    report = with_links(1500, "10.63.0.0/16 dev tun0\n")
    there = found(member(report=report), networks=[ingress("10.64.0.0/16"), net("app", "10.64.0.0/16")])
    raw, _ = sections(there, OWNER)
    _, said = mended(raw, [each.subnet for each in there.taken])

    assert ["10.65.0.0/16 is free"] == [each.line.split("; ")[1] for each in said if each.kind == "clash"]


def test_only_the_one_overlay_that_clashes_is_left_out():
    """Names that begin alike are others."""
    app, alike = net("app", "172.18.5.0/24"), net("app2", "10.64.33.0/24")
    raw, _ = after_clashes(
        member("m1", 1, bridge("10.1.0.0/20")), networks=[ingress(), net("ap", "10.99.0.0/24"), alike]
    )

    assert ["app2"] == list(raw["overlays"])
    assert "app" in after_clashes(networks=[ingress(), app])[0]["overlays"]


def test_section_goes_with_its_last_overlay():
    """An empty one would say that all others are to go."""
    raw: dict[str, Any] = {"hosts": {"m1": {}}, "overlays": {"app": {}, "data": {}}}
    less = without(raw, ("overlays", "app"))

    assert {**raw, "overlays": {"data": {}}} == less
    assert {"hosts": {"m1": {}}} == without(less, ("overlays", "data"))


def test_pool_that_networks_were_taken_from_is_left_out_before_them():
    """It serves networks to come alone."""
    raw, clashes = after_clashes(
        networks=[ingress("10.64.0.0/20")], default_addr_pool=("10.64.0.0/16",), default_addr_pool_prefix=20
    )

    assert ({}, {"subnet": "10.64.0.0/20"}) == (raw["swarm"], raw["ingress"])
    assert clashes[0].endswith("; left out: swarm.default_addr_pool: [10.64.0.0/16]")


def test_too_small_links_are_told_and_not_declared():
    """The networks are there, and can be taken over."""
    raw, clashes = after_clashes(member(report=with_links(1400)))

    assert ("ingress" in raw, "mtu" in raw["hosts"]["m1"]) == (True, False)
    assert clashes[0].startswith("ingress.mtu: 1500, the Engine's choice, is more than hosts.m1.mtu, 1400")


def test_route_of_a_host_that_meets_a_network():
    """A route into the VPN that has the range of docker_gwbridge is told as a clash, with a free range."""
    report = replace(with_links(1500, "172.18.0.0/16 via 10.99.0.254 dev tun0\n"), networks=(bridge(),))
    there = found(member(report=report))
    raw, _ = sections(there, OWNER)

    assert [
        "gwbridge.subnet: 172.18.0.0/16 is the same as 172.18.0.0/16, the route by tun0 of m1: hosts would no longer "
        "reach what is there; 172.19.0.0/16 is free"
    ] == [each.line for each in outside(raw, there, OWNER)]


NETWORKS = st.lists(
    st.builds(
        net,
        st.from_regex(r"[a-z]{2,8}", fullmatch=True),
        st.builds(
            "10.{}.{}.0/{}".format, st.integers(0, 3), st.sampled_from([0, 16, 128]), st.sampled_from([20, 22, 24, 30])
        ),
        labels=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=2),
        attachable=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda network: network.name,
)


@given(networks=NETWORKS, bridges=st.lists(st.sampled_from(["172.18.0.0/16", "10.0.0.0/16"]), min_size=1, max_size=3))
def test_whatever_is_found_becomes_a_stack_file_that_can_be_used(networks, bridges):
    """The text is read back as what was meant, and makes a plan."""
    there = [member(f"m{at}", at, bridge(subnet)) for at, subnet in enumerate(bridges, 1)]
    whole = found(*there, networks=[ingress(), *networks])
    raw, said = sections(whole, OWNER)
    raw, clashes = mended(raw)

    text = stack_file_text(raw, [*said, *clashes], ["A heading."])

    assert raw == from_yaml(text)
    assert plan_of(raw, OWNER).access.keys() == {each.name for each in there}


# The file


def test_routes_are_reserved_once_somebody_takes_the_marks_away():
    """Until then they are comments, one line for each with its hosts, whatever a host calls its links."""
    routes = {"172.18.0.0/16": "the route by tun0 of m1 and w1", "10.3.0.0/16": "the route by a\nb\x1b of m1"}
    text = stack_file_text({"hosts": {}}, [], ["A heading."], routes=routes)
    start = text.index("  # Hosts have routes")

    assert {"hosts": {}} == from_yaml(text)
    assert (
        list(routes)
        == from_yaml(text[:start] + text[start:].replace("# swarm", "swarm").replace("#   - ", "  - "))["reserved"]
    )
    assert 4 == len(text[start:].splitlines())


def test_remarks_stand_above_what_they_are_about():
    """Clashes first; what a host said in several lines is one."""
    told = [Remark("unusual", "ingress", "a"), Remark("clash", "ingress", "b\n  c\x1b")]

    assert (
        "# yaml-language-server: $schema=schema.json\n# Found.\nconfig:\n"
        '  swarmnet:hosts:\n    m1:\n      address: 10.99.0.1\n      labels:\n        "on": "yes"\n'
        "  # clash: b c\n  # unusual: a\n  swarmnet:ingress: {subnet: 10.0.0.0/24}\nencryptionsalt: v1\n"
    ) == stack_file_text(
        {"hosts": {"m1": {"address": "10.99.0.1", "labels": {"on": "yes"}}}, "ingress": {"subnet": "10.0.0.0/24"}},
        told,
        ["Found."],
        {"encryptionsalt": "v1"},
    )


# Who is asked


@pytest.mark.parametrize(
    ("why", "own"),
    [
        ("in no swarm", Member(host="m1", state="inactive")),
        ("is locked", Member(host="m1", state="locked")),
        ("a worker", Member(host="m1", state="active")),
        ("(no leader)", Member(host="m1", state="active", control=True, error="no leader")),
    ],
)
def test_host_that_cannot_tell_of_a_swarm(why, own):
    """It is said why, and what to do."""
    assert why in (unfit(own) or "")


def test_good_manager_can_tell():
    """Nothing is in the way."""
    assert unfit(Member(host="m1", state="active", control=True)) is None


def test_names_are_hostnames_in_the_form_of_the_stack_file():
    """Two alike are numbered, the member that is ready first."""
    nodes = [
        member("a", 1, hostname="Web_01.example.com", state="down").node,
        member("b", 2, hostname="web-01").node,
        member("c", 3, hostname="...").node,
    ]

    assert {"n1": "web-01-2", "n2": "web-01", "n3": "host"} == names(nodes)


class Counted(str):
    """A text of which comparisons count as calls."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return str.__eq__(self, other)


def test_work_grows_as_the_members_do():
    """Be they all of one name, and none of them there."""

    def cost(members):
        down = [unreached(hostname=Counted("w"), state="down", availability="drain") for _ in range(members)]
        there = found(*(replace(each, node=replace(each.node, id=f"n{at}")) for at, each in enumerate(down)))
        return [calls(work) for work in (lambda: names(there.swarm.nodes), lambda: sections(there, OWNER))]

    assert all(many < 2.2 * few for few, many in zip(cost(200), cost(400), strict=True))


@pytest.mark.parametrize(
    ("expected", "entry", "node"),
    [
        (
            [{"address": "10.99.0.2", "user": "deploy"}, {"address": "w1.example.com", "user": "deploy"}],
            {"local": True, "user": "deploy", "host_key": "ssh-ed25519 AAAA"},
            {"hostname": "w1.example.com"},
        ),
        # There is no way to a host through that host.
        (
            [{"address": "10.99.0.2"}, {"address": "w1", "bastion": "jump@10.99.0.2:2222"}],
            {"address": "10.99.0.1", "bastion": "jump@10.99.0.2:2222"},
            {},
        ),
        # Engines list it so if it was begun without an address to advertise.
        ([{"address": "w1"}], {"address": "10.99.0.1"}, {"address": "0.0.0.0"}),
    ],
    ids=["by both", "the bastion itself", "listed without an address"],
)
def test_member_is_looked_for_by_address_and_by_name(expected, entry, node):
    """The settings of the manager are used, without its own address and host key."""
    assert [HostAccess(name="w1", **each) for each in expected] == (
        ways(HostAccess(name="manager", **entry), member("w1", 2, **node).node, "w1")
    )


def test_manager_that_was_asked_comes_first():
    """Other managers follow, then workers: a swarm would begin at the first."""
    members = [member("w1", 3, role="worker"), member("a1", 1), member("m1", 2)]

    assert ["m1", "a1", "w1"] == [each.name for each in order(members, "n2")]


def test_letters_that_turn_a_line_round_are_written_as_numbers():
    """What a reviewer sees in the file is what is there."""
    assert ('{a: "\\u202Eb"}', '{a: "ü"}') == (flow({"a": "\u202eb"}), flow({"a": "ü"}))
