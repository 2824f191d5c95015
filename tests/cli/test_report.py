"""`swarmnet report`."""

import re
from datetime import UTC, datetime

import pytest

from providers.explain.report.page import MOST
from tests.recorded import FOLDER, markdown, preview
from tests.support.command_line import swarmnet

FACTS = '{"schema": 1, "stack": "%s", "taken_at": "%s", "hosts": {}, "networks": {}, "forecast": []}'


def report(*words, text=""):
    """Run the command."""
    return swarmnet("report", *map(str, words), text=text)


def test_a_file_is_reported_to_standard_output():
    """It is reported as Markdown, without any access to hosts."""
    assert (0, markdown("overlay-added").read_text()) == (
        (done := report(preview("overlay-added"))).exit_code,
        done.stdout,
    )


def test_standard_input_will_do():
    """`pulumi preview --json | swarmnet report` works."""
    text = preview("overlay-added").read_text()

    assert markdown("overlay-added").read_text() == report(text=text).stdout == report("-", text=text).stdout


def test_a_file_is_written(tmp_path):
    """Nothing else is printed."""
    done = report(preview("overlay-added"), "--out", tmp_path / "comment.md")

    assert (0, "") == (done.exit_code, done.output)
    assert markdown("overlay-added").read_text() == (tmp_path / "comment.md").read_text()


def test_a_preview_that_failed_is_reported():
    """The report is there for it; whether the job fails is for `pulumi preview` to say."""
    done = report(preview("host-unreachable"))

    assert (0, True) == (done.exit_code, "The preview fails with 1 problem" in done.stdout)


def test_facts_show_their_age(tmp_path):
    """Counted from now."""
    (tmp_path / "facts.json").write_text(FACTS % ("lab", datetime.now(UTC).isoformat()))
    done = report(preview("overlay-added"), "--facts", tmp_path / "facts.json")

    assert re.search(r"facts taken at \S+ \S+ UTC, \d minutes? before this report", done.stdout)


@pytest.mark.parametrize(
    ("complaint", "facts"),
    [
        ("facts of stack prod, but the preview is of lab: take facts of lab", FACTS % ("prod", "2026-11-24T04:00:00Z")),
        ("no facts of schema 1 as `swarmnet facts` writes them: ", "{}"),
    ],
    ids=["another stack", "no facts"],
)
def test_other_facts_are_refused(tmp_path, complaint, facts):
    """They are refused in one line that names the file."""
    (tmp_path / "facts.json").write_text(facts)
    done = report(preview("overlay-added"), "--facts", tmp_path / "facts.json")

    assert 1 == done.exit_code
    assert done.stderr.startswith(f"{tmp_path / 'facts.json'}: {complaint}")


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("/no/such/file: no such file or directory", ["/no/such/file"]),
        ("/no/such/file: no such file or directory", [preview("nothing"), "--out", "/no/such/file"]),
        ("/no/such/file: no such file or directory", [preview("nothing"), "--facts", "/no/such/file"]),
    ],
    ids=["no preview", "nowhere to write", "no facts"],
)
def test_what_can_not_be_read_is_one_line(complaint, words):
    """The line goes to stderr, with exit status 1 and nothing on stdout."""
    done = report(*words)

    assert (1, "", f"{complaint}\n") == (done.exit_code, done.stdout, done.stderr)


def test_an_empty_preview_is_said_in_the_comment():
    """It takes the place of what an earlier push left there; the exit status is 1 all the same."""
    done = report("-")

    why = "it is empty: `pulumi preview --json` ended before it began; its stderr says why"
    assert (1, f"-: {why}\n") == (done.exit_code, done.stderr)
    assert ["<!-- swarmnet report -->", "### Networks of `a stack`", "", f"**No preview: {why}.**"] == (
        done.stdout.splitlines()
    )


def test_stacks_share_one_comment(tmp_path):
    """Each with its own head, and with the facts that are its own."""
    staging, prod = (tmp_path / f"{name}.json" for name in ("staging", "prod"))
    for path in (staging, prod):
        text = preview("ingress-changed").read_text()
        path.write_text(text.replace(":lab::", f":{path.stem}::"))
    (tmp_path / "facts").write_text(FACTS % ("prod", "2026-11-24T04:00:00Z"))
    done = report(staging, prod, "--facts", tmp_path / "facts")

    first, second = done.stdout.split("### Networks of ")[1:]
    assert (0, True, True) == (done.exit_code, first.startswith("`staging`"), second.startswith("`prod`"))
    assert (False, True) == ("facts taken at" in first, "facts taken at" in second)


def test_all_stacks_fit_into_one_comment(tmp_path):
    """The comment has at most 60,000 characters, however large each preview is."""
    paths = [tmp_path / f"p{at}.json" for at in range(4)]
    for path in paths:
        path.write_text(preview("200-networks").read_text())

    assert MOST >= len(report(*paths).stdout)


def test_recorded_facts_are_of_this_format():
    """The format is published: what an older `swarmnet facts` wrote is still read."""
    done = report(preview("ingress-changed"), "--facts", FOLDER / "ingress-changed.facts.json")

    assert (0, True) == (done.exit_code, "`api` (8443/tcp, about 10 s)" in done.stdout)
