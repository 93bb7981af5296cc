"""What the commands on time series take."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from scmhub.graph.scalars import UnitCode
from scmhub.records.forecasts.api import Bucket, CapacityBasis, CommitResponse

_ITEM = "What it is about: an item of yours or of the counterparty."
_SITE = "The place it is about: a site of yours or of the counterparty; leave it out for none."
_BUCKET = "How long its periods are."
_UNIT = "Unit of all quantities; it must be worth the item's base unit 1:1."
_POINTS = "The periods to state, at most 1,000; those not mentioned stay as they are."
_REPLACE = "True: the horizon is complete, so periods in it that are absent from `points` become unknown."
_HORIZON_START = "With `replace`: first day of the horizon."
_HORIZON_END = "With `replace`: last day of the horizon; periods may start on it."
_REASON = "Why; at most 4,000 characters."
_EXPECTED = "Its `versionNo` as you know it, 0 for a new one; leave it out to publish whatever it is."


@strawberry.input(description="What is stated for one period.")
class PeriodInput:
    starts_on: date = strawberry.field(description="First day of the period: a Monday, or the first of a month.")
    quantity: Decimal = strawberry.field(description="How much; zero is a number. At most 6 decimal places.")
    upside: Decimal | None = strawberry.field(description="How much more it might be.", default=None)


@strawberry.input(description="The answer for one period of a forecast: a quantity, a response, or both if they agree.")
class CommitPeriodInput:
    starts_on: date = strawberry.field(description="First day of the period, as in the forecast.")
    quantity: Decimal | None = strawberry.field(
        description="How much is committed; may be absent if COMMITTED (all of it) or REJECTED (none).", default=None
    )
    upside: Decimal | None = strawberry.field(description="How much more it might be.", default=None)
    response: CommitResponse | None = strawberry.field(
        description="Left out, it follows from the quantity.", default=None
    )


@strawberry.input(description="Demand to publish; the series is found by its key or begun.")
class ForecastPublishInput:
    counterparty: strawberry.ID | None = strawberry.field(
        description="The provider it is meant for, in an ACTIVE relationship with you.", default=None
    )
    item: strawberry.ID = strawberry.field(description=_ITEM)
    site: strawberry.ID | None = strawberry.field(description=_SITE, default=None)
    bucket: Bucket = strawberry.field(description=_BUCKET)
    unit: UnitCode = strawberry.field(description=_UNIT)
    category: str | None = strawberry.field(
        description="Demand category of CX-0128, such as A1S1; default 0001.", default=None
    )
    points: list[PeriodInput] = strawberry.field(description=_POINTS)
    replace: bool = strawberry.field(description=_REPLACE, default=False)
    horizon_start: date | None = strawberry.field(description=_HORIZON_START, default=None)
    horizon_end: date | None = strawberry.field(description=_HORIZON_END, default=None)
    reason: str | None = strawberry.field(description=_REASON, default=None)
    expected_version: int | None = strawberry.field(description=_EXPECTED, default=None)


@strawberry.input(description="Sell-out to publish, for periods that have begun; the series is found or begun.")
class SellOutPublishInput:
    counterparty: strawberry.ID | None = strawberry.field(
        description="The partner it is meant for, in an ACTIVE relationship with you.", default=None
    )
    item: strawberry.ID = strawberry.field(description=_ITEM)
    site: strawberry.ID | None = strawberry.field(description=_SITE, default=None)
    bucket: Bucket = strawberry.field(description=_BUCKET)
    unit: UnitCode = strawberry.field(description=_UNIT)
    points: list[PeriodInput] = strawberry.field(description=_POINTS)
    replace: bool = strawberry.field(description=_REPLACE, default=False)
    horizon_start: date | None = strawberry.field(description=_HORIZON_START, default=None)
    horizon_end: date | None = strawberry.field(description=_HORIZON_END, default=None)
    reason: str | None = strawberry.field(description=_REASON, default=None)
    expected_version: int | None = strawberry.field(description=_EXPECTED, default=None)


@strawberry.input(description="A commit to publish: the provider's answer to one version of a forecast meant for it.")
class CommitPublishInput:
    forecast: strawberry.ID = strawberry.field(description="The forecast it answers.")
    forecast_version: int = strawberry.field(
        description="The `versionNo` it answers; an older one than the newest is taken and marked."
    )
    points: list[CommitPeriodInput] = strawberry.field(description=_POINTS)
    replace: bool = strawberry.field(description=_REPLACE, default=False)
    horizon_start: date | None = strawberry.field(description=_HORIZON_START, default=None)
    horizon_end: date | None = strawberry.field(description=_HORIZON_END, default=None)
    reason: str | None = strawberry.field(description=_REASON, default=None)
    expected_version: int | None = strawberry.field(description=_EXPECTED, default=None)


@strawberry.input(description="Planned output to publish; the series is found by its key or begun.")
class ProductionPlanPublishInput:
    counterparty: strawberry.ID | None = strawberry.field(
        description="The recipient it is meant for, in an ACTIVE relationship with you.", default=None
    )
    item: strawberry.ID = strawberry.field(description=_ITEM)
    site: strawberry.ID | None = strawberry.field(description=_SITE, default=None)
    bucket: Bucket = strawberry.field(description=_BUCKET)
    unit: UnitCode = strawberry.field(description=_UNIT)
    points: list[PeriodInput] = strawberry.field(description=_POINTS)
    replace: bool = strawberry.field(description=_REPLACE, default=False)
    horizon_start: date | None = strawberry.field(description=_HORIZON_START, default=None)
    horizon_end: date | None = strawberry.field(description=_HORIZON_END, default=None)
    reason: str | None = strawberry.field(description=_REASON, default=None)
    expected_version: int | None = strawberry.field(description=_EXPECTED, default=None)


@strawberry.input(description="Capacity to publish; the series is found by its key or begun.")
class CapacityPublishInput:
    counterparty: strawberry.ID | None = strawberry.field(
        description="The recipient it is meant for, in an ACTIVE relationship with you.", default=None
    )
    item: strawberry.ID = strawberry.field(description=_ITEM)
    site: strawberry.ID | None = strawberry.field(description=_SITE, default=None)
    bucket: Bucket = strawberry.field(description=_BUCKET)
    unit: UnitCode = strawberry.field(description=_UNIT)
    basis: CapacityBasis = strawberry.field(description="Which capacity is stated.")
    points: list[PeriodInput] = strawberry.field(description=_POINTS)
    replace: bool = strawberry.field(description=_REPLACE, default=False)
    horizon_start: date | None = strawberry.field(description=_HORIZON_START, default=None)
    horizon_end: date | None = strawberry.field(description=_HORIZON_END, default=None)
    reason: str | None = strawberry.field(description=_REASON, default=None)
    expected_version: int | None = strawberry.field(description=_EXPECTED, default=None)


@strawberry.input(description="Something to say about a series, or about one period of it.")
class ForecastCommentInput:
    series: strawberry.ID = strawberry.field(
        description="A forecast, sell-out, commit, production plan or capacity that is yours or meant for you."
    )
    starts_on: date | None = strawberry.field(
        description="First day of the period meant; leave it out for the series as a whole.", default=None
    )
    text: str = strawberry.field(description="What you say; at most 4,000 characters.")


PublishInput = ForecastPublishInput | SellOutPublishInput | ProductionPlanPublishInput | CapacityPublishInput
