"""How policy is asked a question of its own: what the binds of such statements hold, and whom a question may name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, ParamSpec, cast
from uuid import UUID

from scmhub.database.fragment import Bind, Fragment, sql
from scmhub.partners.registry import storable
from scmhub.sharing.directory import Directory
from scmhub.sharing.lens import Lens
from scmhub.sharing.limits import Governed, finished
from scmhub.sharing.rows import Policy, Row
from scmhub.sharing.scopes import with_scopes

P = ParamSpec("P")
Rows = Callable[..., Awaitable[list[Any]]]
"""Runs a statement under policy, and answers its rows."""
MOST_REASONS = 250
"""Rows of any explanation."""
MOST_ROWS = Fragment((str(MOST_REASONS),))
RECORD = Bind(("record",), "uuid", lambda inputs: inputs.record)
RECORDS = Bind(("records",), "uuid[]", lambda inputs: inputs.records)
OTHER = Bind(("other",), "uuid", lambda inputs: inputs.other)
MOST = Bind(("most",), "bigint", lambda inputs: inputs.most)
CODE = Bind(("code",), "text", lambda inputs: inputs.code)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the binds of an explanation are taken from."""

    lens: Lens
    now: datetime
    record: UUID | None = None
    records: tuple[UUID, ...] = ()
    other: UUID | None = None
    code: str = ""
    most: int = 0

    @property
    def today(self) -> date:
        return self.now.date()


def finish(fragment: Fragment, *, granted_by_me: bool = False) -> Governed:
    return finished(with_scopes(fragment, granted_by_me=granted_by_me))


def kept(make: Callable[P, Governed]) -> Callable[P, Governed]:
    """Each statement is made once; they are as many as kinds times access classes."""
    return cast(Callable[P, Governed], cache(make))


def card_of(alias: str) -> tuple[Row, Fragment]:
    """A partner named on a row the viewer sees, and its card: columns ``partner_id``, ``code``, ``name``."""
    row = Row(Directory(), "partner", alias)
    card = sql("{} as partner_id, {} as code, {} as name", row.cell("id"), row.cell("code"), row.cell("name"))
    return row, card


@kept
def partner_by_code() -> Governed:
    """The partner with code ``code`` that the viewer may find."""
    partner, card = card_of("p")
    return finish(
        sql(
            "select {} from {} where {} = {} and {}",
            card, partner.source(), partner.cell("code"), CODE, partner.policy.visible(partner),
        )
    )  # fmt: skip


async def partner_found(rows: Rows, lens: Lens, now: datetime, code: str) -> UUID | None:
    """The partner with this code that the lens may find; whether it is hidden or absent is one answer."""
    asked = Asked(lens, now, code=storable(code))
    found = await rows(*partner_by_code().asked(asked))
    return found[0]["partner_id"] if found else None


@kept
def cards() -> Governed:
    """Cards of the partners ``records``; they must be named on rows the viewer owns."""
    partner, card = card_of("p")
    return finish(
        sql(
            "select {} from {} where {} = any({}) order by {}",
            card, partner.source(), partner.cell("id"), RECORDS, partner.cell("code"),
        )
    )  # fmt: skip


@kept
def unseen(policy: Policy, table: str) -> Governed:
    """Which of the keys ``records`` are not the viewer's to see, whether hidden or absent: column ``key``."""
    row = Row(policy, table, "t1")
    asked = sql("{} = any({})", row.cell("id"), RECORDS)
    seen = sql("select {} from {} where {} and {}", row.cell("id"), row.source(), asked, policy.visible(row))
    return finish(sql("select u.key from unnest({}) u(key) where u.key not in ({})", RECORDS, seen))
