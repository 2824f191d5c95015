"""`python -m plugin ENGINE-ADDRESS`; or `python plugin ENGINE-ADDRESS`, as Pulumi starts PulumiPlugin.yaml's folder."""

import sys
from pathlib import Path

if __name__ == "__main__":
    if not __package__:
        # This folder, which Python puts first, has modules with names of others.
        sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from plugin.server import main

    main()
