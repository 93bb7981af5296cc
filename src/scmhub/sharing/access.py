"""Access classes: every field of every kind has exactly one, or the build fails."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """Who gets a field's exact value, besides the owner of the row.

    ``group`` is the field group a sharing rule opens; ``sides`` the party columns that see it (None: all parties).
    ``whole``: the value sums up all lines of a header, so that it takes a rule for all items, all sites and all days.
    ``bands``: a rule may open the group as bands, and an amount with this access then shows the band it lies in.
    """

    name: str
    group: str | None = None
    sides: tuple[str, ...] | None = None
    whole: bool = False
    bands: bool = False


PUBLIC = Access("PUBLIC")
"""Comes with the row."""
PARTY = Access("PARTY")
"""Owner and parties; no rule can open it."""
OWNER_ONLY = Access("OWNER_ONLY")
"""The owner alone."""

BAND = "BAND"
"""Name of the accesses of bands (``precision.as_band``)."""


def party(*sides: str) -> Access:
    """Owner and these party columns; no rule can open it."""
    return Access("PARTY", sides=sides)


COMPLETE = Access("COMPLETE", whole=True)
"""Owner and parties, and grantees by a rule for all of the owner's records: what sums up a record's lines."""


def shareable(
    group: str, sides: tuple[str, ...] | None = None, *, whole: bool = False, bands: bool = False
) -> Access:
    """Owner, parties (or only ``sides``), and grantees whose rule opens ``group``; ``whole``: on everything.

    ``bands``: for amounts that do not follow from other amounts a grantee may see; else a band could be narrowed.
    """
    return Access("SHAREABLE", group, sides, whole, bands)
