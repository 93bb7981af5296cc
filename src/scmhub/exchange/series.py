"""Forecasts from a file: each series is published as its partner would publish it, by the command itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.exchange.commanding import Speech
from scmhub.exchange.delta import CREATED, UNCHANGED, UPDATED, Counts
from scmhub.exchange.names import Names
from scmhub.exchange.sheet import Form, Said
from scmhub.records.forecasts import commands
from scmhub.records.forecasts.api import Bucket, CapacityBasis
from scmhub.records.forecasts.inputs import (
    CapacityPublishInput,
    ForecastPublishInput,
    PeriodInput,
    ProductionPlanPublishInput,
    SellOutPublishInput,
)
from scmhub.records.forecasts.rules import MOST_POINTS

_CODES = ("forecast.counterparty", "item.owner", "site.owner")
_FORM = Form(
    "series",
    ("forecast.measure", "forecast.counterparty", "item.owner", "item.number", "site.owner", "site.code",
     "forecast.basis", "forecast.bucket", "forecast.unit"),
    "period.starts_on", _CODES, MOST_POINTS,
)  # fmt: skip
_COLUMNS = {
    "counterparty": "forecast.counterparty", "item": "item.number", "site": "site.code", "unit": "forecast.unit",
    "category": "forecast.basis", "basis": "forecast.basis", "reason": "forecast.reason",
    "startsOn": "period.starts_on", "quantity": "period.quantity", "upside": "period.upside",
}  # fmt: skip
"""Where a field of the command comes from."""


async def _publish(unit: Unit, names: Names, rows: list[Said], counts: Counts) -> None:
    """One version, if anything in it is new: every changed period is a change told, and the series is one more."""
    before = unit.told
    key = await _command(unit, names, rows)
    told = unit.told - before
    version = await unit.fetch("select version_no from time_series where id = $1", key)
    counts.add("series", UNCHANGED if not told else CREATED if version == 1 else UPDATED)
    counts.add("points", CREATED, max(told - 1, 0))
    counts.add("points", UNCHANGED, len(rows) - max(told - 1, 0))


async def _command(unit: Unit, names: Names, rows: list[Said]) -> UUID:
    first: dict[str, Any] = rows[0].values
    basis = first.get("forecast.basis")
    given = _given(names, rows)
    key: UUID
    match first["forecast.measure"]:
        case "DEMAND":
            key = await commands.forecast_publish(unit, ForecastPublishInput(category=basis, **given))
        case "CAPACITY":
            key = await commands.capacity_publish(unit, CapacityPublishInput(basis=_capacity(basis), **given))
        case _ if basis is not None:
            raise Refusal("INVALID", "Only demand has a category, and only capacity a basis.", ["input", "basis"])
        case "SELL_OUT":
            key = await commands.sell_out_publish(unit, SellOutPublishInput(**given))
        case _:
            key = await commands.production_plan_publish(unit, ProductionPlanPublishInput(**given))
    return key


def _given(names: Names, rows: list[Said]) -> dict[str, Any]:
    """What every measure says."""
    first: dict[str, Any] = rows[0].values
    reasons = [each.values.get("forecast.reason") for each in rows]
    return {
        "counterparty": names.partner(first.get("forecast.counterparty")),
        "item": names.item(first["item.number"], first.get("item.owner")),
        "site": names.site(first.get("site.code"), first.get("site.owner")),
        "bucket": Bucket[first["forecast.bucket"]], "unit": first["forecast.unit"],
        "points": [_period(each) for each in rows], "reason": next((each for each in reasons if each), None),
    }  # fmt: skip


def _capacity(basis: object) -> CapacityBasis:
    if basis not in CapacityBasis.__members__:
        raise Refusal("INVALID", f"It must be one of {', '.join(CapacityBasis.__members__)}.", ["input", "basis"])
    return CapacityBasis[str(basis)]


def _period(said: Said) -> PeriodInput:
    values: dict[str, Any] = said.values
    return PeriodInput(
        starts_on=values["period.starts_on"], quantity=values["period.quantity"], upside=values.get("period.upside")
    )  # fmt: skip


SERIES = Speech(_FORM, _publish, _COLUMNS)
