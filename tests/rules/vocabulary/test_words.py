"""Words that others wrote, made safe to show."""

import json
from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.vocabulary.errors import EngineError, StackFileError
from providers.rules.vocabulary.words import HIDDEN, INVISIBLE, data, line, lines, some, without_secrets

TOKEN, KEY = "SWMTKN-1-3pu6hszjas19xyp7-1234", "SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8"


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("web", "web"),
        ("a b", "a\x1b\x07b"),
        ("up down", "up\ndown"),
        ("a b", "a\u202eb"),
        ("a b", "a\ud800b"),
        # Letters of any script stay, and so do addresses and headings.
        *((text, text) for text in ("Größe", "a::b", "fd00::1", "## heading", "#12", "[x]")),
    ],
)
def test_what_a_terminal_would_obey_is_left_out(expected, text):
    """A line stays one."""
    assert expected == line(text)


@pytest.mark.parametrize(
    "text",
    ["::error::x", "  ::add-mask::x", ":::x::", "##[error]x", "a ##[add-mask]x", "##vso[task.complete]", "###[x]"],
)
def test_no_log_obeys(text):
    """Commands to a log are made harmless at the start of a line or in it, in one line or several."""
    for said in (line(text), *lines(["problem", text]).split("\n"), *data([text]).split("\n")):
        assert not said.lstrip().startswith("::")
        assert "##[" not in said
        assert "##vso[" not in said


@given(st.text(st.characters(codec=None)))
def test_any_text_is_one_line(text):
    """It is one line whatever it holds, and stays so."""
    said = line(text)

    assert not INVISIBLE.search(said)
    assert said == line(said)


@pytest.mark.parametrize("text", [TOKEN, KEY, f"join with {TOKEN}: refused", f'{{"JoinToken": "{KEY}"}}'])
def test_no_error_and_no_data_holds_a_secret(text):
    """None does, whoever put it there."""
    shown = [
        str(EngineError(text)),
        *StackFileError([text]).problems,
        str(StackFileError([text])),
        data({text: [text]}),
    ]

    assert [] == [each for each in shown if TOKEN in each or KEY in each]


LOGIN = b64encode(b"ann:hunter2-hunter2").decode()
HEADER = urlsafe_b64encode(b'{"username":"ann","password":"hunter2","serveraddress":"r.example?>"}').decode()


@pytest.mark.parametrize("secret", [LOGIN, LOGIN.rstrip("="), HEADER, f"{HEADER[:-2]}=="])
@pytest.mark.parametrize(
    "text",
    [
        "X-Registry-Auth: {}",
        "x-registry-config:{}",
        "Authorization: Basic {}",
        "unauthorized ({})",
        "{}",
        "key={}:",
        '{{"auths": {{"r.example": {{"auth": "{}"}}}}}}',
        '"{{\\"auth\\":\\"{}\\"}}"',
        "auth='{}'",
        '{{"identitytoken":"{}"}}',
    ],
)
def test_no_error_holds_a_login_of_a_registry(text, secret):
    """None does, as Docker's headers and files have it, or as base64 alone."""
    said = str(EngineError(f"m1: {text.format(secret)}"))

    assert HIDDEN in said
    assert secret.rstrip("=")[:12] not in said


@pytest.mark.parametrize(
    "text",
    [
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "node 2xtpw8yqz5d0gkq4hhb1ytmgd of /var/lib/docker/overlay2 is not ready",
        f"no basic auth credentials for {b64encode(b'only words of somebody').decode()}",
    ],
)
def test_what_looks_like_one_stays(text):
    """Digests, ids, paths, and base64 in which there is no login."""
    assert text == str(EngineError(text))


def test_no_error_holds_what_a_terminal_obeys():
    """None does, whatever the Engine said."""
    assert "m1:  [2J" == str(EngineError("m1: \x1b[2J"))


def test_data_is_data():
    """It is in ASCII, as it was given."""
    given_ = {"a##[b": ["ö\u202e", 1, None, True, ("x",)]}

    assert {"a##[b": ["ö\u202e", 1, None, True, ["x"]]} == json.loads(data(given_))
    assert data(given_).isascii()


@pytest.mark.parametrize(
    "part",
    [
        *("://", "://@", "x://a", "ssh://:", "@"),
        *("SWMTKN-", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----"),
        *("token=", 'token="', "token: ", "bearer ", "token\\\\", "auth", "x-registry-", "YTpi", "A" * 15 + " "),
    ],
)
def test_the_time_goes_with_the_length(part):
    """Ten thousand repetitions would take minutes if each looked at all that follows."""
    assert isinstance(without_secrets(part * 10_000 + HIDDEN), str)


@pytest.mark.parametrize(
    ("names", "expected"),
    [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("abcdef", "a, b, c and 3 more")],
)
def test_list_names_three_at_most(names, expected):
    """Of more than three names a line has the first and their number."""
    assert expected == some(names)
