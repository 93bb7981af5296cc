"""What the channel question is answered with: the hub's own types, not records, so they are not planned."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import strawberry

from scmhub.graph.scalars import UnitCode


@strawberry.enum(description="How long the periods of a channel are.")
class ChannelPeriod(Enum):
    DAY = strawberry.enum_value("DAY", description="One day.")
    WEEK = strawberry.enum_value("WEEK", description="Seven days from a Monday.")
    MONTH = strawberry.enum_value("MONTH", description="A calendar month.")


@strawberry.enum(description="Why a figure is absent. There is one reason, so that it tells nothing.")
class AbsenceReason(Enum):
    NOT_AVAILABLE = strawberry.enum_value("NOT_AVAILABLE", description="Not stated, not shown to you, or filtered.")


@strawberry.enum(description="What lies beyond the partners you see.")
class ChainEnd(Enum):
    UNKNOWN_BEYOND = strawberry.enum_value(
        "UNKNOWN_BEYOND", description="Whether there is more is not said, not even that there is nothing."
    )


@strawberry.enum(description="Which fact two partners state.")
class ClaimFact(Enum):
    STOCK = strawberry.enum_value("STOCK", description="Available stock, stated by its owner and by its holder.")
    IN_TRANSIT = strawberry.enum_value("IN_TRANSIT", description="On its way, by the stock statement and by shipments.")
    ON_ORDER = strawberry.enum_value("ON_ORDER", description="On order, by the stock statement and by open orders.")
    RECEIPT = strawberry.enum_value("RECEIPT", description="Despatched by the seller, and counted by the receiver.")


@strawberry.enum(description="Why a record in view is in no figure.")
class UncountedReason(Enum):
    NO_SITE = strawberry.enum_value("NO_SITE", description="It names no site, and several of its partner are in view.")
    OTHER_PERIODS = strawberry.enum_value("OTHER_PERIODS", description="Its periods do not add up to those asked for.")
    OTHER_UNIT = strawberry.enum_value("OTHER_UNIT", description="No factor leads from its unit to the item's.")
    OTHER_CURRENCY = strawberry.enum_value("OTHER_CURRENCY", description="It is in another currency.")
    NOT_STATED = strawberry.enum_value("NOT_STATED", description="Its amount is not stated, or not shown to you.")
    NOT_KNOWN_THEN = strawberry.enum_value(
        "NOT_KNOWN_THEN", description="With `asOf`: what it was at that instant cannot be told from what you may see."
    )


@strawberry.type(description="A quantity in the channel's unit: exact, a range, or absent for one reason.")
class ChannelFigure:
    value: Decimal | None = strawberry.field(description="The quantity; null for a range or if it is absent.")
    low: Decimal | None = strawberry.field(description="Lower end; equal to `value` if that is exact.")
    high: Decimal | None = strawberry.field(description="Upper end.")
    reason: AbsenceReason | None = strawberry.field(description="Why it is absent; null if it is not.")
    stated_at: datetime | None = strawberry.field(description="When the newest of its sources was stated, if known.")
    stated_by: list[strawberry.ID] = strawberry.field(description="Ids of the partners whose statements it is made of.")
    evidence: list[strawberry.ID] = strawberry.field(
        description="Ids of the records it is made of, at most 100; you may read each by `node`."
    )


@strawberry.type(description="For how many days stock lasts.")
class ChannelSupply:
    days: Decimal | None = strawberry.field(description="Days, to 6 places; null for a range or if absent.")
    low: Decimal | None = strawberry.field(description="Lower end.")
    high: Decimal | None = strawberry.field(description="Upper end.")
    at_least: bool = strawberry.field(description="Whether the stock may outlast what is known of the future.")
    reason: AbsenceReason | None = strawberry.field(description="Why it is absent; null if it is not.")


@strawberry.type(description="When the stock of a site runs out, by its projection.")
class ChannelStockOut:
    on: date | None = strawberry.field(description="First day of the first period that ends below zero; null: none.")
    short: Decimal | None = strawberry.field(description="By how much it is below zero then; null if it is not.")
    known: bool = strawberry.field(
        description="False if the projection ends, or is a range around zero, before it runs out: then `on` is null,"
        " and it may run out."
    )


@strawberry.type(description="One period at one site.")
class ChannelBucket:
    starts_on: date = strawberry.field(description="First day of the period.")
    demand: ChannelFigure = strawberry.field(description="What is to leave the site.")
    commit: ChannelFigure = strawberry.field(description="What providers commit to deliver here.")
    ordered: ChannelFigure = strawberry.field(description="Ordered for here and not sent, by the day asked for.")
    promised: ChannelFigure = strawberry.field(description="Of that, agreed by both sides, by the agreed day.")
    in_transit: ChannelFigure = strawberry.field(description="On its way, by estimated arrival, today at the earliest.")
    production: ChannelFigure = strawberry.field(description="Planned output of the site.")
    projected_stock: ChannelFigure = strawberry.field(description="Stock at the end of the period; may be negative.")
    days_of_supply: ChannelSupply = strawberry.field(description="For how long that stock lasts.")
    shortage: ChannelFigure = strawberry.field(description="Below the minimum, or below zero if none is known.")
    excess: ChannelFigure = strawberry.field(description="Above the maximum; absent if none is known.")


@strawberry.type(description="A site of the chain, period by period.")
class ChannelSite:
    site: strawberry.ID = strawberry.field(description="Id of the site.")
    code: str = strawberry.field(description="Its owner's code for it.")
    name: str = strawberry.field(description="Its name.")
    partner: strawberry.ID | None = strawberry.field(description="Whose site it is; null if that is not shown.")
    opening_stock: ChannelFigure = strawberry.field(
        description="Stock now: the newest statements, plus good receipts and less despatches after them."
    )
    complete: bool = strawberry.field(
        description="True at a site of yours: its figures rest on all that is recorded. Elsewhere on what you may see."
    )
    stock_out: ChannelStockOut = strawberry.field(description="When its stock runs out within the periods asked for.")
    buckets: list[ChannelBucket] = strawberry.field(description="One per period, in order of time.")


@strawberry.type(description="A fact that two partners state, both as stated.")
class ChannelClaim:
    fact: ClaimFact = strawberry.field(description="Which fact.")
    site: strawberry.ID = strawberry.field(description="Id of the site it is about.")
    first: ChannelFigure = strawberry.field(description="The owner's, stock system's or seller's statement.")
    second: ChannelFigure = strawberry.field(description="The holder's, records' or receiver's.")
    gap: Decimal | None = strawberry.field(description="First less second, exact; null if either is a range.")


@strawberry.type(description="A record in view that no figure is made of.")
class UncountedRecord:
    record: strawberry.ID = strawberry.field(description="Id of the record.")
    reason: UncountedReason = strawberry.field(description="Why.")


@strawberry.type(description="A partner that some record in view names, or the end of what is seen.")
class PartnerInView:
    partner: strawberry.ID | None = strawberry.field(description="Id of the partner; null at the end.")
    code: str | None = strawberry.field(description="Its code.")
    name: str | None = strawberry.field(description="Its name.")
    beyond: ChainEnd | None = strawberry.field(description="Set on the last entry, which is always there.")


@strawberry.type(description="What a figure means.")
class ChannelDefinition:
    figure: str = strawberry.field(description="Name of the field of a bucket.")
    text: str = strawberry.field(description="How it is computed, with its source.")


@strawberry.type(description="The chain of an item, as far as you may see it. Quantities are in the item's base unit.")
class Channel:
    item: strawberry.ID = strawberry.field(description="Id of the item.")
    number: str = strawberry.field(description="Its owner's number.")
    unit: UnitCode = strawberry.field(description="Unit of every quantity.")
    items: list[strawberry.ID] = strawberry.field(description="Ids of the items that are joined, this one first.")
    sites: list[ChannelSite] = strawberry.field(description="At most 20, by partner and code.")
    claims: list[ChannelClaim] = strawberry.field(description="Facts that two partners state; at most 250.")
    uncounted: list[UncountedRecord] = strawberry.field(description="Records in view that are in no figure.")
    partners_in_view: list[PartnerInView] = strawberry.field(
        description="Whom the records in view name, by code; the last entry is always UNKNOWN_BEYOND."
    )
    definitions: list[ChannelDefinition] = strawberry.field(description="What the figures mean.")
    complete: bool = strawberry.field(description="Whether nothing you may see was left out by the bounds of a page.")
