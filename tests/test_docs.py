"""README.md and docs/: commands, links, stack files and error messages are those of the code."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from providers.loop.reconcile import LATE
from providers.rules.plan import plan_of
from providers.rules.stack_file.reading import from_yaml
from providers.rules.vocabulary import errors as problems
from tests.support.command_line import swarmnet
from tests.support.stackfiles import SHIPPED

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What a comment refers to: `measurements.md#kicks, #sandbox`.
MEASURED = re.compile(r"measurements\.md(#[\w-]+(?:, #[\w-]+)*)")
SOURCES = [path for place in ("*.py", "[!.]*/**/*.py", "docs/**/*.md") for path in ROOT.glob(place)]
LINK = re.compile(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)")
# Programs whose own help lists subcommands and options.
PROGRAMS = ("pulumi", "swarmnet", "lab/hosts", "lab/vms")
MENTIONED = re.compile(rf"`((?:make|{'|'.join(PROGRAMS)}) [^`]+)`")
KINDS = [name for name, value in vars(problems).items() if isinstance(value, type)]


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in these languages."""
    return [text for language, text in FENCE.findall(page.read_text()) if language in languages]


def commands(*programs: str) -> list[str]:
    """Every command of these programs that a page shows or mentions, each once."""
    shown = {line for page in PAGES for text in blocks(page, "console", "text") for line in text.splitlines()}
    found = {line.removeprefix("$ ") for line in shown if line.startswith("$ ")}
    found |= {" ".join(words.split()) for page in PAGES for words in MENTIONED.findall(page.read_text())}
    return sorted(command for command in found if command.split()[0] in programs)


def errors() -> list[str]:
    """Every error that a page shows, without its kind."""
    lines = (line for page in PAGES for text in blocks(page, "text") for line in text.splitlines())
    return [line.partition(": ")[2] for line in lines if line.partition(": ")[0] in KINDS]


@cache
def help_of(*words: str) -> str:
    """Return a command's help."""
    if words[0] == "swarmnet":  # in this process, which is quicker
        return swarmnet(*words[1:], "--help").stdout
    return subprocess.run([*words, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@cache
def templates() -> list[tuple[str, str]]:
    """The longest run of words of every formatted text of the providers, by which most can be told apart, and the text
    with anything in the place of its values."""
    trees = (ast.parse(path.read_text()) for path in (ROOT / "providers").rglob("*.py"))
    texts = (node.values for tree in trees for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    words = ([str(part.value) if isinstance(part, ast.Constant) else "" for part in text] for text in texts)
    found = ((max(each, key=len, default=""), "".join(re.escape(part) or ".+" for part in each)) for each in words)
    return [(longest, pattern) for longest, pattern in found if len(longest) > 8]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """A link to a file of this project finds it, and the heading in it."""
    targets = [
        ((page.parent / path).resolve() if path else page, anchor) for path, anchor in LINK.findall(page.read_text())
    ]

    assert [] == [path for path, _ in targets if not path.exists()]
    assert [] == [anchor for path, anchor in targets if anchor and anchor not in anchors(path)]


def test_measurements_are_there():
    """Code and pages that refer to a measurement name one of its headings."""
    found = {each for path in SOURCES for names in MEASURED.findall(path.read_text()) for each in names.split(", ")}

    assert set() == {name.removeprefix("#") for name in found} - anchors(ROOT / "docs" / "dev" / "measurements.md")


@pytest.mark.parametrize("command", commands("make"))
def test_make_has_the_target(command):
    """Every target that a page tells to make is in the Makefile."""
    assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "command",
    [
        *commands(*PROGRAMS[1:]),
        *(pytest.param(each, marks=pytest.mark.whole) for each in commands("pulumi")),
    ],
)
def test_command_knows_its_options(command):
    """Subcommand and options of a command are in the program's help."""
    program, *words = command.split()
    subcommand = words[: 2 if words[0] == "stack" else 1]
    path = str(ROOT / program) if "/" in program else program

    assert [] == [word for word in words if word.startswith("--") and word not in help_of(path, *subcommand)]


@pytest.mark.parametrize("command", [each for each in commands("swarmnet") if each.startswith("swarmnet discover ")])
def test_discovered_file_is_none_that_comes_with_the_project(command):
    """`swarmnet discover` leaves a file alone that is there already."""
    assert ROOT / command.partition("--out ")[2].partition(" ")[0] not in SHIPPED.values()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_stack_files_have_no_problem(page):
    """A stack file that a page shows can be used."""
    shown = [text for text in blocks(page, "yaml") if text.startswith("config:")]

    for text in shown:
        plan_of(from_yaml(text.encode()), "swarmnet/docs")


@pytest.mark.parametrize("error", errors())
def test_errors_are_those_of_the_code(error):
    """An error that a page shows is one that the code can raise, word by word."""
    text = error.removesuffix(LATE)
    assert any(own in text and re.fullmatch(pattern, text) for own, pattern in templates()), error


def test_picture_fetches_nothing():
    """It would tell who reads the page."""
    assert "url(http" not in (ROOT / "docs" / "up.svg").read_text()
