"""The question `supplyConcentration`: how much of what the asker buys hangs on few suppliers, or on one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from scmhub.errors import BadUserInput
from scmhub.graph.declare import question
from scmhub.graph.scalars import CurrencyCode, UnitCode
from scmhub.ids import public_id
from scmhub.measures import concentration as measures
from scmhub.measures.concentration import Sourced
from scmhub.measures.result import ratio, total
from scmhub.partners import units
from scmhub.quantity import parse_decimal
from scmhub.records.channel import same_things
from scmhub.records.channel.answers import UncountedReason, UncountedRecord
from scmhub.records.channel.paged import every

MOST_LINES, MOST_ITEMS, MOST_LISTED, MOST_EVIDENCE = 5_000, 250, 250, 100
BOUGHT = (
    "What you ordered for a day of the period, as ordered: lines that were rejected or cancelled, and drafts, are left"
    " out. Items that a confirmed alias, or a claim of yours, calls the same are one item."
)
_NARROW = ["end", "start"]
_CARDS = "query($ids: [ID!]!) { it: nodes(ids: $ids) { ... on Item { id number owner { id } } } }"
_LINES = """
query($me: ID!, $start: Date!, $end: Date!, $after: String) {
  page: orderLines(first: 250, after: $after, where: {
    buyer: {eq: $me}, requestedOn: {gte: $start, lte: $end}, status: {nin: [DRAFT, REJECTED, CANCELLED]}
  }) {
    nodes {
      id seller { id } item { id number owner { id } } quantity { value unit } amount { amount currencyCode }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@strawberry.type(description="What one supplier supplies of something.")
class SupplierShare:
    supplier: strawberry.ID = strawberry.field(description="Id of the supplier.")
    amount: Decimal = strawberry.field(description="How much, in the currency or unit asked for.")
    share: Decimal | None = strawberry.field(description="Its share, of 1; null where the whole is zero.")


@strawberry.type(description="An item you buy, and from whom.")
class SourcedItem:
    items: list[strawberry.ID] = strawberry.field(description="Ids of the items that are this one, by their aliases.")
    amount: Decimal = strawberry.field(description="How much you buy of it, in the currency or unit asked for.")
    suppliers: list[SupplierShare] = strawberry.field(description="From whom, the largest first; at most 250.")
    hhi: Decimal | None = strawberry.field(description="Concentration of its suppliers; null where all is zero.")
    single_source: bool | None = strawberry.field(description="Whether it has exactly one; null where all is zero.")
    evidence: list[strawberry.ID] = strawberry.field(description="Ids of the order lines that say so, at most 100.")


@strawberry.type(description="How concentrated your purchases are. Amounts are in the currency or unit asked for.")
class SupplyConcentration:
    amount: Decimal = strawberry.field(description="What you buy of the items in all.")
    currency: CurrencyCode | None = strawberry.field(description="Currency of the amounts; null: they are quantities.")
    unit: UnitCode | None = strawberry.field(description="Unit of the amounts; null: they are money.")
    suppliers: list[SupplierShare] = strawberry.field(description="From whom, the largest first; at most 250.")
    supplier_count: int = strawberry.field(description="How many suppliers there are in all.")
    hhi: Decimal | None = strawberry.field(
        description="Herfindahl-Hirschman index of the shares, above 0 to 1 (one supplier); null: `lacking` says why."
    )
    effective_suppliers: Decimal | None = strawberry.field(description="How many equal suppliers that is: 1 over it.")
    items: list[SourcedItem] = strawberry.field(description="Item by item, the largest first; at most 250.")
    item_count: int = strawberry.field(description="How many items there are in all.")
    single_source_count: int = strawberry.field(description="How many of them have exactly one supplier.")
    single_source_item_share: Decimal | None = strawberry.field(description="That over the items with a supplier.")
    single_source_share: Decimal | None = strawberry.field(description="The same by amount: what hangs on one source.")
    definitions: list[str] = strawberry.field(description="What is counted, and what the index and the share mean.")
    lacking: str | None = strawberry.field(description="Why there is no index and no share.")
    uncounted: list[UncountedRecord] = strawberry.field(description="Order lines in no amount, and why; at most 250.")
    uncounted_count: int = strawberry.field(description="How many such lines there are in all.")


@dataclass(frozen=True, slots=True)
class _Bought:
    """One order line that counts."""

    line: str
    item: str
    supplier: str
    amount: Decimal


@question(
    "supplyConcentration",
    "How much of what you buy hangs on few suppliers: shares, Herfindahl-Hirschman index, and the items with a single"
    " source, from your own orders for the days of a period. By money in one currency (`currency`), or by quantity"
    " (`unit`); exactly one of them is given. At most 5,000 order lines.",
    price=5_000,
)
async def supply_concentration(
    info: strawberry.Info,
    start: Annotated[date, strawberry.argument(description="First day asked for by the lines that count.")],
    end: Annotated[date, strawberry.argument(description="Last such day.")],
    currency: Annotated[
        CurrencyCode | None, strawberry.argument(description="Amounts are money in it; lines in others do not count.")
    ] = None,
    unit: Annotated[
        UnitCode | None,
        strawberry.argument(description="Amounts are quantities in it; lines with no factor to it do not count."),
    ] = None,
    items: Annotated[
        list[strawberry.ID] | None,
        strawberry.argument(description="Only these items, under any of their numbers; at most 250. Default: all."),
    ] = None,
) -> SupplyConcentration:
    _check(start, end, currency, unit, items)
    ask, me = info.context["ask"], public_id("ptr", info.context["viewer"].lens.partner_id)
    lines = await every(ask, _LINES, {"me": me, "start": str(start), "end": str(end)}, MOST_LINES, _NARROW)
    lines = [each for each in lines if each["item"]]
    named = [each for each in (await ask(_CARDS, {"ids": items}))["it"] if each] if items else []
    first = await same_things.joined(ask, me, [*(each["item"] for each in lines), *named], _NARROW)
    if items is not None:
        wanted = {first[each] for each in items if each in first}
        lines = [each for each in lines if first[each["item"]["id"]] in wanted]
    counted: list[_Bought] = []
    uncounted: list[UncountedRecord] = []
    for each in lines:
        found = _bought(each, first, currency, unit)
        if isinstance(found, UncountedReason):
            uncounted.append(UncountedRecord(record=each["id"], reason=found))
        else:
            counted.append(found)
    return _answer(counted, uncounted, first, currency, unit)


def _check(start: date, end: date, currency: str | None, unit: str | None, items: Sequence[str] | None) -> None:
    if end < start:
        raise BadUserInput("'end' lies before 'start'.", reason="BAD_VALUE", input_path=["end"])
    if (currency is None) == (unit is None):
        raise BadUserInput("Give either 'currency' or 'unit'.", reason="BAD_VALUE", input_path=["currency"])
    if items is not None and len(items) > MOST_ITEMS:
        raise BadUserInput(f"At most {MOST_ITEMS} items at once.", reason="TOO_MANY", input_path=["items"])
    if unit is not None and unit not in units.UNITS:
        raise BadUserInput(f"The hub does not know the unit {unit}.", reason="BAD_VALUE", input_path=["unit"])


def _bought(
    line: dict[str, Any], first: dict[str, str], currency: str | None, unit: str | None
) -> _Bought | UncountedReason:
    """What a line adds, or why it adds nothing."""
    if line["seller"] is None:
        return UncountedReason.NOT_STATED
    if unit is not None:
        if not units.convertible(line["quantity"]["unit"], unit):
            return UncountedReason.OTHER_UNIT
        amount = units.convert(parse_decimal(line["quantity"]["value"]), line["quantity"]["unit"], unit)
    elif line["amount"] is None:
        return UncountedReason.NOT_STATED
    elif line["amount"]["currencyCode"] != currency:
        return UncountedReason.OTHER_CURRENCY
    else:
        amount = parse_decimal(line["amount"]["amount"])
    return _Bought(line["id"], first[line["item"]["id"]], line["seller"]["id"], amount)


def _answer(
    counted: Sequence[_Bought], uncounted: list[UncountedRecord], first: dict[str, str], currency: str | None,
    unit: str | None,
) -> SupplyConcentration:  # fmt: skip
    of_item: dict[str, list[_Bought]] = defaultdict(list)
    for each in counted:
        of_item[each.item].append(each)
    known = [_by_supplier(several) for several in of_item.values()]
    sourced = [Sourced(total(each.values()), each) for each in known]
    items = sorted((_item(several, first) for several in of_item.values()), key=lambda each: (-each.amount, each.items))
    suppliers = _by_supplier(counted)
    index = measures.concentration(list(suppliers.values()))
    single = measures.single_source_share(sourced)
    with_source = [each for each in items if each.single_source is not None]
    alone = sum(1 for each in with_source if each.single_source)
    return SupplyConcentration(
        amount=total(suppliers.values()), currency=CurrencyCode(currency) if currency else None,
        unit=UnitCode(unit) if unit else None, suppliers=_shares(suppliers), supplier_count=len(suppliers),
        hhi=index.value.hhi if index.value else None,
        effective_suppliers=index.value.effective_sources if index.value else None,
        items=items[:MOST_LISTED], item_count=len(items), single_source_count=alone,
        single_source_item_share=ratio(Decimal(alone), Decimal(len(with_source))) if with_source else None,
        single_source_share=single.value, definitions=[BOUGHT, index.definition, single.definition],
        lacking=index.lacking, uncounted=uncounted[:MOST_LISTED], uncounted_count=len(uncounted),
    )  # fmt: skip


def _item(lines: Sequence[_Bought], first: dict[str, str]) -> SourcedItem:
    suppliers = _by_supplier(lines)
    found = measures.concentration(list(suppliers.values()))
    sources = sum(1 for amount in suppliers.values() if amount > 0)
    names = sorted(item for item, one in first.items() if one == lines[0].item)
    return SourcedItem(
        items=[strawberry.ID(each) for each in names], amount=total(suppliers.values()), suppliers=_shares(suppliers),
        hhi=found.value.hhi if found.value else None, single_source=sources == 1 if sources else None,
        evidence=[strawberry.ID(each.line) for each in lines[:MOST_EVIDENCE]],
    )  # fmt: skip


def _by_supplier(lines: Sequence[_Bought]) -> dict[str, Decimal]:
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for each in lines:
        amounts[each.supplier].append(each.amount)
    return {supplier: total(several) for supplier, several in amounts.items()}


def _shares(amounts: dict[str, Decimal]) -> list[SupplierShare]:
    whole = total(amounts.values())
    ranked = sorted(amounts.items(), key=lambda each: (-each[1], each[0]))
    return [
        SupplierShare(supplier=strawberry.ID(key), amount=amount, share=ratio(amount, whole) if whole else None)
        for key, amount in ranked[:MOST_LISTED]
    ]
