"""The long forms of tests write down what they saw; ``make endurance`` runs them.

``ENDURANCE_REPORT``: the file. Without it nothing is written.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path


def report(title: str, figures: Mapping[str, object]) -> None:
    """A section of the report."""
    where = os.environ.get("ENDURANCE_REPORT")
    if where:
        head = f"## {title}\n\n{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}, "
        lines = [f"{head}Python {platform.python_version()}.\n", "| | |", "|---|---|"]
        lines += [f"| {name} | {value} |" for name, value in figures.items()]
        with Path(where).open("a") as file:
            file.write("\n".join(lines) + "\n\n")
