"""Real Docker hosts on this machine, each in namespaces of its own, for trying things and for tests.

`hosts` is the command; it runs as root with any Python 3.11 and nothing but the standard library.

- `network`: addresses, the bridge, each host's cable.
- `engines`, `packages`: where each Engine's programs come from.
- `filesystem`: what a host's own copy of the root differs in.
- `host`: one host from start to end; `boot.sh` and `init.sh` are its first processes.
- `state`: what runs now, in one folder of the machine, under one lock.

Nothing here knows Swarmnet, and nothing of Swarmnet knows the lab.
"""
