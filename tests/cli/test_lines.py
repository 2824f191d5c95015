"""All that subcommands print, and the files that they write."""

import ast
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.files import write
from cli.lines import as_shown, complain, tell
from providers.rules.vocabulary.errors import EngineError

CLI = Path(__file__).parents[2] / "cli"
# What prints words as they are, by its last name; `write` is also what a file is written by.
PRINTS = {"echo", "secho", "print", "Text", "writelines"}
# What a Console is given: what as_shown has made.
SAFE = {"line", "as_shown", "table", "matrix"}


def test_a_terminal_does_not_obey_hosts():
    """Control characters in a host's name do not reach the terminal."""
    assert ("overlay a [2J", "red") == (
        as_shown("overlay a\x1b[2J", style="red").plain,
        as_shown("", style="red").style,
    )


FORGED = "overlay a\nnothing drifted: 12 resources are as recorded"


def test_no_word_of_a_host_makes_a_line(capsys):
    """A label, a name or an error that has a line break in it stays on the line that tells of it."""
    tell(FORGED)
    complain(str(EngineError(FORGED)))

    said = capsys.readouterr()
    assert [1, 1, 1] == [len(text.splitlines()) for text in (said.out, said.err, as_shown(FORGED).plain)]


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


LONE = "half a character: \ud800"  # no text that can be written


def test_a_new_file_is_its_owners(tmp_path):
    """It names hosts."""
    write(tmp_path / "facts.json", "{}")

    assert 0o600 == stat.S_IMODE((tmp_path / "facts.json").stat().st_mode)


def test_a_file_that_is_there_keeps_its_mode(tmp_path):
    """A stack file is for all who read the repository."""
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text("old")
    path.chmod(0o644)
    write(path, "new")

    assert (0o644, "new") == (stat.S_IMODE(path.stat().st_mode), path.read_text())


def test_where_writing_fails_the_old_file_stays(tmp_path):
    """Whole, and nothing beside it."""
    path = tmp_path / "map.html"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write(path, LONE)

    assert (["map.html"], "old") == ([each.name for each in tmp_path.iterdir()], path.read_text())


@pytest.mark.parametrize("there", ["file", "link"])
def test_a_new_file_takes_nobodys_place(tmp_path, there):
    """What somebody else made first stays, also a link that leads nowhere, and nothing is left beside it."""
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text("theirs") if there == "file" else path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError, match=str(path)):
        write(path, "ours", new=True)

    assert (["Pulumi.prod.yaml"], there == "link") == ([each.name for each in tmp_path.iterdir()], path.is_symlink())
    assert there == "link" or "theirs" == path.read_text()


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
