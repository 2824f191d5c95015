"""The command line is put together once for all tests of it: that takes longer than much of what they ask it to do."""

from functools import cache

from typer import testing

testing._get_command = cache(testing._get_command)  # type: ignore[attr-defined]
