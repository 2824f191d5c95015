"""`make bench`: `pulumi up` against a shell script, on real hosts of the lab.

From bare hosts to the stack, and how long ports are away while the ingress changes.

by_hand.sh     the script
contenders.py  the ways of doing it, each run once on hosts that are bare again
witness.py     what the hosts themselves count: Engine requests and SSH connections
outage.py      an ingress change on each Engine, beside what the Engine itself needs at least
__main__.py    rounds, medians, tables
"""
