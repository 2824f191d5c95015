"""The toolchain: what `make setup` runs before anything is installed, and Pulumi's stand-in language host.

Everything `tools.setup` imports must run on a bare Python 3.11: standard library only. The exception is
`language_host`, which is started from the finished virtual environment.
"""
