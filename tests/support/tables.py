"""Cases of one test as a table, each under its name."""

from collections.abc import Mapping

import pytest


def cases(names: str, table: Mapping[str, object]) -> pytest.MarkDecorator:
    """Run a test once for each row, a value for each of `names`, or the value if there is one name."""
    return pytest.mark.parametrize(names, list(table.values()), ids=list(table))
