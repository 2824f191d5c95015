"""From a swarm that was found to a stack file: what is declared, what is remarked on, what is left out."""

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from providers.discovery.found import Found, FoundMember, Remark, names, order, unfit, ways
from providers.discovery.leave_out import mended, outside, without
from providers.discovery.sections import sections
from providers.discovery.text import flow, stack_file_text
from providers.rules.plan import plan_of
from providers.rules.resource_types.gwbridge import ENGINE_DEFAULT
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.reading import from_yaml
from providers.rules.vocabulary.answers import pairs
from providers.rules.vocabulary.facts import Member, Node
from providers.rules.vocabulary.routes import surroundings
from providers.rules.vocabulary.snapshot import HostReport, HostSnapshot, SwarmSnapshot
from tests.support.calls import calls
from tests.support.networks import a_network, altered
from tests.support.swarms import a_swarm

# A swarm that somebody made, with one thing unusual at a time

OWNER = "swarmnet/prod"


def net(name, subnet, **keys):
    """An overlay that the swarm has given its addresses."""
    labels, options = keys.pop("labels", {}), keys.pop("options", {})
    gateway = keys.pop("gateway", f"{subnet.rpartition('.')[0]}.1")
    found = a_network(
        id=f"id-{name}",
        name=name,
        driver="overlay",
        scope="swarm",
        subnets=(subnet,),
        gateways=(gateway,),
        options=pairs({"com.docker.network.driver.overlay.vxlanid_list": "4097", **options}),
        labels=pairs(labels),
    )
    return altered(found, **keys)


def ingress(subnet="10.0.0.0/24", **keys):
    """The ingress, just as the Engine makes it."""
    return net("ingress", subnet, ingress=True, **keys)


def bridge(subnet="172.18.0.0/16", labels=None, **options):
    """A docker_gwbridge, just as the Engine makes it."""
    given = {f"com.docker.network.{key.replace('__', '.')}": value for key, value in options.items()}
    return a_network(
        id=f"bridge-{subnet}",
        name="docker_gwbridge",
        driver="bridge",
        scope="local",
        subnets=(subnet,),
        gateways=(f"{subnet.rpartition('.')[0]}.1",),
        options=pairs(ENGINE_DEFAULT | given),
        labels=pairs(labels or {}),
    )


def member(name="m1", number=1, *own, role="manager", report=None, access=None, **node):
    """A member that was reached at 10.99.0.<number>; `own` are the host's own networks."""
    address = f"10.99.0.{number}"
    labels = pairs(node.pop("labels", {}))
    entry = Node(
        id=f"n{number}",
        hostname=node.pop("hostname", name),
        role=role,
        **{"availability": "active", "state": "ready", "address": address, **node},
        labels=labels,
    )
    word = Member(host=name, state="active", node_id=entry.id, control=role == "manager", node_address=address)
    return FoundMember(
        node=entry,
        access=HostAccess(**{"name": name, "address": address, **(access or {})}),
        host=HostSnapshot(member=word, networks=own or (bridge(),)),
        report=report or HostReport(host=name),
    )


def unreached(name="w9", why="w9 (10.99.0.9:22): no answer within 10 s", **node):
    """A member of which only the managers tell."""
    return replace(member(name, 9, role="worker", **node), host=None, why=why)


def found(*members, networks=None, entry=None, **settings):
    """Return a swarm of these members (one manager, if none is named) with these networks (an ingress, if none is)."""
    actual = members or (member(),)
    swarm = a_swarm(**settings)
    nodes = tuple(each.node for each in actual)
    listed = (ingress(),) if networks is None else tuple(networks)
    return Found(
        entry=entry or HostAccess(name="manager", address="10.99.0.1"),
        swarm=SwarmSnapshot(settings=swarm, nodes=nodes, networks=listed),
        members=tuple(actual),
    )


def with_app(subnet="10.64.32.0/24", **keys):
    """A swarm with an overlay."""
    return found(networks=[ingress(), net("app", subnet, **keys)])


def with_links(mtu, routes=""):
    """What a host tells whose link to the others has this MTU, with its routes."""
    links = f"2: eth0@if7: <UP> mtu {mtu} qdisc noqueue\n    inet 10.99.0.1/24 scope global eth0\n"
    return HostReport(host="m1", surroundings=surroundings(links + routes))


def declared(actual):
    """The sections of what was found."""
    return sections(actual, OWNER)[0]


def remarks(actual):
    """Return the remarks on what was found, each as `kind: line`."""
    return [f"{each.kind}: {each.line}" for each in sections(actual, OWNER)[1]]


# What is declared

ENTRY = {"user": "deploy", "sudo": True, "key_file": "~/.ssh/swarm"}
RANGES = "ingress: {subnet: 10.0.0.0/24}, overlays: {app: "
OPTIONS: dict[str, Any] = {
    "options": {"encrypted": "", "com.docker.network.driver.mtu": "1400"},
    "labels": {"team": "net"},
    "attachable": True,
    "internal": True,
}
OTHER_BRIDGE = bridge("10.64.0.0/20", bridge__name="gwb0", bridge__enable_icc="true", driver__mtu="1400")
# What is looked at in the stack file (null: no such section), and what was found.
DECLARED: dict[str, tuple[str, Found]] = {
    "a swarm as Docker makes it": (
        "hosts: {m1: {address: 10.99.0.1, role: manager}}, swarm: {}, gwbridge: {subnet: 172.18.0.0/16}, "
        "ingress: {subnet: 10.0.0.0/24}, overlays: null, ssh: null",
        found(),
    ),
    "a member, without labels of Docker's and our own": (
        "hosts: {w1: {address: 10.99.0.2, availability: drain, labels: {rack: b}}}",
        found(
            member(
                "w1",
                2,
                role="worker",
                availability="drain",
                labels={"rack": "b", "com.docker.x": "1", "swarmnet.kick": "2"},
            )
        ),
    ),
    "a member whom ssh reaches elsewhere": (
        "hosts: {w1: {address: a.example.com, advertise_address: 10.99.0.1, role: manager}}",
        found(member("w1", access={"address": "a.example.com"})),
    ),
    "the MTU of the link that members use": (
        "hosts: {w1: {address: 10.99.0.1, role: manager, mtu: 9000}}",
        found(member("w1", report=with_links(9000))),
    ),
    "no member that was not reached": (
        "hosts: {m1: {address: 10.99.0.1, role: manager}}",
        found(member(), unreached()),
    ),
    "the way to the manager, for the other hosts too": (
        "ssh: {user: deploy, key_file: ~/.ssh/swarm, sudo: true}",
        found(member(access=ENTRY), entry=HostAccess(name="manager", address="10.99.0.1", **ENTRY)),
    ),
    "a way that not all hosts share, with each": (
        "ssh: {user: deploy}, "
        "hosts: {m1: {address: 10.99.0.1, role: manager}, w1: {address: 10.99.0.2, bastion: 10.99.0.1}}",
        found(
            member(access={"user": "deploy"}),
            member("w1", 2, role="worker", access={"user": "deploy", "bastion": "10.99.0.1"}),
        ),
    ),
    "settings of the swarm that are not the Engine's": (
        "swarm: {data_path_port: 7789, default_addr_pool: [10.64.0.0/16], autolock: true, cert_expiry: 3600}",
        found(data_path_port=7789, default_addr_pool=("10.64.0.0/16",), autolock=True, cert_expiry=3600.0),
    ),
    "not the Engine's pool, which some show": ("swarm: {}", found(default_addr_pool=("10.0.0.0/8",))),
    "no swarm of another stack": ("swarm: null", found(labels=(("swarmnet.owner", "swarmnet/other"),))),
    "bridges that differ, with their hosts": (
        "gwbridge: null, hosts: {m1: {address: 10.99.0.1, role: manager, gwbridge: {subnet: 172.18.0.0/16}}, "
        "w1: {address: 10.99.0.2, gwbridge: {subnet: 10.64.0.0/20, mtu: 1400, icc: true, bridge_name: gwb0}}}",
        found(member(), member("w1", 2, OTHER_BRIDGE, role="worker")),
    ),
    "each option of an overlay": (
        f"{RANGES}{{subnet: 10.64.32.0/22, gateway: 10.64.32.9, ip_range: 10.64.33.0/24, mtu: 1400, attachable: true, "
        "internal: true, encrypted: true, labels: {team: net}}}",
        with_app("10.64.32.0/22", gateway="10.64.32.9", ip_ranges=("10.64.33.0/24",), **OPTIONS),
    ),
    "no gateway that a stack file would choose too": (
        f"{RANGES}{{subnet: 10.64.32.0/22, ip_range: 10.64.33.0/24}}}}",
        with_app("10.64.32.0/22", gateway="10.64.33.0", ip_ranges=("10.64.33.0/24",)),
    ),
    "an overlay of this stack, whose file is lost": (
        f"{RANGES}{{subnet: 10.64.32.0/24}}}}",
        with_app(labels={"swarmnet.owner": OWNER}),
    ),
}


@pytest.mark.parametrize(("expected", "actual"), DECLARED.values(), ids=DECLARED)
def test_what_is_declared(expected, actual):
    """Each thing that is no default."""
    said, raw = yaml.safe_load(f"{{{expected}}}"), declared(actual)

    assert said == {key: raw.get(key) for key in said}


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
    assert "overlays" not in declared(with_app(**odd))
    assert [f"not managed: {line}"] == remarks(with_app(**odd))


# What was not seen, and what is unusual


@pytest.mark.parametrize(
    ("line", "actual"),
    [
        (
            "not managed: network shop (10.5.0.0/24), made by the Compose project s, which looks after it; on m1, w1",
            found(member("m1", 1, bridge(), SHOP), member("w1", 2, bridge(), SHOP, role="worker")),
        ),
        (
            "not seen: w9: {address: 10.99.0.9, role: worker} (ready) was not reached: w9 (10.99.0.9:22): "
            "no answer within 10 s; if it can't be reached at all, write w9: {address: 10.99.0.9, unwatched: true}",
            found(member(), unreached()),
        ),
        ("unusual: m1: its availability is drain: is that meant to stay?", found(member(availability="drain"))),
        ("unusual: w1: the managers say down", found(member(), member("w1", 2, role="worker", state="down"))),
        (
            "unusual: m1: its entry n9 is down, since it joined again as n1; `docker node rm n9` removes the old entry",
            found(member(), unreached("m1", hostname="m1", state="down")),
        ),
        ("unusual: 2 managers survive the loss of no more than 1 would", found(member(), member("m2", 2))),
        (
            "unusual: m1: it has no docker_gwbridge, so its containers have no external connectivity",
            found(member("m1", 1, ingress())),
        ),
        ("unusual: the swarm has no ingress: no service can publish a port by the mesh", found(networks=[])),
        (
            "unusual: no service and no container uses app, data",
            found(networks=[ingress(), net("app", "10.64.32.0/24"), net("data", "10.64.33.0/24")]),
        ),
    ],
)
def test_what_is_told_beside_the_sections(line, actual):
    """One line for each thing, however many hosts have it."""
    assert [line] == remarks(actual)


# What clashes

# What is left (null: no such section), how the first line about a clash begins … ends, and what was found.
CLASHES: dict[str, tuple[str, str, Found]] = {
    "a setting that no stack file may have": (
        "swarm: {cert_expiry: 3600}",
        "swarm.dispatcher_heartbeat: …; left out: swarm.dispatcher_heartbeat: 1.0e-09",
        found(dispatcher_heartbeat=1e-9, cert_expiry=3600.0),
    ),
    "a bridge that meets the ingress": (
        "gwbridge: null, ingress: {subnet: 172.18.3.0/24}, swarm: {}",
        "gwbridge.subnet: 172.18.0.0/16 contains ingress.subnet 172.18.3.0/24: hosts would…",
        found(networks=[ingress("172.18.3.0/24")]),
    ),
    "an overlay, and none whose name begins alike": (
        "overlays: {app2: {subnet: 10.64.33.0/24}}, ingress: {subnet: 10.0.0.0/24}",
        "overlays.ap.subnet: 10.99.0.0/24 contains …; left out: overlays.ap: {subnet: 10.99.0.0/24}",
        found(
            member("m1", 1, bridge("10.1.0.0/20")),
            networks=[ingress(), net("ap", "10.99.0.0/24"), net("app2", "10.64.33.0/24")],
        ),
    ),
    "a bridge that meets an overlay": (
        "overlays: {app: {subnet: 172.18.5.0/24}}, gwbridge: null",
        "gwbridge.subnet: …; left out: gwbridge: {subnet: 172.18.0.0/16}",
        with_app("172.18.5.0/24"),
    ),
    "a pool, before the networks that were taken from it": (
        "swarm: {}, ingress: {subnet: 10.64.0.0/20}",
        "…; left out: swarm.default_addr_pool: [10.64.0.0/16]",
        found(networks=[ingress("10.64.0.0/20")], default_addr_pool=("10.64.0.0/16",), default_addr_pool_prefix=20),
    ),
    "too small a link, which is told and not declared": (
        "ingress: {subnet: 10.0.0.0/24}, hosts: {m1: {address: 10.99.0.1, role: manager}}",
        "ingress.mtu: 1500, the Engine's choice, is more than hosts.m1.mtu, 1400…",
        found(member(report=with_links(1400))),
    ),
}


@pytest.mark.parametrize(("left", "told", "actual"), CLASHES.values(), ids=CLASHES)
def test_what_clashes_is_left_out(left, told, actual):
    """The rest is a stack file without a problem, which can be taken over."""
    (raw, said), desired = mended(declared(actual)), yaml.safe_load(f"{{{left}}}")

    assert desired == {key: raw.get(key) for key in desired}
    line, (begins, _, ends) = next(each.line for each in said if each.kind == "clash"), told.partition("…")
    assert (begins, ends) == (line[: len(begins)], line[len(line) - len(ends) :])


def test_pool_that_is_left_out_is_not_asked_for():
    """It is known, whatever else is left out: only a swarm without one is told to say which it is."""
    own = {"networks": [ingress("10.64.0.0/20"), net("app", "10.0.1.0/24")]}
    pool = {"default_addr_pool": ("10.64.0.0/16",), "default_addr_pool_prefix": 20}
    swarms = found(**own), found(**own, **pool), found(**own, **pool, dispatcher_heartbeat=1e-9)
    said = [[each.line for each in mended(declared(actual))[1]] for actual in swarms]

    assert [True, False, False] == [any("say which pool" in line for line in lines) for lines in said]
    assert [0, 1, 2] == [sum("; left out: " in line for line in lines) for lines in said]


def test_range_named_as_free_meets_nothing_that_hosts_have():
    """The one beside it is the VPN's."""
    report = with_links(1500, "10.63.0.0/16 dev tun0\n")
    actual = found(member(report=report), networks=[ingress("10.64.0.0/16"), net("app", "10.64.0.0/16")])
    raw, _ = sections(actual, OWNER)
    _, said = mended(raw, [each.subnet for each in actual.taken])

    assert ["10.65.0.0/16 is free"] == [each.line.split("; ")[1] for each in said if each.kind == "clash"]


def test_section_goes_with_its_last_overlay():
    """An empty one would say that all others are to go."""
    raw: dict[str, Any] = {"hosts": {"m1": {}}, "overlays": {"app": {}, "data": {}}}
    less = without(raw, ("overlays", "app"))

    assert {**raw, "overlays": {"data": {}}} == less
    assert {"hosts": {"m1": {}}} == without(less, ("overlays", "data"))


def test_route_of_a_host_that_meets_a_network():
    """A route into the VPN that has the range of docker_gwbridge is told as a clash, with a free range."""
    report = replace(with_links(1500, "172.18.0.0/16 via 10.99.0.254 dev tun0\n"), networks=(bridge(),))
    actual = found(member(report=report))
    raw, _ = sections(actual, OWNER)

    assert [
        "gwbridge.subnet: 172.18.0.0/16 is the same as 172.18.0.0/16, the route by tun0 of m1: hosts would no longer "
        "reach what is there; 172.19.0.0/16 is free"
    ] == [each.line for each in outside(raw, actual, OWNER)]


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
    actual = [member(f"m{at}", at, bridge(subnet)) for at, subnet in enumerate(bridges, 1)]
    whole = found(*actual, networks=[ingress(), *networks])
    raw, said = sections(whole, OWNER)
    raw, clashes = mended(raw)

    text = stack_file_text(raw, [*said, *clashes], ["A heading."])

    assert raw == from_yaml(text)
    assert plan_of(raw, OWNER).access.keys() == {each.name for each in actual}


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
        ("not in a swarm", Member(host="m1", state="inactive")),
        ("is locked", Member(host="m1", state="locked")),
        ("a worker", Member(host="m1", state="active")),
        ("(no leader)", Member(host="m1", state="active", control=True, error="no leader")),
        ("None", Member(host="m1", state="active", control=True)),
    ],
)
def test_host_that_cannot_tell_of_a_swarm(why, own):
    """It is said why, and what to do; nothing is in the way of a good manager."""
    assert why in str(unfit(own))


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
        actual = found(*(replace(each, node=replace(each.node, id=f"n{at}")) for at, each in enumerate(down)))
        return [calls(work) for work in (lambda: names(actual.swarm.nodes), lambda: sections(actual, OWNER))]

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
