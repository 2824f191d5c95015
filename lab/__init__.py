"""Real Docker hosts on this machine, for trying things and for tests: in namespaces, or virtual machines.

`hosts` and `vms` are the commands; they run as root with any Python 3.11 and nothing but the standard library.

- `commands`, `vm_commands`: what they understand.
- `state`: which hosts run, in one folder of the machine, under one lock.
- `access`: keys, and the way in by ssh.
- `network`, `cgroups`, `filesystem`: a host's address and cable, its share of the machine, its files.
- `host`, `group`: one host from start to end, and several; what runs or is read inside are the `.sh` files.
- `vm`, `vm_image`: one virtual machine, and what all of them start from.
- `engine_api`: what the lab asks of a host's Docker.
- `machine`, `engines`, `debian`, `moby`: what must be on the machine, and where Engines come from.
- `shell`: programs run here, and the one error of the lab.

Nothing here knows Swarmnet, and nothing of Swarmnet knows the lab.
"""
