"""Changes under running services: ports off and back, the ingress on every host, a bridge swapped under a member,
services moved between overlays, Engines restarted, the quorum kept."""
