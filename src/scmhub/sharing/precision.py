"""How precisely a rule opens a field group: exactly, or its amounts as bands of the ladder.

A rule names ``stock`` or ``stock~band``; so does each of its scopes, and a field asks for one or the other. A field
itself answers to ``stock`` alone: under ``stock~band`` it is as null as if nothing opened it, for filters, orders,
cursors and sums too, because they meet the same null. What ``stock~band`` opens stands beside it, in a field of its
own, which answers only where the exact value is not shown. So a band can never be taken for a value, nobody who has no
band pays for one, and the best precision wins row by row, by whichever scope covers the row.

The bands of one owner's amounts must not narrow each other. An amount that follows from others (the value of a line
from its price and its quantity, the change of a stock from the stock before and after) is therefore not told as a band:
it stays withheld where the group is opened as bands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scmhub.database.fragment import Fragment, sql
from scmhub.ladder import EDGES
from scmhub.sharing.access import BAND, Access

SUFFIX = "~band"
"""Of a token: the field group before it is opened as bands."""


def as_band(access: Access) -> Access:
    """Who gets the band of a field that ``access`` speaks of."""
    return replace(access, name=BAND, group=f"{access.group}{SUFFIX}", bands=False)


def in_full(access: Access) -> Access:
    """Who gets the value whose band ``access`` speaks of."""
    return replace(access, name="SHAREABLE", group=(access.group or "").removesuffix(SUFFIX), bands=True)


def rather(exact: Fragment, banded: Fragment) -> Fragment:
    """Whether a band is shown: it is open, and the value is not. Who sees the value is not asked about bands."""
    return sql("case when {} then false else {} end", exact, banded)


def best(tokens: Iterable[str]) -> list[str]:
    """Tokens without those that say less than another one."""
    tokens = list(tokens)
    return [each for each in tokens if not each.endswith(SUFFIX) or each.removesuffix(SUFFIX) not in tokens]


def ends(amount: Fragment) -> tuple[Fragment, Fragment]:
    """Lower and upper edge of the band of an amount: NULL for NULL and off the ladder; nothing in it can fail.

    ``width_bucket`` counts the edges that are not above the amount: 137 lies above 0, 1, 2, 5, 10, 20, 50, 100, so it
    gives 8, and the eighth and the ninth edge are 100 and 200.
    """
    edges = Fragment((f"'{{{','.join(map(str, EDGES))}}}'::numeric[]",))
    place = sql("width_bucket({}, {})", amount, edges)
    return sql("({})[{}]", edges, place), sql("({})[{} + 1]", edges, place)
