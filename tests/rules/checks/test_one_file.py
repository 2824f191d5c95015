"""What is said of one stack file: a few keys beside those of two hosts, and each line about them.

Wrong texts, with the place of each line, are in rules/wrong_files.py; ranges that clash in test_overlaps.py.
"""

import pytest

from providers.rules.checks.whole_file import validate
from tests.support.stackfiles import at, net, problems, raw, said, stating

ONE_HOST = "each machine is one host"
GATE = "hosts.m1 {address: gate, port: 2201, advertise_address: 10.0.0.1}"
# Three managers and two workers.
FIVE = "swarm {}; hosts.m2 {address: m2, role: manager}; hosts.m3 {address: m3, role: manager}; hosts.w2.address w2"
NETWORKS = "gwbridge.subnet 10.11.0.0/24; ingress.subnet 10.12.0.0/24; overlays.app.subnet 10.13.0.0/24"
APP = "overlays.app.subnet 10.12.0.0/24"
AUTO = "overlays.app.subnet auto"
POOL = "pools.overlays {range: 10.20.0.0/22, prefix: 24}"
BIG = (
    "overlays.app.mtu: {} is more than hosts.{}: containers would get {}, and their large packets be lost between hosts"
)
ENGINES = "1500, the Engine's choice,"
DEAD = "the swarm would accept it and never allocate addresses"
SAME = f"overlays.web.subnet: 10.12.0.0/24 is the same as overlays.app.subnet 10.12.0.0/24: {DEAD}"
CLASH = f"{SAME}; 10.12.1.0/24 is free"
AT_INIT = "the ingress that the Engine makes at init, 10.0.0.0/24"
ON_THE_BRIDGE = "hosts would look for that address on the bridge and not reach it"
IN_CONTAINERS = "containers there would not reach that address"
BOTH = f"{APP}; overlays.web.subnet 10.12.0.0/24"

PROBLEMS = {
    "hosts that are one machine": {
        "hosts.w1.address M1.LAN; hosts.m1.address m1.lan.": (
            f"hosts.w1: has the same address m1.lan port 22 as hosts.m1; {ONE_HOST}"
        ),
        "hosts {m1: {address: null, local: true}, w1: {address: null, local: true}}": (
            f"hosts.w1: has the same local: true as hosts.m1; {ONE_HOST}"
        ),
        f"{GATE}; hosts.w1 {{address: gate, port: 2202, advertise_address: 10.0.0.1}}": (
            f"hosts.w1: has the same advertise_address 10.0.0.1 as hosts.m1; {ONE_HOST}"
        ),
        "hosts.w1.advertise_address 10.99.0.1:2377": (
            f"hosts.w1: has the same advertise_address 10.99.0.1 as hosts.m1; {ONE_HOST}"
        ),
        "hosts.m1.advertise_address '[fd00::1]:2377'; hosts.w1.advertise_address fd00:0::1": (
            f"hosts.w1: has the same advertise_address fd00::1 as hosts.m1; {ONE_HOST}"
        ),
    },
    "a way that leads nowhere": {
        "hosts.m1.bastion 10.99.0.2; hosts.w1.bastion h3; hosts.h3 {address: h3, bastion: 10.99.0.1}": (
            "\n".join(
                f"hosts.{first}.bastion: goes in a circle ({circle}): one of them needs another way"
                for first, circle in (
                    ("m1", "m1 -> w1 -> h3 -> m1"),
                    ("w1", "w1 -> h3 -> m1 -> w1"),
                    ("h3", "h3 -> m1 -> w1 -> h3"),
                )
            )
        ),
        "hosts.m1.advertise_address '[::1]:2377'": (
            "hosts.m1.advertise_address: ::1 is a loopback address; use one that other hosts can reach"
        ),
        "hosts.w1 {address: null, local: true, user: deploy, bastion: b1}": (
            "hosts.w1: is local, reached without SSH, so bastion, user would have no effect: leave it out"
        ),
    },
    "hosts and findings that are not there": {
        "hosts {m1: {lost: true}, w1: {lost: true}}": "hosts: all are lost; a stack needs at least one that is not",
        "swarm.first_manager m2; hosts.m2 {address: m2, role: manager, lost: true}": (
            "swarm.first_manager: m2 is lost; write one of m1"
        ),
        "doctor.ignore [{id: clock, host: w9, why: so}]": "doctor.ignore[0].host: w9 is not among hosts",
        "doctor.ignore [{id: clock, why: ' '}]": (
            "doctor.ignore[0].why: ' ' should be the reason, for those who read the report"
        ),
        "doctor.ignore [{id: clock, hots: w1, why: so}]": "doctor.ignore[0].hots: unknown key; did you mean host?",
    },
    "a network by itself": {
        f"{NETWORKS}; gwbridge.gateway 10.11.0.255": (
            "gwbridge.gateway: 10.11.0.255 is the broadcast address of 10.11.0.0/24; use 10.11.0.1"
        ),
        f"{NETWORKS}; hosts.w1.gwbridge.ip_range 10.9.0.0/25": (
            "hosts.w1.gwbridge.ip_range: 10.9.0.0/25 is not inside the subnet 10.11.0.0/24"
        ),
        f"{NETWORKS}; hosts.w1.gwbridge.gateway 10.9.0.1": (
            "hosts.w1.gwbridge.gateway: 10.9.0.1 is not inside the subnet 10.11.0.0/24"
        ),
        f"{APP}; ingress {{subnet: 10.13.0.0/24, subnets: [10.12.0.0/24]}}": (
            "overlays.app.subnet: 10.12.0.0/24 is the same as ingress.subnets[0] 10.12.0.0/24: "
            f"{DEAD}; 10.12.1.0/24 is free"
        ),
        "hosts.w1.gwbridge.mtu 1400": (
            "hosts.w1.gwbridge.subnet: is required, since there is no section gwbridge to take it from"
        ),
        "overlays.app {subnet: 10.12.0.0/24, vxlan_id: 1000}; overlays.data {subnet: 10.13.0.0/24, vxlan_id: 1000}": (
            "overlays.data.vxlan_id: 1000 is that of overlays.app too; choose another number"
        ),
        "swarm.default_addr_pool_prefix 6": (
            "swarm: the Engine's own pool 10.0.0.0/8 is smaller than the /6 of default_addr_pool_prefix; "
            "say which pool in default_addr_pool"
        ),
    },
    "ranges that meet an address, or what nobody may have": {
        **{
            f"{network}.subnet 10.12.0.0/24; {key} {value}": (
                f"{network}.subnet: 10.12.0.0/24 contains {key} 10.12.0.7/32: {why}; 10.12.1.0/24 is free"
            )
            for network, key, value, why in (
                ("gwbridge", "hosts.m1.address", "10.12.0.7", ON_THE_BRIDGE),
                ("gwbridge", "ssh.bastion", "jump@10.12.0.7:2222", ON_THE_BRIDGE),
                ("ingress", "hosts.m1.advertise_address", "10.12.0.7:2377", IN_CONTAINERS),
                ("overlays.app", "hosts.m1.data_path_address", "10.12.0.7", IN_CONTAINERS),
            )
        },
        # Two others begin at one address, and the smaller one ends before it.
        "reserved [10.12.0.0/24, 10.12.0.0/16]; overlays.app.subnet 10.12.4.0/24": (
            "overlays.app.subnet: 10.12.4.0/24 lies inside reserved[1] 10.12.0.0/16: "
            "hosts would no longer reach what is there; 10.11.255.0/24 is free"
        ),
    },
    "ranges that meet what a swarm has": {
        "swarm.default_addr_pool [10.12.0.0/16, 10.12.8.0/24]": (
            "swarm.default_addr_pool[0]: 10.12.0.0/16 contains swarm.default_addr_pool[1] 10.12.8.0/24: "
            "a swarm takes only pools that are apart; 10.13.0.0/16 is free"
        ),
        "swarm {}; gwbridge.subnet 10.0.0.0/20; ingress.subnet 10.12.0.0/20": (
            f"gwbridge.subnet: 10.0.0.0/20 contains {AT_INIT}: hosts would join and be ready, but without ingress, "
            'and tasks would fail with "Pool overlaps"; 10.1.0.0/20 is free'
        ),
        "swarm {}; overlays.app.subnet 10.0.0.0/24": (
            f"overlays.app.subnet: 10.0.0.0/24 is the same as {AT_INIT}: {DEAD}; 10.1.0.0/24 is free"
        ),
    },
    # Clear of all that the file has, and of what Engines choose.
    "a range that is still to be chosen": {
        AUTO: ("overlays.app.subnet: is auto, and there is no pools.overlays to take a range from"),
        f"{AUTO}; {POOL}": "overlays.app.subnet: is auto: write 10.20.0.0/24, which is free",
        **{
            f"{AUTO}; {POOL}; {taken}": ("overlays.app.subnet: is auto: write 10.20.1.0/24, which is free")
            for taken in (
                "reserved[0] 10.20.0.128/25",
                "gwbridge.subnet 10.20.0.0/24",
                "ingress.subnet 10.20.0.0/25",
                "hosts.m1.address 10.20.0.9",
            )
        },
        f"{AUTO}; pools.overlays {{range: 10.0.0.0/11, prefix: 24}}; swarm.default_addr_pool_prefix 12": (
            "overlays.app.subnet: is auto: write 10.16.0.0/24, which is free"
        ),
        f"{AUTO}; {POOL}; reserved [10.20.0.0/22]": "overlays.app.subnet: is auto: no /24 of 10.20.0.0/22 is free",
    },
    "packets that do not fit": {
        f"{APP}; hosts.m1.mtu 1400": f"{BIG.format(ENGINES, 'm1.mtu, 1400', 1450)}; use 1400, which gives them 1350",
        f"{APP}; hosts.m1.mtu 1450; overlays.app.mtu 1500; overlays.app.encrypted true": (
            f"{BIG.format(1500, 'm1.mtu, 1450', 1424)}; use 1450, which gives them 1372"
        ),
        f"{APP}; hosts.m1.mtu 9000; overlays.app.mtu 9000": (
            f"{BIG.format(9000, 'w1.mtu, 1500', 8950)}; use 1500, which gives them 1450"
        ),
        **{
            f"{APP}; hosts.m1.{key}": (
                f"{BIG.format(ENGINES, 'm1.mtu less 20 for IPv6, 1480', 1450)}; use 1480, which gives them 1430"
            )
            for key in ("address 2001:db8::1", "advertise_address '[fd00::1]:2377'")
        },
    },
    "commands of one name on one host": {
        "prepare [{name: a, run: x}, {name: a, run: y}]": "prepare[1].name: a is used twice",
        "prepare [{name: a, run: x}]; hosts.w1.prepare [{name: a, run: y}]": (
            "hosts.w1.prepare[0].name: a is used twice, with those of prepare for all hosts"
        ),
    },
    # One look at the file names all of it.
    "what is wrong by itself, and what clashes": {
        f"{BOTH}; overlays.bad.subnet 10.12.1.7/24": (
            f"overlays.bad.subnet: 10.12.1.7/24 has host bits set: write 10.12.1.0/24\n{CLASH}"
        ),
        f"{BOTH}; reserved [lan]": f"reserved[0]: 'lan' has no mask: write it like 10.11.0.0/16\n{CLASH}",
        f"{BOTH}; gwbridge {{subnet: 10.13.0.0/24, mtu: 1}}": f"gwbridge.mtu: 1 should be at least 68\n{CLASH}",
        f"{BOTH}; pools.overlays {{range: 10.20.0.0/16, prefix: 24}}": f"{SAME}; 10.20.0.0/24 is free",
        f"{BOTH}; ssh.port 0": f"ssh.port: 0 should be at least 1\n{CLASH}",
        "order [[m1]]; hosts.m1.labels {'': x}": (
            "hosts.m1.labels.: label key is empty: set one, or remove the label\norder: lacks w1; list each host once"
        ),
        "swarm.first_manager w1; order [[m1]]; ingres.subnet 10.12.0.0/16": (
            "ingres: unknown key; did you mean ingress?\nswarm.first_manager: w1 is a worker; managers are m1\n"
            "order: lacks w1; list each host once"
        ),
        f"{AUTO}; overlays.bad.subnet x": (
            "overlays.bad.subnet: 'x' has no mask: write it like 10.11.0.0/16\n"
            "overlays.app.subnet: is auto, and there is no pools.overlays to take a range from"
        ),
    },
    # What would follow from a wrong value is not known.
    "what is wrong, and nothing that follows": {
        "swarm {}; hosts.m1.role boss": "hosts.m1.role: 'boss' should be 'manager' or 'worker'",
        "order [[m1]]; hosts {w1: null}; hosts.w1.addres w1": "hosts.w1.addres: unknown key; did you mean address?",
        "overlays.app {subnet: 10.12.0.0/24, mtu: big}": "overlays.app.mtu: is text: write a whole number",
        "gwbridge.subnet x; hosts.w1.gwbridge.mtu 1400": (
            "gwbridge.subnet: 'x' has no mask: write it like 10.11.0.0/16"
        ),
        "swarm {default_addr_pool: [10.1.0.0/25], default_addr_pool_prefix: '26'}": (
            "swarm.default_addr_pool_prefix: is text: write a whole number"
        ),
        f"{AUTO}; pools.overlays {{range: 10.0.0.0/8, prefix: 64}}": "pools.overlays.prefix: 64 should be at most 29",
        "overlays.app.subnett 10.12.0.0/24": "overlays.app.subnett: unknown key; did you mean subnet?",
        # A list is known as a whole.
        "swarm.default_addr_pool [10.66.0.0/16, x]; overlays.app.subnet 10.0.0.0/24": (
            "swarm.default_addr_pool[1]: 'x' has no mask: write it like 10.11.0.0/16"
        ),
        f"{APP}; reserved [10.12.0.0/16, x]": "reserved[1]: 'x' has no mask: write it like 10.11.0.0/16",
    },
}

FIRST = "the first networks of the Engines' own pool 10.0.0.0/16"
SAY = "say which pool in swarm.default_addr_pool before the swarm is made; in one that runs, give each network a subnet"
NOT_REACHED = "containers on such networks would not reach"
PUBLIC = "is public: its owner would be unreachable; take a private range"
WAITS = "and each waits for more of the others at every change; 7 at most are advised"


def managers(number):
    """The keys of so many managers."""
    return "; ".join(
        ["swarm {}", *(f"hosts.m{each} {{address: m{each}, role: manager}}" for each in range(2, number + 1))]
    )


WARNINGS = {
    "a number of managers that says what they survive": {
        managers(2): ("hosts: 2 managers survive the loss of none, as 1 would; make it 1 or 3"),
        managers(4): ("hosts: 4 managers survive the loss of 1, as 3 would; make it 3 or 5"),
        managers(8): (f"hosts: 8 managers survive the loss of 3, {WAITS}"),
        managers(9): (f"hosts: 9 managers survive the loss of 4, {WAITS}"),
    },
    "what makes no sense as a whole": {
        f"{FIVE}; order [[w1, w2], [m1, m2, m3]]; {NETWORKS}": (
            "order[1]: has all managers; put one of them into a wave of its own, to try it there first"
        ),
        f"{FIVE}; order [[w1, w2, m1, m2], [m3]]": (
            "order: is that of docker_gwbridge, and no host has a section gwbridge: nothing is done in it"
        ),
        "swarm {}; hosts.m1.availability drain; hosts.w1.availability drain": (
            "hosts: availability is drain on all of them: no service would run anywhere"
        ),
        "hosts.m1 {address: null, local: true, advertise_address: 127.0.0.1}; hosts.w1 {unwatched: true}": (
            "hosts.m1.advertise_address: 127.0.0.1 is a loopback address, so no other host can join"
        ),
    },
    "ranges that an Engine may choose, told once for each kind": {
        "overlays.app.subnet 172.17.3.0/24": (
            "overlays.app.subnet: 172.17.3.0/24 lies inside the range that most Engines give docker0 172.17.0.0/16: "
            "an Engine refuses the network or its tasks where docker0 has it"
        ),
        "swarm {}; overlays.app.subnet 10.0.1.0/24": (
            f"overlays.app.subnet: 10.0.1.0/24 lies inside {FIRST}: "
            f"a network made without a subnet may take the range first; {SAY}"
        ),
        "swarm {}; gwbridge.subnet 10.0.16.0/20": (
            f"gwbridge.subnet: 10.0.16.0/20 lies inside {FIRST}: "
            f'tasks on such networks would be rejected with "Pool overlaps"; {SAY}'
        ),
        "swarm {}; reserved[0] 10.0.0.0/12": (
            f"reserved[0]: 10.0.0.0/12 contains {FIRST}: {NOT_REACHED} what is there; {SAY}"
        ),
        "swarm {}; hosts.m1.address 10.0.0.1; hosts.w1.address 10.0.0.2": (
            f"hosts.m1.address: 10.0.0.1/32 lies inside {FIRST}: {NOT_REACHED} that address; {SAY}"
        ),
    },
    "ranges of somebody on the Internet": {
        "overlays.app.subnet 8.8.8.0/24": f"overlays.app.subnet: 8.8.8.0/24 {PUBLIC}; 10.1.0.0/24 is free",
        "gwbridge.subnet 172.32.0.0/16": f"gwbridge.subnet: 172.32.0.0/16 {PUBLIC}; 172.31.0.0/16 is free",
        "ingress.subnet 11.0.0.0/20": f"ingress.subnet: 11.0.0.0/20 {PUBLIC}; 10.255.240.0/20 is free",
    },
    "too few addresses": {
        "overlays.app {subnet: 10.12.0.0/28, expect: {tasks: 9, services: 1}}": (
            "overlays.app.subnet: 10.12.0.0/28 has 13 addresses to give, and needs 21 "
            "(2 for nodes, 1 for services, 18 for 9 tasks, twice while they are updated); use /27 or larger"
        ),
        "overlays.app {subnet: 10.12.0.0/16, ip_range: 10.12.4.0/28, expect: {tasks: 9}}": (
            "overlays.app.ip_range: 10.12.4.0/28 has 15 addresses to give, and needs 20 "
            "(2 for nodes, 18 for 9 tasks, twice while they are updated); use /27 or larger"
        ),
        "ingress {subnet: 10.12.0.0/29, expect: {services: 4}}": (
            "ingress.subnet: 10.12.0.0/29 has 5 addresses to give, and needs 6 "
            "(2 for nodes, 4 for services); use /28 or larger"
        ),
    },
    "a bridge larger than its host's link, which may have another to the outside": {
        "hosts.m1.mtu 1400; gwbridge {subnet: 10.12.0.0/24, mtu: 1500}": (
            "gwbridge.mtu: 1500 is more than hosts.m1.mtu 1400: "
            "what containers send outside may be too large for the host's own link"
        ),
    },
    "options that are passed on": {
        "overlays.app {subnet: 10.12.0.0/24, options: {com.example.b: x}}": (
            "overlays.app.options: com.example.b is unknown to Swarmnet, and passed on "
            "unchecked, as Engines do not check it"
        ),
    },
}

FINE = [
    # docker_gwbridge is a host's own, and what is reserved is not ours.
    "hosts.w1.gwbridge.subnet 10.11.0.0/16; gwbridge.subnet 10.11.0.0/16",
    "reserved [10.0.0.0/8, 10.1.0.0/16]",
    "reserved [10.99.0.0/16]",  # the hosts are there
    "gwbridge.subnet 10.11.0.0/17; ingress.subnet 10.11.128.0/17",
    f"{FIVE}; {NETWORKS}; order [[w1, w2], [m1, m2], [m3]]",
    # Another port, bastion or interface is another machine.
    "hosts {m1: {address: gate, port: 2201}, w1: {address: gate, port: 2202}}",
    "hosts {m1: {address: lan1, bastion: gate1}, w1: {address: lan1, bastion: gate2}}",
    "hosts {m1: {advertise_address: eth0}, w1: {advertise_address: eth0}}",
    # Through a tunnel, members use another address.
    "swarm {}; hosts.m1 {address: 127.0.0.1, advertise_address: 10.9.0.9}",
    "swarm {}; hosts.m1 {address: null, local: true}",
    # Another port of a host's address is no host.
    *(f"ssh.bastion {bastion}" for bastion in ("10.99.0.1:2222", "b1", "none")),
    *(managers(number) for number in (1, 3, 5, 7)),
    # Without the section, the managers are others' to count.
    managers(2).removeprefix("swarm {}; "),
    # A subnet of its own leaves the shared gateway behind; or it takes the shared subnet.
    f"{NETWORKS}; gwbridge.gateway 10.11.0.254; hosts.w1.gwbridge.subnet 10.14.0.0/24",
    f"{NETWORKS}; hosts.w1.gwbridge.bridge_name gw1",
    f"overlays.{'a' * 49} {{subnet: 10.12.0.0/24, on_in_use: migrate}}",
    f"overlays.{'a' * 63}.subnet 10.12.0.0/24",
    # A swarm that exists has a pool that nobody knows; a pool of one's own; far from the first networks.
    "overlays.app.subnet 10.0.1.0/24",
    "swarm.default_addr_pool [10.12.0.0/16]; overlays.app.subnet 10.0.1.0/24",
    "swarm {}; overlays.app.subnet 10.200.1.0/24",
    # Nobody has those on the Internet, and hosts and what is reserved are to be reached.
    *(f"overlays.app.subnet {each}" for each in ("100.64.8.0/24", "192.0.2.0/24", "198.18.0.0/24", "172.31.0.0/16")),
    "hosts.m1.address 8.8.4.4",
    "reserved [9.9.9.0/24]",
    # The option of a swarm's network is the underlay's MTU; bridges do not go between hosts.
    f"{APP}; hosts.m1.mtu 1500",
    "hosts.m1.mtu 1400; ingress {subnet: 10.12.0.0/24, mtu: 1400}",
    "hosts.m1.mtu 1400; gwbridge.subnet 10.12.0.0/24",
    "overlays.app {subnet: 10.12.0.0/28, expect: {tasks: 4, services: 2}}; ingress.subnet 10.14.0.0/29",
]


@pytest.mark.parametrize("kind", PROBLEMS)
def test_what_cannot_be(kind):
    """Each line names the key, what is wrong, and what to write; there are no warnings beside it."""
    assert PROBLEMS[kind] == {keys: "\n".join(problems(**stating(*keys.split("; ")))) for keys in PROBLEMS[kind]}


@pytest.mark.parametrize("kind", WARNINGS)
def test_what_is_warned_of(kind):
    """It harms nobody, or only hosts know it."""
    found = {keys: said(**stating(*keys.split("; "))) for keys in WARNINGS[kind]}

    assert WARNINGS[kind] == {keys: "\n".join([*each.why_no_plan, *each.warnings]) for keys, each in found.items()}


def test_ingress_may_be_the_very_one_that_the_engine_makes():
    """It takes its place, and an overlay may be of the Engine's own pool."""
    assert [] == problems(**stating("swarm {}", "ingress.subnet 10.0.0.0/24", "overlays.app.subnet 10.200.0.0/24"))


@pytest.mark.parametrize("keys", FINE)
def test_what_is_fine(keys):
    """Nothing is said."""
    found = said(**stating(*keys.split("; ")))

    assert ([], []) == (found.why_no_plan, found.warnings)


def test_warnings_wait_until_there_is_no_problem():
    """They are told only once there is none."""
    assert [] == said(**stating("adopt no", "overlays.app.subnet 172.17.3.0/24")).warnings


def test_each_overlay_that_waits_gets_another_range():
    """They are told in the file's order, past the ranges of the file and those beside it."""
    overlays = {"web": net("auto"), "app": net("auto"), "old": net("10.20.1.0/24")}
    found = validate(
        raw(**at("pools.overlays", {"range": "10.20.0.0/22", "prefix": 24}), overlays=overlays), ["10.20.0.0/24"]
    )

    assert ["10.20.2.0/24", "10.20.3.0/24"] == [line.split()[4].rstrip(",") for line in found.why_no_plan]
