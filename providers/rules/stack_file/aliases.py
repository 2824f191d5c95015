"""Words that people write in place of a key: of other tools and of Docker's own, by the key that they mean.

None of these is a key, and none stands for a key that a section does not have.
"""

import re
from collections.abc import Container

_WRITTEN = {
    # the whole file
    "hosts": "host nodes node machines servers inventory managers workers members",
    "ssh": "connection access login_settings sshd",
    "swarm": "cluster docker_swarm swarm_mode",
    "gwbridge": "docker_gwbridge gw_bridge bridge bridges gateway_bridge",
    "ingress": "routing_mesh mesh ingress_network",
    "overlays": "networks network nets overlay overlay_networks",
    "order": "waves sequence rollout host_order",
    "reserved": "reserve exclude excluded blocked forbidden used routes vpn lan avoid",
    "pools": "pool allocation allocate ipam",
    "connected_to": "connected connects_to connections peers reaches peered_with",
    "adopt": "adoption import takeover take_over existing",
    "timeouts": "timeout deadlines waits",
    "preflight": "precheck prechecks preflight_checks check_before",
    "doctor": "diagnosis diagnose health checks",
    # hosts and how they are reached
    "address": "host hostname host_name ip ip_address ipv4 addr ssh_host fqdn dns name endpoint public_ip private_ip "
    "ansible_host",
    "local": "localhost here this_machine",
    "role": "type kind node_role manager is_manager",
    "availability": "state status drain schedulable",
    "advertise_address": "advertise_addr advertise advertised_address",
    "listen_address": "listen_addr listen bind bind_address",
    "data_path_address": "data_path_addr data_path data_address vxlan_address",
    "lost": "dead gone failed force_remove",
    "unwatched": "unreachable unmanaged external foreign ignore ignored windows",
    "user": "username login ssh_user remote_user ansible_user",
    "port": "ssh_port ansible_port",
    "key_file": "key keyfile private_key private_key_file ssh_key ssh_key_file identity identity_file key_path",
    "known_hosts": "known_hosts_file user_known_hosts_file knownhosts",
    "host_key": "hostkey public_key fingerprint host_public_key",
    "sudo": "become use_sudo root privileged",
    "bastion": "jump jump_host jumphost proxy proxy_jump gateway proxy_command",
    "connect_timeout": "timeout ssh_timeout connection_timeout",
    # the swarm
    "first_manager": "leader init init_host first primary",
    "data_path_port": "port vxlan_port data_port",
    "default_addr_pool": "pool pools address_pool default_address_pool default_address_pools default_addr_pools subnet",
    "default_addr_pool_prefix": "prefix mask subnet_size default_addr_pool_mask_length default_address_pool_prefix",
    "autolock": "auto_lock locked autolock_managers",
    "task_history_limit": "history task_history task_history_retention_limit",
    "cert_expiry": "certificate_expiry node_cert_expiry cert_validity certificates ca",
    "dispatcher_heartbeat": "heartbeat heartbeat_period dispatcher dispatcher_heartbeat_period",
    "snapshot_interval": "snapshots raft snapshot_count",
    "keep_old_snapshots": "max_snapshots keep_snapshots old_snapshots",
    # networks
    "subnet": "subnets cidr range ip network net ipam address_range addresses ip_address",
    "ip_range": "ip_ranges iprange allocation_pool dhcp_range",
    "mtu": "com_docker_network_driver_mtu mtu_size max_mtu",
    "options": "driver_opts driver_options opts opt driver_opt",
    "labels": "label tags tag metadata node_labels annotations",
    "attachable": "attach attachment standalone",
    "internal": "private isolated no_internet",
    "encrypted": "encrypt encryption ipsec secure",
    "expect": "expected capacity size sizing",
    "on_in_use": "in_use migrate on_change",
    "on_remove": "on_delete on_destroy remove",
    "protect": "protected lock prevent_destroy deletion_protection",
    "retain": "retain_on_delete keep keep_on_delete",
    "disturb": "force allow_disturb interrupt allow_downtime",
    "lose_auto_removed": "auto_remove autoremove rm lose_auto_remove",
    "dynamic_ports": "ports published_ports renumber",
    "icc": "enable_icc inter_container_connectivity",
    "masquerade": "masq ip_masq ip_masquerade enable_ip_masquerade nat snat",
    "bridge_name": "bridge name interface device link",
    "gateway": "gw gateways default_gateway router",
    # findings
    "ignore": "ignored skip skipped mute accept accepted exclude allow",
    "id": "check finding name rule",
    "why": "reason because comment note",
    # pools, expectations
    "range": "subnet cidr from base network pool",
    "prefix": "size mask length prefix_length netmask subnet_size",
    "tasks": "containers replicas task",
    "services": "service vips",
}


def snake(key: str) -> str:
    """Return a key in lower case with `_` between its words: `advertiseAddress`, `advertise-address`,
    `ADVERTISE_ADDRESS`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", key)
    return re.sub("_+", "_", parted).strip("_").lower()


def meant(key: str, known: Container[str]) -> str | None:
    """Return the key of a section that another word means, or None if none is known."""
    plain = snake(key)
    if plain in known:
        return plain
    return next((name for name, words in _WRITTEN.items() if name in known and plain in words.split()), None)
