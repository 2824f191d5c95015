"""Run the tests with one mutation of the code after the other, in a copy of the checkout, and say which test fails.

python -m tests.mutations [NUMBER...]     those of mutations.json, or all
python -m tests.mutations draw SEED       twenty new ones, as rows for mutations.json
"""

import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("mutations.json")
DRAWN = 20
CODE = ("providers", "cli")
PARTS = (*CODE, "plugin", "tests", "lab", "tools", "bench", "examples", "stacks", "docs", ".github", ".tools")
# What takes the place of a token.
OTHER = {
    **{"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "+": "-", "-": "+", "not": "not not"},
    **{"and": "or", "or": "and", "True": "False", "False": "True", "any": "all", "all": "any", "min": "max"},
    **{"break": "continue", "|": "&", "&": "|", "0": "1", "1": "2"},
}
# Imports, annotations, and words of two parts.
NOT_HERE = re.compile(r"import|->|^\s*[\w.]+: |not in|is not")
QUICK = "not (lab or every_engine or vms or exploration or whole or network)"
SLOW = "(whole or network or exploration) and not (lab or every_engine or vms)"


def drawn(seed: int) -> list[dict[str, str]]:
    """Mutations of tokens drawn from all the code: where a token is one of OTHER, and its line stands once."""
    sites = []
    for path in sorted(path for name in CODE for path in (ROOT / name).rglob("*.py")):
        text = path.read_text()
        lines = text.splitlines()
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            row, column = token.start
            line = lines[row - 1] if row <= len(lines) else ""
            if token.string in OTHER and text.count(line) == 1 and not NOT_HERE.search(line):
                new = line[:column] + OTHER[token.string] + line[column + len(token.string) :]
                sites.append({"file": str(path.relative_to(ROOT)), "old": line.strip(), "new": new.strip()})
    return random.Random(seed).sample(sites, DRAWN)


def stages(file: str) -> list[tuple[str, ...]]:
    """Return what to run, from the cheapest to the dearest: the next finds what those before did not."""
    folder = Path("tests", *Path(file).parent.parts[0 if file.startswith("cli") else 1 :])
    own = next(path for path in (folder, *folder.parents) if (ROOT / path).is_dir())
    glue = Path("tests", "glue") if own == Path("tests") else own
    return [(str(glue), "-m", QUICK), ("tests", "-n", "2", "-m", QUICK), ("tests", "-n", "2", "-m", SLOW)]


def finder(folder: Path, mutation: dict[str, str]) -> str:
    """Return the first test in a copy of the checkout that fails with a mutation, or `none`."""
    path = folder / mutation["file"]
    text = path.read_text()
    assert text.count(mutation["old"]) == 1, mutation
    path.write_text(text.replace(mutation["old"], mutation["new"]))
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "quick", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for stage in stages(mutation["file"]):
            words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *stage]
            ran = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            if ran.returncode not in (0, 5):  # 5: there is no such test
                found = re.findall(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", ran.stdout, re.MULTILINE)
                return str(min(found, default=ran.stdout[-300:] + ran.stderr[-300:]))
    finally:
        path.write_text(text)
    return "none"


def main(words: list[str]) -> None:
    """Draw, or run."""
    if words[:1] == ["draw"]:
        print(json.dumps(drawn(int(words[1])), indent=1))
        return
    mutations = json.loads(LIST.read_text())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "copy")
        folder.mkdir()
        for part in ROOT.iterdir():
            if part.name == ".tools":
                (folder / part.name).symlink_to(part)
            elif part.is_file():
                shutil.copy2(part, folder)
            elif part.name in PARTS:
                shutil.copytree(part, folder / part.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        for number in map(int, words or range(len(mutations))):
            mutation = mutations[number]
            print(f"{number} {mutation['file']}: {mutation['new']}: {finder(folder, mutation)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
