"""The toolchain: the two halves of `make setup`, what `make lab` adds for tests and the demo, and the demo itself.

`venv` comes first and runs on a bare Python: it, `console` and `lab.shell` import nothing but the standard library. All
else runs in the environment it makes. `language_host` and `resource_command` are programs of their own, started by
Pulumi.
"""
