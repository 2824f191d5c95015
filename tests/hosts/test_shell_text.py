"""No text of a file, a state or a host becomes text of a shell: what runs is fixed, and the rest are its words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [path for folder in ("providers", "cli") for path in sorted((ROOT / folder).rglob("*.py"))]
# A module without any of these words runs no shell.
SHELL = re.compile(r"\bsh\b|\b(exec_command|shell|system|popen)\b")


def is_fixed(text: ast.expr) -> bool:
    """Tell whether only constants are in an expression, by the names of its parts."""
    return all(part.id.isupper() for part in ast.walk(text) if isinstance(part, ast.Name))


def is_quoted(text: ast.expr) -> bool:
    """Tell whether it is `shlex.join(...)`."""
    return isinstance(text, ast.Call) and ast.unparse(text.func) == "shlex.join"


def loose(code: ast.AST) -> Iterator[str]:
    """What a shell would read that is not fixed."""
    for part in ast.walk(code):
        match part:
            case ast.Tuple(elts=[ast.Constant(value="sh"), ast.Constant(value="-c"), text, *_]) if not is_fixed(text):
                yield ast.unparse(part)
            case ast.List(elts=[ast.Constant(value="sh"), ast.Constant(value="-c"), text, *_]) if not is_fixed(text):
                yield ast.unparse(part)
            case ast.Call(func=ast.Attribute(attr="exec_command"), args=[text]) if not is_quoted(text):
                yield ast.unparse(part)
            case ast.keyword(arg="shell") | ast.Attribute(attr="system" | "popen"):
                yield ast.unparse(part)


def test_what_a_shell_reads_is_fixed():
    """All modules of the program; a script on stdin is made in one place, which quotes its words."""
    code = {path: ast.parse(text) for path in PROGRAM if SHELL.search(text := path.read_text())}
    on_stdin = [path.stem for path, tree in code.items() if any(is_stdin(part) for part in ast.walk(tree))]

    assert [] == [line for tree in code.values() for line in loose(tree)]
    assert ["look"] == on_stdin


def is_stdin(part: ast.AST) -> bool:
    """Tell whether a shell reads its stdin."""
    return isinstance(part, ast.Tuple) and [getattr(each, "value", "") for each in part.elts] == ["sh", "-s"]


def test_lint_finds_each_way():
    """Interpolated, concatenated, unquoted, and through the system's shell."""
    ways = (
        'run(("sh", "-c", f"cat {name}"))',
        'run(["sh", "-c", "cat " + name])',
        'run(("sh", "-c", text))',
        "channel.exec_command(text)",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
    )

    assert [1] * len(ways) == [len([*loose(ast.parse(way))]) for way in ways]
