"""Finds what keeps a swarm's network from working and no plan can know: what must be open, and what hosts show.

Words for people are in explain; reading hosts is in hosts.
"""
