"""Where two partners state the same fact: both statements side by side, and by how much they differ. Pure.

acme says that 500 of its castings lie at bolt's plant, bolt says 480: both stay, the gap is 20. What bolt despatched
and acme counted is such a pair too, and what acme's stock system has in transit against bolt's shipments. Nothing is
averaged and nothing overwritten; a claim with only one side is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scmhub.measures.figures import Figure, Range, summed
from scmhub.records.channel.lanes import Records, newest, same_stock
from scmhub.records.channel.rows import Load, Position


@dataclass(frozen=True, slots=True)
class Claim:
    """Two statements of one fact; ``gap`` = the first less the second."""

    fact: str
    site: str
    first: Figure
    second: Figure

    @property
    def gap(self) -> Range:
        return self.first.amount - self.second.amount


def claims(records: Records) -> list[Claim]:
    """All of them, by site."""
    found: list[Claim] = []
    for site in records.sites:
        groups = same_stock(each for each in records.positions if each.site == site)
        found += [claim for group in groups for claim in _stock(site, group)]
        found += _against_records(records, site, [newest(group) for group in groups])
        found += [claim for load in records.loads if load.site == site for claim in _receipt(load)]
    return found


def _stock(site: str, group: list[Position]) -> Iterator[Claim]:
    """The owner's newest statement and the holder's."""
    owner = [each for each in group if each.stated_by == each.owner]
    holder = [each for each in group if each.stated_by not in (None, each.owner)]
    if owner and holder:
        first, second = newest(owner).available, newest(holder).available
        if first is not None and second is not None:
            yield Claim("STOCK", site, first, second)


def _against_records(records: Records, site: str, stated: list[Position]) -> Iterator[Claim]:
    """What stock systems have in transit and on order against the shipments and orders themselves."""
    moving = summed(each.quantity for each in records.loads if each.site == site and each.on_its_way)
    wanted = summed(each.open for each in records.wishes if each.site == site)
    for fact, statements, known in (
        ("IN_TRANSIT", [each.in_transit for each in stated], moving),
        ("ON_ORDER", [each.on_order for each in stated], wanted),
    ):
        total = _all(statements)
        if total is not None and known is not None:
            yield Claim(fact, site, total, known)


def _all(statements: Iterable[Figure | None]) -> Figure | None:
    statements = list(statements)
    return None if None in statements else summed(statements)


def _receipt(load: Load) -> Iterator[Claim]:
    """Despatched by the seller, counted by the receiver, damaged goods included."""
    if load.receipt is not None:
        yield Claim("RECEIPT", load.site, load.quantity, load.receipt.whole)
