"""Plain words for text that is no YAML: a row for each of PyYAML's problems."""

import re

from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from providers.rules.stack_file.positions import of_character, of_mark, told_at

_QUOTE = "put the value in quotes"
# PyYAML's own words, with what it was about where they do not say so, and ours; {0} is the group.
# Those that begin with > are about where that begins which is read now.
_PLAIN = {
    r"found character '\\t'.*": "there is a tab where the line is indented: write spaces",
    r"found character '(.)' that cannot start any token": f"no value begins with {{0}}: {_QUOTE}",
    r"mapping values are not allowed here": "a colon too many: indent the line as the one above it, write a space "
    "after each colon, and put a value that has a colon in it in quotes",
    r"could not find expected ':'": ">no colon after the key: write `key: value`, with a space after the colon",
    r"sequence entries are not allowed here": "a list begins on a line of its own: write `- ` below the key",
    r"while parsing a block collection expected <block end>.*": "is no item of the list above: begin it with `- `, or "
    "indent it as the list's key",
    r"expected <block end>, but found '-'": "an item of a list among keys: indent the list below its key",
    r"expected <block end>, but found '<scalar>'": "text after a value: put the whole value into one pair of quotes",
    r"expected <block end>.*": "is indented as no line above: indent it, or a key above that stands too far "
    "left, as the keys beside it",
    r"expected ',' or '(.)', but got .*": ">a bracket that is not closed: write {0} at its end, and commas between",
    r"while scanning a quoted scalar found unexpected .*": ">a quote that is not closed: write it at the end as well",
    r"found unknown escape character '(.*)'": "\\{0} means nothing in double quotes: use single quotes",
    r"expected the node content, but found .*": "a value is missing here: write one, or take the key away",
    r"found undefined alias '(.*)'": f"nothing before is marked &{{0}}: mark it, or {_QUOTE}",
    r"while scanning an (?:alias|anchor) expected .*": f">no value begins with * or &: {_QUOTE}",
    r"found duplicate anchor '(.*)'; first .*": "&{0} marks two values: give one of them another name",
    r".*found unhashable key": "no key is a mapping or a list: put a template such as {{{{ x }}}} in quotes",
    r"expected a single document in the stream .*": "a second document begins: take the line --- away",
    r"could not determine a constructor for the tag '(.*)'": "the tag {0} is not known here: take it away",
    r"expected a mapping or list of mappings for merging.*": "<< takes in mappings: write `<<: *name`",
    r"expected chomping or indentation indicators.*": f"text begins on the line below | and >: {_QUOTE}",
    r"expected '<document start>'.*": "the file does not go on here: indent the line as the others",
}
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: .*)?$", re.MULTILINE)


def in_plain_words(error: MarkedYAMLError, text: str) -> str:
    """Return `line 4, column 5: what is wrong: what to write`."""
    if conflict := _CONFLICT.search(text):
        words = "the mark of a merge that git left to you: choose a side, take the marks away"
        return told_at(of_character(text, conflict.start()), words)
    context, problem = error.context or "", error.problem or ""
    for pattern, words in _PLAIN.items():
        for said in (problem, f"{context} {problem}"):
            if found := re.fullmatch(pattern, said, re.DOTALL):
                opened = words.startswith(">") and error.context_mark
                where = of_mark(opened or error.problem_mark)
                return told_at(where, words.removeprefix(">").format(*found.groups()))
    return told_at(of_mark(error.problem_mark), problem)  # in our own words already, or in PyYAML's


def not_readable(error: ReaderError, text: str) -> str:
    """Return the same for a character that no YAML has."""
    words = f"the character U+{ord(text[error.position]):04X} is not allowed: take it away"
    return told_at(of_character(text, error.position), words)
