"""What can be done with time series: publish one of four measures (commits apart), and comment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import not_found, visible_key
from scmhub.ids import new_id, parse_id
from scmhub.records.forecasts import periods, rules, series
from scmhub.records.forecasts.api import FACES
from scmhub.records.forecasts.inputs import (
    CapacityPublishInput,
    ForecastCommentInput,
    ForecastPublishInput,
    ProductionPlanPublishInput,
    PublishInput,
    SellOutPublishInput,
)
from scmhub.records.forecasts.key import PROVIDER, RECIPIENT, key_of
from scmhub.records.forecasts.model import SeriesCommentTable, TimeSeriesTable
from scmhub.records.forecasts.series import Key, Publish

_OTHER_BASIS = {"ACTUAL": "MAXIMUM", "MAXIMUM": "ACTUAL"}


@command(
    "forecastPublish", payload="Forecast",
    description="Publishes what you expect to need; a new version if it changes anything.",
)  # fmt: skip
async def forecast_publish(unit: Unit, given: ForecastPublishInput) -> UUID:
    category = rules.DEFAULT_CATEGORY if given.category is None else given.category
    if category not in rules.CATEGORIES:
        raise Refusal("INVALID", f"It must be one of {', '.join(rules.CATEGORIES)}.", ["input", "category"])
    return await _publish(unit, given, "DEMAND", category, (PROVIDER,))


@command(
    "sellOutPublish", payload="SellOut",
    description="Publishes what final users took, for periods that have begun; a new version if it changes anything.",
)  # fmt: skip
async def sell_out_publish(unit: Unit, given: SellOutPublishInput) -> UUID:
    for place, each in enumerate(given.points):
        rules.check_past(each.starts_on, unit.now.date(), periods.path_of(place, "startsOn"))
    return await _publish(unit, given, "SELL_OUT", "", (PROVIDER, RECIPIENT))


@command(
    "productionPlanPublish", payload="ProductionPlan",
    description="Publishes what you plan to make; a new version if it changes anything.",
)  # fmt: skip
async def production_plan_publish(unit: Unit, given: ProductionPlanPublishInput) -> UUID:
    return await _publish(unit, given, "PRODUCTION", "", (RECIPIENT,))


@command(
    "capacityPublish", payload="Capacity",
    description="Publishes what you could make; a new version if it changes anything. MAXIMUM is at least ACTUAL.",
)  # fmt: skip
async def capacity_publish(unit: Unit, given: CapacityPublishInput) -> UUID:
    return await _publish(unit, given, "CAPACITY", given.basis.name, (RECIPIENT,))


async def _publish(unit: Unit, given: PublishInput, measure: str, basis: str, roles: tuple[str, ...]) -> UUID:
    """``roles``: what the counterparty is to the publisher, if one is named."""
    key = await key_of(unit, given, measure, basis, roles)
    window = periods.window_of(given, key.bucket)
    stated = periods.stated(given.points)
    reason = take.some_text(given.reason, take.NOTE, ["input", "reason"], lines=True)
    other = _OTHER_BASIS.get(basis) if measure == "CAPACITY" else None
    if other and stated:
        await _check_capacity(unit, replace(key, basis=other), basis, stated)
    found = await series.locked(unit, key)
    return await series.publish(unit, found, Publish(stated, window, reason, given.expected_version))


async def _check_capacity(unit: Unit, other: Key, basis: str, stated: dict[date, rules.Stated]) -> None:
    """Against the series of the other basis as it is known now; ACTUAL and MAXIMUM take turns on one lock."""
    await unit.fetch("select pg_advisory_xact_lock($1)", series.lock_of(unit.partner_id, other))
    found = await series.find(unit, other)
    if found is not None:
        known = await series.points_of(unit, found.id, min(stated), max(stated))
        rules.check_capacity(basis, stated, {day: each.quantity for day, each in known.items()})


@command(
    "forecastComment", payload="SeriesComment",
    description="Says something about a series or one of its periods; publisher and counterparty may, both read it.",
)  # fmt: skip
async def forecast_comment(unit: Unit, given: ForecastCommentInput) -> UUID:
    found = await _two_sided(unit, given.series)
    if given.starts_on is not None:
        rules.check_start(found.bucket, given.starts_on, ["input", "startsOn"])
    comment = SeriesCommentTable(
        id=new_id(unit.now), series_id=found.id, publisher_id=found.publisher_id, counterparty_id=found.counterparty_id,
        author_id=unit.partner_id, starts_on=given.starts_on, recorded_at=unit.now,
        text=take.text(given.text, take.NOTE, ["input", "text"], lines=True),
    )  # fmt: skip
    unit.session.add(comment)
    parties = [found.counterparty_id] if found.counterparty_id else []
    unit.change("SERIES_COMMENT", "ADDED", comment.id, found.publisher_id, parties, ["text", "startsOn"])
    return comment.id


async def _two_sided(unit: Unit, given: str) -> TimeSeriesTable:
    """The series, whichever face it has; FORBIDDEN for who sees it by a sharing rule."""
    path = ["input", "series"]
    parsed = parse_id(given)
    face = next((each for each in FACES.values() if parsed and each.prefixes[0] == parsed[0]), None)
    if face is None:
        raise not_found("series", path)
    key = await visible_key(unit, face.name, given, path)
    found = (await unit.session.exec(select(TimeSeriesTable).where(col(TimeSeriesTable.id) == key))).one()
    if unit.partner_id not in (found.publisher_id, found.counterparty_id):
        raise Refusal("FORBIDDEN", f"You may see this {face.name} but not comment on it.", path)
    return found
