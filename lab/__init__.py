"""Real Docker hosts on this machine, each in namespaces of its own, for trying things and for tests.

`hosts` is the command; it runs as root with any Python 3.11 and nothing but the standard library.

- `commands`: what `hosts` understands.
- `state`: which hosts run, in one folder of the machine, under one lock.
- `network`, `cgroups`, `filesystem`: a host's address and cable, its share of the machine, its files.
- `host`, `group`: one host from start to end, and several; what runs or is read inside are the `.sh` files.
- `engine_api`: what the lab asks of a host's Docker.
- `machine`, `engines`, `debian`, `moby`: what must be on the machine, and where Engines come from.
- `shell`: programs run here, and the one error of the lab.

Nothing here knows Swarmnet, and nothing of Swarmnet knows the lab.
"""
