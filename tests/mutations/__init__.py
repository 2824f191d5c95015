"""Faults put into the code one at a time, to see that a test finds each: `python -m tests.mutations`.

`mutations.json` has for each its file, a text that stands there once, and what takes its place. Half of them were
chosen, at least two for each wing; half were drawn by `python -m tests.mutations draw SEED`.
"""
