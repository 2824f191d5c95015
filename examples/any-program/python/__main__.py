import pulumi
import pulumi_swarmnet as swarmnet
from pulumi_command import local

# In place of what makes your machines: anything that has their addresses among its outputs.
m1 = local.Command("m1", create="echo 192.0.2.11")
w1 = local.Command("w1", create="echo 192.0.2.12")

networks = swarmnet.Networks(
    "networks",
    ssh={"user": "root"},
    hosts={"m1": {"address": m1.stdout, "role": "manager"}, "w1": {"address": w1.stdout}},
    swarm={},
    gwbridge={"subnet": "10.230.0.0/20"},
    ingress={"subnet": "10.233.0.0/20"},
    overlays={"app": {"subnet": "10.234.0.0/24"}},
)
pulumi.export("compose", networks.compose)  # for Compose files
pulumi.export("swarmnet", networks.swarmnet)  # for programs that deploy apps
