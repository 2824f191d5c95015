"""The two forms in which a stack's configuration arrives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.stack_file.reading import from_flat, from_yaml, read
from providers.rules.vocabulary.errors import StackFileError
from tests.support.tables import cases

TEXT = """
encryptionsalt: v1:abc
config:
  swarmnet:hosts:
    m1: {address: 10.0.0.1, role: manager}
  swarmnet:adopt: refuse
  swarmnet:order: [[m1]]
  other:hosts: 3
"""


@cases(
    "expected, text",
    {
        "ours alone": (
            {"hosts": {"m1": {"address": "10.0.0.1", "role": "manager"}}, "adopt": "refuse", "order": [["m1"]]},
            TEXT,
        ),
        "keys are text": ({"overlays": {"1": {"true": 1}}}, "config: {overlays: {1: {true: 1}}}"),
        "dates": ({"a": {"2026-01-01": "2026-01-01"}}, "config: {other:a: 2026-01-01, a: {2026-01-01: '2026-01-01'}}"),
        "merged": ({"a": {"b": 1}, "c": {"b": 1, "d": 2}}, "config:\n  a: &a {b: 1}\n  c: {<<: *a, d: 2}\n"),
        "no keys: empty text": ({"swarm": ""}, "config:\n  swarmnet:swarm:\n"),
        "JSON, as `up -c` leaves it": ({"order": [["m1"]]}, "config:\n  swarmnet:order: '[[\"m1\"]]'\n"),
        "no JSON": ({"adopt": "{refuse"}, "config:\n  swarmnet:adopt: '{refuse'\n"),
    },
)
def test_yaml_gives_our_keys_as_pulumi_hands_them_over(expected, text):
    """They come without their namespace; keys of others are not ours, nor are the dates there."""
    assert expected == from_yaml(text)


def test_both_forms_give_the_same():
    """Pulumi's form (objects as JSON, the rest as text) gives the same as the file."""
    raw = from_yaml(TEXT)
    flat = {f"swarmnet:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}

    assert raw == from_flat({**flat, "other:hosts": "3", "pulumi:tags": "{}"})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *((word, word) for word in ("yes", "Off", "12:30", "0x", "_1", "1e", "1e400", "12e5f", "10.0.0.1", "=")),
        ("2026-01-01-a", "2026-01-01-a"),
        ("08", 8),
        ("0777", 511),
        ("0o17", 15),
        ("-0o17", -15),
        ("0b11", 3),
        ("0x1f", 31),
        ("0X1F", 31),
        ("1_0", 10),
        ("12e5", 1200000),
        ("5e-1", 0.5),
        ("1500.0", 1500),
        (".5", 0.5),
        ("TRUE", True),
        ("~", None),
        ("", None),
        ('"1450"', "1450"),
    ],
)
def test_yaml_is_read_as_pulumi_reads_it(written, expected):
    """A plain word is the value that Pulumi's own parser makes of it."""
    assert {"a": {"b": expected}} == from_yaml(f"config:\n  a:\n    b: {written}\n")


@given(st.text(st.sampled_from("abc:{}[]&*<!|>-#'\"%@` \n\t\0é1.~?,"), max_size=40))
def test_any_text_gives_keys_or_lines(text):
    """No text ends in anything but keys or problems."""
    try:
        keys = list(from_yaml(f"config:\n  {text}"))
    except StackFileError as error:
        keys = error.problems

    assert all(isinstance(key, str) for key in keys)


@pytest.mark.parametrize("text", ["config: {hosts: &a {m1: *a}}", "config: {hosts: &a [*a]}"])
def test_alias_of_what_it_stands_in_is_left_for_the_model(text):
    """It has no end, and is counted once."""
    assert from_yaml(text)["hosts"]


@cases(
    "text, problem",
    {
        "no UTF-8": (b"config: {a: \xff}", "line 1, column 13: is not valid UTF-8: save the file as UTF-8"),
        "no config": (
            "a: 1\nhosts: {}",
            "line 1, column 1: a: unknown key outside config, which Pulumi silently ignores; "
            "move it into config, or remove it\n"
            "line 2, column 1: hosts: is outside config, so Pulumi silently ignores it: indent it under config",
        ),
        "twice": (
            "config: {hosts: {}, adopt: refuse, swarmnet:hosts: {}}",
            "hosts: stands twice, as hosts and as swarmnet:hosts; keep one",
        ),
        "half a character": (
            'config: {"ov\\ud800": {}, adopt: "\\udfff"}',
            "ov\\ud800: contains an unpaired surrogate, such as \\ud800; write the whole character\n"
            "adopt: contains an unpaired surrogate, such as \\ud800; write the whole character",
        ),
        "deep": (f"config: {{reserved: {'[' * 50}{']' * 50}}}", "reserved: is nested more deeply than any section"),
        "bottomless": (
            "config: {reserved: " + "[\n" * 2000 + "]" * 2000 + "}",
            "config: is nested more deeply than any section",
        ),
        "empty": ("", "config: is required: the mapping that holds swarmnet:hosts and the other keys"),
    },
)
def test_yaml_that_is_no_stack_file(text, problem):
    """YAML that can't be read is a problem with its line."""
    with pytest.raises(StackFileError) as caught:
        from_yaml(text)

    assert problem == "\n".join(caught.value.problems)


def test_what_others_read_is_no_problem():
    """Keys of other namespaces, and those that Pulumi itself keeps beside `config`."""
    text = "config: {hosts: {}, app:hosts: {}, swarmnet:order: []}\nencryptionsalt: x\nenvironment: [a]"

    assert () == read(text).problems


@cases(
    "text, raw, problems",
    {
        "ours": ("config: {swarmnet:adopt: refuse}", {"adopt": "refuse"}, []),
        "both": ("config: {adopt: x, swarmnet:adopt: refuse}", {"adopt": "refuse"}, []),
        "the project's": (
            "config: {adopt: refuse}",
            {},
            ["adopt: is in the unknown namespace nets; did you mean swarmnet:adopt?"],
        ),
    },
)
def test_key_without_a_namespace_is_the_projects(text, raw, problems):
    """It is none of ours in a project of another name, and no second one of ours."""
    written = read(text, "nets")

    assert (raw, problems) == (written.raw, list(written.problems))


@pytest.mark.parametrize(("expected", "text"), [(False, ""), (False, "environment:\n"), (True, "environment: [a]\n")])
def test_environments_may_hold_more(expected, text):
    """A file that names one is not all there is of the stack."""
    assert expected == read(f"{text}config: {{adopt: refuse}}").imports


def test_every_key_has_its_place():
    """Keys by their path, items of lists by their number; what is named in two places stands in the first."""
    text = "config:\n  swarmnet:hosts:\n    m1: &m\n      local: true\n    m2: *m\n  order: [a,\n    {b: c}]\n"

    assert {
        "": (1, 1),
        "hosts": (2, 3),
        "hosts.m1": (3, 5),
        "hosts.m1.local": (4, 7),
        "hosts.m2": (5, 5),
        "order": (6, 3),
        "order[0]": (6, 11),
        "order[1]": (7, 5),
        "order[1].b": (7, 6),
    } == read(text).keys


def doubled(times):
    """Merge keys, each of which has the one before twice."""
    more = (f"  x{at + 1}: &x{at + 1}\n    <<: [*x{at}, *x{at}]\n" for at in range(times))
    return "config:\n  x0: &x0 {a: 1, b: 2, c: 3}\n" + "".join(more)


def laughing(times):
    """Lists, each of which has the one before nine times."""
    more = (f"  x{at + 1}: &x{at + 1} [{', '.join([f'*x{at}'] * 9)}]\n" for at in range(times))
    return "config:\n  x0: &x0 [a, b, c]\n" + "".join(more)


@cases("text", {"merge keys": doubled(100), "lists": laughing(100)})
def test_aliases_that_grow_without_end(text):
    """A few lines that no machine could hold."""
    words = r"^line \d+, column \d+: with its aliases it has more than 200,000 keys and values$"
    with pytest.raises(StackFileError, match=words):
        from_yaml(text)


def test_aliases_of_many_hosts():
    """A thousand that share a dozen settings."""
    shared = ", ".join(f"key{at}: {at}" for at in range(12))
    hosts = "".join(f"    h{at}: {{<<: *usual, address: 10.0.0.1}}\n" for at in range(1000))
    text = f"config:\n  x: &usual {{{shared}}}\n  swarmnet:hosts:\n{hosts}"

    assert 1000 == len(from_yaml(text)["hosts"])
