"""The two forms in which a stack's configuration arrives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.checks.whole_file import verdict
from providers.rules.stack_file.reading import from_flat, from_yaml, read
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
    """Pulumi's form (objects as JSON, the rest as text) gives the same as the file."""
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
    """Quotes around it give what was meant."""
    raw = from_yaml(f"config: {{hosts: {{m1: {{local: true, labels: {{x: {written}}}}}}}}}")

    assert [f'hosts.m1.labels.x: {written} is a number: write "{written}"'] == verdict(raw, "a").problems


def test_date_elsewhere_is_nobodys_business():
    """A date in quotes, as a key or in another namespace is as Pulumi says."""
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
    """A mapping that contains itself is read without end."""
    assert from_yaml("config: {hosts: &a {m1: *a}}")["hosts"]


def test_json_in_yaml_is_what_it_says():
    """`pulumi up -c` leaves JSON text in the file, which Pulumi takes for the object."""
    assert {"order": [["m1"]]} == from_yaml("config:\n  swarmnet:order: '[[\"m1\"]]'\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "config:\n  swarmnet:hosts:\n    m1: {local: true}\n    m1: {local: true}\n",
            "line 4, column 5: the key m1 comes twice: keep one",
            id="host twice",
        ),
        pytest.param(
            "config: {hosts: {}, adopt: refuse, swarmnet:hosts: {}}",
            "hosts: stands twice, as hosts and as swarmnet:hosts; keep one",
            id="with and without namespace",
        ),
        pytest.param(b"config: {a: \xff}", "line 1, column 13: is no UTF-8: save the file as UTF-8", id="no UTF-8"),
        pytest.param(
            "config: {a: \0}",
            "line 1, column 13: the character U+0000 is not allowed: take it away",
            id="control character",
        ),
        pytest.param(
            "config:\n  a: !!int x",
            "line 2, column 6: the value is not what its tag !!int says: take the tag away",
            id="wrong tag",
        ),
        pytest.param(
            "config:\n  a: !!bool x",
            "line 2, column 6: the value is not what its tag !!bool says: take the tag away",
            id="no truth",
        ),
        pytest.param(
            "config: {a: [}",
            "line 1, column 14: a value is missing here: write one, or take the key away",
            id="no YAML",
        ),
        pytest.param(
            "a: 1\nhosts: {}",
            "line 1, column 1: a: is no key beside config, and Pulumi passes it over without a word; "
            "put it into config, or take it away\n"
            "line 2, column 1: hosts: stands beside config, where Pulumi passes it over without a word: indent it",
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
    """YAML that can't be read is a problem with its line."""
    with pytest.raises(StackFileError) as caught:
        from_yaml(text)

    assert problem == "\n".join(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a:\n\tb: 1", 2, "there is a tab where the line is indented: write spaces"),
        ("a: @b", 1, "no value begins with @: put the value in quotes"),
        ("a: 1\n  b: 2", 2, "a colon too many: indent the line as the one above it, write a space after each colon"),
        ("a: 1\nb\nc: 2", 2, "no colon after the key: write `key: value`, with a space after the colon"),
        ("a: - 1", 1, "a list begins on a line of its own: write `- ` below the key"),
        ("a:\n  - 1\n  b: 2", 3, "is no item of the list above: begin it with `- `, or indent it as the list's key"),
        ("a:\n  b: 2\n  - 1", 3, "an item of a list among keys: indent the list below its key"),
        ('a: "x" y', 1, "text after a value: put the whole value into one pair of quotes"),
        (
            "a:\n    b: 1\n  c: 2",
            3,
            "is indented as no line above: indent it, or a key above that stands too far left, as the",
        ),
        ("a:\n  b: {c: 1\n  d: 2", 2, "a bracket that is not closed: write } at its end, and commas between"),
        ("a: [1, 2\nb: 3", 1, "a bracket that is not closed: write ] at its end, and commas between"),
        ("a: 'x\nb: y", 1, "a quote that is not closed: write it at the end as well"),
        ('a: "C:\\dir"', 1, "\\d means nothing in double quotes: use single quotes"),
        ("a: ]", 1, "a value is missing here: write one, or take the key away"),
        ("a: *b", 1, "nothing before is marked &b: mark it, or put the value in quotes"),
        ("a: *", 1, "no value begins with * or &: put the value in quotes"),
        ("a: &x 1\nb: &x 2", 2, "&x marks two values: give one of them another name"),
        ("a: {{ b }}", 1, "no key is a mapping or a list: put a template such as {{ x }} in quotes"),
        ("a: 1\n---\nb: 2", 2, "a second document begins: take the line --- away"),
        ("a: !x 1", 1, "the tag !x is not known here: take it away"),
        ("a: {<<: 3}", 1, "<< takes in mappings: write `<<: *name`"),
        ("a: |x", 1, "text begins on the line below | and >: put the value in quotes"),
        ("%YAML 1.1\na: 1", 2, "the file does not go on here: indent the line as the others"),
        ("a: 1\n<<<<<<< HEAD\nb: 2", 2, "the mark of a merge that git left to you: choose a side, take the marks away"),
    ],
)
def test_text_that_is_no_yaml_is_told_in_plain_words(text, line, problem):
    """The problem has the line to mend, and what to write."""
    with pytest.raises(StackFileError) as caught:
        from_yaml(text)

    where, _, words = caught.value.problems[0].partition(": ")

    assert (f"line {line}", problem) == (where.partition(",")[0], words[: len(problem)])


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "config: {hosts: {}}\nswarmnet:overlays: {}",
            ["swarmnet:overlays: stands beside config, where Pulumi passes it over without a word: indent it"],
        ),
        (
            "config: {hosts: {}}\noverlays: {}",
            ["overlays: stands beside config, where Pulumi passes it over without a word: indent it"],
        ),
        (
            "config: {hosts: {}}\nConfig: {}",
            ["Config: is no key beside config, and Pulumi passes it over without a word; did you mean config?"],
        ),
        (
            "config: {swarmet:hosts: {}}",
            ["swarmet:hosts: is in the namespace swarmet, which nobody reads; did you mean swarmnet:hosts?"],
        ),
        (
            "config: {swarmNet:hosts: {}}",
            ["swarmNet:hosts: is in the namespace swarmNet, which nobody reads; did you mean swarmnet:hosts?"],
        ),
        (
            "config: {swarmnet: {hosts: {}}}",
            ["swarmnet: is no section; write its keys as swarmnet:hosts and so on"],
        ),
        ("config: {hosts: {}, app:hosts: {}, swarmnet:order: []}\nencryptionsalt: x\nenvironment: [a]", []),
    ],
    ids=["lost indent", "lost indent and namespace", "capital", "typo", "camelCase", "nested", "nobody's"],
)
def test_what_pulumi_would_pass_over_is_told(text, problems):
    """Pulumi hands it to nobody, so that its sections would vanish without a word."""
    assert problems == list(read(text).problems)


@pytest.mark.parametrize(
    ("text", "raw", "problems"),
    [
        ("config: {swarmnet:adopt: refuse}", {"adopt": "refuse"}, []),
        ("config: {adopt: x, swarmnet:adopt: refuse}", {"adopt": "refuse"}, []),
        (
            "config: {adopt: refuse}",
            {},
            ["adopt: is in the namespace nets, which nobody reads; did you mean swarmnet:adopt?"],
        ),
    ],
    ids=["ours", "both", "the project's"],
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
    text = "config:\n  swarmnet:hosts:\n    m1: &m\n      local: true\n    m2: *m\n  reserved: [a,\n    b]\n"

    assert {
        "": (1, 1),
        "hosts": (2, 3),
        "hosts.m1": (3, 5),
        "hosts.m1.local": (4, 7),
        "hosts.m2": (5, 5),
        "reserved": (6, 3),
        "reserved[0]": (6, 14),
        "reserved[1]": (7, 5),
    } == read(text).keys


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ("hosts.m1.local: is wrong", (4, 7)),
        ("hosts.m1.gwbridge.subnet: is required", (3, 5)),
        ("hosts.m1: is wrong", (3, 5)),
        ("overlays: is required", (1, 1)),
        ("line 7, column 8: is wrong", (7, 8)),
    ],
    ids=["key", "key that is missing", "section", "section that is missing", "of the text"],
)
def test_where_a_problem_is(problem, expected):
    """It is at its key, else at the section that the key would be in."""
    text = "config:\n  swarmnet:hosts:\n    m1:\n      local: true\n"

    assert expected == read(text).position(problem)


def test_text_that_only_looks_like_json_stays_text():
    """A value that begins like JSON and is none is left for the model to refuse."""
    assert {"adopt": "{refuse"} == from_flat({"swarmnet:adopt": "{refuse"})


def doubled(times):
    """Merge keys, each of which has the one before twice."""
    more = (f"  x{at + 1}: &x{at + 1}\n    <<: [*x{at}, *x{at}]\n" for at in range(times))
    return "config:\n  x0: &x0 {a: 1, b: 2, c: 3}\n" + "".join(more)


def laughing(times):
    """Lists, each of which has the one before nine times."""
    more = (f"  x{at + 1}: &x{at + 1} [{', '.join([f'*x{at}'] * 9)}]\n" for at in range(times))
    return "config:\n  x0: &x0 [a, b, c]\n" + "".join(more)


@pytest.mark.parametrize("text", [doubled(100), laughing(100)], ids=["merge keys", "lists"])
def test_aliases_that_grow_without_end(text):
    """A few lines that no machine could hold."""
    with pytest.raises(
        StackFileError, match=r"^line \d+, column \d+: with its aliases it has more than 200,000 keys and values$"
    ):
        from_yaml(text)


def test_aliases_of_many_hosts():
    """A thousand that share a dozen settings."""
    shared = ", ".join(f"key{at}: {at}" for at in range(12))
    hosts = "".join(f"    h{at}: {{<<: *usual, address: 10.0.0.1}}\n" for at in range(1000))
    text = f"config:\n  x: &usual {{{shared}}}\n  swarmnet:hosts:\n{hosts}"

    assert 1000 == len(from_yaml(text)["hosts"])


def test_an_alias_of_what_it_stands_in():
    """It has no end, and is counted once."""
    assert ["x"] == list(from_yaml("config:\n  x: &x [*x]\n"))
