"""Forecasts from a file: each series is published as its partner would publish it, by the command itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import strawberry

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.exchange.commanding import Speech
from scmhub.exchange.delta import CREATED, UNCHANGED, UPDATED, Counts
from scmhub.exchange.names import Names
from scmhub.exchange.sheet import Form, Said
from scmhub.ids import key_of, public_id
from scmhub.records.forecasts import commands, commit_commands
from scmhub.records.forecasts.api import Bucket, CapacityBasis
from scmhub.records.forecasts.inputs import (
    CapacityPublishInput,
    CommitPeriodInput,
    CommitPublishInput,
    ForecastPublishInput,
    PeriodInput,
    ProductionPlanPublishInput,
    SellOutPublishInput,
)
from scmhub.records.forecasts.rules import DEFAULT_CATEGORY, MOST_POINTS

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
    "forecast": "item.number", "forecastVersion": "forecast.answers_version",
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
    key: UUID
    if first["forecast.measure"] == "COMMIT":
        return await _commit(unit, names, rows)
    given = _given(names, rows)
    if any(each.values.get("forecast.answers_version") is not None for each in rows):
        raise Refusal("INVALID", "Only a commit answers a version.", ["input", "forecastVersion"])
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


_DEMAND = """
select id, version_no from time_series
where measure = 'DEMAND' and publisher_id = $1 and counterparty_id = $2 and item_id = $3
  and site_id is not distinct from $4 and basis = $5 and bucket = $6 and unit = $7
"""


async def _commit(unit: Unit, names: Names, rows: list[Said]) -> UUID:
    """The answer to the forecast with the same key, by whom it is meant for: to its newest version if none is named.

    Item and site are those of the partner who is answered, unless the file names another owner.
    """
    first: dict[str, Any] = rows[0].values
    asks = first.get("forecast.counterparty")
    if asks is None:
        raise Refusal("REQUIRED", "Name the partner whose forecast it answers.", ["input", "counterparty"])
    site = names.site(first.get("site.code"), first.get("site.owner") or asks)
    found = await unit.rows(
        _DEMAND, key_of("ptr", names.partner(asks)), unit.partner_id,
        key_of("itm", names.item(first["item.number"], first.get("item.owner") or asks)), key_of("sit", site),
        first.get("forecast.basis") or DEFAULT_CATEGORY, first["forecast.bucket"], first["forecast.unit"],
    )  # fmt: skip
    if not found:
        raise Refusal("NOT_FOUND", "It has published no such forecast for you.", ["input", "forecast"])
    versions = {each.values.get("forecast.answers_version") for each in rows} - {None}
    if len(versions) > 1:
        raise Refusal("CONFLICT", "The rows of a commit answer one version.", ["input", "forecastVersion"])
    version: Any = versions.pop() if versions else found[0]["version_no"]
    key: UUID = await commit_commands.commit_publish(
        unit,
        CommitPublishInput(
            forecast=strawberry.ID(public_id("fcs", found[0]["id"])), forecast_version=int(version),
            points=[_answer(each) for each in rows], reason=_reason(rows),
        ),
    )  # fmt: skip
    return key


def _answer(said: Said) -> CommitPeriodInput:
    values: dict[str, Any] = said.values
    return CommitPeriodInput(
        starts_on=values["period.starts_on"], quantity=values["period.quantity"], upside=values.get("period.upside")
    )  # fmt: skip


def _reason(rows: list[Said]) -> Any:
    return next((each.values["forecast.reason"] for each in rows if each.values.get("forecast.reason")), None)


def _given(names: Names, rows: list[Said]) -> dict[str, Any]:
    """What every other measure says."""
    first: dict[str, Any] = rows[0].values
    return {
        "counterparty": names.partner(first.get("forecast.counterparty")),
        "item": names.item(first["item.number"], first.get("item.owner")),
        "site": names.site(first.get("site.code"), first.get("site.owner")),
        "bucket": Bucket[first["forecast.bucket"]], "unit": first["forecast.unit"],
        "points": [_period(each) for each in rows], "reason": _reason(rows),
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
