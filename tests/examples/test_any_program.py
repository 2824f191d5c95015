"""The programs of examples/any-program."""

from tests.support.any_program import EXAMPLES
from tests.support.machines import ROOT


def test_page_shows_the_one_in_python():
    """As it is."""
    program = (EXAMPLES / "python" / "__main__.py").read_text()

    assert f"```python\n{program}```" in (ROOT / "docs" / "any-program.md").read_text()
