"""`python -m tests.explain.map`: the pictures in docs/map.md anew, as Chromium shows the sample."""

import subprocess
import tempfile
from pathlib import Path

from providers.explain.map.page import page
from tests.explain.map.samples import ROOT, shop

# Blink's own numbers: https://chromium.googlesource.com/chromium/src/+/main/third_party/blink/public/mojom/css
SCHEMES = {"dark": 0, "light": 1}


def main() -> None:
    """Write docs/map-dark.png and docs/map-light.png."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder, "map.html")
        drawn.write_text(page([shop()]), encoding="utf-8")
        for scheme, number in SCHEMES.items():
            look = ("--headless", "--no-sandbox", "--window-size=1200,1200", "--hide-scrollbars")
            colours = f"--blink-settings=preferredColorScheme={number}"
            out = ROOT / "docs" / f"map-{scheme}.png"
            subprocess.run(["chromium", *look, colours, f"--screenshot={out}", drawn.as_uri()], check=True)


if __name__ == "__main__":
    main()
