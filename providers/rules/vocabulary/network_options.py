"""The Engine's names for networks and their driver options, and how it reads their values.

https://docs.docker.com/reference/cli/docker/network/create/#bridge-driver-options
"""

GATEWAY_BRIDGE = "docker_gwbridge"

MTU = "com.docker.network.driver.mtu"

# Of bridges.
BRIDGE_NAME = "com.docker.network.bridge.name"
ICC = "com.docker.network.bridge.enable_icc"
MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"

# Of overlays.
ENCRYPTED = "encrypted"
VNI = "com.docker.network.driver.overlay.vxlanid_list"  # given by the swarm

# What Go's strconv.ParseBool takes for false; anything else that the Engine let in is true.
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
