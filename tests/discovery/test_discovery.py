"""From a swarm that was found to a stack file: what is declared, what is remarked on, what is left out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.discovery.found import names, order, unfit, ways
from providers.discovery.leave_out import mended, outside
from providers.discovery.remark import Remark
from providers.discovery.sections import sections
from providers.discovery.text import stack_file_text
from providers.rules.plan import plan_of
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.reading import from_yaml
from providers.rules.vocabulary.facts import Member
from providers.rules.vocabulary.routes import surroundings
from providers.rules.vocabulary.snapshot import HostReport
from tests.discovery.discoveries import OWNER, bridge, found, ingress, member, net, unreached

LINKS = "2: eth0@if7: <UP> mtu {mtu} qdisc noqueue\n    inet 10.99.0.1/24 scope global eth0\n"


def declared(*members, **keys):
    """The sections of what was found."""
    return sections(found(*members, **keys), OWNER)[0]


def said(*members, **keys):
    """Return the remarks on what was found, each as `kind: line`."""
    return [f"{each.kind}: {each.line}" for each in sections(found(*members, **keys), OWNER)[1]]


def after_clashes(*members, **keys):
    """The sections that are left when what clashes was taken out, and what is said of it."""
    raw, remarks = mended(declared(*members, **keys), "prod")
    return raw, [each.line for each in remarks if each.kind == "clash"]


# What is declared


def test_swarm_as_docker_makes_it():
    """One manager with the Engine's own settings and networks."""
    assert {
        "hosts": {"m1": {"address": "10.99.0.1", "role": "manager"}},
        "swarm": {},
        "gwbridge": {"subnet": "172.18.0.0/16"},
        "ingress": {"subnet": "10.0.0.0/24"},
    } == declared()


def test_member_with_all_that_a_stack_file_can_say():
    """Role, availability and labels are the managers'; labels of Docker's and of Swarmnet's own stay out."""
    labels = {"rack": "b", "com.docker.x": "1", "swarmnet.kick": "2"}
    one = member("w1", 2, role="worker", availability="drain", labels=labels)

    assert {"address": "10.99.0.2", "availability": "drain", "labels": {"rack": "b"}} == declared(member(), one)[
        "hosts"
    ]["w1"]


def test_address_that_members_use_is_declared_where_ssh_goes_elsewhere():
    """A name, say, or this machine."""
    there = member()
    there = replace(there, access=HostAccess(name="m1", address="swarm.example.com"))

    assert {"address": "swarm.example.com", "advertise_address": "10.99.0.1", "role": "manager"} == declared(there)[
        "hosts"
    ]["m1"]


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


def test_settings_of_the_swarm_that_are_not_the_engines():
    """Only those are declared: the rest is left alone."""
    settings = {"data_path_port": 7789, "default_addr_pool": ("10.64.0.0/16",), "autolock": True, "cert_expiry": 3600.0}
    expected = {**settings, "default_addr_pool": ["10.64.0.0/16"]}

    assert expected == declared(**settings)["swarm"]


def test_settings_that_no_stack_file_may_have_are_left_out():
    """A heartbeat of nanoseconds would make the file refused as a whole."""
    raw, remarks = after_clashes(dispatcher_heartbeat=1e-9, cert_expiry=3600.0)

    assert {"cert_expiry": 3600} == raw["swarm"]
    assert any("left out: swarm.dispatcher_heartbeat: 1.0e-09" in line for line in remarks), remarks


def test_engines_own_pool_is_not_declared():
    """Some Engines show it, others show none."""
    assert {} == declared(default_addr_pool=("10.0.0.0/8",))["swarm"]


def test_bridges_that_differ_stand_with_their_hosts():
    """A shared section would be a change for one of them."""
    own = bridge("10.64.0.0/20", bridge__name="gwb0", bridge__enable_icc="true", driver__mtu="1400")
    found_there = declared(member(), member("w1", 2, own, role="worker"))

    assert "gwbridge" not in found_there
    assert [
        {"subnet": "172.18.0.0/16"},
        {"subnet": "10.64.0.0/20", "mtu": 1400, "icc": True, "bridge_name": "gwb0"},
    ] == [host["gwbridge"] for host in found_there["hosts"].values()]


def test_overlay_with_all_that_a_stack_file_can_say():
    """Each option that is not the default."""
    app = net(
        "app",
        "10.64.32.0/22",
        gateway="10.64.32.9",
        ip_ranges=("10.64.33.0/24",),
        attachable=True,
        internal=True,
        options={"encrypted": "", "com.docker.network.driver.mtu": "1400"},
        labels={"team": "net"},
    )

    assert {
        "subnet": "10.64.32.0/22",
        "gateway": "10.64.32.9",
        "ip_range": "10.64.33.0/24",
        "mtu": 1400,
        "attachable": True,
        "internal": True,
        "encrypted": True,
        "labels": {"team": "net"},
    } == declared(networks=[ingress(), app])["overlays"]["app"]


def test_gateway_that_a_stack_file_would_choose_too_is_left_out():
    """It is the first address of the ip_range, if there is one."""
    app = net("app", "10.64.32.0/22", gateway="10.64.33.0", ip_ranges=("10.64.33.0/24",))

    assert {"subnet": "10.64.32.0/22", "ip_range": "10.64.33.0/24"} == declared(networks=[app])["overlays"]["app"]


def test_mtu_between_hosts_is_that_of_the_link_which_members_use():
    """It is declared in bytes if it is not 1500."""
    report = HostReport(host="m1", surroundings=surroundings(LINKS.format(mtu=9000)))

    assert 9000 == declared(member(report=report))["hosts"]["m1"]["mtu"]


# What is left to others


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        pytest.param(
            {"labels": {"com.docker.stack.namespace": "blog"}},
            "made by the Docker stack blog, which looks after it",
            id="stack",
        ),
        pytest.param(
            {"labels": {"com.docker.compose.project": "shop"}},
            "made by the Compose project shop, which looks after it",
            id="compose",
        ),
        pytest.param({"driver": "macvlan"}, "its driver is macvlan", id="driver"),
        pytest.param({"driver": "bridge"}, "its driver is bridge", id="bridge-of-the-swarm"),
        pytest.param(
            {"labels": {"swarmnet.twin": "web", "swarmnet.owner": OWNER}},
            "it stands in for overlay web while that is changed",
            id="twin",
        ),
        pytest.param(
            {"ip_ranges": ("10.64.32.5/25",)},
            "10.64.32.5/25 has host bits set: write 10.64.32.0/25",
            id="host-bits-of-old-engines",
        ),
        pytest.param(
            {"driver": "", "options": ()}, "the swarm gave it no addresses: nothing can start on it", id="dead"
        ),
        pytest.param(
            {"subnets": ("10.64.32.0/24", "10.65.0.0/24"), "gateways": ("10.64.32.7", "10.65.0.9")},
            "its further range 10.65.0.0/24 has gateway 10.65.0.9, which no key says",
            id="subnets",
        ),
    ],
)
def test_overlay_that_is_not_taken_over(odd, why):
    """It is a remark, and no section."""
    app = net("app", "10.64.32.0/24", **odd) if "driver" not in odd or odd["driver"] else dead()

    assert "overlays" not in declared(networks=[ingress(), app])
    assert [line for line in said(networks=[ingress(), app]) if line.endswith(why)]


def dead():
    """A network that was never given its addresses."""
    return net("app", "10.64.32.0/24", driver="", subnets=())


def test_what_another_stack_owns_is_not_taken_over():
    """It is told whose it is."""
    app = net("app", "10.64.32.0/24", labels={"swarmnet.owner": "swarmnet/other"})

    assert "overlays" not in declared(networks=[ingress(), app])
    assert [
        "not managed: overlay app (10.64.32.0/24) belongs to swarmnet/other (label swarmnet.owner), not to "
        "swarmnet/prod: take it out of one of the two stack files; if swarmnet/other no longer exists, remove by hand "
        "what it left, or `pulumi stack rename` this one to that name"
    ] == said(networks=[ingress(), app])


def test_swarm_of_another_stack_is_left_with_its_members():
    """Members stay as they are without the section."""
    assert "swarm" not in declared(labels=(("swarmnet.owner", "swarmnet/other"),))


def test_what_this_stack_owns_already_is_declared():
    """A user who lost the stack file finds it again."""
    app = net("app", "10.64.32.0/24", labels={"swarmnet.owner": OWNER})

    assert {"app": {"subnet": "10.64.32.0/24"}} == declared(networks=[ingress(), app])["overlays"]


def test_networks_of_compose_on_hosts_are_told_once():
    """They are told with the hosts that have them."""
    shop = net("shop", "10.5.0.0/24", scope="local", driver="bridge", labels={"com.docker.compose.project": "s"})
    line = "not managed: network shop (10.5.0.0/24), made by the Compose project s, which looks after it; on m1, w1"

    assert [line] == said(member("m1", 1, bridge(), shop), member("w1", 2, bridge(), shop, role="worker"))


# What was not seen, and what is unusual


def test_member_that_was_not_reached_is_no_host_of_the_file():
    """It is told as it could be declared, with the reason."""
    assert ["m1"] == list(declared(member(), unreached())["hosts"])
    assert [
        "not seen: w9: {address: 10.99.0.9, role: worker} (ready) was not reached: w9 (10.99.0.9:22): "
        "no answer within 10 s; if it never can be, write w9: {address: 10.99.0.9, unwatched: true}"
    ] == said(member(), unreached())


@pytest.mark.parametrize(
    ("members", "line"),
    [
        pytest.param(
            [member(availability="drain")], "m1: its availability is drain: is that meant to stay?", id="drained"
        ),
        pytest.param(
            [member(), member("w1", 2, role="worker", state="down")], "w1: the managers say down", id="not-ready"
        ),
        pytest.param(
            [member(), unreached("m1", hostname="m1", state="down")],
            "m1: its entry n9 is down, since it joined again as n1; `docker node rm n9` takes the old entry away",
            id="old-entry",
        ),
        pytest.param(
            [member(), member("m2", 2)], "2 managers bear the loss of no more than 1 would", id="even-managers"
        ),
        pytest.param(
            [member("m1", 1, ingress())],
            "m1: it has no docker_gwbridge, so that its containers have no way outside",
            id="no-bridge",
        ),
    ],
)
def test_unusual_member(members, line):
    """One line for each."""
    assert [f"unusual: {line}"] == said(*members)


@pytest.mark.parametrize(
    ("networks", "line"),
    [
        pytest.param([], "the swarm has no ingress: no service can publish a port by the mesh", id="no-ingress"),
        pytest.param(
            [ingress(), net("app", "10.64.32.0/24"), net("data", "10.64.33.0/24")],
            "no service and no container uses app, data",
            id="unused",
        ),
    ],
)
def test_unusual_network(networks, line):
    """One line for each."""
    assert [f"unusual: {line}"] == said(networks=networks)


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
    report = HostReport(host="m1", surroundings=surroundings(f"{LINKS.format(mtu=1500)}10.63.0.0/16 dev tun0\n"))
    there = found(member(report=report), networks=[ingress("10.64.0.0/16"), net("app", "10.64.0.0/16")])
    raw, _ = sections(there, OWNER)
    _, remarks = mended(raw, "prod", [each.subnet for each in there.taken])

    assert ["10.65.0.0/16 is free"] == [each.line.split("; ")[1] for each in remarks if each.kind == "clash"]


def test_only_the_one_overlay_that_clashes_is_left_out():
    """Names that begin alike are others."""
    app, alike = net("app", "172.18.5.0/24"), net("app2", "10.64.33.0/24")
    raw, _ = after_clashes(
        member("m1", 1, bridge("10.1.0.0/20")), networks=[ingress(), net("ap", "10.99.0.0/24"), alike]
    )

    assert ["app2"] == list(raw["overlays"])
    assert "app" in after_clashes(networks=[ingress(), app])[0]["overlays"]


def test_pool_that_networks_were_taken_from_is_left_out_before_them():
    """It serves networks to come alone."""
    raw, clashes = after_clashes(
        networks=[ingress("10.64.0.0/20")], default_addr_pool=("10.64.0.0/16",), default_addr_pool_prefix=20
    )

    assert ({}, {"subnet": "10.64.0.0/20"}) == (raw["swarm"], raw["ingress"])
    assert clashes[0].endswith("; left out: swarm.default_addr_pool: [10.64.0.0/16]")


def test_too_small_links_are_told_and_not_declared():
    """The networks are there, and can be taken over."""
    report = HostReport(host="m1", surroundings=surroundings(LINKS.format(mtu=1400)))
    raw, clashes = after_clashes(member(report=report))

    assert ("ingress" in raw, "mtu" in raw["hosts"]["m1"]) == (True, False)
    assert clashes[0].startswith("ingress.mtu: 1500, the Engine's choice, is more than hosts.m1.mtu, 1400")


def test_route_of_a_host_that_meets_a_network():
    """A route into the VPN that has the range of docker_gwbridge is told as a clash, with a free range."""
    report = HostReport(
        host="m1", networks=(bridge(),), surroundings=surroundings("172.18.0.0/16 via 10.99.0.254 dev tun0\n")
    )
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
    raw, remarks = sections(whole, OWNER)
    raw, clashes = mended(raw, "prod")

    text = stack_file_text(raw, [*remarks, *clashes], ["A heading."])

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
    remarks = [Remark("unusual", "ingress", "a"), Remark("clash", "ingress", "b\n  c\x1b")]

    assert (
        "# yaml-language-server: $schema=schema.json\n# Found.\nconfig:\n"
        '  swarmnet:hosts:\n    m1:\n      address: 10.99.0.1\n      labels:\n        "on": "yes"\n'
        "  # clash: b c\n  # unusual: a\n  swarmnet:ingress: {subnet: 10.0.0.0/24}\nencryptionsalt: v1\n"
    ) == stack_file_text(
        {"hosts": {"m1": {"address": "10.99.0.1", "labels": {"on": "yes"}}}, "ingress": {"subnet": "10.0.0.0/24"}},
        remarks,
        ["Found."],
        {"encryptionsalt": "v1"},
    )


# Who is asked


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (Member(host="m1", state="inactive"), "in no swarm"),
        (Member(host="m1", state="locked"), "is locked"),
        (Member(host="m1", state="active"), "a worker"),
        (Member(host="m1", state="active", control=True, error="no leader"), "(no leader)"),
    ],
    ids=["no-swarm", "locked", "worker", "no-quorum"],
)
def test_host_that_cannot_tell_of_a_swarm(own, why):
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


def test_member_is_looked_for_by_address_and_by_name():
    """The settings of the manager are used, without its own address and host key."""
    entry = HostAccess(name="manager", local=True, user="deploy", host_key="ssh-ed25519 AAAA")
    expected = [HostAccess(name="w1", address=address, user="deploy") for address in ("10.99.0.2", "w1.example.com")]

    assert expected == ways(entry, member("w1", 2, hostname="w1.example.com").node, "w1")


def test_bastion_that_is_a_member_is_reached_without_itself():
    """There is no way to a host through that host."""
    entry = HostAccess(name="manager", address="10.99.0.2", bastion="jump@10.99.0.1:2222")

    assert [None, "jump@10.99.0.1:2222"] == [each.bastion for each in ways(entry, member().node, "m1")]


def test_leader_that_is_listed_without_an_address_is_looked_for_by_name():
    """Engines list 0.0.0.0 for one that was begun without an address to advertise."""
    node = member("m1", 1, address="0.0.0.0").node

    assert ["m1"] == [each.address for each in ways(HostAccess(name="x", address="y"), node, "m1")]


def test_manager_that_was_asked_comes_first():
    """Other managers follow, then workers: a swarm would begin at the first."""
    members = [member("w1", 3, role="worker"), member("a1", 1), member("m1", 2)]

    assert ["m1", "a1", "w1"] == [each.name for each in order(members, "n2")]
