"""Packets from host to host: a small program on each, and what it is asked."""
