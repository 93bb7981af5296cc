"""Time series and stock for a world: every measure, numbers that were replaced, two staters of one position."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from .rows import Row

if TYPE_CHECKING:
    from .world import World

_BASES = {"CAPACITY": ("ACTUAL", "MAXIMUM"), "DEMAND": ("0001", "SR99"), "COMMIT": ("0001", "SR99")}


def add_series(world: World, number: int) -> None:
    """Series of all measures, forecasts first, so that commits have something to answer."""
    measures = ("DEMAND", "DEMAND", "SELL_OUT", "COMMIT", "PRODUCTION", "CAPACITY")
    keys = set()
    for each in range(number):
        measure = measures[each % len(measures)]
        demands = [row for row in world.tables.get("time_series", ()) if row["measure"] == "DEMAND"]
        answers = world.pick(demands) if measure == "COMMIT" else None
        publisher = world.partner()
        row = {
            "measure": measure, "publisher_id": publisher,
            "counterparty_id": world.maybe(world.partner(other_than=publisher)),
            "item_id": world.of("item", "owner_id", publisher)["id"],
            "site_id": world.maybe(world.of("site", "partner_id", publisher)["id"], 0.7),
            "bucket": world.pick(("DAY", "WEEK")), "unit": "C62", "basis": world.pick(_BASES.get(measure, ("",))),
        }  # fmt: skip
        if tuple(row.values()) in keys:
            continue
        keys.add(tuple(row.values()))
        series = world.add(
            "time_series", **row, answers_series_id=answers and answers["id"], version_no=world.rng.randrange(1, 9),
            answers_version_no=answers and world.rng.randrange(1, 9), published_at=world.instant(),
            reason=world.maybe(world.text()), created_at=world.instant(),
        )  # fmt: skip
        _points(world, series)
        _words(world, series)


def _points(world: World, series: Row) -> None:
    shared = ("measure", "publisher_id", "counterparty_id", "item_id", "site_id")
    days = {world.day() for _ in range(world.pick((0, 1, 2, 4)))}
    for day in sorted(days):
        known = world.instant()
        for until in (None, *((known,) if world.chance(0.4) else ())):
            world.add(
                "series_point", series_id=series["id"], starts_on=day, quantity=world.amount(),
                upside=world.maybe(world.amount()), known_from=known if until is None else known - timedelta(hours=5),
                response=world.maybe("PARTIAL") if series["measure"] == "COMMIT" else None, known_until=until,
                version_no_from=world.rng.randrange(1, 9), **{name: series[name] for name in shared},
            )  # fmt: skip


def _words(world: World, series: Row) -> None:
    sides = {name: series[name] for name in ("publisher_id", "counterparty_id")}
    for number in range(world.pick((0, 1, 2))):
        world.add(
            "series_version", series_id=series["id"], version_no=number + 1, state="PUBLISHED", published_at=world.instant(),
            reason=world.maybe(world.text()), periods_changed=world.rng.randrange(9),
            answers_version_no=world.maybe(world.rng.randrange(1, 9)), answers_superseded=world.chance(0.5), **sides,
        )  # fmt: skip
    if world.chance(0.5):
        author = world.pick([each for each in sides.values() if each])
        world.add(
            "series_comment", series_id=series["id"], author_id=author, starts_on=world.maybe(world.day()),
            text=world.text(), recorded_at=world.instant(), **sides,
        )  # fmt: skip


def add_inventory(world: World, number: int) -> None:
    """Positions, some stated by both owner and holder, with what was stated before."""
    keys = set()
    for _ in range(number):
        owner = world.partner()
        holder = world.pick((owner, world.partner()))
        row = {
            "owner_id": owner, "holder_id": holder, "site_id": world.of("site", "partner_id", holder)["id"],
            "item_id": world.of("item", "owner_id", owner)["id"], "stated_by": world.pick((owner, holder)),
        }  # fmt: skip
        if tuple(row.values()) in keys:
            continue
        keys.add(tuple(row.values()))
        amounts = {name: world.maybe(world.amount()) for name in ("blocked", "allocated", "in_transit", "on_order")}
        position = world.add(
            "inventory_position", **row, unit="C62", as_of=world.instant(), as_of_on=world.day(), available=world.amount(),
            minimum=world.maybe(world.amount()), target=world.maybe(world.amount()),
            safety_stock=world.maybe(world.amount()), targets_set_at=world.maybe(world.instant()),
            version=world.rng.randrange(1, 9), created_at=world.instant(), **amounts,
        )  # fmt: skip
        for _ in range(world.pick((0, 1, 2))):
            adjusted = world.chance(0.3)
            world.add(
                "inventory_statement", position_id=position["id"], **row, unit="C62", as_of=world.instant(),
                as_of_on=world.day(), available=world.amount(), source="ADJUST" if adjusted else "SET",
                delta=world.amount() if adjusted else None, reason=world.maybe(world.text()), recorded_at=world.instant(),
                **amounts,
            )  # fmt: skip
