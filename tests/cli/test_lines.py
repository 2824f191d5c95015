"""All that subcommands print, in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

from cli.lines import as_shown

CLI = Path(__file__).parents[2] / "cli"
# What prints words as they are, by its last name; `write` is also what a file is written by.
PRINTS = {"echo", "secho", "print", "Text", "writelines"}
# What a Console is given: what as_shown has made.
SAFE = {"line", "as_shown", "table", "matrix"}


def test_a_terminal_does_not_obey_hosts():
    """Control characters in a host's name do not reach the terminal."""
    assert ("overlay a [2J", "red") == (as_shown("overlay a\x1b[2J", style="red").plain, as_shown("", "red").style)


def prints(path: Path) -> Iterator[str]:
    """The calls of a file that print what nobody has made safe."""
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func)
        given = {ast.unparse(each).partition("(")[0] for each in call.args}
        if name == "console.print" and given <= SAFE:
            continue
        if name.rpartition(".")[2] in PRINTS or name.startswith(("sys.stdout.write", "sys.stderr.write")):
            yield ast.unparse(call)


def test_nothing_else_prints():
    """No subcommand can forget to make its lines harmless."""
    assert {"lines.py"} == {path.name for path in CLI.glob("*.py") if [*prints(path)]}
