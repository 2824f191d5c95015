"""Real Docker hosts on this machine, each in namespaces of its own, for trying things and for tests.

`hosts` is the command; it runs as root with any Python 3.11 and nothing but the standard library.

- `commands`: what `hosts` understands.
- `state`: which hosts run, in one folder of the machine, under one lock.
- `network`, `cgroups`, `filesystem`: a host's address and cable, its place in the machine's accounting, its files.
- `host`: one host from start to end; `boot.sh` and `init.sh` are its first process.
- `engine_api`: what the lab asks of a host's Docker.
- `machine`, `engines`, `debian`, `moby`: what must be on the machine, and where each Engine's programs come from.
- `shell`: programs run here, and the one error of the lab.

Nothing here knows Swarmnet, and nothing of Swarmnet knows the lab.
"""
