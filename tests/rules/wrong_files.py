# ruff: noqa: E501 # one row is one line
"""Wrong stack files by kind: one edit of a file that is right, and the problem told of it.

A row is (where, what is written there, the line of the problem, the path of its key, the problem in words). `…` at
the beginning of these stands for those that are of no matter, before the remedy.
`4` is in the place of line 4, `4+` below it, `4!` in the place of line 4 and of all that is indented below it. The
indentation is that of the line; `^` begins at the first column. A problem of the text itself has no path.
"""

MAPPING = "write a mapping, `name: value` lines indented below it, with a space after each colon"
LIST = "write a list, `[…]` or lines that begin with `- `"
EMPTY = "is empty: write `{}`, or its keys below it"
BRIDGE = "com.docker.network.bridge."
VNI = "com.docker.network.driver.overlay.vxlanid_list"
PASSED_OVER = "is outside config, so Pulumi silently ignores it: indent it under config"
NO_KEY = "unknown key outside config, which Pulumi silently ignores"
IPV6 = "is refused: swarm networks are IPv4: with IPv6, an overlay is dropped or never comes up"
ADOPT = "'refuse', 'identical' or 'converge'"
COLON = (
    "a colon too many: indent the line as the one above it, write a space after each colon, and put a value that has a "
    "colon in it in quotes"
)
GOES_ON = (
    "unexpected text: indent the line as those beside it, begin each item of a list with `- `, and "
    "put a whole value into one pair of quotes"
)
NO_MACHINE = "is not a valid host address"
ENGINE_NAME = "is the name of a network that the Engine makes itself; choose another"
IS_A_KEY = "holds a key itself, not the path of its file; write the path, and where it was a private key, use another"
# As in a .pub file.
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlB2aSfUaFZ2rTx5j5Vn4UmkQGmHj4VQm3oJt6vX0aB"
PASTED_KEYS = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXktdjEAAAAA\\n-----END OPENSSH PRIVATE KEY-----\\n",
    "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXktdjEAAAAA",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
    HOST_KEY,
)

RIGHT = """\
config:
  swarmnet:hosts:
    m1:
      address: 10.9.0.1
      role: manager
    w1:
      address: 10.9.0.2
      labels: { rack: a }
    w2:
      address: 10.9.0.3
      mtu: 1500
  swarmnet:ssh:
    user: deploy
    sudo: true
  swarmnet:swarm:
    first_manager: m1
    default_addr_pool: [10.66.0.0/16]
  swarmnet:gwbridge:
    subnet: 10.64.0.0/20
    icc: false
  swarmnet:ingress:
    subnet: 10.64.16.0/20
    mtu: 1500
  swarmnet:overlays:
    app:
      subnet: 10.64.32.0/24
      attachable: true
    data:
      subnet: 10.64.33.0/24
      internal: true
  swarmnet:order: [[w1, w2], [m1]]
  swarmnet:reserved:
    - 172.16.0.0/12
    - 192.168.0.0/16
  swarmnet:pools:
    overlays: { range: 10.64.32.0/19, prefix: 24 }
  swarmnet:connected_to: []
  swarmnet:adopt: identical
  swarmnet:timeouts:
    node: 120
"""


def alike(values, *row):
    """A row for each of these values, which stands for the `*` in it."""
    each = values.split() if isinstance(values, str) else values
    return [tuple(part.replace("*", value) if isinstance(part, str) else part for part in row) for value in each]


def words(where, meant, others, written="*: x"):
    """A row for each of these words for a key, in the place where that key would be."""
    section, _, key = meant.rpartition(".")
    line = int(where.rstrip("+")) + where.endswith("+")
    path, text = (f"{section}.*", written) if section else ("*", f"swarmnet:{written}")
    return alike(others, where, text, line, path, f"unknown key; did you mean {key}?")


# fmt: off
WRONG = {
    "a key that is almost one": [
        *words("4", "hosts.m1.address", "adress Address addresss"),
        *words("5+", "hosts.m1.advertise_address", "advertise_addr advertiseAddress advertise-address"),
        *words("5+", "hosts.m1.gwbridge", "docker_gwbridge"),
        *words("26", "overlays.app.subnet", "sub_net SUBNET subnet_"),
        *words("26+", "overlays.app.expect.tasks", "task", "expect: { *: 3 }"),
        *words("36", "pools.overlays.range", "ranges", "overlays: { *: 10.64.32.0/19, prefix: 24 }"),
        *words("38+", "hosts", "host"),
        *words("40+", "timeouts.node", "nodes"),
    ],
    "a key that nothing is like": [
        ("5+", "colour: red", 6, "hosts.m1.colour", "…data_path_address, prepare, gwbridge, mtu, lost, unwatched"),
        ("40+", "x: 3", 41, "timeouts.x", "…known are swarm, node, gwbridge, ingress, overlay, migration"),
        ("36+", "bridges: {}", 37, "pools.bridges", "…known are overlays"),
        *alike("password passphrase", "13+", "*: hunter2", 14, "ssh.*", "…use a key, by key_file or the agent's"),
    ],
    "a key that Engines know, and ignore or break on": [
        *(
            (where, f"{key}: x", line, f"{section}.{key}", problem)
            for where, line, section in (("26+", 27, "overlays.app"), ("22+", 23, "ingress"))
            for key, problem in (
                ("aux_addresses", "is refused: swarms silently drop such addresses; leave them out of ip_range instead"),
                ("enable_ipv6", IPV6),
                ("ipv6", IPV6),
                ("scope", "is refused: swarm networks are the whole swarm's, and docker_gwbridge is a host's own"),
            )
        ),
        ("22+", "attachable: true", 23, "ingress.attachable", "is refused: a swarm refuses an ingress that containers may join"),
        ("22+", "internal: true", 23, "ingress.internal", "is refused: an ingress exists for what comes from outside"),
        ("22+", "ip_range: 10.64.16.0/24", 23, "ingress.ip_range", "…every address of subnet serves"),
        ("19+", "internal: true", 20, "gwbridge.internal", "is refused: containers on overlays would have no external connectivity"),
        ("19+", "enable_ipv6: true", 20, "gwbridge.enable_ipv6", "is refused: write a range of it: ipv6: { subnet: fd00:64::/64 }"),
        ("19+", "gateway_mode_ipv4: routed", 20, "gwbridge.gateway_mode_ipv4", "…or published ports, from tasks"),
        ("19+", "ip_range: 10.99.0.0/24", 20, "gwbridge.ip_range", "…is not inside the subnet 10.64.0.0/20"),
        ("19+", "ipv6: { subnet: fd00:64::/126 }", 20, "gwbridge.ipv6.subnet", "…use /125 or larger"),
        ("19+", "ipv6: { subnet: fe80::/64 }", 20, "gwbridge.ipv6.subnet", "…use one of fd00::/8"),
        ("19+", "ipv6: { subnet: fd00:64::/64, gateway: fd00:65::1 }", 20, "gwbridge.ipv6.gateway", "…use fd00:64::1"),
        ("26+", "subnets: [10.64.16.0/24]", 27, "overlays.app.subnets[0]", "…is free"),
        ("26+", "options: { encrypted: '' }", 27, "overlays.app.options", "…write encrypted beside options"),
        ("26+", f"options: {{ {VNI}: 5 }}", 27, "overlays.app.options", "…write vxlan_id beside options"),
        ("22+", "options: { secure: x }", 23, "ingress.options", "…it was the name of encrypted"),
        ("22+", f"options: {{ {BRIDGE}inhibit_ipv4: true }}", 23, "ingress.options", "…does nothing here"),
        ("19+", f"options: {{ {BRIDGE}enable_icc: true }}", 20, "gwbridge.options", "…write icc beside options"),
        ("19+", f"options: {{ {BRIDGE}host_binding_ipv4: lo }}", 20, "gwbridge.options", "…address, such as 127.0.0.1"),
        ("19+", f"options: {{ {BRIDGE}inhibit_ipv4: maybe }}", 20, "gwbridge.options", "…should be true or false"),
        ("19+", f"options: {{ {BRIDGE}gateway_mode_ipv4: isolated }}", 20, "gwbridge.options", "…nat or nat-unprotected or routed"),
    ],
    "a value of another type": [
        *alike("7 0777 1.10 12e5 1_0 0x1f", "8", "labels: { rack: * }", 8, "hosts.w1.labels.rack", "is a number: write it in quotes"),
        *alike(
            ["2026-01-01", "2026-1-1", "2026-01-01 10:00:00", "2026-01-01T10:00:00Z"],
            "8", "labels: { rack: * }", 8, "hosts.w1.labels.rack", "is a date, which Pulumi would rewrite: write it in quotes",
        ),
        ("8", "labels: { ssd: true }", 8, "hosts.w1.labels.ssd", "is true or false: write it in quotes"),
        ("8", "labels: { rack: }", 8, "hosts.w1.labels.rack", "is empty: write text, or remove it"),
        ("8", "labels: { rack: [a] }", 8, "hosts.w1.labels.rack", "is a list: write text"),
        ("8", "labels: { rack: { a: b } }", 8, "hosts.w1.labels.rack", "is a mapping: write text"),
        ("8", "labels: rack", 8, "hosts.w1.labels", f"is text: {MAPPING}"),
        *alike('yes on off "true" sometimes', "14", "sudo: *", 14, "ssh.sudo", "is text: write true or false"),
        *alike("0 1 7", "14", "sudo: *", 14, "ssh.sudo", "is a number: write true or false"),
        *alike(['"1500"', "1500 bytes", "jumbo"], "11", "mtu: *", 11, "hosts.w2.mtu", "is text: write a whole number"),
        ("11", "mtu: 1500.5", 11, "hosts.w2.mtu", "is a number: write a whole number"),
        ("11", "mtu: true", 11, "hosts.w2.mtu", "is true or false: write a whole number"),
        *alike("30s 5m", "40", "node: *", 40, "timeouts.node", "is text: write a number"),
        ("4", "address: { secure: v1:abc }", 4, "hosts.m1.address", "has an encrypted value, which networks, plans and reviews would show: set it without --secret, or remove it"),
        ("31", "swarmnet:order: [w1, [w2], [m1]]", 31, "order[0]", f"is text: {LIST}"),
        ("31", "swarmnet:order: w1", 31, "order", f"is text: {LIST}"),
        ("31", "swarmnet:order: [[w1, 2], [m1]]", 31, "order[0][1]", "is a number: write it in quotes"),
        ("32!", "swarmnet:reserved: { vpn: 172.16.0.1/12 }", 32, "reserved.vpn", "172.16.0.1/12 has host bits set: write 172.16.0.0/12"),
        ("32!", "swarmnet:reserved: { the vpn: 172.16.0.0/12 }", 32, "reserved.the vpn", "'the vpn' should be up to 63 letters, digits, - and _, as in vpn"),
        ("38", "swarmnet:adopt: true", 38, "adopt", f"is true or false: write {ADOPT}"),
        ("38+", "swarmnet:ssh2: 1", 39, "ssh2", "…did you mean ssh?"),
    ],
    "a section that is no section": [
        *(
            (f"{line}!", f"swarmnet:{section}:{value}", line, section, problem)
            for line, section in (
                (2, "hosts"), (12, "ssh"), (15, "swarm"), (18, "gwbridge"), (21, "ingress"), (24, "overlays"), (35, "pools"), (39, "timeouts"),
            )
            for value, problem in (("", EMPTY), (" true", f"is true or false: {MAPPING}"), (" [m1]", f"is a list: {MAPPING}"))
        ),
        ("2!", "swarmnet:hosts: {}", 2, "hosts", "…a stack needs at least one"),
        ("3!", "m1:", 3, "hosts.m1", EMPTY),
        ("3!", "m1: { role: manager }", 3, "hosts.m1", "needs one of address and local: true"),
        ("3!", "m1: { role: manager, local: false }", 3, "hosts.m1", "needs one of address and local: true"),
        ("3!", "m1: { address: 10.9.0.1, role: manager, local: true }", 3, "hosts.m1", "needs one of address and local: true, not both"),
        ("25!", "app: {}", 25, "overlays.app.subnet", "is required"),
        ("36", "overlays: { prefix: 24 }", 36, "pools.overlays.range", "is required"),
    ],
    "a choice that there is not": [
        *alike("Manager mangaer", "5", "role: *", 5, "hosts.m1.role", "'*' should be 'manager' or 'worker'; did you mean manager?"),
        ("5+", "availability: drained", 6, "hosts.m1.availability", "…did you mean drain?"),
        ("38", "swarmnet:adopt: yes", 38, "adopt", "'yes' should be 'refuse', 'identical' or 'converge'"),
        ("38", "swarmnet:adopt: identcal", 38, "adopt", "…did you mean identical?"),
    ],
    "a number out of bounds": [
        ("11", "mtu: 100", 11, "hosts.w2.mtu", "100 should be at least 576"),
        ("23", "mtu: 60", 23, "ingress.mtu", "60 should be at least 68"),
        ("13+", "connect_timeout: 0", 14, "ssh.connect_timeout", "0 should be more than 0"),
        ("13+", "connect_timeout: .inf", 14, "ssh.connect_timeout", "inf should be at most 3600"),
        ("16+", "data_path_port: 2377", 17, "swarm.data_path_port", "2377 is where managers listen; write another, such as 7789"),
        ("16+", "data_path_port: 7946", 17, "swarm.data_path_port", "7946 is where members look for each other; write another, such as 7789"),
        ("16+", f"task_history_limit: {2**64}", 17, "swarm.task_history_limit", f"{2**64} should be at most 100000"),
        ("36", "overlays: { range: 10.64.32.0/19, prefix: 16 }", 36, "pools.overlays", "10.64.32.0/19 is smaller than the /16 to take of it"),
    ],
    "a range that is none": [
        *(
            (str(line), f"subnet: {subnet}", line, path, problem)
            for line, path in ((19, "gwbridge.subnet"), (22, "ingress.subnet"), (26, "overlays.app.subnet"))
            for subnet, problem in (
                ("10.64.200.0", "'10.64.200.0' has no mask: write it like 10.11.0.0/16"),
                ("10.64.200.5/24", "10.64.200.5/24 has host bits set: write 10.64.200.0/24"),
                ("10.64.200.0/30", "10.64.200.0/30 leaves no room for containers; use /29 or larger"),
                ("10.64.200.0/33", "'10.64.200.0/33' is not an IPv4 subnet such as 10.11.0.0/16"),
                ("10.64.300.0/24", "'10.64.300.0/24' is not an IPv4 subnet such as 10.11.0.0/16"),
                ("fd00::/64", "'fd00::/64' is IPv6; swarm networks are IPv4: with an IPv6 subnet an overlay is dropped or never comes up"),
            )
        ),
        *(
            ("26", f"subnet: {subnet}", 26, "overlays.app.subnet", f"{subnet} lies inside the {kind}: nothing can be given an address there; 10.64.63.0/24 is free")
            for subnet, kind in (
                ("169.254.8.0/24", "link-local range 169.254.0.0/16"),
                ("127.0.8.0/24", "loopback range 127.0.0.0/8"),
                ("224.1.0.0/24", "multicast range 224.0.0.0/4"),
                ("240.1.0.0/24", "unassigned range 240.0.0.0/4"),
            )
        ),
        ("26", "subnet: 0.0.0.0/24", 26, "overlays.app.subnet", "…10.64.32.0/24 is free"),
        ("26", "subnet: automatic", 26, "overlays.app.subnet", "'automatic' has no mask: write it like 10.11.0.0/16"),
        ("26", "subnet: auto", 26, "overlays.app.subnet", "is auto: write 10.64.32.0/24, which is free"),
        ("33", "- the VPN", 33, "reserved[0]", "'the VPN' has no mask: write it like 10.11.0.0/16"),
        ("33", "- 172.16.0.1/12", 33, "reserved[0]", "172.16.0.1/12 has host bits set: write 172.16.0.0/12"),
        ("17", "default_addr_pool: [10.66.0.0/25]", 17, "swarm.default_addr_pool[0]", "10.66.0.0/25 is smaller than the /24 that networks take of it"),
        ("26+", "gateway: 10.64.40.1", 27, "overlays.app.gateway", "10.64.40.1 is not inside the subnet 10.64.32.0/24"),
        ("26+", "gateway: 10.64.32.0", 27, "overlays.app.gateway", "10.64.32.0 is the network address of 10.64.32.0/24; use 10.64.32.1"),
        ("26+", "gateway: 10.64.32.255", 27, "overlays.app.gateway", "10.64.32.255 is the broadcast address of 10.64.32.0/24; use 10.64.32.1"),
        ("26+", "gateway: 10.64.32.1/24", 27, "overlays.app.gateway", "'10.64.32.1/24' is not an IPv4 address such as 10.11.0.1"),
        ("22+", "gateway: 10.9.0.9", 23, "ingress.gateway", "10.9.0.9 is not inside the subnet 10.64.16.0/20"),
        ("19+", "gateway: fd00::1", 20, "gwbridge.gateway", "'fd00::1' is IPv6; swarm networks are IPv4: with an IPv6 subnet an overlay is dropped or never comes up"),
        ("26+", "ip_range: 10.64.33.0/25", 27, "overlays.app.ip_range", "10.64.33.0/25 is not inside the subnet 10.64.32.0/24"),
        ("26+", "ip_range: 10.64.32.8/31", 27, "overlays.app.ip_range", "…use /30 or larger"),
    ],
    "a name that cannot be": [
        *alike(["M1", "m_1", "m1.example.com", "-m1", "m1-", "", "m" * 64], "3", '"*":', 3, "hosts.*", "'*' should be up to 63 lower-case letters, digits and -, as in m1"),
        *alike("ingress Ingress docker_gwbridge bridge host none default", "25", "*:", 25, "overlays.*", f"* {ENGINE_NAME}"),
        *alike(
            ["a", "-app", "app.web", "app web", "é-app", "a" * 64],
            "25", '"*":', 25, "overlays.*", "'*' should be 2 to 63 letters, digits, - or _, with letters or digits at its ends",
        ),
        ("25", "Data:", 28, "overlays.data", "…case does not count in a swarm"),
        ("28", "App-Swarmnet-Twin:", 28, "overlays.App-Swarmnet-Twin", "is the temporary network's name while overlays.app is migrated; choose another"),
        ("25", f"{'a' * 50}:\n  on_in_use: migrate", 25, f"overlays.{'a' * 50}", "the name has 50 characters, too many for on_in_use: migrate; choose one of at most 49"),
        ("22+", "name: host", 23, "ingress.name", f"host {ENGINE_NAME}"),
        ("22+", "name: app", 26, "overlays.app", "…case does not count in a swarm"),
        *alike(
            "docker0 docker12 lo eth0 ens3 enp1s0f0 wlp2s0 veth12ab",
            "19+", "bridge_name: *", 20, "gwbridge.bridge_name", "* is the name of another device, which an Engine refuses or takes over; choose another",
        ),
        ("19+", "bridge_name: sixteen-letters-", 20, "gwbridge.bridge_name", "'sixteen-letters-' should be 1 to 15 letters, digits, '.', - or _, as Linux names devices"),
        ("8", 'labels: { "": x }', 8, "hosts.w1.labels.", "label key is empty: set one, or remove the label"),
        ("8", "labels: { swarmnet.owner: me }", 8, "hosts.w1.labels.swarmnet.owner", "swarmnet.* labels are Swarmnet's own; choose another prefix"),
        ("8", "labels: { com.docker.x: me }", 8, "hosts.w1.labels.com.docker.x", "com.docker.*, io.docker.* and org.dockerproject.* are Docker's own; choose another prefix"),
    ],
    "a way to a host that leads nowhere": [
        *alike(
            ["root@10.9.0.1", "10.9.0.1:22", "ssh://10.9.0.1", "", ".a", "-oProxyCommand=x"],
            "4", 'address: "*"', 4, "hosts.m1.address", "should be a name or an IP address alone; user, port and bastion have their own keys",
        ),
        *alike(
            "010.1.1.1 10.1.16 10.1.16.300 1.2.3.4.5 10 0x0a010101 10.1.1.1.",
            "4", 'address: "*"', 4, "hosts.m1.address", "* may be taken for another address; write four numbers without zeros before them",
        ),
        *alike(["a..b", "x" * 64, "ü" * 60], "4", "address: *", 4, "hosts.m1.address", "is not a host name: each part between dots must have 1 to 63 characters"),
        *alike("0.0.0.0 255.255.255.255 224.0.0.1 ::", "4", 'address: "*"', 4, "hosts.m1.address", f"* {NO_MACHINE}"),
        *alike(
            "127.0.0.1 localhost",
            "4", "address: *", 4, "hosts.m1.address",
            "* is a loopback address, which other members can't reach; write the host's address among them as advertise_address",
        ),
        *alike(
            ["10.0.0", "10.0.0.300", "eth 0", "10.0.0.1:99999", "10.0.0.1:0", "10.0.0.1:abc", "eth0:", "[::1", "[10.0.0.1]", "]["],
            "5+", 'advertise_address: "*"', 6, "hosts.m1.advertise_address", "'*' should be an IP address or an interface of the host, such as 10.0.0.1 or eth0",
        ),
        *alike(
            "manager-one.example.com m1.example.com m1.lan:2377 m1",
            "5+", "advertise_address: *", 6, "hosts.m1.advertise_address", "* is a name, which Engines do not look up; write the host's IP address",
        ),
        *alike("fe80::1%eth0 fe80::1%$(id)", "5+", 'advertise_address: "*"', 6, "hosts.m1.advertise_address", "'*' should be an IP address or an interface of the host, such as 10.0.0.1 or eth0"),
        *alike("127.0.0.1 lo", "5+", "advertise_address: *", 6, "hosts.m1.advertise_address", "* is a loopback address; use one that other hosts can reach"),
        *alike("0.0.0.0 [::]:2377", "5+", 'advertise_address: "*"', 6, "hosts.m1.advertise_address", f"* {NO_MACHINE}"),
        ("5+", "data_path_address: 0.0.0.0", 6, "hosts.m1.data_path_address", f"0.0.0.0 {NO_MACHINE}"),
        ("5+", "data_path_address: 10.9.0.1:4789", 6, "hosts.m1.data_path_address", "'10.9.0.1:4789' should be an IP address or an interface of the host, without a port, such as 10.0.0.1 or eth0"),
        ("5+", "data_path_address: lo", 6, "hosts.m1.data_path_address", "…use one that other hosts can reach"),
        ("5+", "listen_address: 224.0.0.1:2377", 6, "hosts.m1.listen_address", f"224.0.0.1:2377 {NO_MACHINE}"),
        ("5+", "listen_address: m1.example.com:2377", 6, "hosts.m1.listen_address", "…write the host's IP address"),
        *alike(
            "$HOME/.ssh/id ${HOME}/.ssh/id /home/$USER/.ssh/id",
            "13+", "key_file: *", 14, "ssh.key_file", "contains a variable, which is not expanded; write the path itself, with ~ for your home",
        ),
        *alike(PASTED_KEYS, "13+", 'key_file: "*"', 14, "ssh.key_file", IS_A_KEY),
        *alike(PASTED_KEYS, "13+", 'known_hosts: "*"', 14, "ssh.known_hosts", IS_A_KEY),
        ("13+", "key_file: |\n  -----BEGIN PRIVATE KEY-----\n  MIIE", 14, "ssh.key_file", IS_A_KEY),
        ("13+", 'key_file: " "', 14, "ssh.key_file", "should be the path of a file"),
        *alike(
            ["ssh-ed25519 AAAA", "ssh-ed25519 ÄÄ", HOST_KEY[:-8], HOST_KEY.replace("-ed", "-Ed")],
            "13+", "host_key: *", 14, "ssh.host_key", "should be a public key that can be read, type and base64: ssh-ed25519 AAAA…",
        ),
        ("13+", "host_key: SHA256:abc", 14, "ssh.host_key", "should be a public key: ssh-ed25519 AAAA…"),
        ("13", "user: deploy team", 13, "ssh.user", "should be a login name"),
        *alike("None NONE", "13+", "bastion: *", 14, "ssh.bastion", "* would be a host of that name; write `none` for no bastion"),
        ("13+", "bastion: ssh://b1", 14, "ssh.bastion", "should be [user@]host[:port]"),
        ("13+", "bastion: b1:70000", 14, "ssh.bastion", "port 70000 should be 1 to 65535"),
        *alike("10.9.0.1 ann@10.9.0.1", "13+", "bastion: *", 3, "hosts.m1.bastion", "* is the host itself; write `bastion: none` there"),
    ],
    "a command that cannot be": [
        *(
            ("38+", f"swarmnet:prepare: [{{ name: docker, {command} }}]", 39, f"prepare[0]{key}", problem)
            for command, key, problem in (
                ("undo: x", ".run", "is required"),
                ("run: ' '", ".run", "is empty: write a command, or remove it"),
                ("run: echo -----BEGIN PRIVATE KEY-----", ".run", "holds a private key, which would be in the state: let the command read it where it runs"),
                ("run: x, when_changed: 2", ".when_changed", "is a number: write it in quotes"),
                ("run: x, environment: {}", ".environment", "is refused: the file and the state would hold it: let the command read it where it runs"),
            )
        ),
        ("38+", "swarmnet:prepare: [{ name: a/b, run: x }]", 39, "prepare[0].name", "'a/b' should be up to 63 letters, digits, '.', - and _"),
    ],
    "hosts and their order": [
        ("11", "unwatched: true", 31, "order[0][1]", "w2 is unwatched, so nothing is changed there; remove it"),
        ("11+", "unwatched: true", 9, "hosts.w2", "is unwatched, so mtu would have no effect: keep only address"),
        ("31", "swarmnet:order: [[w1, w3], [w2], [m1]]", 31, "order[0][1]", "w3 is not among hosts"),
        ("31", "swarmnet:order: [[w1, w2], [m1, w1]]", 31, "order[1][1]", "…list each host once"),
        ("31", "swarmnet:order: [[w1], [m1]]", 31, "order", "lacks w2; list each host once"),
        ("5", "role: worker", 15, "swarm", "needs a manager, and no host has role: manager"),
        ("16", "first_manager: w1", 16, "swarm.first_manager", "w1 is a worker; managers are m1"),
        ("16", "first_manager: m2", 16, "swarm.first_manager", "m2 is not among hosts; managers are m1"),
        ("5+", "lost: true", 16, "swarm", "needs a manager, and m1 is lost"),
    ],
    "packets that do not fit": [
        ("23", "mtu: 100", 23, "ingress.mtu", "…use 118 or more"),
        ("30+", "encrypted: true\nmtu: 120", 32, "overlays.data.mtu", "…use 144 or more"),
    ],
    "what Pulumi would pass over": [
        ("31", "^swarmnet:order: [[w1, w2], [m1]]", 32, "", GOES_ON),
        ("39!", "^swarmnet:timeouts: { node: 60 }", 39, "swarmnet:timeouts", PASSED_OVER),
        ("40+", "^swarmnet:overlays:\n^  web: { subnet: 10.64.40.0/24 }", 41, "swarmnet:overlays", PASSED_OVER),
        *alike("adopt swarmnet:order swarmet:adopt", "40+", "^*: [[m1]]", 41, "*", PASSED_OVER),
        *alike("Config configs", "40+", "^*: {}", 41, "*", f"{NO_KEY}; did you mean config?"),
        *alike("environments backend", "40+", "^*: [prod]", 41, "*", f"{NO_KEY}; move it into config, or remove it"),
        *alike("configuration Config", "1", "*:", 1, "*", f"{NO_KEY}; did you mean config?"),
        ("1", "settings:", 1, "settings", f"{NO_KEY}; move it into config, or remove it"),
        *alike(
            "swarmet swarmNet Swarmnet swarm swarm-net",
            "38", "*:adopt: identical", 38, "*:adopt", "is in the unknown namespace *; did you mean swarmnet:adopt?",
        ),
        ("38", "swarmnet: { adopt: identical }", 38, "swarmnet", "is not a section; write its keys as swarmnet:hosts and so on"),
        ("38", "swarmnet:adopt: identical\nadopt: refuse", 39, "adopt", "stands twice, as adopt and as swarmnet:adopt; keep one"),
        ("38", "adopt: refuse\nswarmnet:adopt: identical", 39, "adopt", "stands twice, as adopt and as swarmnet:adopt; keep one"),
        ("38", "swarmnet:adopt: identical\nswarmnet:adopt: refuse", 39, "", "the key swarmnet:adopt comes twice: keep one"),
        ("27", "subnet: 10.64.40.0/24", 27, "", "the key subnet comes twice: keep one"),
    ],
    "text that is no YAML": [
        *alike(["^\t", "\t"], "5", "*role: manager", 5, "", "tab in the indentation: write spaces"),
        *alike(["  role: manager", "role: manager: w1"], "5", "*", 5, "", COLON),
        *alike(["role manager", "role:manager"], "5", "*", 5, "", "no colon after the key: write `key: value`, with a space after the colon"),
        *alike(["^     role: manager", 'role: "manager" m1', "- role: manager"], "5", "*", 5, "", GOES_ON),
        ("34", "lan: 192.168.0.0/16", 34, "", GOES_ON),
        ("1", "%YAML 1.1\nconfig:", 2, "", GOES_ON),
        ("5", "role: {{ role }}", 5, "", "a key can't be a mapping or a list: put a template such as {{ x }} in quotes"),
        ("5", "role: 'manager", 5, "", "a quote that is not closed: write it at the end too"),
        *alike(["{ rack: a", "{ rack: a ssd: b }"], "8", "labels: *", 8, "", "a bracket that is not closed: write } at its end, and commas between"),
        ("17", "default_addr_pool: [10.66.0.0/16", 17, "", "a bracket that is not closed: write ] at its end, and commas between"),
        ("17", "default_addr_pool: 10.66.0.0/16]", 17, "swarm.default_addr_pool", f"is text: {LIST}"),
        ("20", "^<<<<<<< HEAD", 20, "", "unresolved git merge conflict: choose a side, and remove the conflict markers"),
        ("8", "labels: { rack: ] }", 8, "", "a value is missing here: write one, or remove the key"),
        *alike("int bool", "8", "labels: !!* rack", 8, "", "the value does not match its tag !!*: remove the tag"),
        ("8", "labels: { rack: \u0001 }", 8, "", "the character U+0001 is not allowed: remove it"),
        # In PyYAML's own words, which say enough.
        ("5", "role: @manager", 5, "", "found character '@' that cannot start any token"),
        ("5", "role: *manager", 5, "", "found undefined alias 'manager'"),
        ("5", "role: &x manager\navailability: &x active", 6, "", "…second occurrence"),
        ("5", "role: !manager x", 5, "", "could not determine a constructor for the tag '!manager'"),
        ("8", "labels: { <<: 3 }", 8, "", "expected a mapping or list of mappings for merging, but found scalar"),
        ("20", "^---", 20, "", "but found another document"),
    ],
}
# fmt: on
