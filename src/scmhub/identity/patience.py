"""Wrong passwords in a row for one account: after ten its caller waits, longer each time.

What is counted is the name that was given, not the account behind it: who tries ``eve`` at acme waits just as who tries
``ben`` does, so that waiting tells nobody which of them there is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from scmhub.database.tables import instant
from scmhub.database.unit import Unit
from scmhub.identity.proofs import digest_of

MOST = 10
"""Wrong passwords in a row before an account makes its caller wait."""
LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED = timedelta(days=1)


class WrongPasswordTable(SQLModel, table=True):
    """A name somebody gave wrong passwords for, as a digest; whether there is such an account is not said."""

    __tablename__ = "wrong_password"
    __table_args__ = (Index(None, "until"), {"info": {"secret": True, "write": "select, insert, update, delete"}})
    name: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    failures: int
    blocked_until: datetime = instant()
    until: datetime = instant()
    """When it is forgotten."""


_ADD = """
insert into wrong_password as w (name, failures, blocked_until, until) values ($1, 1, $2, $3)
on conflict (name) do update set failures = w.failures + 1, until = excluded.until returning failures
"""


def name_of(firm: str, account: str) -> bytes:
    """What is counted for this account of this firm, as they were typed."""
    return digest_of(f"{firm}\0{account}")


async def wait(unit: Unit, name: bytes) -> float:
    """Seconds until the next password may be tried; 0: now."""
    blocked = "select blocked_until from wrong_password where name = $1 and blocked_until > $2"
    found = await unit.fetch(blocked, name, unit.now)
    return 0.0 if found is None else float((found - unit.now).total_seconds())


async def add(unit: Unit, name: bytes) -> None:
    """One more wrong password."""
    await unit.rows("delete from wrong_password where until < $1", unit.now)
    failures = await unit.fetch(_ADD, name, unit.now, unit.now + REMEMBERED)
    if failures >= MOST:
        pause = min(timedelta(seconds=2 ** min(failures - MOST, 20)), LONGEST_WAIT)
        await unit.rows("update wrong_password set blocked_until = $2 where name = $1", name, unit.now + pause)


async def forget(unit: Unit, name: bytes) -> None:
    """The right password was given."""
    await unit.rows("delete from wrong_password where name = $1", name)
