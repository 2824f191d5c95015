"""All that subcommands print, and the files that they write."""

import ast
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.files import write
from cli.lines import as_shown, print_error, print_line
from providers.rules.vocabulary.errors import EngineError

CLI = Path(__file__).parents[2] / "cli"
# What prints words as they are, by its last name; `write` is also what a file is written by.
PRINTS = {"echo", "secho", "print", "Text", "writelines"}
# What a Console is given: what as_shown has made.
SAFE = {"line", "as_shown", "table", "matrix"}


def test_no_word_of_a_host_makes_a_line_or_is_obeyed(capsys):
    """A label, a name or an error that has a line break or an escape in it stays on the line that tells of it."""
    forged = "overlay a\x1b[2J\nnothing drifted: 12 resources are as recorded"
    print_line(forged)
    print_error(str(EngineError(forged)))

    said = capsys.readouterr()
    line = "overlay a [2J nothing drifted: 12 resources are as recorded"
    assert (line, line, line, "red") == (
        said.out.rstrip("\n"),
        said.err.rstrip("\n"),
        as_shown(forged).plain,
        as_shown("", style="red").style,
    )


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


@pytest.mark.parametrize(("mode", "before"), [(0o600, None), (0o644, "old")], ids=["a new file", "one that is there"])
def test_mode_of_what_is_written(tmp_path, mode, before):
    """A new file is its owner's, since it names hosts; a stack file is for all who read the repository."""
    path = tmp_path / "Pulumi.prod.yaml"
    if before:
        path.write_text(before)
        path.chmod(mode)
    write(path, "new")

    assert (mode, "new") == (stat.S_IMODE(path.stat().st_mode), path.read_text())


def test_where_writing_fails_the_old_file_stays(tmp_path):
    """Whole, and nothing beside it."""
    path = tmp_path / "map.html"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write(path, "half a character: \ud800")  # no text that can be written

    assert (["map.html"], "old") == ([each.name for each in tmp_path.iterdir()], path.read_text())


@pytest.mark.parametrize("actual", ["file", "link"])
def test_a_new_file_takes_nobodys_place(tmp_path, actual):
    """What somebody else made first stays, also a link that leads nowhere, and nothing is left beside it."""
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text("theirs") if actual == "file" else path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError, match=str(path)):
        write(path, "ours", new=True)

    assert (["Pulumi.prod.yaml"], actual == "link") == ([each.name for each in tmp_path.iterdir()], path.is_symlink())
    assert actual == "link" or "theirs" == path.read_text()


def test_a_link_is_written_through(tmp_path):
    """It stays one."""
    path = tmp_path / "map.html"
    path.symlink_to(tmp_path / "elsewhere")
    write(path, "ours")

    assert (True, "ours") == (path.is_symlink(), (tmp_path / "elsewhere").read_text())


def test_what_is_no_file_is_written_to():
    """Nothing takes the place of a device."""
    write(Path("/dev/null"), "x")

    assert Path("/dev/null").is_char_device()
