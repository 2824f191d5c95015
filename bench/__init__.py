"""`make bench`: what is promised of speed, measured on real hosts of the lab, as one table.

__main__.py    all parts; measuring.py and report.py: rows, what they promise, the table and where it is kept
jobs.py        each job on 100 and 1,000 overlays beside the floor: Pulumi with as many resources that do nothing
allowance.py   what is no fault of ours, measured in the same run
terraform.py   Terraform's docker provider on the same overlays
contenders.py  from bare hosts to the stack beside by_hand.sh, a shell script
services.py    what reading costs beside hundreds of services
counts.py      connections and requests, counted by the hosts (witness.py)
many_hosts.py  twelve and fifty hosts, over slow links (links.py), and the plugin's memory (memory.py)
outage.py      a change of the ingress beside what the Engine itself needs at least
doctor.py      `swarmnet doctor`
programs.py    a project, ours or the floor's, whose commands are timed; api.py: a manager's API without us
"""
