"""The one idea: look, decide, act, look again; and the same on a simulated copy of the hosts."""
