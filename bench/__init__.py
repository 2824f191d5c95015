"""`make bench`: how long things take on real hosts of the lab, as one table; with `--beside`, in two checkouts at once.

__main__.py    all parts; measuring.py: seconds of work, the table and where it is kept
jobs.py        whole jobs on many overlays and on many hosts, beside the floor: Pulumi with resources that do nothing
outage.py      how long ports are away while the ingress changes
memory.py      what memory the plugin takes
programs.py    a project, of a checkout or the floor's, whose commands are timed
"""
