"""I/O with hosts, by Engine object and never by resource type: what a bridge or an ingress means is known in rules/."""
