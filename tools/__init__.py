"""The toolchain: the two halves of `make setup`, what `make lab` adds for tests and the demo, and the demo itself.

`venv` comes first and runs on a bare Python: it and `console` import nothing but the standard library. All else runs
in the environment it makes. `language_host` is a program of its own, started by Pulumi.
"""
