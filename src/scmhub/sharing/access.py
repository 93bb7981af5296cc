"""Access classes: every field of every kind has exactly one, or the build fails."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """Who gets a field's exact value, besides the owner of the row.

    ``group`` is the field group a sharing rule opens; ``sides`` the party columns that see it (None: all parties).
    """

    name: str
    group: str | None = None
    sides: tuple[str, ...] | None = None


PUBLIC = Access("PUBLIC")
"""Comes with the row."""
PARTY = Access("PARTY")
"""Owner and parties; no rule can open it."""
OWNER_ONLY = Access("OWNER_ONLY")
"""The owner alone."""


def shareable(group: str, sides: tuple[str, ...] | None = None) -> Access:
    """Owner and parties (or only those of ``sides``), and grantees whose rule opens ``group``."""
    return Access("SHAREABLE", group, sides)
