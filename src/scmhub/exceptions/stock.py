"""Stock judged: below what there should be, not restated, and where demand and promises will take it.

What there should be is what its owner has set for the place or, where it has set nothing, what was signed. Where it
goes is the projection of the single channel (``outlook``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from scmhub.clock import render
from scmhub.database.unit import Unit
from scmhub.exceptions import pieces
from scmhub.exceptions.found import About, Finding, Piece, signed
from scmhub.exceptions.outlook import Outlook, outlooks
from scmhub.exceptions.tolerances import Signed, Tolerances, in_force, standing
from scmhub.ids import public_id
from scmhub.measures import exceptions as measure
from scmhub.partners import units
from scmhub.partners.clauses import Clause, StockPolicy, clauses_in_force, policies_of
from scmhub.quantity import render_decimal

CRITERIA = ("BELOW_TARGET", "STALE", "SHORTAGE", "EXCESS")
_LEVELS = ("minimum", "maximum", "target")
_POSITIONS = """
select p.*, not exists (
  select from inventory_position o where (o.owner_id, o.holder_id, o.site_id, o.item_id)
    = (p.owner_id, p.holder_id, p.site_id, p.item_id) and (o.as_of, o.stated_by = o.owner_id, o.id)
      > (p.as_of, p.stated_by = p.owner_id, p.id)) as newest,
  not exists (
  select from inventory_position o where (o.owner_id, o.site_id, o.item_id) = (p.owner_id, p.site_id, p.item_id)
    and o.id < p.id) as first
from inventory_position p
where p.id = any($1::uuid[]) and p.owner_id = $2
order by p.id
"""


@dataclass(frozen=True, slots=True)
class _Levels:
    """How much there should be, in the position's unit, and the values that say so; ``signer``: who else signed it."""

    amounts: Mapping[str, Decimal]
    pieces: Mapping[str, Piece]
    signer: UUID | None = None


async def judge(unit: Unit, positions: Collection[UUID]) -> tuple[list[str], list[Finding]]:
    """Subjects (positions) and what is out of tolerance for the acting partner, their owner."""
    rows = await unit.rows(_POSITIONS, list(positions), unit.partner_id)
    policies = await clauses_in_force(unit.rows, StockPolicy, unit.partner_id, None, unit.now.date())
    levels = {row["id"]: _levels(row, policies) for row in rows}
    ahead = await outlooks(unit, sorted({row["item_id"] for row in rows if row["first"]}))
    others = {row["holder_id"] for row in rows} | {side for each in policies for side in each.sides}
    others |= {other for each in ahead.values() for other in each.others}
    known = await in_force(unit, others, unit.now.date())
    findings: list[Finding] = []
    for row in rows:
        holder = None if row["holder_id"] == row["owner_id"] else row["holder_id"]
        about = About(unit.partner_id, holder, _subject(row), row["item_id"], row["site_id"])
        findings += _stale(unit, about, row, known)
        if row["newest"]:
            findings += _below(about, row, levels[row["id"]], known)
        if row["first"] and (outlook := ahead.get((row["item_id"], row["site_id"]))):
            findings += _ahead(_alone(about), outlook, policies, known)
    return [_subject(row) for row in rows], findings


def _subject(row: Any) -> str:
    return public_id("inv", row["id"])


def _levels(row: Any, policies: list[Clause[StockPolicy]]) -> _Levels:
    """What the owner has set or, where it has set nothing, what it signed last about the place."""
    set_ = {name: row[name] for name in _LEVELS if row[name] is not None}
    if set_:
        said = {name: pieces.position(row, name, render_decimal(much), ("targets",)) for name, much in set_.items()}
        return _Levels(set_, said)
    place = {name: row[f"{name}_id"] for name in ("owner", "holder", "item", "site")}
    clause = next((each for each in policies_of(policies, **place)), None)
    if clause is None or not units.convertible(clause.terms.unit, row["unit"]):
        return _Levels({}, {})
    agreed = {name: much for name in _LEVELS if (much := getattr(clause.terms, name)) is not None}
    where, text = (row["item_id"], row["site_id"]), Signed(**standing(clause))
    [signer] = {*clause.sides} - {row["owner_id"]}
    return _Levels(
        {name: units.convert(much, clause.terms.unit, row["unit"]) for name, much in agreed.items()},
        {name: signed(text, f"stockPolicies.{name}", much, *where) for name, much in agreed.items()}, signer,
    )  # fmt: skip


def _stale(unit: Unit, about: About, row: Any, known: Tolerances) -> list[Finding]:
    answerable = about if row["stated_by"] != row["owner_id"] else _alone(about)
    tolerance = known.of("STALE", answerable.other, about.item, about.site)
    age = measure.age_days(row["as_of"], unit.now)
    return answerable.finding("STALE", age, tolerance, (pieces.position(row, "asOf", render(row["as_of"]), ()),))


def _alone(about: About) -> About:
    return About(about.affected, None, about.subject, about.item, about.site)


def _below(about: About, row: Any, levels: _Levels, known: Tolerances) -> list[Finding]:
    """Against the target; where only a minimum is said, against that."""
    name = "target" if "target" in levels.amounts else "minimum"
    off = measure.below(row["available"], levels.amounts.get(name))
    if off is None:
        return []
    tolerance = known.of("BELOW_TARGET", about.other or levels.signer, about.item, about.site)
    return about.finding("BELOW_TARGET", off, tolerance, (pieces.stock(row), levels.pieces[name]))


def _ahead(
    alone: About, outlook: Outlook, policies: list[Clause[StockPolicy]], known: Tolerances
) -> list[Finding]:  # fmt: skip
    """Where the stock will go: for the owner alone, since demand and promises have other sides than the stock.

    What is tolerated is the least of what it signed with whoever keeps the stock or has a part in the figures.
    """
    findings: list[Finding] = []
    levels = [_levels(row, policies) for row in outlook.places]
    others = {*outlook.others, *(row["holder_id"] for row in outlook.places), *(x.signer for x in levels if x.signer)}
    short = measure.shortage([(each.starts_on, each.demand, each.most) for each in outlook.weeks])
    if short:
        tolerance = known.strictest("SHORTAGE", others, alone.item, alone.site)
        evidence = outlook.until(short.starts_on)
        findings += alone.finding("SHORTAGE", short.variance, tolerance, evidence, short.starts_on)
    full = measure.excess([(each.starts_on, each.demand, each.least) for each in outlook.weeks], _most(outlook, levels))
    if full:
        tolerance = known.strictest("EXCESS", others, alone.item, alone.site)
        evidence = (*(each.pieces["maximum"] for each in levels), *outlook.until(full.starts_on))
        findings += alone.finding("EXCESS", full.variance, tolerance, evidence, full.starts_on)
    return findings


def _most(outlook: Outlook, levels: list[_Levels]) -> Decimal | None:
    """The most there should be at the site, whoever keeps it; None if one of it is not said."""
    total = Decimal(0)
    for row, each in zip(outlook.places, levels, strict=True):
        if "maximum" not in each.amounts or not units.convertible(row["unit"], outlook.unit):
            return None
        total += units.convert(each.amounts["maximum"], row["unit"], outlook.unit)
    return total
