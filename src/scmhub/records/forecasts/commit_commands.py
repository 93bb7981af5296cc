"""The provider's answer: bolt commits to what acme published, version by version, period by period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import visible_key
from scmhub.records.forecasts import periods, rules, series
from scmhub.records.forecasts.inputs import CommitPublishInput
from scmhub.records.forecasts.key import RECIPIENT, check_relationship
from scmhub.records.forecasts.model import SeriesVersionTable, TimeSeriesTable
from scmhub.records.forecasts.rules import Stated
from scmhub.records.forecasts.series import Answers, Key, Publish

_FORECAST = ["input", "forecast"]


@command(
    "commitPublish", payload="Commit",
    description="Answers one version of a forecast meant for you; a new version if it changes anything or answers "
    "another version. An answer to a superseded version is taken and marked.",
)  # fmt: skip
async def commit_publish(unit: Unit, given: CommitPublishInput) -> UUID:
    demand = await _demand(unit, given.forecast)
    version = await _version(unit, demand, given.forecast_version)
    window = periods.window_of(given, demand.bucket)
    stated = await _answered(unit, given, demand, version)
    reason = take.some_text(given.reason, take.NOTE, ["input", "reason"], lines=True)
    answers = Answers(demand.id, version.version_no, version.version_no < demand.version_no)
    key = Key(
        "COMMIT", demand.item_id, demand.publisher_id, demand.site_id, demand.basis, demand.bucket, demand.unit
    )  # fmt: skip
    found = await series.locked(unit, key, answers)
    return await series.publish(unit, found, Publish(stated, window, reason, given.expected_version, answers))


async def _demand(unit: Unit, given: str) -> TimeSeriesTable:
    """The forecast, if it is meant for the acting partner and their relationship still stands."""
    key = await visible_key(unit, "Forecast", given, _FORECAST)
    demand = (await unit.session.exec(select(TimeSeriesTable).where(TimeSeriesTable.id == key))).one()
    if demand.counterparty_id != unit.partner_id:
        raise Refusal("FORBIDDEN", "Only the provider a forecast is meant for commits to it.", _FORECAST)
    await check_relationship(unit, demand.publisher_id, (RECIPIENT,), _FORECAST)
    return demand


async def _version(unit: Unit, demand: TimeSeriesTable, version_no: int) -> SeriesVersionTable:
    version = SeriesVersionTable
    known = None
    if version_no <= demand.version_no:  # an import may name any number, the database counts to 2^31
        found = await unit.session.exec(
            select(version).where(version.series_id == demand.id, version.version_no == version_no)
        )
        known = found.first()
    if known is None:
        message = f"The forecast has versions 1 to {demand.version_no}."
        raise Refusal("OUT_OF_RANGE", message, ["input", "forecastVersion"])
    return known


async def _answered(
    unit: Unit, given: CommitPublishInput, demand: TimeSeriesTable, version: SeriesVersionTable
) -> dict[date, Stated]:
    """Each period's quantity and what it is to the demand, as that version stated it."""
    asked = await _asked(unit, given, demand, version)
    stated: dict[date, Stated] = {}
    for place, each in enumerate(given.points):
        quantity = each.quantity
        if quantity is not None:
            quantity = take.not_negative(quantity, periods.path_of(place, "quantity"))
        response = each.response.name if each.response else None
        path = ["input", "points", str(place)]
        committed, answer = rules.commit(asked.get(each.starts_on), quantity, response, path)
        stated[each.starts_on] = Stated(committed, periods.upside(each, place), answer)
    return stated


async def _asked(
    unit: Unit, given: CommitPublishInput, demand: TimeSeriesTable, version: SeriesVersionTable
) -> dict[date, Decimal]:
    if not given.points:
        return {}
    days = [each.starts_on for each in given.points]
    points = await series.points_of(unit, demand.id, min(days), max(days), version.published_at)
    return {day: each.quantity for day, each in points.items()}
