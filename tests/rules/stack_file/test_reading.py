"""The two forms in which a stack's configuration arrives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.checks.whole_file import verdict
from providers.rules.stack_file.reading import from_flat, from_yaml
from providers.rules.vocabulary.errors import StackFileError

TEXT = """
encryptionsalt: v1:abc
config:
  swarmnet:hosts:
    m1: {address: 10.0.0.1, role: manager}
  swarmnet:adopt: refuse
  swarmnet:order: [[m1]]
  other:hosts: 3
"""


def test_yaml_gives_our_keys_without_their_namespace():
    """Keys of other namespaces are not ours."""
    expected = {"hosts": {"m1": {"address": "10.0.0.1", "role": "manager"}}, "adopt": "refuse", "order": [["m1"]]}

    assert expected == from_yaml(TEXT)


def test_key_without_namespace_is_the_projects():
    """Pulumi puts a key without a namespace into that of the project."""
    assert {"adopt": "refuse"} == from_yaml("config: {adopt: refuse}")


def test_both_forms_give_the_same():
    """What Pulumi hands over, objects as JSON and the rest as text, is what the file says."""
    raw = from_yaml(TEXT)
    flat = {f"swarmnet:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}

    assert raw == from_flat({**flat, "other:hosts": "3", "pulumi:tags": "{}"})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("yes", "yes"),
        ("Off", "Off"),
        ("12:30", "12:30"),
        ("08", 8),
        ("0777", 511),
        ("0o17", 15),
        ("0b11", 3),
        ("0X1F", 31),
        ("0x", "0x"),
        ("1_0", 10),
        ("_1", "_1"),
        ("12e5", 1200000),
        ("5e-1", 0.5),
        ("1e", "1e"),
        ("1e400", "1e400"),
        ("12e5f", "12e5f"),
        ("-0o17", -15),
        (".5", 0.5),
        ("1500.0", 1500),
        ("10.0.0.1", "10.0.0.1"),
        ("2026-01-01-a", "2026-01-01-a"),
        ("=", "="),
        ("TRUE", True),
        ("1450", 1450),
        ("-3", -3),
        ("0x1f", 31),
        ("1.5", 1.5),
        ("~", None),
        ("", None),
        ('"1450"', "1450"),
    ],
)
def test_yaml_is_read_as_pulumi_reads_it(written, expected):
    """A plain word is the value that Pulumi's own parser makes of it."""
    assert {"a": {"b": expected}} == from_yaml(f"config:\n  a:\n    b: {written}\n")


@pytest.mark.parametrize("date", ["2026-01-01", "2026-1-1", "2026-01-01 10:00:00", "2026-01-01T10:00:00Z"])
def test_date_is_told(date):
    """Pulumi would hand over another text than the one that stands there; nothing else is hidden by it."""
    found = verdict(from_yaml(f"config: {{hosts: {{m1: {{local: true, labels: {{x: {date}}}}}}}, order: []}}"), "a")

    assert [
        f'hosts.m1.labels.x: {date} is a date, of which Pulumi would make another text: write "{date}"',
        "order: lacks m1; each host has one place",
    ] == found.problems


@pytest.mark.parametrize("written", ["7", "0777", "1.10", "12e5", "1_0", "0x1f"])
def test_number_in_place_of_text_is_shown_as_it_stands(written):
    """Whoever puts quotes around it has what was meant."""
    raw = from_yaml(f"config: {{hosts: {{m1: {{local: true, labels: {{x: {written}}}}}}}}}")

    assert [f'hosts.m1.labels.x: {written} is a number: write "{written}"'] == verdict(raw, "a").problems


def test_date_elsewhere_is_nobodys_business():
    """In quotes, as a key and in other namespaces it is as Pulumi says."""
    assert {"a": {"2026-01-01": "2026-01-01"}} == from_yaml(
        "config: {other:a: 2026-01-01, a: {2026-01-01: '2026-01-01'}}"
    )


def test_keys_are_text():
    """Names such as 1 and true are text, as Pulumi makes them."""
    assert {"overlays": {"1": {"true": 1}}} == from_yaml("config: {overlays: {1: {true: 1}}}")


def test_merged_mapping_is_taken_in():
    """A mapping may be written once and taken into others."""
    text = "config:\n  a: &a {b: 1}\n  c: {<<: *a, d: 2}\n"

    assert {"a": {"b": 1}, "c": {"b": 1, "d": 2}} == from_yaml(text)


@given(st.text(st.sampled_from("abc:{}[]&*<!|>-#'\"%@` \n\t\0é1.~?,"), max_size=40))
def test_any_text_gives_keys_or_lines(text):
    """No text ends in anything but keys or problems."""
    try:
        keys = list(from_yaml(f"config:\n  {text}"))
    except StackFileError as error:
        keys = error.problems

    assert all(isinstance(key, str) for key in keys)


def test_section_without_keys_is_empty_text():
    """Pulumi hands over a key without a value as empty text."""
    assert {"swarm": ""} == from_yaml("config:\n  swarmnet:swarm:\n")


def test_mapping_that_holds_itself_is_left_for_the_model():
    """What stands for itself comes to an end all the same."""
    assert from_yaml("config: {hosts: &a {m1: *a}}")["hosts"]


def test_json_in_yaml_is_what_it_says():
    """`pulumi up -c` leaves JSON text in the file, which Pulumi takes for the object."""
    assert {"order": [["m1"]]} == from_yaml("config:\n  swarmnet:order: '[[\"m1\"]]'\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "config:\n  swarmnet:hosts:\n    m1: {local: true}\n    m1: {local: true}\n",
            "line 4: the key m1 comes twice",
            id="host twice",
        ),
        pytest.param(
            "config: {hosts: {}, adopt: refuse, swarmnet:hosts: {}}",
            "hosts: stands twice, as hosts and as swarmnet:hosts; keep one",
            id="with and without namespace",
        ),
        pytest.param(b"config: {a: \xff}", "character 13: invalid start byte", id="no UTF-8"),
        pytest.param("config: {a: \0}", "character 13: special characters are not allowed", id="control character"),
        pytest.param(
            "config:\n  a: !!int x", "line 2: the value is not what its tag says: tag:yaml.org,2002:int", id="wrong tag"
        ),
        pytest.param(
            "config:\n  a: !!bool x",
            "line 2: the value is not what its tag says: tag:yaml.org,2002:bool",
            id="no truth",
        ),
        pytest.param("config: {a: [}", "line 1: expected the node content, but found '}'", id="no YAML"),
        pytest.param(
            "hosts: {}",
            "config: is required: the mapping that holds swarmnet:hosts and the other keys",
            id="no config",
        ),
        pytest.param(
            'config: {"ov\\ud800": {}, adopt: "\\udfff"}',
            "ov\\ud800: has half a character in it, such as \\ud800; write the whole one\n"
            "adopt: has half a character in it, such as \\ud800; write the whole one",
            id="half a character",
        ),
        pytest.param(
            f"config: {{reserved: {'[' * 50}{']' * 50}}}",
            "reserved: is nested more deeply than any section",
            id="deep",
        ),
        pytest.param(
            "config: {reserved: " + "[\n" * 2000 + "]" * 2000 + "}",
            "config: is nested more deeply than any section",
            id="bottomless",
        ),
        pytest.param("", "config: is required: the mapping that holds swarmnet:hosts and the other keys", id="empty"),
    ],
)
def test_yaml_that_is_no_stack_file(text, problem):
    """What cannot be read is a problem with its line."""
    with pytest.raises(StackFileError) as caught:
        from_yaml(text)

    assert problem == "\n".join(caught.value.problems)


def test_text_that_only_looks_like_json_stays_text():
    """A value that begins like JSON and is none is left for the model to refuse."""
    assert {"adopt": "{refuse"} == from_flat({"swarmnet:adopt": "{refuse"})
