"""Writes the story into an empty hub: one transaction, one statement for many rows, as the firms themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from sqlmodel import SQLModel

from scmhub.clock import Clock
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database, Unit
from scmhub.demo.agreements import agree
from scmhub.demo.book import Book, Row
from scmhub.demo.cast import FIRMS, Cast, play
from scmhub.demo.chance import Chance
from scmhub.demo.history import YEAR_DAYS, tell
from scmhub.demo.news import News
from scmhub.demo.plans import expect
from scmhub.demo.sharing import rules
from scmhub.demo.stock import count_stock
from scmhub.demo.structure import assemble
from scmhub.demo.ties import judge
from scmhub.demo.troubles import suffer
from scmhub.records.orders.model import OrderTable
from scmhub.sharing.expansion import scopes_of, standing_of
from scmhub.sharing.tables import SharingRuleTable

SEED = "scmhub demo 1"
ROWS_PER_STATEMENT = 2_000
_PARTNERS = f"select code, id from partner where id <> '{HUB_PARTNER}'"
_PATIENCE = "60s"
"""Longest statement while filling, the wait for another replica included; a slow laptop is no overloaded hub."""
_LOCK = 0x5C4D_4445_4D4F
"""Held while filling: of two replicas that start on one empty database, one fills it."""
Progress = Callable[[str, float], None]
"""What is being done, and how much of it is done, from 0 to 1."""


class NotTheDemo(ValueError):
    """This hub has partners of its own; the demo leaves it alone."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What ``fill`` found or made."""

    fresh: bool
    partners: dict[str, UUID]
    orders: int = 0
    rows: int = 0


async def fill(database: Database, clock: Clock, progress: Progress = lambda what, share: None) -> Filled:
    """The demo's partners by code, with their story if the hub was empty. NotTheDemo if it is somebody's."""
    found = _recognised({row["code"]: row["id"] for row in await database.read.rows(_PARTNERS)})
    if found is not None:
        return found
    now = datetime.combine(clock().astimezone(UTC).date(), datetime.min.time(), UTC)
    chance, book = Chance(f"{SEED} {now:%Y-%m-%d}"), Book()
    # Beside the loop: a second of telling must not keep other statements of this process half sent.
    cast = await asyncio.to_thread(write_story, chance, now, book, progress)
    async with database.unit(cast.partners["VELO"], "demo", clock) as unit:
        await unit.fetch("select set_config('statement_timeout', $1, true)", _PATIENCE)
        await unit.fetch("select pg_advisory_xact_lock($1)", _LOCK)
        found = _recognised({row["code"]: row["id"] for row in await unit.rows(_PARTNERS)})
        if found is not None:  # another replica was faster
            return found
        await _write(unit, chance, now, cast, book, progress)
    return Filled(True, cast.partners, book.count(OrderTable), book.total())


def _recognised(partners: dict[str, UUID]) -> Filled | None:
    """None for an empty hub."""
    wanted = [firm.code for firm in FIRMS]
    if partners and not set(wanted) <= partners.keys():
        raise NotTheDemo("This hub has partners of its own: set SCMHUB_HOME to an empty folder for the demo.")
    return Filled(False, {code: partners[code] for code in wanted}) if partners else None


def write_story(chance: Chance, now: datetime, book: Book, progress: Progress = lambda what, share: None) -> Cast:
    """Everything but the sharing rules, in the book; nothing in it is later than ``now``, a midnight."""
    cast = play(chance, now - timedelta(days=YEAR_DAYS + 10), now, book)
    news = News(now)
    tell(chance, cast, now, book, news, lambda count: progress("telling the story", count / 2_500))
    assemble(chance.aside("structure"), cast, now, book)
    expect(chance.aside("plans"), cast, now, book, news)
    count_stock(chance.aside("stock"), cast, now, book, news)
    judge(chance.aside("ties"), cast, now, book)
    agree(chance.aside("agreements"), cast, now, book)
    suffer(chance.aside("troubles"), cast, now, book, news)
    news.enter(book, cast.partners["VELO"])
    return cast


async def _write(unit: Unit, chance: Chance, now: datetime, cast: Cast, book: Book, progress: Progress) -> None:
    written, total = 0, book.total()
    for table, writer, rows in book.pages():
        async with unit.acting_for(writer):
            for start in range(0, len(rows), ROWS_PER_STATEMENT):
                page = rows[start : start + ROWS_PER_STATEMENT]
                await _insert(unit, table, page)
                written += len(page)
                progress("writing", written / total)
    for rule in rules(chance, cast, now):
        async with unit.acting_for(rule.owner_id):
            await _share(unit, chance, rule)


async def _insert(unit: Unit, table: type[SQLModel], rows: list[Row]) -> None:
    """Many rows by one statement. PostgreSQL reads the JSON with the column types of the table itself."""
    name, columns = table.__tablename__, ", ".join(rows[0])
    await unit.rows(
        f"insert into {name} ({columns})"
        f" select {columns} from jsonb_populate_recordset(null::{name}, convert_from($1, 'UTF8')::jsonb)",
        orjson.dumps(rows, default=str),
    )


async def _share(unit: Unit, chance: Chance, rule: SharingRuleTable) -> None:
    """A rule with the scopes it expands into, with ids of the story instead of random ones."""
    unit.session.add(rule)
    await unit.session.flush()
    for scope in scopes_of(rule, await standing_of(unit, rule.owner_id), unit):
        scope.id = chance.key(rule.created_at)
        unit.session.add(scope)
    await unit.session.flush()
