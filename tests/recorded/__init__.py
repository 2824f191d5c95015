"""Previews that the real CLI wrote on real hosts, and the Markdown that `swarmnet report` makes of each.

`NAME.json` is the preview, `NAME.facts.json` what `swarmnet facts` found then, `NAME.md` the report on both. What is
recorded, and how anew: tests/recorded/__main__.py.
"""

from datetime import timedelta
from pathlib import Path

from providers.explain.facts_file import FactsFile
from providers.explain.report.page import comment, page
from providers.explain.report.preview import Preview

FOLDER = Path(__file__).resolve().parent
# Age of the facts when the reports were made.
AGE = timedelta(hours=2)


def names() -> list[str]:
    """The recorded previews."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if not path.stem.endswith(".facts"))


def preview(name: str) -> Path:
    """Return the file of a preview."""
    return FOLDER / f"{name}.json"


def markdown(name: str) -> Path:
    """Return the file of the report on it."""
    return FOLDER / f"{name}.md"


def rendered(name: str) -> str:
    """Return the report on a preview as it is made now, with the facts if there are any."""
    recorded = FOLDER / f"{name}.facts.json"
    facts = FactsFile.parse(recorded.read_bytes()) if recorded.exists() else None
    seen = Preview.parse(preview(name).read_bytes())
    return comment([page(seen, facts, AGE)])
