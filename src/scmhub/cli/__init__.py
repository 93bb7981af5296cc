"""The ``scmhub`` command: what the hub's operator does from a shell. Data goes to stdout, talk to stderr.

Exit status: 0 done, 1 failed, 2 usage, 3 refused, 4 unreachable.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point; imports the commands only now, so that ``import scmhub.cli`` costs nothing."""
    from scmhub.cli.commands import app
    from scmhub.cli.talk import explain

    try:
        app(standalone_mode=True)
    except Exception as error:
        sys.exit(explain(error))
