"""`python -m tools.picture FILE.svg COMMAND...`: a real session at a terminal, as a picture for the pages.

That of docs/operations.md: after `make demo`, with another range for the ingress in stacks/Pulumi.lab.yaml,
`python -m tools.picture docs/up.svg pulumi up --stack lab --suppress-outputs`. Pulumi's question is answered with yes.
"""

import io
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tools.terminal import session

# Above "no", where the cursor stands, is "yes".
ANSWERS = {"Do you want to perform this": "\x1b[A\r"}
# A picture that fetches fonts would tell others who reads the pages.
FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def drawn(command: Sequence[str], lines: Sequence[str], columns: int) -> str:
    """Return the SVG of a command and what it showed."""
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ {shlex.join(command)}", style="bold"))
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=True)
    return FONTS.sub("", console.export_svg(title="", unique_id="session"))


def main(out: Path, command: Sequence[str]) -> int:
    """Record the session. Returns the command's exit status; without success nothing is written."""
    screen, status = session(command, ANSWERS)
    if status:
        print(screen.text, file=sys.stderr)
    else:
        out.write_text(drawn(command, screen.lines, screen.columns))
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
