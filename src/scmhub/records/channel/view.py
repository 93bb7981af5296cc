"""From what was read to the answer: rows, sites, claims, and who is in view. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import strawberry

from scmhub.graph.scalars import UnitCode
from scmhub.measures import channel as measures
from scmhub.measures.channel import Cover
from scmhub.measures.figures import Figure, Range
from scmhub.measures.stock import stock_out
from scmhub.records.channel import answers
from scmhub.records.channel.claims import Claim, claims
from scmhub.records.channel.lanes import Calendar, Lane, Records, lane
from scmhub.records.channel.reading import Found
from scmhub.records.channel.rows import Node, Reader

MOST_SITES = 20
MOST_CLAIMS = 250
MOST_EVIDENCE = 100
DEFINITIONS = {
    "demand": measures.DEMAND, "inbound": measures.INBOUND, "projectedStock": measures.PROJECTED,
    "daysOfSupply": measures.SUPPLY, "shortage": measures.SHORTAGE, "excess": measures.EXCESS,
}  # fmt: skip
_SIXTH_PLACE = Decimal("0.000001")
_ABSENT = answers.AbsenceReason.NOT_AVAILABLE


def channel(
    found: Found, item: str, items: Sequence[str], named: Sequence[str] | None, calendar: Calendar, start: date
) -> answers.Channel | None:
    """The answer; None if neither the item nor a record of it is visible. ``start`` lies in the first period shown."""
    card = found.item or next((each for each in found.cards if each["id"] == item), None)
    if card is None:
        return None
    reader = Reader(card["unit"])
    records = _records(reader, found)
    sites = _sites(reader, records, found.sites, named)
    records.sites = {site: _partner(reader, site) for site in sites[:MOST_SITES]}
    lanes = [lane(records, site, calendar) for site in records.sites]
    facts = claims(records)
    first = calendar.number(max(start, calendar.starts[0])) or 0
    whose = None if found.cut or found.untold else found.viewer["id"]
    return answers.Channel(
        item=card["id"], number=card["number"], unit=UnitCode(card["unit"]),
        items=[strawberry.ID(each) for each in items],
        sites=[_site(reader, each, calendar, first, whose=whose) for each in lanes],
        claims=[_claim(each) for each in facts[:MOST_CLAIMS]],
        uncounted=[*_uncounted(reader, records, calendar), *_untold(found)],
        partners_in_view=_partners(reader, found.viewer),
        definitions=[answers.ChannelDefinition(figure=name, text=text) for name, text in DEFINITIONS.items()],
        complete=not found.cut and len(sites) <= MOST_SITES and len(facts) <= MOST_CLAIMS,
    )  # fmt: skip


def _records(reader: Reader, found: Found) -> Records:
    wishes = reader.all(reader.wishes, found.lines)
    return Records(
        series={face: reader.all(reader.series, rows) for face, rows in found.series.items()},
        wishes=[each for several in wishes for each in several], loads=reader.all(reader.load, found.loads),
        positions=reader.all(reader.position, found.stock), sites={},
    )  # fmt: skip


def _sites(reader: Reader, records: Records, cards: Iterable[Node], named: Sequence[str] | None) -> list[str]:
    """The sites of the answer, by partner and code: those asked for that exist for the viewer, or all in view."""
    for card in cards:
        reader.place(card)
    if named is None:
        wanted = {each.site for several in records.series.values() for each in several if each.site}
        wanted |= {each.site for each in records.wishes} | {each.site for each in records.loads}
        wanted |= {each.site for each in records.positions}
    else:
        wanted = set(named)
    return sorted(wanted & reader.sites.keys(), key=lambda site: _rank(reader, site))


def _rank(reader: Reader, site: str) -> tuple[str, str, str]:
    card = reader.sites[site]
    return (card["partner"] or {"code": ""})["code"], card["code"], site


def _partner(reader: Reader, site: str) -> str | None:
    partner: Node | None = reader.sites[site]["partner"]
    return None if partner is None else str(partner["id"])


# -- a site ------------------------------------------------------------------------------------------------------------


def _site(reader: Reader, found: Lane, calendar: Calendar, first: int, *, whose: str | None) -> answers.ChannelSite:
    """``whose``: the partner at whose sites all that is recorded was read; None: at nobody's."""
    card = reader.sites[found.site]
    partner = _partner(reader, found.site)
    return answers.ChannelSite(
        site=card["id"], code=card["code"], name=card["name"], partner=strawberry.ID(partner) if partner else None,
        opening_stock=_figure(found.opening), complete=partner is not None and partner == whose,
        stock_out=_stock_out(found, calendar),
        buckets=[_bucket(found, number, calendar.starts[number]) for number in range(first, len(calendar.starts))],
    )  # fmt: skip


def _stock_out(found: Lane, calendar: Calendar) -> answers.ChannelStockOut:
    """From the running period on. A range around zero is no knowledge of either."""
    first = calendar.running or 0
    ends = [each.amount if each else None for each in found.projected[first:]]
    stock = [None if each is None or each.low < 0 <= each.high else each.high for each in ends]
    out = stock_out(calendar.starts[first:], stock).value
    on = out.on if out else None
    return answers.ChannelStockOut(on=on, short=_rounded(out.short) if out and on else None, known=out is not None)


def _bucket(found: Lane, number: int, start: date) -> answers.ChannelBucket:
    return answers.ChannelBucket(
        starts_on=start, demand=_figure(found.demand[number].figure), commit=_figure(found.commit[number]),
        ordered=_figure(found.ordered[number]), promised=_figure(found.promised[number]),
        in_transit=_figure(found.in_transit[number]), production=_figure(found.production[number]),
        projected_stock=_figure(found.projected[number]), days_of_supply=_supply(found.covers[number]),
        shortage=_figure(found.shortage[number]), excess=_figure(found.excess[number]),
    )  # fmt: skip


def _figure(figure: Figure | None) -> answers.ChannelFigure:
    if figure is None:
        return _NOTHING
    value, low, high = _ends(figure.amount)
    return answers.ChannelFigure(
        value=value, low=low, high=high, reason=None, stated_at=figure.stated_at,
        stated_by=[strawberry.ID(each) for each in figure.stated_by],
        evidence=[strawberry.ID(each) for each in figure.evidence[:MOST_EVIDENCE]],
    )  # fmt: skip


def _ends(amount: Range) -> tuple[Decimal | None, Decimal, Decimal]:
    """The exact value if there is one, and both ends, each rounded once."""
    low, high = _rounded(amount.low), _rounded(amount.high)
    return low if amount.low == amount.high else None, low, high


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_SIXTH_PLACE, ROUND_HALF_UP)


def _supply(found: Cover | None) -> answers.ChannelSupply:
    if found is None:
        return _NO_SUPPLY
    days, low, high = _ends(Range(found.low, found.high))
    return answers.ChannelSupply(days=days, low=low, high=high, at_least=found.at_least, reason=None)


_NOTHING = answers.ChannelFigure(
    value=None, low=None, high=None, reason=_ABSENT, stated_at=None, stated_by=[], evidence=[]
)
_NO_SUPPLY = answers.ChannelSupply(days=None, low=None, high=None, at_least=False, reason=_ABSENT)


# -- the rest ----------------------------------------------------------------------------------------------------------


def _claim(claim: Claim) -> answers.ChannelClaim:
    gap, *_ = _ends(claim.gap)
    return answers.ChannelClaim(
        fact=answers.ClaimFact[claim.fact], site=strawberry.ID(claim.site), first=_figure(claim.first),
        second=_figure(claim.second), gap=gap,
    )  # fmt: skip


def _uncounted(reader: Reader, records: Records, calendar: Calendar) -> Iterator[answers.UncountedRecord]:
    """Series of the sites in view that no figure is made of, and whatever is counted in another unit."""
    for series in (each for several in records.series.values() for each in several):
        if series.id in records.used or (series.site and series.site not in records.sites):
            continue
        reason = answers.UncountedReason.OTHER_PERIODS
        if calendar.adds_up(series.bucket):
            reason = answers.UncountedReason.NO_SITE
        yield answers.UncountedRecord(record=strawberry.ID(series.id), reason=reason)
    for refused in dict.fromkeys(reader.refused):
        yield answers.UncountedRecord(record=strawberry.ID(refused), reason=answers.UncountedReason.OTHER_UNIT)


def _untold(found: Found) -> Iterator[answers.UncountedRecord]:
    for each in found.untold:
        yield answers.UncountedRecord(record=strawberry.ID(each), reason=answers.UncountedReason.NOT_KNOWN_THEN)


def _partners(reader: Reader, viewer: Node) -> list[answers.PartnerInView]:
    firms = {viewer["id"]: viewer} | reader.firms
    named = [
        answers.PartnerInView(partner=each["id"], code=each["code"], name=each["name"], beyond=None)
        for each in sorted(firms.values(), key=lambda each: str(each["code"]))
    ]
    end = answers.PartnerInView(partner=None, code=None, name=None, beyond=answers.ChainEnd.UNKNOWN_BEYOND)
    return [*named, end]
