"""`make bench`: `pulumi up` from bare hosts against a shell script that does the same, on real hosts of the lab.

by_hand.sh     the script
contenders.py  the ways of doing it, each run once on hosts that are bare again
witness.py     what the hosts themselves count: Engine requests and SSH connections
__main__.py    rounds, medians, tables
"""
