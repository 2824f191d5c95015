"""`swarmnet report`."""

import re
from datetime import UTC, datetime

import pytest

from providers.explain.report.page import MOST
from tests.recorded import markdown, preview
from tests.support.command_line import swarmnet

FACTS = '{"schema": 1, "stack": "%s", "taken_at": "%s", "hosts": {}, "networks": {}, "forecast": []}'


def report(*words, text=""):
    """Run the command."""
    return swarmnet("report", *map(str, words), text=text)


ADDED = preview("overlay-added")


@pytest.mark.parametrize(
    ("name", "words", "text"),
    [
        ("overlay-added", [ADDED], ""),
        ("overlay-added", [], ADDED.read_text()),
        ("overlay-added", ["-"], ADDED.read_text()),
        ("host-unreachable", [preview("host-unreachable")], ""),
    ],
    ids=["a file", "standard input", "its name", "a preview that failed"],
)
def test_report_goes_to_standard_output(name, words, text):
    """It is Markdown, without any access to hosts; `pulumi preview --json | swarmnet report` works. Whether the job
    fails is for `pulumi preview` to say."""
    done = report(*words, text=text)

    assert (0, markdown(name).read_text()) == (done.exit_code, done.stdout)


def test_a_file_is_written(tmp_path):
    """Nothing else is printed."""
    done = report(ADDED, "--out", tmp_path / "comment.md")

    assert (0, "") == (done.exit_code, done.output)
    assert markdown("overlay-added").read_text() == (tmp_path / "comment.md").read_text()


def test_facts_show_their_age(tmp_path):
    """Counted from now."""
    (tmp_path / "facts.json").write_text(FACTS % ("lab", datetime.now(UTC).isoformat()))
    done = report(ADDED, "--facts", tmp_path / "facts.json")

    assert re.search(r"facts taken at \S+ \S+ UTC, 0 hours before this report", done.stdout)


NOTHING = preview("nothing")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", "/no/such: no such file or directory", "/no/such"),
        ("", "/no/such: no such file or directory", f"{NOTHING} --out /no/such"),
        ("", "/no/such: no such file or directory", f"{NOTHING} --facts /no/such"),
        (
            FACTS % ("prod", "2026-11-24T04:00:00Z"),
            "{}: facts of stack prod, but stacks are lab: leave this file out",
            f"{ADDED} --facts {{}}",
        ),
        ("{}", "{}: not facts of schema 1 as `swarmnet facts` writes them: ", f"{ADDED} --facts {{}}"),
        ("no", "{}: not what `pulumi preview --json` writes: it: invalid json", f"{ADDED} {{}}"),
    ],
    ids=["no preview", "nowhere to write", "no facts", "facts of another stack", "other facts", "other than a preview"],
)
def test_what_can_not_be_read_is_one_line(tmp_path, text, line, words):
    """The line names the file on stderr, with exit status 1 and nothing on stdout, whatever else could be read."""
    given = tmp_path / "given"
    given.write_text(text)
    done, line = report(*words.format(given).split()), line.format(given)

    assert (1, "", 1) == (done.exit_code, done.stdout, len(done.stderr.splitlines()))
    assert line == done.stderr[: len(line)]


def test_an_empty_preview_is_said_in_the_comment(tmp_path):
    """It takes the place of what an earlier push left there; the exit status is 1 all the same."""
    done = report("-", "--out", tmp_path / "comment.md")

    why = "it is empty: `pulumi preview --json` ended before it began; its stderr says why"
    assert (1, f"-: {why}\n") == (done.exit_code, done.stderr)
    assert ["<!-- swarmnet report -->", "### Networks of `a stack`", "", f"**No preview: {why}.**"] == (
        (tmp_path / "comment.md").read_text().splitlines()
    )


def test_stacks_share_one_comment(tmp_path):
    """Each with its own head, and with the facts that are its own."""
    staging, prod = (tmp_path / f"{name}.json" for name in ("staging", "prod"))
    for path in (staging, prod):
        text = preview("ingress-changed").read_text()
        path.write_text(text.replace(":lab::", f":{path.stem}::"))
    (tmp_path / "facts").write_text(FACTS % ("prod", "2026-11-24T04:00:00Z"))
    done = report(staging, prod, "--facts", tmp_path / "facts")

    first, second = done.stdout.split("\n### Networks of ")[1:]
    assert (0, True, True) == (done.exit_code, first.startswith("`staging`"), second.startswith("`prod`"))
    assert (False, True) == ("facts taken at" in first, "facts taken at" in second)


def test_all_stacks_fit_into_one_comment(tmp_path):
    """The comment has at most 60,000 characters, however large each preview is."""
    paths = [tmp_path / f"p{at}.json" for at in range(4)]
    for path in paths:
        path.write_text(preview("200-networks").read_text())

    assert MOST >= len(report(*paths).stdout)
